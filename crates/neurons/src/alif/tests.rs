//! ALIF neurons against closed forms, hand computation, differences, and their own twins.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::{Cell, Input, Tape};
use std::ops::Range;

use saturn_cell::rng::generator;

use super::*;
use crate::lif::{Lif, LifConfig};
use crate::testing::*;

fn alif(config: &AlifConfig, inputs: usize) -> Alif<f64> {
    Alif::new(config, inputs, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// One neuron with one input of weight 1, no bias, and a = rho = 1/2.
fn single(config: &AlifConfig) -> Alif<f64> {
    let mut cell = alif(
        &AlifConfig {
            hidden: 1,
            tau_mem_ms: TimeConstants::Same(HALF_MS),
            tau_adapt_ms: TimeConstants::Same(HALF_MS),
            learn_tau: false,
            bias: false,
            ..config.clone()
        },
        1,
    );
    cell.update(&mut |p| p[0].fill(1.0));
    cell
}

#[test]
fn one_neuron_by_hand() {
    // Threshold 1 + b_t, where b_t = b_{t-1} / 2 + s_{t-1} / 2.
    let x = [1.5, 1.5, 1.5, 0.0];
    let cell = single(&AlifConfig {
        beta: 1.0,
        ..AlifConfig::default()
    });
    let run = states(&cell, &x);
    // v: 1.5, spike | 0.75 + 1.5 - 1 = 1.25 < 1.5 | 0.625 + 1.5 = 2.125 > 1.25, spike | 0.0625
    assert_near(&row(&run, 0), &[1.5, 1.25, 2.125, 0.0625], "v");
    assert_near(&row(&run, 1), &[0.0, 0.5, 0.25, 0.625], "b");
    assert_near(&row(&run, 2), &[1.0, 0.0, 1.0, 0.0], "s");
    let cell = single(&AlifConfig {
        beta: 1.0,
        normalise: false,
        spike_reset: SpikeReset::Zero,
        ..AlifConfig::default()
    });
    let run = states(&cell, &x);
    // v: 1.5, spike | 0 + 1.5 < 2 | 0.75 + 1.5 = 2.25 > 1.5, spike | 0
    assert_near(&row(&run, 0), &[1.5, 1.5, 2.25, 0.0], "v");
    assert_near(&row(&run, 1), &[0.0, 1.0, 0.5, 1.25], "b");
    assert_near(&row(&run, 2), &[1.0, 0.0, 1.0, 0.0], "s");
}

#[test]
fn a_neuron_that_always_spikes_adapts_to_a_rate_of_one() {
    for (normalise, settled) in [(true, 1.0), (false, 2.0)] {
        let cell = single(&AlifConfig {
            normalise,
            ..AlifConfig::default()
        });
        let run = states(&cell, &[1e3; 60]);
        assert_eq!(row(&run, 2), [1.0; 60]);
        for (t, b) in row(&run, 1).into_iter().enumerate() {
            let closed = settled * (1.0 - 0.5_f64.powi(t as i32));
            assert!((b - closed).abs() < 1e-13, "{b} for {closed}");
        }
    }
}

#[test]
fn adaptation_slows_a_neuron_down() {
    let config = AlifConfig {
        hidden: 1,
        tau_mem_ms: TimeConstants::Same(HALF_MS),
        tau_adapt_ms: TimeConstants::Same(200.0),
        beta: 4.0,
        ..AlifConfig::default()
    };
    let mut cell = alif(&config, 1);
    cell.update(&mut |p| p[0].fill(1.0));
    let spikes = row(&states(&cell, &[1.2; 200]), 2);
    let count = |range: Range<usize>| spikes[range].iter().sum::<f64>();
    // 1.2 drives LIF to spike at every other step; b then settles near a third of that.
    assert!(count(0..10) >= 4.0, "{spikes:?}");
    assert!((1.0..30.0).contains(&count(100..200)), "{spikes:?}");
}

#[test]
fn without_beta_it_is_lif() {
    let config = AlifConfig {
        hidden: 6,
        recurrent: true,
        beta: 0.0,
        learn_tau: false,
        tau_mem_ms: TimeConstants::Same(40.0),
        ..AlifConfig::default()
    };
    let mut adaptive = alif(&config, 1);
    let lif = LifConfig {
        hidden: 6,
        recurrent: true,
        learn_tau: false,
        tau_mem_ms: TimeConstants::Same(40.0),
        ..LifConfig::default()
    };
    let plain = Lif::<f64>::new(&lif, 1, DT_MS, &mut generator(3, "init", 0)).unwrap();
    adaptive.update(&mut |p| p.clone_from(plain.params()));
    let x: Vec<f64> = (0..50).map(|t| 2.0 * f64::from(t).sin()).collect();
    let (a, b) = (states(&adaptive, &x), states(&plain, &x));
    assert_eq!(a.rows(0, 6), b.rows(0, 6));
    assert_eq!(a.rows(12, 6), b.rows(6, 6));
    assert!(b.rows(6, 6).sum() > 10.0);
}

#[test]
fn gradients_are_exact_when_relaxed() {
    for spike_reset in [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None] {
        for flag in [false, true] {
            let config = AlifConfig {
                hidden: 4,
                recurrent: flag,
                normalise: !flag,
                spike_reset,
                surrogate: Surrogate::FastSigmoid(2.0),
                reset_gradient: ResetGradient::Full,
                threshold: 0.7,
                input_scale: [InputScale::One, InputScale::Decay][usize::from(flag)],
                ..AlifConfig::default()
            };
            assert_gradients(&alif(&config, 3).relaxed(), Setup::default());
        }
    }
    let config = AlifConfig {
        hidden: 4,
        learn_tau: false,
        bias: false,
        spike_reset: SpikeReset::None,
        surrogate: Surrogate::Gaussian(0.6),
        ..AlifConfig::default()
    };
    assert_gradients(&alif(&config, 3).relaxed(), Setup::default());
}

#[test]
fn a_detached_reset_is_noticed() {
    let config = AlifConfig {
        hidden: 4,
        surrogate: Surrogate::FastSigmoid(2.0),
        ..AlifConfig::default()
    };
    assert_detached(&alif(&config, 3).relaxed());
}

#[test]
fn a_spike_is_charged_for_the_silence_after_it() {
    // y_2 = s_2 alone counts, x = (2, 1.6), psi(u) = 1 / (1 + |u|)^2, no reset, beta = 1, b_2 = s_1 / 2.
    // v_1 = 2, u_1 = 1, psi_1 = 1/4; v_2 = 2.6, u_2 = 2.6 - 1 - 0.5 = 1.1, psi_2 = 1 / 2.1^2.
    // du_2/dw = 1/2 2 + 1.6 - 1/2 psi_1 2 = 2.35.
    let cell = single(&AlifConfig {
        beta: 1.0,
        spike_reset: SpikeReset::None,
        surrogate: Surrogate::FastSigmoid(1.0),
        ..AlifConfig::default()
    });
    let x = DMatrix::from_row_slice(1, 2, &[2.0, 1.6]);
    let dy = DMatrix::from_row_slice(1, 2, &[0.0, 1.0]);
    let mut tape = Tape::new();
    tape.start(&cell, 2, 1);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let mut grad = cell.params().zeros_like();
    let x = Input::Dense(x.as_view());
    tape.backward(&cell, x, dy.as_view(), &mut grad, None);
    assert_near(&[grad[0][0]], &[2.35 / (2.1 * 2.1)], "dw");
}

#[test]
fn twins_agree_and_fresh_layers_are_alive() {
    for recurrent in [false, true] {
        let config = AlifConfig {
            hidden: 17,
            recurrent,
            ..AlifConfig::default()
        };
        assert_twins(&config, 9);
        for normalise in [false, true] {
            assert_alive(&AlifConfig {
                recurrent,
                normalise,
                beta: if normalise { 1.8 } else { 0.1 },
                ..AlifConfig::default()
            });
        }
    }
}

#[test]
fn fields_output_and_synapses() {
    let config = AlifConfig {
        hidden: 4,
        recurrent: true,
        ..AlifConfig::default()
    };
    let fields = [
        ("v", FieldKind::Membrane),
        ("b", FieldKind::Value),
        ("s", FieldKind::Spikes),
    ];
    assert_layer(&alif(&config, 3), true, &fields);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<AlifConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (r#"{"beta": -1}"#, "`beta` is -1: it must be at least 0"),
        (
            r#"{"tau_adapt_ms": 0}"#,
            "`tau_adapt_ms` is 0: it must be greater than 0",
        ),
        (
            r#"{"threshold": 0}"#,
            "`threshold` is 0: it must be greater than 0",
        ),
        (r#"{"betta": 3}"#, "unknown field `betta`"),
    ]);
}

#[test]
fn only_neurons_within_the_window_take_part_in_the_reverse_pass() {
    assert_windowed::<AlifConfig>();
}
