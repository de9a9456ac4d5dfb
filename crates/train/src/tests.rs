use nalgebra::DMatrix;
use saturn_cell::Real;

use super::arm::Streams;
use super::batch::Epoch;
use super::optimizer::{Norms, Optimizer, clip, learning_rate, norm};
use super::settings::{Optimizer as Rule, Schedule};
use super::update::Update;
use saturn_network::Network;
use saturn_network::{NetworkConfig, build};

/// A net of one linear layer and a linear readout.
pub(super) fn net() -> Network<f64> {
    let layers = serde_saphyr::from_str("[{linear: {out: 2}}]").expect("layers");
    build("m", &NetworkConfig::new(layers), 3, 2, 10.0, 1).expect("a net")
}

fn first<R: Real>(net: &Network<R>) -> R {
    net.cells()[0].params()[0][(0, 0)]
}

#[test]
fn every_arm_sees_the_same_samples_in_the_same_updates() {
    let epoch = Epoch::new(5, 3, 103);
    let flat = |streams| -> Vec<Vec<usize>> {
        epoch
            .updates(streams, 4, 3)
            .into_iter()
            .map(|lanes| lanes.into_iter().flatten().collect())
            .collect()
    };
    assert_eq!(flat(Streams::Single), flat(Streams::Concatenated));
    assert_eq!(flat(Streams::Lead), flat(Streams::Concatenated));
    let lanes = epoch.updates(Streams::Concatenated, 4, 3);
    assert_eq!(lanes[0].len(), 4);
    assert_eq!(lanes[0][0].len(), 3);
    assert_eq!(epoch.updates(Streams::Single, 4, 3)[0].len(), 12);
    let mut all: Vec<usize> = (0..103).map(|p| epoch.recording(p)).collect();
    all.sort_unstable();
    assert_eq!(all, (0..103).collect::<Vec<_>>());
}

/// Kingma & Ba: the first step is lr g / (|g| + e) = lr, for any gradient; the second, with the same
/// gradient, again.
#[test]
fn adam_steps_by_the_learning_rate_along_a_constant_gradient() {
    let mut net = net();
    let before = first(&net);
    let rule = Rule::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-12,
        weight_decay: 0.0,
    };
    let mut adam = Optimizer::new(rule, &net);
    let mut grad = net.zero_gradient();
    grad[0][0].fill(0.37);
    adam.step(&mut net, &grad, 0.01);
    assert!((first(&net) - (before - 0.01)).abs() < 1e-10);
    adam.step(&mut net, &grad, 0.01);
    assert!((first(&net) - (before - 0.02)).abs() < 1e-10);
}

#[test]
fn momentum_adds_up_as_in_pytorch() {
    let mut net = net();
    let before = first(&net);
    let mut sgd = Optimizer::new(Rule::Sgd { momentum: 0.5 }, &net);
    let mut grad = net.zero_gradient();
    grad[0][0].fill(1.0);
    sgd.step(&mut net, &grad, 0.1);
    sgd.step(&mut net, &grad, 0.1);
    // 0.1 * 1 + 0.1 * 1.5
    assert!((first(&net) - (before - 0.25)).abs() < 1e-12);
}

#[test]
fn weight_decay_shrinks_weights_and_leaves_biases() {
    let mut net = net();
    let rule = Rule::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.1,
    };
    net.cells_mut()[0].update(&mut |p| p[1].fill(1.0));
    let before = first(&net);
    let mut adam = Optimizer::new(rule, &net);
    let grad = net.zero_gradient();
    adam.step(&mut net, &grad, 0.5);
    assert!((first(&net) - before * 0.95).abs() < 1e-12);
    assert_eq!(net.cells()[0].params()[1], DMatrix::from_element(2, 1, 1.0));
}

#[test]
fn clipping_keeps_the_direction() {
    let net = net();
    let mut grad = net.zero_gradient();
    grad[0][0].fill(3.0);
    let before = norm(&grad);
    assert!((clip(&mut grad, Some(1.0)) - before).abs() < 1e-12);
    assert!((norm(&grad) - 1.0).abs() < 1e-12);
    assert!((clip(&mut grad, None) - 1.0).abs() < 1e-12);
}

#[test]
fn a_gradient_that_is_not_finite_takes_no_step_and_is_counted() {
    let mut net = net();
    let before = first(&net);
    let mut update = Update::new(Rule::Sgd { momentum: 0.5 }, &net);
    let mut norms = Norms::default();
    for (value, expected) in [(f64::INFINITY, 0.0), (f64::NAN, 0.0), (1.0, 0.1)] {
        update.grad[0][0].fill(0.0);
        update.grad[0][0][(0, 0)] = value;
        norms.take(update.step(&mut net, Some(1.0), 0.1));
        assert!((before - first(&net) - expected).abs() < 1e-12, "{value}");
    }
    let expected = Norms {
        sum: 1.0,
        steps: 1,
        skipped: 2,
    };
    assert_eq!(norms, expected);
    assert_eq!(norms.mean().to_bits(), 1.0_f64.to_bits());
}

#[test]
fn the_learning_rate_warms_up_and_falls_as_a_cosine() {
    let at = |k| learning_rate(Schedule::Cosine, 2.0, 0.1, 0.0, k, 100);
    assert!((at(0) - 0.2).abs() < 1e-12);
    assert!((at(9) - 2.0).abs() < 1e-12);
    assert!((at(55) - 1.0).abs() < 1e-12, "half way down");
    assert!(at(99) < 0.01);
    assert!((learning_rate(Schedule::Constant, 2.0, 0.0, 0.0, 50, 100) - 2.0).abs() < 1e-12);
}
