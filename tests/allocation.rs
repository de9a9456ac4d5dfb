//! Hot loops do not allocate, as counted by an allocator on this thread: a live step, and each cell's `advance` and
//! `advance_backward`, on one lane and on several, in layers whose width does or does not fill registers. (On
//! processors other than x86-64, dense products use a crate that allocates.)
#![cfg(target_arch = "x86_64")]

use saturn_cell::gradcheck::{random, random_events};
use saturn_cell::{EventBatch, Input, Recorded};
use saturn_cli::command::findings;
use saturn_data::{OnBadSample, ReadOptions, Recording, Synthetic, WriteMeta, write_events};
use saturn_eval::lanes::Lanes;
use saturn_eval::reset::{
    ClassHeld, Clip, Decay, EntropyOver, Misaligned, Output, PolicyConfig, Random, Silence, Window,
};
use saturn_network::build;
use saturn_network::{Network, NetworkConfig, NetworkStream};
use saturn_sim::scenario::{Fill, Gap, Scenario};
use saturn_stream::{Noise, Source, Split};

/// Maximum bytes that a check may allocate, for any size of scenario.
const CHECKED: u64 = 64 << 20;
const INPUTS: usize = 48;
const CLASSES: usize = 16;
const STACKS: [&str; 15] = [
    "[{lif: {hidden: 37, recurrent: true}}, {gru: {hidden: 21}}, {rnn: {hidden: 19}}]",
    "[{lif: {hidden: 32, recurrent: true, input_gain: 3}}, {lif: {hidden: 32}}]",
    "[{lif: {hidden: 32, learn_tau: false, spike_reset: zero}}, {li: {outputs: 16}}]",
    "[{rnn: {hidden: 32}}]",
    "[{gru: {hidden: 32}}]",
    "[{lstm: {hidden: 32}}, {input_gated_rnn: {hidden: 32}}]",
    "[{surprisal_rnn: {hidden: 32}}]",
    "[{windowed_attention: {width: 32, heads: 2, window: 5}}]",
    "[{ssm_block: {width: 32, states: 16}}, {ssm_block: {width: 32, states: 16}}]",
    "[{ssm: {width: 32, states: 16}}]",
    "[{resonate_and_fire: {hidden: 32, recurrent: true}}]",
    "[{resonate_and_fire: {hidden: 32, step: exponential, spike_reset: izhikevich}}]",
    "[{selective_ssm: {width: 32, states: 4}}]",
    "[{selective_ssm: {width: 32, states: 4, complex: true, discretization: euler}}]",
    "[{spiking_ssm: {width: 32, states: 16}}]",
];

fn net(layers: &str) -> Network<f32> {
    let model = NetworkConfig::new(serde_saphyr::from_str(layers).expect("layers"));
    build("m", &model, INPUTS, CLASSES, 10.0, 1).expect("a net")
}

fn events(columns: usize) -> EventBatch {
    random_events(INPUTS, columns, 0.2, 3)
}

/// Number of allocations of `work`, and its peak memory in bytes.
fn allocations(work: impl FnOnce()) -> (u64, u64) {
    let info = allocation_counter::measure(work);
    (info.count_total, info.bytes_max)
}

#[test]
fn a_counter_counts() {
    let (count, bytes) = allocations(|| drop(std::hint::black_box(vec![1u8; 2000])));
    assert!(count == 1 && bytes == 2000);
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
            let (count, bytes) = allocations(run);
            assert_eq!(count, 0, "{layers}, {lanes} lanes: {bytes} bytes");
        }
    }
}

#[test]
fn a_step_of_training_allocates_nothing() {
    let lanes = 4;
    for layers in STACKS {
        for cell in net(layers).cells() {
            let (w, name) = (cell.widths(), cell.name());
            let matrix = |rows: usize, seed| random(rows, lanes, 0.3, seed).map(|x| x as f32);
            let (mut drive, prev) = (matrix(w.drive, 1), matrix(w.state, 2));
            let (mut next, mut adjoint) = (matrix(w.state, 3), matrix(w.state, 4));
            let mut d_drive = matrix(w.drive, 5);
            let mut grad = cell.params().zeros_like();
            let mut step = || {
                cell.advance(drive.as_view_mut(), prev.as_view(), next.as_view_mut());
                let at = Recorded {
                    drive: drive.as_view(),
                    prev: prev.as_view(),
                    next: next.as_view(),
                    spikes: None,
                    left: Some(prev.as_view()),
                    read: None,
                };
                cell.advance_backward(at, adjoint.as_view_mut(), d_drive.as_view_mut(), &mut grad);
            };
            step();
            let (count, bytes) = allocations(step);
            assert_eq!(count, 0, "{name} in {layers}: {bytes} bytes");
        }
    }
}

/// Under a policy that is called before every step, and under one whose copies fill a chunk alone, an
/// evaluation step on one lane does not allocate.
#[test]
fn a_step_under_a_policy_allocates_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.h5");
    let recordings = (0..4).map(|i| Recording {
        times_s: (0..30).map(|k| 0.01 * f64::from(k) + 0.001).collect(),
        units: (0..30).map(|k| (i as u32 + k) % 48).collect(),
        label: i % 2,
        speaker: None,
        index: i,
    });
    let meta = WriteMeta {
        channels: INPUTS,
        class_names: vec!["even".into(), "odd".into()],
        ..WriteMeta::default()
    };
    write_events(&path, recordings, &meta).expect("written");
    let options = ReadOptions {
        channels: INPUTS,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let split = Split::open(&path, &options, 10.0).expect("a split");
    let noise = Noise::new(&[0.1; INPUTS]);
    let gap = Gap {
        steps: [5, 20],
        fill: vec![Fill::Noise(1.0)],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    let by_step: [&dyn PolicyConfig; 5] = [
        &Output::Entropy(EntropyOver {
            level: 0.5,
            hold: 3,
        }),
        &Output::Norm(0.5),
        &Output::Boundary(ClassHeld { hold: 2 }),
        &Decay(0.9),
        &Clip(0.5),
    ];
    // A chunk of several steps allocates once, if a reset falls into it; the policies do not allocate.
    let by_chunk: [&dyn PolicyConfig; 3] = [
        &Misaligned(4.0),
        &Random(0.05),
        &Silence {
            threshold: 1.0,
            window: 5,
        },
    ];
    let window = Window { length: 70, hop: 1 };
    for layers in STACKS {
        let net = net(layers);
        let count = |policy: &dyn PolicyConfig, steps: usize| {
            let mut lanes =
                Lanes::new(&net, source, policy, INPUTS, "test", 1, 0, 1).expect("lanes");
            let mut run = || {
                for _ in 0..300 {
                    lanes.run(steps).expect("run");
                }
            };
            run();
            run();
            allocations(run)
        };
        for policy in by_step.iter().chain(&by_chunk) {
            let (count, bytes) = count(*policy, 1);
            assert_eq!(count, 0, "{layers}, {policy}: {bytes} bytes");
        }
        let (count, bytes) = count(&window, 1);
        assert_eq!(count, 0, "{layers}, {window}: {bytes} bytes");
    }
}

/// A step of a live run, with its detector and the watch over its health, does not allocate; nor does closing
/// a window without an alarm.
#[test]
fn a_step_of_a_stream_allocates_nothing() {
    use saturn_eval::detector::DetectorConfig;
    use saturn_eval::health::{Figures, Watch, WatchConfig};
    use saturn_live::assemble::{AssembleConfig, Assembler, Placed, Repeats};
    use saturn_live::counts::Counts;
    use saturn_live::decide::Decider;
    use saturn_live::engine::{Engine, Parts};
    use saturn_live::fallback::Fallback;
    use saturn_live::protocol::Item;

    let config = AssembleConfig {
        channels: INPUTS,
        dt_ms: 10.0,
        window: 2,
        early: 0,
        most_ahead: 100,
        most_events: 64,
        repeats: Repeats::Count,
        wrap_bits: None,
        rebase_after: None,
    };
    let watch = WatchConfig {
        tolerance: 0.5,
        patience: 3,
    };
    for layers in STACKS {
        let net = net(layers);
        let figures = Figures::new(&net, INPUTS, 10.0);
        let mut engine = Engine::new(Parts {
            watch: Watch::new(figures.names(), None, &watch),
            other: Some(net.clone()),
            decider: Decider::new(&DetectorConfig::default(), CLASSES, 0.5),
            figures,
            window: 20,
            patience: 3,
            fallback: Fallback::Decay(0.9),
            net,
        });
        let (mut assembler, mut counts) = (Assembler::new(&config, None), Counts::default());
        let mut column = EventBatch::with_room(INPUTS, 1);
        let mut time_us = 0;
        let mut run = || {
            for k in 0..3_000u64 {
                time_us += 1_000;
                let item = Item::Event {
                    time_us,
                    unit: (k * 7 % INPUTS as u64) as u32,
                    count: 1,
                };
                while let Placed::After(steps) = assembler.place(&config, item, false, &mut counts)
                {
                    for _ in 0..steps {
                        assembler.close(&config, &mut column, &mut counts);
                        engine.step(&column);
                    }
                }
            }
        };
        run();
        let (count, bytes) = allocations(run);
        assert_eq!(count, 0, "{layers}: {bytes} bytes");
    }
}

/// The memory of `check` is bounded, for any sizes in a scenario: it builds and tries a bounded part of each
/// network.
#[test]
fn a_check_asks_for_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let set = Synthetic {
        classes: 4,
        channels: 16,
        train: 400,
        valid: 12,
        test: 12,
        ..Synthetic::default()
    };
    set.write(folder.path().join("data"), |_| {}).unwrap();
    let text = "\
name: small
data: {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 16}
models: {lif: {layers: [{lif: {hidden: 8, recurrent: true}}]}, gru: {layers: [{gru: {hidden: 8}}]}}
arms: {classic: {streams: single}, adaptive: {loss: adaptive}}
evaluate: {steps: 2000, lanes: 2, contraction: {samples: 8}}
";
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.unwrap();
    for sets in [
        &[][..],
        &["models.lif.layers.0.lif.hidden=4000"],
        &["models.lif.layers.0.lif.hidden=20000"],
        &["models.lif.layers.0.lif.hidden=1099511627776"],
        &["models.lif.layers.0.lif.hidden=18446744073709551615"],
        &["data.dt_ms=0.01"],
        &["data.dt_ms=0.00001"],
        &["evaluate.steps=1000000000000000", "train.epochs=1000000"],
        &[
            "train.lanes=65536",
            "train.shard_lanes=65536",
            "evaluate.lanes=2000",
        ],
        &[
            "evaluate.contraction={samples: 10000, lead_steps: 1000000, gap_steps: 1000000, realisations: 100000}",
        ],
        &["stream.samples=100000"],
    ] {
        let scenario = Scenario::parse(text, "s.yaml", folder.path(), sets).unwrap();
        // All of it on the one thread whose memory is counted.
        let (_, bytes) = one.install(|| allocations(|| drop(findings(&scenario))));
        assert!(bytes <= CHECKED, "{sets:?}: {bytes} bytes");
    }
}
