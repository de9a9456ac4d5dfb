//! Current-based LIF neurons against closed forms, hand computation, differences, and their own twins.

use saturn_cell::Cell;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;

use super::*;
use crate::testing::*;

fn cuba_lif(config: &CubaLifConfig, inputs: usize) -> CubaLif<f64> {
    CubaLif::new(config, inputs, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// One neuron with one input of weight 1, no bias, a = 1/2, and the decay of its synapse.
fn single(config: &CubaLifConfig, alpha: f64) -> CubaLif<f64> {
    let mut cell = cuba_lif(
        &CubaLifConfig {
            hidden: 1,
            tau_mem_ms: TimeConstants::Same(HALF_MS),
            tau_syn_ms: TimeConstants::Same(-DT_MS / alpha.ln()),
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
fn an_event_is_felt_as_a_difference_of_exponentials() {
    // v_t = Σ_k a^(t-k) alpha^k = (a^(t+1) - alpha^(t+1)) / (a - alpha).
    let mut config = CubaLifConfig {
        threshold: 1e9,
        ..CubaLifConfig::default()
    };
    let mut x = [0.0; 20];
    x[0] = 1.0;
    let run = states(&single(&config, 0.25), &x);
    for (t, v) in row(&run, 0).into_iter().enumerate() {
        let n = t as i32 + 1;
        let closed = (0.5_f64.powi(n) - 0.25_f64.powi(n)) / 0.25;
        assert!((v - closed).abs() < 1e-14, "{v} for {closed}");
    }
    assert_eq!(row(&run, 2), [0.0; 20]);
    // With both scales, a constant input is where current and membrane settle.
    config.synapse_scale = InputScale::Decay;
    config.input_scale = InputScale::Decay;
    let run = states(&single(&config, 0.25), &[0.3; 70]);
    assert_near(&[run[(0, 69)], run[(1, 69)]], &[0.3, 0.3], "settled");
}

#[test]
fn one_neuron_by_hand() {
    let x = [1.0, 1.0, 0.0, 0.0];
    // i: 1, 1.25, 0.3125, 0.078125.
    let cases = [
        // v: 1 | 0.5 + 1.25, spike | 0.875 + 0.3125 - 1 | 0.09375 + 0.078125
        (SpikeReset::Subtract, [1.0, 1.75, 0.1875, 0.171_875]),
        (SpikeReset::Zero, [1.0, 1.75, 0.3125, 0.234_375]),
        // v: ... | 1.1875, spike | 0.59375 + 0.078125
        (SpikeReset::None, [1.0, 1.75, 1.1875, 0.671_875]),
    ];
    for (spike_reset, v) in cases {
        let config = CubaLifConfig {
            spike_reset,
            ..CubaLifConfig::default()
        };
        let run = states(&single(&config, 0.25), &x);
        assert_near(&row(&run, 1), &[1.0, 1.25, 0.3125, 0.078_125], "i");
        assert_near(&row(&run, 0), &v, "v");
        let spikes: Vec<f64> = v.iter().map(|&v| f64::from(u8::from(v > 1.0))).collect();
        assert_eq!(row(&run, 2), spikes);
    }
}

#[test]
fn gradients_are_exact_when_relaxed() {
    for spike_reset in [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None] {
        for flag in [false, true] {
            let scale = [InputScale::One, InputScale::Decay][usize::from(flag)];
            let config = CubaLifConfig {
                hidden: 4,
                recurrent: flag,
                spike_reset,
                surrogate: Surrogate::FastSigmoid(2.0),
                reset_gradient: ResetGradient::Full,
                threshold: 0.7,
                input_scale: scale,
                synapse_scale: scale,
                ..CubaLifConfig::default()
            };
            assert_gradients(&cuba_lif(&config, 3).relaxed(), Setup::default());
        }
    }
    let config = CubaLifConfig {
        hidden: 4,
        learn_tau: false,
        bias: false,
        spike_reset: SpikeReset::None,
        surrogate: Surrogate::Gaussian(0.6),
        ..CubaLifConfig::default()
    };
    assert_gradients(&cuba_lif(&config, 3).relaxed(), Setup::default());
}

#[test]
fn a_detached_reset_is_noticed() {
    let config = CubaLifConfig {
        hidden: 4,
        surrogate: Surrogate::FastSigmoid(2.0),
        ..CubaLifConfig::default()
    };
    assert_detached(&cuba_lif(&config, 3).relaxed());
}

#[test]
fn twins_agree_and_fresh_layers_are_alive() {
    for recurrent in [false, true] {
        assert_twins(
            &CubaLifConfig {
                hidden: 17,
                recurrent,
                ..CubaLifConfig::default()
            },
            9,
        );
        for scale in [InputScale::One, InputScale::Decay] {
            assert_alive(&CubaLifConfig {
                recurrent,
                synapse_scale: scale,
                input_scale: scale,
                ..CubaLifConfig::default()
            });
        }
    }
}

#[test]
fn fields_output_and_synapses() {
    let config = CubaLifConfig {
        hidden: 4,
        recurrent: false,
        ..CubaLifConfig::default()
    };
    let fields = [
        ("v", FieldKind::Membrane),
        ("i", FieldKind::Value),
        ("s", FieldKind::Spikes),
    ];
    assert_layer(&cuba_lif(&config, 3), false, &fields);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<CubaLifConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"tau_syn_ms": -3}"#,
            "`tau_syn_ms` is -3: it must be greater than 0",
        ),
        (
            r#"{"threshold": 0}"#,
            "`threshold` is 0: it must be greater than 0",
        ),
        (r#"{"tau_sin_ms": 3}"#, "unknown field `tau_sin_ms`"),
    ]);
}

#[test]
fn only_neurons_within_the_window_take_part_in_the_reverse_pass() {
    assert_windowed::<CubaLifConfig>();
}
