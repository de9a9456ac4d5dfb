//! adLIF neurons against closed forms, hand computation, differences, and their own twins.

use nalgebra::{Matrix2, Vector2};
use saturn_cell::Cell;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;

use super::*;
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::testing::*;

fn adlif(config: &AdLifConfig, inputs: usize) -> AdLif<f64> {
    AdLif::new(config, inputs, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// One neuron with one input of weight 1, no bias, and these decays and couplings.
fn single(config: &AdLifConfig, [alpha, rho]: [f64; 2], [a, b]: [f64; 2]) -> AdLif<f64> {
    let mut cell = adlif(
        &AdLifConfig {
            hidden: 1,
            tau_mem_ms: TimeConstants::Same(-DT_MS / alpha.ln()),
            tau_adapt_ms: TimeConstants::Same(-DT_MS / rho.ln()),
            learn_tau: false,
            bias: false,
            ..config.clone()
        },
        1,
    );
    cell.set_adaptation(&[a], &[b]).unwrap();
    cell.update(&mut |p| p[0].fill(1.0));
    cell
}

/// The response of v and w to one event below the threshold.
fn impulse_response(decays: [f64; 2], a: f64, steps: usize) -> (Vec<f64>, Vec<f64>) {
    let config = AdLifConfig {
        threshold: 1e9,
        a_max: 2.0 * a,
        ..AdLifConfig::default()
    };
    let mut x = vec![0.0; steps];
    x[0] = 1.0;
    let run = states(&single(&config, decays, [a, 1.0]), &x);
    assert_eq!(row(&run, 2), vec![0.0; steps]);
    (row(&run, 0), row(&run, 1))
}

#[test]
fn below_threshold_it_is_a_power_of_its_matrix() {
    let (alpha, rho, a) = (0.7, 0.9, 3.0);
    let (v, w) = impulse_response([alpha, rho], a, 40);
    let (g, h) = (1.0 - alpha, 1.0 - rho);
    let step = Matrix2::new(alpha, -g, h * a * alpha, rho - h * a * g);
    let mut state = Vector2::new(g, h * a * g);
    for (v, w) in v.into_iter().zip(w) {
        assert!((v - state[0]).abs() < 1e-14 && (w - state[1]).abs() < 1e-14);
        state = step * state;
    }
    assert!((step.determinant() - alpha * rho).abs() < 1e-15);
}

#[test]
fn below_threshold_it_oscillates_where_theory_says() {
    let (alpha, rho): (f64, f64) = (0.8, 0.95);
    let coupling = (1.0 - alpha) * (1.0 - rho);
    // m^2 = 4 alpha rho.
    let onset = (alpha.sqrt() - rho.sqrt()).powi(2) / coupling;
    for a in [2.0 * onset, 1.0, 10.0, 60.0] {
        // By Cayley and Hamilton, v_t = (r^(t-1) sin(phi t) v_1 - r^t sin(phi (t-1)) v_0) / sin phi.
        let r = (alpha * rho).sqrt();
        let phi = ((alpha + rho - coupling * a) / (2.0 * r)).acos();
        let (v, _) = impulse_response([alpha, rho], a, 80);
        for (t, &v_t) in v.iter().enumerate() {
            let t = f64::from(t as u32);
            let first = r.powf(t - 1.0) * (phi * t).sin() * v[1];
            let second = r.powf(t) * (phi * (t - 1.0)).sin() * v[0];
            let closed = (first - second) / phi.sin();
            assert!((v_t - closed).abs() < 1e-12, "{v_t} for {closed}");
        }
        let turns = v.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count() as f64;
        let expected = 79.0 * phi / std::f64::consts::PI;
        assert!((turns - expected).abs() <= 1.0, "{turns} for {expected}");
    }
    // Below the onset: an undershoot at most, and no oscillation.
    let (v, _) = impulse_response([alpha, rho], 0.5 * onset, 80);
    assert!(v.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count() <= 1);
}

#[test]
fn it_is_stable_up_to_the_limit_and_not_beyond() {
    let (alpha, rho) = (0.5_f64, 0.75_f64);
    let limit = (1.0 + alpha) * (1.0 + rho) / ((1.0 - alpha) * (1.0 - rho));
    let config = |a_max| AdLifConfig {
        hidden: 1,
        tau_mem_ms: TimeConstants::Same(HALF_MS),
        tau_adapt_ms: TimeConstants::Same(-DT_MS / rho.ln()),
        learn_tau: false,
        a_max,
        ..AdLifConfig::default()
    };
    assert_eq!(complaint(&config(0.999 * limit)), None);
    let message = complaint(&config(1.001 * limit)).unwrap();
    assert!(message.contains("below coth(dt / 2 tau_mem)"), "{message}");
    // Just inside, the matrix has its slowest eigenvalue just inside the circle.
    let mut cell = adlif(
        &AdLifConfig {
            threshold: 1e9,
            bias: false,
            ..config(0.9999 * limit)
        },
        1,
    );
    cell.set_adaptation(&[0.999 * limit], &[1.0]).unwrap();
    cell.update(&mut |p| p[0].fill(1.0));
    let mut x = vec![0.0; 4000];
    x[0] = 1.0;
    let v = row(&states(&cell, &x), 0);
    assert!(v[3999].abs() < 0.5 * v[2000].abs() && v[2000].abs() < 0.5 * v[0].abs());
    assert!(v[2000] * v[2001] < 0.0);
}

#[test]
fn one_neuron_by_hand() {
    // alpha = rho = 1/2, a = 1, b = 4: v_t = p/2 + (d - w)/2, w_t = w/2 + (p_t + 4 s_t)/2.
    let x = [1.5, 1.5, 0.0, 6.0];
    // v: 0.75 | 0.375 + 0.5625 | 0.46875 - 0.328125 | 0.0703125 + 3 - 0.19921875 = 2.87109375, spike
    let v = [0.75, 0.9375, 0.140_625, 2.871_093_75];
    // What the spike leaves of it.
    let cases = [
        (SpikeReset::Zero, 0.0),
        (SpikeReset::Subtract, 1.871_093_75),
        (SpikeReset::None, 2.871_093_75),
    ];
    for (spike_reset, left) in cases {
        let config = AdLifConfig {
            spike_reset,
            a_max: 4.0,
            ..AdLifConfig::default()
        };
        let run = states(&single(&config, [0.5; 2], [1.0, 4.0]), &x);
        assert_near(&row(&run, 0), &v, "v");
        // w: 0.375 | 0.1875 + 0.46875 | 0.328125 + 0.0703125 | 0.19921875 + (left + 4) / 2
        let w = [0.375, 0.656_25, 0.398_437_5, 2.199_218_75 + 0.5 * left];
        assert_near(&row(&run, 1), &w, "w");
        assert_eq!(row(&run, 2), [0.0, 0.0, 0.0, 1.0]);
    }
}

#[test]
fn gradients_are_exact_when_relaxed() {
    for spike_reset in [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None] {
        for recurrent in [false, true] {
            let config = AdLifConfig {
                hidden: 4,
                recurrent,
                spike_reset,
                surrogate: Surrogate::FastSigmoid(2.0),
                reset_gradient: ResetGradient::Full,
                threshold: 0.7,
                ..AdLifConfig::default()
            };
            assert_gradients(&adlif(&config, 3).relaxed(), Setup::default());
        }
    }
    let config = AdLifConfig {
        hidden: 4,
        learn_tau: false,
        learn_adaptation: false,
        bias: false,
        spike_reset: SpikeReset::None,
        surrogate: Surrogate::Gaussian(0.6),
        ..AdLifConfig::default()
    };
    assert_gradients(&adlif(&config, 3).relaxed(), Setup::default());
}

#[test]
fn a_detached_reset_is_noticed() {
    let config = AdLifConfig {
        hidden: 4,
        surrogate: Surrogate::FastSigmoid(2.0),
        ..AdLifConfig::default()
    };
    assert_detached(&adlif(&config, 3).relaxed());
}

#[test]
fn twins_agree_and_fresh_layers_are_alive() {
    for recurrent in [false, true] {
        assert_twins(
            &AdLifConfig {
                hidden: 17,
                recurrent,
                ..AdLifConfig::default()
            },
            9,
        );
        assert_alive(&AdLifConfig {
            recurrent,
            ..AdLifConfig::default()
        });
    }
}

#[test]
fn fields_output_and_synapses() {
    let config = AdLifConfig {
        hidden: 4,
        recurrent: true,
        ..AdLifConfig::default()
    };
    let fields = [
        ("v", FieldKind::Membrane),
        ("w", FieldKind::Value),
        ("s", FieldKind::Spikes),
    ];
    assert_layer(&adlif(&config, 3), true, &fields);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<AdLifConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (r#"{"a_max": -1}"#, "`a_max` is -1: it must be at least 0"),
        (
            r#"{"tau_adapt_ms": 0}"#,
            "`tau_adapt_ms` is 0: it must be greater than 0",
        ),
        (r#"{"b_max": -2}"#, "`b_max` is -2: it must be at least 0"),
        (r#"{"amax": 3}"#, "unknown field `amax`"),
    ]);
    let mut cell = adlif(&AdLifConfig::default(), 3);
    let beyond = cell.set_adaptation(&[10.0; 128], &[1.0; 128]).unwrap_err();
    assert_eq!(
        beyond.to_string(),
        "`a` is 10: it must be above 0 and below its maximum"
    );
}

#[test]
fn only_neurons_within_the_window_take_part_in_the_reverse_pass() {
    assert_windowed::<AdLifConfig>();
}
