//! Truncated back-propagation through time: gradients are truncated while the state continues.

use super::*;
use crate::Gradient;
use saturn_cell::EventBatch;

const LANES: usize = 2;

/// The gradient of random output adjoints, cut every `detach` steps.
fn gradient<R: Real>(
    net: &Network<R>,
    x: &EventBatch,
    detach: Option<usize>,
    recompute: bool,
) -> Gradient<R> {
    let columns = x.view().columns();
    let d_logits = random(net.outputs(), columns, 1.0, 8).map(R::of);
    let mut tapes = Tapes::new(net);
    tapes.recompute(recompute);
    tapes.detach(detach);
    tapes.start(net, columns / LANES, LANES);
    let input = Input::Events(x.view());
    tapes.forward(net, input, None);
    let mut grad = net.zero_gradient();
    let mut loss = |start, logits: View<R>, mut d: ViewMut<R>| {
        d.copy_from(&d_logits.columns(start, logits.ncols()));
    };
    tapes.backward(net, input, &mut loss, &mut grad, &mut |_, _, _, _| {});
    grad
}

#[test]
fn cut_after_all_steps_is_not_cut_to_the_bit() {
    fn check<R: Real>(layers: &str) {
        let x = random_events(INPUTS, 40 * LANES, 0.4, 7);
        let net: Network<R> = net(layers);
        let whole = gradient(&net, &x, None, false);
        assert!(whole == gradient(&net, &x, Some(40), false), "{layers}");
        assert!(whole == gradient(&net, &x, Some(1_000), false), "{layers}");
        assert!(whole != gradient(&net, &x, Some(7), false), "{layers}");
    }
    for layers in STACKS {
        check::<f32>(layers);
        check::<f64>(layers);
    }
}

/// With K = 1 each step's gradient is only that of its own step, from the current state.
#[test]
fn cut_after_every_step_is_the_sum_of_single_steps() {
    let steps = 9;
    let x = random_events(INPUTS, steps * LANES, 0.4, 3);
    let net: Network<f64> = net("[{rnn: {hidden: 5}}]");
    let cut = gradient(&net, &x, Some(1), false);
    let d_logits = random(CLASSES, steps * LANES, 1.0, 8);
    let mut sum = net.zero_gradient();
    let mut tapes = Tapes::new(&net);
    for t in 0..steps {
        // Each step is a sequence of its own, which starts at the last one's state.
        tapes.carry_on(&net, 1, LANES);
        let input = Input::Events(x.view().slice(t * LANES, LANES));
        tapes.forward(&net, input, None);
        let d_step = d_logits.columns(t * LANES, LANES);
        let mut loss = |_, _: View<f64>, mut d: ViewMut<f64>| d.copy_from(&d_step);
        tapes.backward(&net, input, &mut loss, &mut sum, &mut |_, _, _, _| {});
    }
    for (cut, sum) in cut.iter().zip(&sum) {
        for (cut, sum) in cut.tensors().iter().zip(sum.tensors()) {
            let off = error(&cut.value, &sum.value);
            assert!(off < 1e-13, "{} is off by {off:.1e}", cut.name);
        }
    }
}

/// One unit, two steps, by hand: h_t = tanh(w x_t + u h_{t-1}), and the loss is h_1 + h_2.
#[test]
fn one_unit_by_hand() {
    let mut net: Network<f64> = net("[{rnn: {hidden: 1}}]");
    let (w, u) = (0.7, 0.9);
    for cell in 0..2 {
        net.cells_mut()[cell].update(&mut |params| {
            for tensor in params.tensors_mut() {
                tensor.value.fill(match (cell, &*tensor.name) {
                    (0, "weight_ih_l0") => w,
                    (0, "weight_hh_l0") => u,
                    (1, "weight") => 1.0,
                    _ => 0.0,
                });
            }
        });
    }
    let mut x = EventBatch::new(INPUTS);
    for _ in 0..2 {
        x.push_column([(0, 1.0)]);
    }
    let mut slopes = Vec::new();
    for detach in [None, Some(1)] {
        let mut tapes = Tapes::new(&net);
        tapes.detach(detach);
        tapes.start(&net, 2, 1);
        let input = Input::Events(x.view());
        tapes.forward(&net, input, None);
        let mut grad = net.zero_gradient();
        // The first output is h; the others do not count.
        let mut loss = |_, _: View<f64>, mut d: ViewMut<f64>| {
            d.fill(0.0);
            d.row_mut(0).fill(1.0);
        };
        tapes.backward(&net, input, &mut loss, &mut grad, &mut |_, _, _, _| {});
        let of = |name| {
            let tensor = grad[0].tensors().iter().find(|t| t.name == name);
            tensor.expect("a tensor").value[(0, 0)]
        };
        slopes.push((of("weight_ih_l0"), of("weight_hh_l0")));
    }
    let h1 = w.tanh();
    let h2 = (w + u * h1).tanh();
    let (s1, s2) = (1.0 - h1 * h1, 1.0 - h2 * h2);
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} is not {b}");
    // Full: dL/dw = s1 + s2 (1 + u s1), dL/du = s2 h1. Truncated: the path from h2 over h1 is missing.
    close(slopes[0].0, s1 + s2 * (1.0 + u * s1));
    close(slopes[1].0, s1 + s2);
    close(slopes[0].1, s2 * h1);
    close(slopes[1].1, s2 * h1);
}

#[test]
fn recomputation_cuts_where_the_whole_tape_does() {
    for layers in STACKS {
        let x = random_events(INPUTS, 700 * LANES, 0.3, 7);
        let net: Network<f32> = net(layers);
        let whole = gradient(&net, &x, Some(33), false);
        assert!(whole == gradient(&net, &x, Some(33), true), "{layers}");
    }
}

/// A lane's state is recorded after its own last step, in any chunks.
#[test]
fn states_are_noted_where_lanes_end() {
    let x = random_events(INPUTS, 700 * LANES, 0.3, 9);
    let ends = [311, 700];
    for layers in STACKS {
        let net: Network<f64> = net(layers);
        let input = Input::Events(x.view());
        let mut whole = Tapes::new(&net);
        whole.start(&net, 700, LANES);
        whole.forward(&net, input, None);
        for recompute in [false, true] {
            let mut tapes = Tapes::new(&net);
            tapes.recompute(recompute);
            tapes.note_ends(&net, ends.into_iter());
            tapes.start(&net, 700, LANES);
            tapes.forward(&net, input, None);
            for i in 0..net.cells().len() {
                for (lane, end) in ends.into_iter().enumerate() {
                    let column = (end - 1) * LANES + lane;
                    let state = whole.tape(i).states().column(column).clone_owned();
                    assert_eq!(tapes.finals(i).column(lane), state, "{layers}: cell {i}");
                }
            }
        }
    }
}
