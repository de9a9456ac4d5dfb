//! Resonate-and-fire neurons against closed forms, hand computation, differences, and their own twins.

use nalgebra::Complex;
use saturn_cell::Cell;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;

use super::*;
use crate::testing::*;

const RESETS: [ResonatorReset; 4] = [
    ResonatorReset::Balanced,
    ResonatorReset::Izhikevich,
    ResonatorReset::Zero,
    ResonatorReset::None,
];
const STEPS: [ResonatorStep; 2] = [ResonatorStep::Euler, ResonatorStep::Exponential];

fn neurons(config: &ResonateAndFireConfig, inputs: usize) -> ResonateAndFire<f64> {
    ResonateAndFire::new(config, inputs, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// One neuron with one input of weight 1, no bias, and these dynamics.
fn single(config: &ResonateAndFireConfig, period_ms: f64, tau_mem_ms: f64) -> ResonateAndFire<f64> {
    let mut cell = neurons(
        &ResonateAndFireConfig {
            hidden: 1,
            period_ms: TimeConstants::Same(period_ms),
            tau_mem_ms: TimeConstants::Same(tau_mem_ms),
            learn_dynamics: false,
            bias: false,
            ..config.clone()
        },
        1,
    );
    cell.update(&mut |p| p[0].fill(1.0));
    cell
}

#[test]
fn below_threshold_it_is_a_power_of_its_factor() {
    let (period, tau) = (500.0, 300.0);
    let phi = std::f64::consts::TAU * DT_MS / period;
    for step in STEPS {
        let config = ResonateAndFireConfig {
            threshold: 1e9,
            step,
            ..ResonateAndFireConfig::default()
        };
        let factor = match step {
            ResonatorStep::Euler => Complex::new((1.0 - phi * phi).sqrt() - DT_MS / tau, phi),
            ResonatorStep::Exponential => Complex::new(-DT_MS / tau, phi).exp(),
        };
        let mut x = vec![0.0; 200];
        x[0] = 1.0;
        let run = states(&single(&config, period, tau), &x);
        for t in 0..200 {
            let closed = factor.powu(t as u32);
            let z = Complex::new(run[(0, t)], run[(1, t)]);
            assert!((z - closed).norm() < 1e-13, "{step:?}: {z} for {closed}");
        }
        assert_eq!(row(&run, 3), vec![0.0; 200]);
    }
}

#[test]
fn on_the_divergence_boundary_it_neither_grows_nor_fades() {
    for period in [70.0, 200.0, 3000.0] {
        let config = ResonateAndFireConfig {
            threshold: 1e9,
            spike_reset: ResonatorReset::None,
            ..ResonateAndFireConfig::default()
        };
        let mut x = vec![0.0; 5000];
        x[0] = 1.0;
        let run = states(&single(&config, period, 1e15), &x);
        let last = run[(0, 4999)].hypot(run[(1, 4999)]);
        assert!((last - 1.0).abs() < 1e-9, "{period} ms: {last}");
    }
}

#[test]
fn it_hears_its_own_rhythm_best() {
    let config = ResonateAndFireConfig {
        threshold: 1e9,
        ..ResonateAndFireConfig::default()
    };
    for step in STEPS {
        let cell = single(&ResonateAndFireConfig { step, ..config }, 400.0, 1500.0);
        let response = |period: usize| {
            let x: Vec<f64> = (0..800).map(|t| f64::from(t % period == 0)).collect();
            let run = states(&cell, &x);
            let tail = run.columns(400, 400);
            tail.row(0).norm()
        };
        let own = response(40);
        for other in [29, 33, 50, 63] {
            assert!(own > 2.0 * response(other), "{step:?}: {other} steps");
        }
    }
}

#[test]
fn a_balanced_neuron_by_hand() {
    // phi = 0.6, so that sqrt(1 - phi^2) = 0.8; epsilon b' = 0.3; epsilon = 0.01: L = 0.5 - 0.01 q + 0.6 i.
    let period = std::f64::consts::TAU * DT_MS / 0.6;
    let cell = single(&ResonateAndFireConfig::default(), period, DT_MS / 0.3);
    let run = states(&cell, &[2.0, 0.0, 0.0, 3.0]);
    // 2, a spike | 0.49 * 2, 0.6 * 2 under 2 | 0.491 * 0.98 - 0.6 * 1.2, 0.491 * 1.2 + 0.6 * 0.98 under 1.9
    let (v, w) = (0.48118 - 0.72, 0.5892 + 0.588);
    // q = 0.81: L = 0.4919 + 0.6 i, and 3 is a second spike.
    let v = [2.0, 0.98, v, 0.4919 * v - 0.6 * w + 3.0];
    let w = [0.0, 1.2, w, 0.4919 * w + 0.6 * v[2]];
    assert_near(&row(&run, 0), &v, "v");
    assert_near(&row(&run, 1), &w, "w");
    assert_near(&row(&run, 2), &[0.0, 1.0, 0.9, 0.81], "q");
    assert_eq!(row(&run, 3), [1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn the_other_resets_by_hand() {
    // A quarter turn and a half a step: L = i / 2.
    for (spike_reset, v, w) in [
        (ResonatorReset::None, [2.0, 0.0, -0.5], [0.0, 1.0, 0.0]),
        (ResonatorReset::Zero, [2.0, 0.0, 0.0], [0.0; 3]),
        (
            ResonatorReset::Izhikevich,
            [2.0, 0.0, -0.25],
            [0.0, 0.5, 0.0],
        ),
    ] {
        let config = ResonateAndFireConfig {
            spike_reset,
            step: ResonatorStep::Exponential,
            ..ResonateAndFireConfig::default()
        };
        let run = states(&single(&config, 4.0 * DT_MS, HALF_MS), &[2.0, 0.0, 0.0]);
        assert_near(&row(&run, 0), &v, "v");
        assert_near(&row(&run, 1), &w, "w");
        assert_eq!(row(&run, 2), [1.0, 0.0, 0.0]);
    }
}

#[test]
fn gradients_are_exact_when_relaxed() {
    for spike_reset in RESETS {
        for step in STEPS {
            for recurrent in [false, true] {
                let config = ResonateAndFireConfig {
                    hidden: 4,
                    recurrent,
                    spike_reset,
                    step,
                    surrogate: Surrogate::FastSigmoid(2.0),
                    threshold: 0.7,
                    ..ResonateAndFireConfig::default()
                };
                assert_gradients(&neurons(&config, 3).relaxed(), Setup::default());
            }
        }
    }
    let config = ResonateAndFireConfig {
        hidden: 4,
        learn_dynamics: false,
        bias: false,
        surrogate: Surrogate::Gaussian(0.6),
        ..ResonateAndFireConfig::default()
    };
    assert_gradients(&neurons(&config, 3).relaxed(), Setup::default());
}

#[test]
fn a_detached_reset_is_noticed() {
    for spike_reset in [ResonatorReset::Balanced, ResonatorReset::Izhikevich] {
        let config = ResonateAndFireConfig {
            hidden: 4,
            spike_reset,
            reset_gradient: ResetGradient::Detached,
            surrogate: Surrogate::FastSigmoid(2.0),
            ..ResonateAndFireConfig::default()
        };
        assert_detached(&neurons(&config, 3).relaxed());
    }
}

#[test]
fn twins_agree_and_fresh_layers_are_alive() {
    for spike_reset in RESETS {
        for step in STEPS {
            let recurrent = step == ResonatorStep::Euler;
            let config = ResonateAndFireConfig {
                recurrent,
                step,
                spike_reset,
                ..ResonateAndFireConfig::default()
            };
            if spike_reset != ResonatorReset::None {
                assert_alive(&config);
            }
            assert_twins(
                &ResonateAndFireConfig {
                    hidden: 17,
                    ..config
                },
                9,
            );
        }
    }
}

#[test]
fn fields_output_and_synapses() {
    let config = ResonateAndFireConfig {
        hidden: 4,
        recurrent: true,
        ..ResonateAndFireConfig::default()
    };
    let [v, w] = [("v", FieldKind::Membrane), ("w", FieldKind::Value)];
    let [q, s] = [("q", FieldKind::Value), ("s", FieldKind::Spikes)];
    assert_layer(&neurons(&config, 3), true, &[v, w, q, s]);
    let config = ResonateAndFireConfig {
        spike_reset: ResonatorReset::Zero,
        ..config
    };
    assert_layer(&neurons(&config, 3), true, &[v, w, s]);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<ResonateAndFireConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"refractory_decay": 1}"#,
            "`refractory_decay` is 1: it must be at least 0 and below 1",
        ),
        (
            r#"{"period_ms": 0}"#,
            "`period_ms` is 0: it must be greater than 0",
        ),
        (
            r#"{"period_ms": 180}"#,
            "`period_ms` is 180: it must be above 2 pi dt, three times that where it is learnt: give longer \
             periods, or `step: exponential`",
        ),
        (
            r#"{"tau_mem_ms": [15, 100]}"#,
            "`tau_mem_ms` is 15: it must be so long that a step damps less than the divergence boundary \
             allows: give longer time constants or periods, or `step: exponential`",
        ),
        (r#"{"omega": 3}"#, "unknown field `omega`"),
    ]);
    for fine in [
        r#"{"period_ms": 180, "learn_dynamics": false}"#,
        r#"{"period_ms": 20, "tau_mem_ms": 5, "step": "exponential"}"#,
    ] {
        let config: ResonateAndFireConfig = serde_json::from_str(fine).unwrap();
        assert_eq!(complaint(&config), None);
    }
}

#[test]
fn only_neurons_within_the_window_take_part_in_the_reverse_pass() {
    assert_windowed::<ResonateAndFireConfig>();
}
