//! `spiking_ssm` against closed forms, by hand, and against itself.

use super::*;
use nalgebra::Complex;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, check, random_events};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape};
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::spike_reset::{ResetGradient, SpikeReset};
use saturn_neurons::surrogate::Surrogate;

use crate::Discretization;
use crate::continuous::{IM, LOG_GAIN, LOG_RE, LOG_STEP};

const RESETS: [SpikeReset; 3] = [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None];
/// The time constant whose decay in a step of 10 ms is a half.
const HALF_MS: f64 = 10.0 / std::f64::consts::LN_2;

fn small() -> SpikingSsmConfig {
    SpikingSsmConfig {
        width: 3,
        states: 4,
        ..SpikingSsmConfig::default()
    }
}

fn cell<R: Real>(config: &SpikingSsmConfig) -> SpikingSsm<R> {
    SpikingSsm::new(config, 5, 10.0, &mut generator(3, "init", 0)).unwrap()
}

#[test]
fn without_resets_the_membrane_s_impulse_response_is_a_sum_of_two_powers() {
    let config = SpikingSsmConfig {
        skip: false,
        spike_reset: SpikeReset::None,
        tau_mem_ms: TimeConstants::Same(40.0),
        threshold: 0.5,
        ..small()
    };
    let cell = SpikingSsm::<f64>::new(&config, 1, 10.0, &mut generator(1, "init", 0)).unwrap();
    let p = cell.params();
    let learnt = |i: usize, s: usize| p[cell.system.diagonal.position(i)][s];
    let alpha = Complex::from((-0.25f64).exp());
    let mut stream = Stream::new(&cell, 1);
    for t in 0..60 {
        let u = DMatrix::from_element(1, 1, if t == 0 { 1.0 } else { 0.0 });
        stream.step(&cell, Input::Dense(u.as_view()));
        for o in 0..3 {
            // Σ_k α^(t-k) L^k = (L^(t+1) - α^(t+1)) / (L - α)
            let m: f64 = (0..4)
                .map(|s| {
                    let lambda = Complex::new(-learnt(LOG_RE, s).exp(), learnt(IM, s));
                    let at = Discretization::Zoh.at(lambda, learnt(LOG_STEP, s).exp(), 1.0);
                    let b = Complex::new(p[B][(s, 0)], p[B][(s + 4, 0)]);
                    let c = Complex::new(p[C][(o, s)], -p[C][(o, s + 4)]);
                    let sum = (at.l.powu(t + 1) - alpha.powu(t + 1)) / (at.l - alpha);
                    (c * at.f * learnt(LOG_GAIN, s).exp() * b * sum).re / 0.5
                })
                .sum();
            let ours = stream.state()[8 + o];
            assert!((ours - m).abs() < 1e-12, "t = {t}: {ours} is not {m}");
        }
    }
}

#[test]
fn four_steps_by_hand() {
    // λ = -ln 2, Δ = 1: L = 1/2 and f = 1/(2 ln 2), so B = 2 ln 2 gives v = u. C = 3 over a threshold of 2: currents
    // of 1.5, 0.75, 0.375, 0.1875. α = 1/2.
    let spikes = [
        (
            SpikeReset::Subtract,
            [1.5, 1.0, 0.875, 0.625],
            [1.0, 0.0, 0.0],
        ),
        (SpikeReset::Zero, [1.5, 0.75, 0.75, 0.5625], [1.0, 0.0, 0.0]),
        (SpikeReset::None, [1.5, 1.5, 1.125, 0.75], [1.0, 1.0, 1.0]),
    ];
    for (spike_reset, m, s) in spikes {
        let config = SpikingSsmConfig {
            width: 1,
            states: 1,
            skip: false,
            threshold: 2.0,
            tau_mem_ms: TimeConstants::Same(HALF_MS),
            spike_reset,
            ..SpikingSsmConfig::default()
        };
        let rng = &mut generator(1, "init", 0);
        let mut cell = SpikingSsm::<f64>::new(&config, 1, 10.0, rng).unwrap();
        let learnt = [LOG_RE, IM, LOG_STEP, LOG_GAIN].map(|i| cell.system.diagonal.position(i));
        cell.update(&mut |p| {
            for (i, value) in learnt.into_iter().zip([2f64.ln().ln(), 0.0, 0.0, 0.0]) {
                p[i][0] = value;
            }
            p[B].copy_from_slice(&[2.0 * 2f64.ln(), 0.0]);
            p[C].copy_from_slice(&[3.0, 7.0]);
        });
        let mut stream = Stream::new(&cell, 1);
        for (t, &m) in m.iter().enumerate() {
            let u = DMatrix::from_element(1, 1, if t == 0 { 1.0 } else { 0.0 });
            stream.step(&cell, Input::Dense(u.as_view()));
            let ours = stream.state()[2];
            assert!((ours - m).abs() < 1e-14, "{spike_reset:?}: {ours} at {t}");
            // A membrane of just the threshold, up to rounding, is not asked for its spike.
            if (m - 1.0).abs() > 1e-9 {
                let spike = s.get(t).copied().unwrap_or(0.0);
                assert!((stream.output()[0] - spike).abs() < 1e-15);
            }
        }
    }
}

#[test]
fn gradients_are_exact_when_relaxed() {
    for spike_reset in RESETS {
        for skip in [true, false] {
            for learnt in [true, false] {
                let config = SpikingSsmConfig {
                    spike_reset,
                    skip,
                    learn_tau: learnt,
                    learn_threshold: learnt,
                    reset_gradient: ResetGradient::Full,
                    surrogate: Surrogate::FastSigmoid(2.0),
                    threshold: 0.7,
                    ..small()
                };
                assert_gradients(&cell(&config).relaxed(), Setup::default());
            }
        }
    }
    for discretization in [Discretization::Bilinear, Discretization::Async] {
        let config = SpikingSsmConfig {
            discretization,
            spike_reset: SpikeReset::None,
            surrogate: Surrogate::Gaussian(0.6),
            ..small()
        };
        assert_gradients(&cell(&config).relaxed(), Setup::default());
    }
}

#[test]
fn a_detached_reset_is_noticed() {
    let config = SpikingSsmConfig {
        surrogate: Surrogate::FastSigmoid(2.0),
        ..small()
    };
    let outcomes = check(&cell(&config).relaxed(), Setup::default());
    let weight = outcomes.iter().find(|o| o.name == "C").unwrap();
    assert!(weight.error > 1e-3, "{weight:?}");
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for spike_reset in RESETS {
        let config = SpikingSsmConfig {
            spike_reset,
            ..small()
        };
        assert_twins(&config, 5);
    }
}

#[test]
fn a_fresh_cell_is_alive() {
    for (inputs, density) in [(700, 0.13), (700, 0.02), (128, 0.1)] {
        let rng = &mut generator(3, "init", 0);
        let config = SpikingSsmConfig::default();
        let cell = SpikingSsm::<f32>::new(&config, inputs, 10.0, rng).unwrap();
        let events = random_events(inputs, 200, density, 4);
        let mut tape = Tape::new();
        tape.start(&cell, 200, 1);
        tape.forward(&cell, Input::Events(events.view()), None);
        let rate = tape.output().mean();
        assert!(
            (0.004..0.3).contains(&rate),
            "{rate} spikes a neuron and step on {inputs} inputs with density {density}"
        );
    }
}

#[test]
fn fields_output_and_synapses() {
    let cell = cell::<f64>(&small());
    let fields = cell.fields();
    let kinds: Vec<_> = fields.iter().map(|f| (&*f.name, f.kind)).collect();
    let wanted = [
        ("x", FieldKind::Complex),
        ("m", FieldKind::Membrane),
        ("s", FieldKind::Spikes),
    ];
    assert_eq!(kinds, wanted);
    assert_eq!(cell.output().rows(), Some(11..14));
    assert!(Cell::spikes(&cell));
    assert_eq!(cell.moduli().unwrap().len(), 4);
    let synapses = cell.synapses();
    assert_eq!((synapses.per_input, synapses.always), (8 + 3, 32 + 24));
}

#[test]
fn bad_configurations_are_named() {
    let message = |text| {
        let config: SpikingSsmConfig = serde_json::from_str(text).unwrap();
        let rng = &mut generator(1, "init", 0);
        let made = SpikingSsm::<f32>::new(&config, 4, 10.0, rng);
        made.unwrap_err().to_string()
    };
    for (text, wanted) in [
        (r#"{"width": 0}"#, "`width` is 0: it must be at least 1"),
        (r#"{"states": 0}"#, "`states` is 0: it must be at least 1"),
        (
            r#"{"threshold": 0}"#,
            "`threshold` is 0: it must be greater than 0",
        ),
        (
            r#"{"tau_mem_ms": -3}"#,
            "`tau_mem_ms` is -3: it must be greater than 0",
        ),
        (
            r#"{"readout_gain": -1}"#,
            "`readout_gain` is -1: it must be at least 0",
        ),
    ] {
        assert_eq!(message(text), wanted);
    }
    let unknown = serde_json::from_str::<SpikingSsmConfig>(r#"{"hidden": 8}"#).unwrap_err();
    assert!(unknown.to_string().starts_with("unknown field `hidden`"));
}
