//! LIF neurons against closed forms, hand computation, differences, and their own twins.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Tape};

use super::*;
use crate::testing::*;

fn lif(config: &LifConfig, inputs: usize) -> Lif<f64> {
    Lif::new(config, inputs, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// One neuron with one input of weight 1, no bias, and a = 1/2.
fn single(config: &LifConfig) -> Lif<f64> {
    let mut cell = lif(
        &LifConfig {
            hidden: 1,
            tau_mem_ms: TimeConstants::Same(HALF_MS),
            learn_tau: false,
            bias: false,
            ..config.clone()
        },
        1,
    );
    cell.update(&mut |p| p[0].fill(1.0));
    cell
}

/// Potentials and spikes of a single neuron on `x`.
fn run(cell: &Lif<f64>, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let states = states(cell, x);
    (row(&states, 0), row(&states, 1))
}

#[test]
fn below_threshold_the_membrane_is_a_geometric_sum() {
    let mut config = LifConfig {
        threshold: 1e9,
        ..LifConfig::default()
    };
    let (v, s) = run(&single(&config), &[0.3; 20]);
    for (t, v) in v.iter().enumerate() {
        let closed = 0.3 * (1.0 - 0.5_f64.powi(t as i32 + 1)) / 0.5;
        assert!((v - closed).abs() < 1e-14);
    }
    assert_eq!(s, [0.0; 20]);
    // With 1 - a in front of the input, a constant input is where the membrane settles.
    config.input_scale = InputScale::Decay;
    let (v, _) = run(&single(&config), &[0.3; 60]);
    assert!((v[59] - 0.3).abs() < 1e-14);
}

#[test]
fn one_neuron_by_hand() {
    let x = [0.75, 0.75, 0.75, 0.0, 0.75, 1.0];
    let cases = [
        // v: 0.75 | 0.375 + 0.75 = 1.125, spike | 0.5625 + 0.75 - 1 | ...
        (
            SpikeReset::Subtract,
            [0.75, 1.125, 0.3125, 0.15625, 0.828_125, 1.414_062_5],
            [0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        ),
        // v: 0.75 | 1.125, spike | 0.75, from nothing | ...
        (
            SpikeReset::Zero,
            [0.75, 1.125, 0.75, 0.375, 0.9375, 1.468_75],
            [0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        ),
        (
            SpikeReset::None,
            [0.75, 1.125, 1.3125, 0.65625, 1.078_125, 1.539_062_5],
            [0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
        ),
    ];
    for (spike_reset, v, s) in cases {
        let cell = single(&LifConfig {
            spike_reset,
            ..LifConfig::default()
        });
        let (v_run, s_run) = run(&cell, &x);
        for (a, b) in v_run.iter().zip(v) {
            assert!((a - b).abs() < 1e-14, "{spike_reset:?}: {v_run:?}");
        }
        assert_eq!(s_run, s, "{spike_reset:?}");
    }
}

#[test]
fn gradients_are_exact_when_relaxed() {
    let surrogates = [
        Surrogate::FastSigmoid(4.0),
        Surrogate::Atan(2.0),
        Surrogate::Triangular(1.5),
        Surrogate::Boxcar(1.7),
        Surrogate::Gaussian(0.6),
        Surrogate::MultiGaussian(0.5),
    ];
    for (i, surrogate) in surrogates.into_iter().enumerate() {
        for spike_reset in [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None] {
            for recurrent in [false, true] {
                let config = LifConfig {
                    hidden: 4,
                    recurrent,
                    spike_reset,
                    surrogate,
                    reset_gradient: ResetGradient::Full,
                    threshold: 0.7,
                    learn_tau: i != 1,
                    bias: i != 2,
                    input_scale: [InputScale::One, InputScale::Decay][i % 2],
                    ..LifConfig::default()
                };
                assert_gradients(&lif(&config, 3).relaxed(), Setup::default());
            }
        }
    }
}

#[test]
fn a_detached_reset_is_noticed() {
    let config = LifConfig {
        hidden: 4,
        surrogate: Surrogate::FastSigmoid(4.0),
        ..LifConfig::default()
    };
    assert_detached(&lif(&config, 3).relaxed());
}

#[test]
fn the_reset_passes_or_stops_the_gradient_as_asked() {
    // y_2 = s_2 alone counts. With w = 1 and x = (2, 1): v_1 = 2, s_1 = 1, psi(u) = 1 / (1 + |u|)^2,
    // psi_1 = 1/4. dv_1/dw = x_1 = 2.
    let gradient = |spike_reset, reset_gradient| {
        let cell = single(&LifConfig {
            spike_reset,
            reset_gradient,
            surrogate: Surrogate::FastSigmoid(1.0),
            ..LifConfig::default()
        });
        let x = DMatrix::from_row_slice(1, 2, &[2.0, 1.0]);
        let mut tape = Tape::new();
        tape.start(&cell, 2, 1);
        tape.forward(&cell, Input::Dense(x.as_view()), None);
        let mut grad = cell.params().zeros_like();
        let dy = DMatrix::from_row_slice(1, 2, &[0.0, 1.0]);
        tape.backward(
            &cell,
            Input::Dense(x.as_view()),
            dy.as_view(),
            &mut grad,
            None,
        );
        grad[0][0]
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} is not {b}");
    // subtract: v_2 = 1/2 v_1 + w x_2 - s_1 = 1, psi_2 = 1; dv_2/dw = 1/2 2 + 1 - [full] psi_1 2.
    close(gradient(SpikeReset::Subtract, ResetGradient::Detached), 2.0);
    close(gradient(SpikeReset::Subtract, ResetGradient::Full), 1.5);
    // zero: v_2 = 1/2 (1 - s_1) v_1 + w x_2 = 1; dv_2/dw = 0 + 1 - [full] 1/2 v_1 psi_1 2.
    close(gradient(SpikeReset::Zero, ResetGradient::Detached), 1.0);
    close(gradient(SpikeReset::Zero, ResetGradient::Full), 0.5);
    // none: v_2 = 1/2 v_1 + w x_2 = 2, psi_2 = 1/4; there is no reset to differentiate.
    close(gradient(SpikeReset::None, ResetGradient::Detached), 0.5);
    close(gradient(SpikeReset::None, ResetGradient::Full), 0.5);
}

#[test]
fn twins_agree_and_fresh_layers_are_alive() {
    for recurrent in [false, true] {
        assert_twins(
            &LifConfig {
                hidden: 17,
                recurrent,
                ..LifConfig::default()
            },
            9,
        );
        for input_scale in [InputScale::One, InputScale::Decay] {
            let config = LifConfig {
                recurrent,
                input_scale,
                ..LifConfig::default()
            };
            assert_alive(&config);
            let heard = rate(&config, 700, 0.13);
            assert!((0.03..0.3).contains(&heard), "{heard} on events");
        }
    }
}

#[test]
fn fields_output_and_synapses() {
    let config = LifConfig {
        hidden: 4,
        ..LifConfig::default()
    };
    let fields = [("v", FieldKind::Membrane), ("s", FieldKind::Spikes)];
    assert_layer(&lif(&config, 3), false, &fields);
}

#[test]
fn time_constants_can_be_set() {
    for learn_tau in [false, true] {
        let mut cell = lif(
            &LifConfig {
                hidden: 2,
                learn_tau,
                ..LifConfig::default()
            },
            1,
        );
        cell.set_tau_mem_ms(&[20.0, 100.0]).unwrap();
        cell.update(&mut |_| {});
        for (tau, wanted) in cell.tau_mem_ms().iter().zip([20.0, 100.0]) {
            assert!((tau - wanted).abs() < 1e-9);
        }
        assert_eq!(
            cell.set_tau_mem_ms(&[20.0, 900.0]).unwrap_err().to_string(),
            "`tau_mem_ms` is 900: it must be inside the configured range, widened threefold at both ends"
        );
    }
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<LifConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"threshold": 0}"#,
            "`threshold` is 0: it must be greater than 0",
        ),
        (
            r#"{"tau_mem_ms": [-1, 20]}"#,
            "`tau_mem_ms` is -1: it must be greater than 0",
        ),
        (
            r#"{"surrogate": {"atan": 0}}"#,
            "`surrogate.atan` is 0: it must be greater than 0",
        ),
        (r#"{"hiden": 3}"#, "unknown field `hiden`"),
    ]);
}

#[test]
fn only_neurons_within_the_window_take_part_in_the_reverse_pass() {
    assert_windowed::<LifConfig>();
}
