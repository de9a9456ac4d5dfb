use nalgebra::DMatrix;
use saturn_cell::gradcheck::{TOLERANCE, differences, error, random, random_events};
use saturn_cell::{Input, Real, View, ViewMut};
use saturn_loss::{Loss, LossConfig, Targets};

use super::*;
use crate::build;
use crate::config::NetworkConfig;

mod recomputed;
mod truncated;

const INPUTS: usize = 9;
const CLASSES: usize = 3;

fn net<R: Real>(layers: &str) -> Network<R> {
    let model = NetworkConfig::new(serde_saphyr::from_str(layers).expect("layers"));
    build("m", &model, INPUTS, CLASSES, 10.0, 1).expect("a net")
}

const STACKS: [&str; 5] = [
    "[{lif: {hidden: 7, recurrent: true}}, {lif: {hidden: 5}}]",
    "[{rnn: {hidden: 6}}, {gru: {hidden: 4}}]",
    "[{ssm_block: {width: 6, states: 4}}, {ssm_block: {width: 6, states: 4}}]",
    "[{ssm: {width: 5, states: 4}}, {li: {outputs: 4}}]",
    "[{linear: {out: 6}}, {rnn: {hidden: 6}}]",
];

/// The adaptive loss of a net, through every layer, against central differences.
#[test]
fn the_gradient_of_a_whole_net_is_exact() {
    let (steps, lanes) = (6, 2);
    let columns = steps * lanes;
    let x = random_events(INPUTS, columns, 0.4, 3);
    let loss = Loss::new(&LossConfig::Adaptive(saturn_loss::AdaptiveConfig::default())).unwrap();
    let labels: Vec<u32> = (0..columns as u32).map(|j| j % CLASSES as u32).collect();
    let mask: Vec<f64> = (0..columns)
        .map(|j| if j % 3 == 0 { 0.0 } else { 1.0 })
        .collect();
    let weight = vec![1.0; columns];
    let targets = Targets {
        labels: &labels,
        mask: &mask,
        weight: &weight,
    };
    let totals = loss.totals(&targets);
    let balance = loss.balance(0.0, [0.0; 2]);
    // Spikes have no exact gradient: the stacks that spike are checked cell by cell, in relaxed mode.
    for layers in &STACKS[1..] {
        let net: Network<f64> = net(layers);
        let mut tapes = Tapes::new(&net);
        let mut d = DMatrix::zeros(CLASSES, columns);
        let value = |net: &Network<f64>, tapes: &mut Tapes<f64>, d: &mut DMatrix<f64>| {
            tapes.start(net, steps, lanes);
            let logits = tapes.forward(net, Input::Events(x.view()), None);
            loss.value_and_gradient(logits, &targets, &totals, balance, d.as_view_mut())
                .total
        };
        value(&net, &mut tapes, &mut d);
        let mut grad = net.zero_gradient();
        let input = Input::Events(x.view());
        let mut loss = |_, _: View<f64>, mut into: ViewMut<f64>| into.copy_from(&d);
        tapes.backward(&net, input, &mut loss, &mut grad, &mut |_, _, _, _| {});
        for (i, params) in grad.iter().enumerate() {
            for (j, tensor) in params.tensors().iter().enumerate() {
                let numeric = differences(&net.cells()[i].params()[j], 1e-5, |changed| {
                    let mut other = net.clone();
                    other.cells_mut()[i].update(&mut |p| p[j].copy_from(changed));
                    value(&other, &mut Tapes::new(&other), &mut d.clone())
                });
                let off = error(&tensor.value, &numeric);
                assert!(
                    off <= TOLERANCE,
                    "{layers}: {i}.{} is off by {off:.1e}",
                    tensor.name
                );
            }
        }
    }
}

/// Step by step, by sequence, and in chunks that carry on: one computation.
#[test]
fn a_stream_in_any_chunks_is_the_sequence() {
    let (steps, lanes) = (24, 2);
    let x = random_events(INPUTS, steps * lanes, 0.4, 4);
    for layers in STACKS {
        let net: Network<f64> = net(layers);
        let mut whole = Tapes::new(&net);
        whole.start(&net, steps, lanes);
        let whole = whole
            .forward(&net, Input::Events(x.view()), None)
            .clone_owned();
        let mut live = NetworkStream::new(&net, lanes);
        for t in 0..steps {
            let step = live.step(&net, Input::Events(x.view().slice(t * lanes, lanes)));
            let apart = (step - whole.columns(t * lanes, lanes)).norm();
            assert!(
                apart <= 1e-12 * whole.norm(),
                "{layers}: step {t} is {apart:.1e} away"
            );
        }
        let mut chunked = Tapes::new(&net);
        for (start, len) in [(0, 5), (5, 1), (6, 18)] {
            chunked.carry_on(&net, len, lanes);
            let input = Input::Events(x.view().slice(start * lanes, len * lanes));
            let part = chunked.forward(&net, input, None);
            let apart = (part - whole.columns(start * lanes, len * lanes)).norm();
            assert!(
                apart <= 1e-12 * whole.norm(),
                "{layers}: chunk at {start} is {apart:.1e} away"
            );
        }
    }
}

/// `keep` of 0 is a reset: the following outputs are those of a fresh network.
#[test]
fn a_reset_inside_a_batch_starts_anew() {
    let (steps, lanes) = (10, 2);
    let x = random_events(INPUTS, steps * lanes, 0.4, 5);
    for layers in STACKS {
        let net: Network<f64> = net(layers);
        let mut keep = DMatrix::from_element(steps, lanes, 1.0);
        keep.row_mut(4).fill(0.0);
        let mut reset = Tapes::new(&net);
        reset.start(&net, steps, lanes);
        let reset = reset
            .forward(&net, Input::Events(x.view()), Some(&keep))
            .clone_owned();
        let mut fresh = Tapes::new(&net);
        fresh.start(&net, steps - 4, lanes);
        let input = Input::Events(x.view().slice(4 * lanes, (steps - 4) * lanes));
        let fresh = fresh.forward(&net, input, None);
        let apart = (reset.columns(4 * lanes, (steps - 4) * lanes) - fresh).norm();
        assert!(apart <= 1e-12 * fresh.norm(), "{layers}: {apart:.1e}");
    }
}

/// The first linear layer of a dense input gives the same for events: the encoder of a block.
#[test]
fn dense_input_gives_what_events_give() {
    let columns = 8;
    let events = random_events(INPUTS, columns, 0.4, 6);
    let mut dense = random(INPUTS, columns, 0.0, 1);
    for j in 0..columns {
        let (units, counts) = events.view().column(j);
        for (&unit, &count) in units.iter().zip(counts) {
            dense[(unit as usize, j)] = f64::from(count);
        }
    }
    for layers in STACKS {
        let net: Network<f64> = net(layers);
        let mut a = Tapes::new(&net);
        a.start(&net, 4, 2);
        let a = a
            .forward(&net, Input::Events(events.view()), None)
            .clone_owned();
        let mut b = Tapes::new(&net);
        b.start(&net, 4, 2);
        let b = b.forward(&net, Input::Dense(dense.as_view()), None);
        assert!((&a - b).norm() <= 1e-12 * a.norm(), "{layers}");
        // In data as dense as this the events themselves are multiplied densely.
        let net = net.for_density(0.4);
        let mut c = Tapes::new(&net);
        c.start(&net, 4, 2);
        let c = c.forward(&net, Input::Events(events.view()), None);
        assert!((&a - c).norm() <= 1e-12 * a.norm(), "{layers}");
    }
}

/// So with f32 and f64. Those of quantised networks are in `saturn-eval`.
#[test]
fn recomputation_has_the_bits_of_the_whole_tape() {
    for layers in STACKS {
        recomputed::check(&net::<f32>(layers), layers);
        recomputed::check(&net::<f64>(layers), layers);
    }
}
