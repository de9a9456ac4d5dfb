//! Hot loops allocate nothing: a live stream, and the forward and the reverse pass of a net, once their
//! buffers have grown to the size of the work. Counted by an allocator, on this thread.
//!
//! Layers are multiples of 16 wide: for other widths the `gemm` crate packs a matrix into fresh memory.

use saturn_cell::gradcheck::{random, random_events};
use saturn_cell::{EventBatch, Input};
use saturn_sim::build::build;
use saturn_sim::network::{Network, NetworkStream, Tapes};
use saturn_sim::scenario::Scenario;

const INPUTS: usize = 48;
const CLASSES: usize = 16;
const STACKS: [&str; 6] = [
    "[{lif: {hidden: 32, recurrent: true, input_gain: 3}}, {lif: {hidden: 32}}]",
    "[{lif: {hidden: 32, learn_tau: false, spike_reset: zero}}, {li: {outputs: 16}}]",
    "[{rnn: {hidden: 32}}]",
    "[{gru: {hidden: 32}}]",
    "[{ssm_block: {width: 32, states: 16}}, {ssm_block: {width: 32, states: 16}}]",
    "[{ssm: {width: 32, states: 16}}]",
];

fn net(layers: &str) -> Network<f32> {
    let text =
        format!("name: t\nmodels: {{m: {{layers: {layers}}}}}\narms: {{a: {{streams: single}}}}\n");
    let scenario =
        Scenario::parse(&text, "test", std::path::Path::new(""), &[""; 0]).expect("a scenario");
    let model = scenario.models.get("m").expect("the model");
    build("m", model, INPUTS, CLASSES, 10.0, 1).expect("a net")
}

fn events(columns: usize) -> EventBatch {
    random_events(INPUTS, columns, 0.2, 3)
}

/// How often `work` asks for memory.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn a_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1, 2, 3]))) > 0);
}

#[test]
fn a_live_step_allocates_nothing() {
    for layers in STACKS {
        for lanes in [1, 4] {
            let (net, steps) = (net(layers), 300);
            let x = events(steps * lanes);
            let mut live = NetworkStream::new(&net, lanes);
            let mut run = || {
                for t in 0..steps {
                    live.step(&net, Input::Events(x.view().slice(t * lanes, lanes)));
                }
            };
            run();
            assert_eq!(allocations(run), 0, "{layers}, {lanes} lanes");
        }
    }
}

#[test]
fn a_training_pass_allocates_nothing() {
    for layers in STACKS {
        let (net, steps, lanes) = (net(layers), 200, 4);
        let x = events(steps * lanes);
        let d_logits = random(CLASSES, steps * lanes, 1.0, 4).map(|d| d as f32);
        let mut grad = net.zero_gradient();
        let mut tapes = Tapes::new(&net);
        let mut run = || {
            let x = || Input::Events(x.view());
            tapes.start(&net, steps, lanes);
            tapes.forward(&net, x(), None);
            let none = &mut |_, _, _, _| {};
            tapes.backward(&net, x(), d_logits.as_view(), &mut grad, none);
        };
        run();
        assert_eq!(allocations(run), 0, "{layers}");
    }
}
