//! `ssm` against closed forms, by hand, and against itself.

use super::*;
use nalgebra::{Complex, DMatrix};
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape};

use crate::continuous::{IM, LOG_GAIN, LOG_RE, LOG_STEP};

fn small() -> SsmConfig {
    SsmConfig {
        width: 3,
        states: 4,
        ..SsmConfig::default()
    }
}

fn cell<R: Real>(config: &SsmConfig) -> Ssm<R> {
    Ssm::new(config, 5, 10.0, &mut generator(3, "init", 0)).unwrap()
}

#[test]
fn the_impulse_response_is_a_sum_of_powers() {
    let config = SsmConfig {
        width: 2,
        states: 4,
        skip: false,
        ..SsmConfig::default()
    };
    for rule in [
        Discretization::Zoh,
        Discretization::Bilinear,
        Discretization::Async,
    ] {
        let config = SsmConfig {
            discretization: rule,
            ..config.clone()
        };
        let cell = Ssm::<f64>::new(&config, 1, 5.0, &mut generator(1, "init", 0)).unwrap();
        let p = cell.params();
        let learnt = |i| &p[cell.system.diagonal.position(i)];
        let mut stream = Stream::new(&cell, 1);
        for t in 0..60 {
            let u = DMatrix::from_element(1, 1, if t == 0 { 1.0 } else { 0.0 });
            stream.step(&cell, Input::Dense(u.as_view()));
            for o in 0..2 {
                // K_t = Σ_p 2 Re(C'_p L_p^t gain_p f_p B_p), with steps of half a reference bin.
                let k: f64 = (0..4)
                    .map(|s| {
                        let lambda = Complex::new(-learnt(LOG_RE)[s].exp(), learnt(IM)[s]);
                        let at = rule.at(lambda, learnt(LOG_STEP)[s].exp(), 0.5);
                        let b = Complex::new(p[B][(s, 0)], p[B][(s + 4, 0)]);
                        let c = Complex::new(p[C][(o, s)], -p[C][(o, s + 4)]) / 2.0;
                        2.0 * (c * at.l.powu(t) * at.f * learnt(LOG_GAIN)[s].exp() * b).re
                    })
                    .sum();
                let y = stream.output()[(o, 0)];
                assert!((y - k).abs() < 1e-12, "{rule:?} t = {t}: {y} is not {k}");
            }
        }
    }
}

#[test]
fn two_steps_by_hand() {
    let config = SsmConfig {
        width: 1,
        states: 1,
        ..SsmConfig::default()
    };
    let mut cell = Ssm::<f64>::new(&config, 1, 10.0, &mut generator(1, "init", 0)).unwrap();
    // λ = -ln 2 + iπ/2, Δ = 1: L = i/2. B = λ/(L - 1), so that f B = 1, halved as the gain is 2.
    let lambda = Complex::new(-(2f64.ln()), std::f64::consts::FRAC_PI_2);
    let b = lambda / (Complex::new(0.0, 0.5) - 1.0);
    let learnt = [LOG_RE, IM, LOG_STEP, LOG_GAIN].map(|i| cell.system.diagonal.position(i));
    cell.update(&mut |p| {
        for (i, value) in learnt
            .into_iter()
            .zip([2f64.ln().ln(), lambda.im, 0.0, 2f64.ln()])
        {
            p[i][0] = value;
        }
        p[B].copy_from_slice(&[b.re / 2.0, b.im / 2.0]);
        p[C].copy_from_slice(&[3.0, -5.0]);
        p[D][0] = 0.25;
    });
    assert!((cell.moduli().unwrap()[0] - 0.5).abs() < 1e-15);
    let mut stream = Stream::new(&cell, 1);
    // x: 1, then i/2 + 2 = 2 + 0.5i, then 0.5i (2 + 0.5i) = -0.25 + i.
    for (u, x, y) in [
        (1.0, [1.0, 0.0], 3.25),
        (2.0, [2.0, 0.5], 6.0 - 2.5 + 0.5),
        (0.0, [-0.25, 1.0], -0.75 - 5.0),
    ] {
        let u = DMatrix::from_element(1, 1, u);
        stream.step(&cell, Input::Dense(u.as_view()));
        assert!((stream.state()[0] - x[0]).abs() < 1e-14);
        assert!((stream.state()[1] - x[1]).abs() < 1e-14);
        assert!((stream.output()[0] - y).abs() < 1e-14);
    }
}

#[test]
fn gradients() {
    for discretization in [
        Discretization::Zoh,
        Discretization::Bilinear,
        Discretization::Dirac,
        Discretization::Async,
    ] {
        for (init, conjugate, skip) in [
            (Init::S4dLin, true, true),
            (Init::S5, true, false),
            (Init::S5, false, true),
            (Init::S4dInv, true, true),
            (Init::S4dReal, true, true),
        ] {
            let config = SsmConfig {
                discretization,
                init,
                conjugate,
                skip,
                ..small()
            };
            assert_gradients(&cell(&config), Setup::default());
            let rng = &mut generator(3, "init", 0);
            let fine = Ssm::new(&config, 5, 2.0, rng).unwrap();
            assert_gradients(&fine, Setup::default());
        }
    }
}

#[test]
fn gradients_of_more_states_than_a_chunk() {
    let config = SsmConfig {
        states: 67,
        ..small()
    };
    let setup = Setup {
        steps: 4,
        lanes: 2,
        ..Setup::default()
    };
    assert_gradients(&cell(&config), setup);
}

/// Event by event, each after its time since the one before, and in bins that all events lie on.
#[test]
fn event_by_event_is_bin_by_bin() {
    // Times in ms, ascending, with the channels; two pairs share a bin of either width.
    let events = [
        (20.0, 3),
        (20.0, 0),
        (60.0, 1),
        (70.0, 4),
        (70.0, 4),
        (150.0, 2),
    ];
    for rule in [Discretization::Dirac, Discretization::Async] {
        let config = SsmConfig {
            discretization: rule,
            ..small()
        };
        for dt_ms in [2.0, 10.0] {
            let rng = &mut generator(5, "init", 0);
            let mut cell = Ssm::<f64>::new(&config, 5, dt_ms, rng).unwrap();
            // The learnt numbers must be one net's in bins of either width; initial gains are not.
            let gain = cell.system.diagonal.position(LOG_GAIN);
            cell.update(&mut |p| p[gain].fill(0.1));
            let p = cell.params();
            let learnt = |i| &p[cell.system.diagonal.position(i)];
            let mut stream = Stream::new(&cell, 1);
            let (mut state, mut last, mut bin) = (vec![Complex::from(0.0); 4], 0.0, 0);
            for (i, &(time, channel)) in events.iter().enumerate() {
                for (s, x) in state.iter_mut().enumerate() {
                    let lambda = Complex::new(-learnt(LOG_RE)[s].exp(), learnt(IM)[s]);
                    let delta = learnt(LOG_STEP)[s].exp();
                    let f = match rule {
                        Discretization::Async => ((lambda * delta).exp() - 1.0) / lambda,
                        _ => Complex::from(1.0),
                    };
                    let b = Complex::new(p[B][(s, channel)], p[B][(s + 4, channel)]);
                    let decay = (lambda * delta * ((time - last) / 10.0)).exp();
                    *x = decay * *x + f * b * 0.1f64.exp();
                }
                last = time;
                if events.get(i + 1).is_some_and(|&(next, _)| next <= time) {
                    continue;
                }
                while f64::from(bin) * dt_ms < time {
                    bin += 1;
                    let now = f64::from(bin) * dt_ms;
                    let counts = DMatrix::from_fn(5, 1, |channel, _| {
                        let here = events.iter().filter(|e| **e == (now, channel));
                        here.count() as f64
                    });
                    stream.step(&cell, Input::Dense(counts.as_view()));
                }
                for (s, x) in state.iter().enumerate() {
                    let binned = Complex::new(stream.state()[s], stream.state()[s + 4]);
                    assert!((binned - x).norm() < 1e-13, "{rule:?} at {time} ms");
                }
            }
        }
    }
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    assert_twins(&small(), 5);
}

#[test]
fn white_input_gives_states_and_outputs_of_variance_one() {
    for discretization in [Discretization::Zoh, Discretization::Bilinear] {
        let config = SsmConfig {
            width: 64,
            discretization,
            frequencies: 4, // under the bilinear rule, high frequencies would settle too slowly
            dt_min: 0.05,
            skip: false,
            ..SsmConfig::default()
        };
        let cell = Ssm::<f64>::new(&config, 32, 10.0, &mut generator(2, "init", 0)).unwrap();
        let x = random(32, 600, 1.0, 9);
        let mut tape = Tape::new();
        tape.start(&cell, 600, 1);
        tape.forward(&cell, Input::Dense(x.as_view()), None);
        let settled = tape.states().columns(200, 400).norm_squared() / (400.0 * 64.0);
        assert!(
            (settled - 1.0).abs() < 0.15,
            "{discretization:?}: {settled}"
        );
        let output = tape.output().columns(200, 400).norm_squared() / (400.0 * 64.0);
        assert!((output - 1.0).abs() < 0.25, "{discretization:?}: {output}");
    }
}

#[test]
fn a_memory_keeps_its_length_in_milliseconds() {
    let at = |dt_ms| {
        let rng = &mut generator(4, "init", 0);
        Ssm::<f64>::new(&small(), 5, dt_ms, rng)
            .unwrap()
            .moduli()
            .unwrap()
    };
    for (fine, coarse) in at(2.0).iter().zip(at(10.0)) {
        assert!((fine.powi(5) - coarse).abs() < 1e-14);
    }
}

#[test]
fn bad_configurations_are_named() {
    let message = |config: &SsmConfig, inputs, dt_ms| {
        let rng = &mut generator(1, "init", 0);
        Ssm::<f32>::new(config, inputs, dt_ms, rng)
            .unwrap_err()
            .to_string()
    };
    let no_width = SsmConfig {
        width: 0,
        ..small()
    };
    assert_eq!(
        message(&no_width, 5, 10.0),
        "`width` is 0: it must be at least 1"
    );
    assert_eq!(
        message(&small(), 0, 10.0),
        "`inputs` is 0: it must be at least 1"
    );
    assert_eq!(
        message(&small(), 5, -1.0),
        "`dt_ms` is -1: it must be greater than 0"
    );
}

#[test]
fn keys_are_checked_and_have_defaults() {
    let read = |text| serde_json::from_str::<SsmConfig>(text).map_err(|e| e.to_string());
    let config = read(r#"{"states": 8, "init": "s5", "discretization": "bilinear"}"#).unwrap();
    assert_eq!((config.states, config.width), (8, 96));
    assert_eq!(config.init, Init::S5);
    let error = read(r#"{"state": 8}"#).unwrap_err();
    assert!(error.starts_with("unknown field `state`"), "{error}");
}
