//! `lru` against closed forms, by hand, and against itself.

use nalgebra::{Complex, DMatrix};

use super::*;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, FieldKind, Input, Stream, Tape};

use crate::diagonal::{B, C};
use crate::ssm::D;

fn small() -> LruConfig {
    LruConfig {
        width: 3,
        states: 4,
        ..LruConfig::default()
    }
}

fn cell<R: Real>(config: &LruConfig) -> Ssm<R> {
    config.cell(5, 10.0, &mut generator(3, "init", 0)).unwrap()
}

/// The value of the parameter `name`.
fn learnt<'a>(cell: &'a Ssm<f64>, name: &str) -> &'a DMatrix<f64> {
    let tensors = cell.params().tensors();
    &tensors.iter().find(|t| t.name == name).unwrap().value
}

#[test]
fn the_impulse_response_is_a_sum_of_powers() {
    let config = LruConfig {
        width: 2,
        states: 4,
        skip: false,
        ..LruConfig::default()
    };
    let cell = config
        .cell::<f64>(1, 5.0, &mut generator(1, "init", 0))
        .unwrap();
    let (b, c) = (&cell.params()[B], &cell.params()[C]);
    let mut stream = Stream::new(&cell, 1);
    for t in 0..60u32 {
        let u = DMatrix::from_element(1, 1, if t == 0 { 1.0 } else { 0.0 });
        stream.step(&cell, Input::Dense(u.as_view()));
        for o in 0..2 {
            // K_t = Σ_p Re(C'_p L_p^(t/2) γ_p B'_p), at bins of half the reference.
            let k: f64 = (0..4)
                .map(|p| {
                    let [nu, theta, gamma] =
                        ["nu_log", "theta_log", "gamma_log"].map(|n| learnt(&cell, n)[p].exp());
                    let power = Complex::new(-nu, theta) * (0.5 * f64::from(t));
                    let b = Complex::new(b[(p, 0)], b[(p + 4, 0)]);
                    let c = Complex::new(c[(o, p)], -c[(o, p + 4)]);
                    (c * power.exp() * gamma * b).re
                })
                .sum();
            assert!((stream.output()[(o, 0)] - k).abs() < 1e-12, "t = {t}");
        }
    }
}

#[test]
fn two_steps_by_hand() {
    let config = LruConfig {
        width: 1,
        states: 1,
        ..LruConfig::default()
    };
    let mut cell = config
        .cell::<f64>(1, 10.0, &mut generator(1, "init", 0))
        .unwrap();
    // ν = ln 2, θ = π/2: L = i/2. γ = 2 and B' = (1 + i)/2 give v = (1 + i) u.
    cell.update(&mut |p| {
        p[B].copy_from_slice(&[0.5, 0.5]);
        p[C].copy_from_slice(&[3.0, 1.0]); // C' = 3 - i
        p[D][0] = 0.25;
        for (i, value) in [2f64.ln(), std::f64::consts::FRAC_PI_2, 2.0]
            .into_iter()
            .enumerate()
        {
            p[3 + i][0] = f64::ln(value);
        }
    });
    assert!((cell.moduli().unwrap()[0] - 0.5).abs() < 1e-15);
    let mut stream = Stream::new(&cell, 1);
    // x: 1 + i, then i/2 (1 + i) + 2 (1 + i) = 1.5 + 2.5i. y = 3 Re x + Im x + u/4.
    for (u, x, y) in [
        (1.0, [1.0, 1.0], 3.0 + 1.0 + 0.25),
        (2.0, [1.5, 2.5], 4.5 + 2.5 + 0.5),
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
    for (skip, normalise) in [(true, true), (false, false)] {
        let config = LruConfig {
            normalise,
            skip,
            ..small()
        };
        assert_gradients(&cell(&config), Setup::default());
    }
}

#[test]
fn gradients_at_another_bin_width() {
    let cell = (small().cell(5, 4.0, &mut generator(3, "init", 0))).unwrap();
    assert_gradients(&cell, Setup::default());
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    assert_twins(&small(), 5);
}

#[test]
fn factors_start_on_the_ring() {
    let config = LruConfig {
        states: 2000,
        r_min: 0.6,
        r_max: 0.9,
        max_phase: 1.5,
        ..small()
    };
    let cell = cell::<f64>(&config);
    let moduli = cell.moduli().unwrap();
    assert!(moduli.iter().all(|l| (0.6..=0.9).contains(l)));
    // Uniform in area: half of them within the radius that halves it.
    let middle = (0.5 * (0.6f64.powi(2) + 0.9f64.powi(2))).sqrt();
    let inside = moduli.iter().filter(|l| **l < middle).count();
    assert!((900..1100).contains(&inside), "{inside}");
    let phases = learnt(&cell, "theta_log").map(f64::exp);
    assert!(phases.iter().all(|t| (0.0..=1.5).contains(t)));
    assert!((phases.mean() - 0.75).abs() < 0.05);
    for (gamma_log, l) in learnt(&cell, "gamma_log").iter().zip(&moduli) {
        assert!((gamma_log.exp() - (1.0 - l * l).sqrt()).abs() < 1e-13);
    }
}

#[test]
fn white_input_gives_states_and_outputs_of_variance_one() {
    let config = LruConfig {
        width: 64,
        r_max: 0.98,
        skip: false,
        ..LruConfig::default()
    };
    let cell = config
        .cell::<f64>(32, 10.0, &mut generator(2, "init", 0))
        .unwrap();
    let x = random(32, 600, 1.0, 9);
    let mut tape = Tape::new();
    tape.start(&cell, 600, 1);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let settled = tape.states().columns(200, 400).norm_squared() / (400.0 * 64.0);
    assert!((settled - 1.0).abs() < 0.15, "{settled}");
    let output = tape.output().columns(200, 400).norm_squared() / (400.0 * 64.0);
    assert!((output - 1.0).abs() < 0.25, "{output}");
}

#[test]
fn a_memory_keeps_its_length_in_milliseconds() {
    let at = |dt_ms| {
        let rng = &mut generator(4, "init", 0);
        let cell = small().cell::<f64>(5, dt_ms, rng).unwrap();
        cell.moduli().unwrap()
    };
    for (fine, coarse) in at(2.0).iter().zip(at(10.0)) {
        assert!((fine.powi(5) - coarse).abs() < 1e-14);
    }
}

#[test]
fn monitors_see_a_complex_state() {
    let cell = cell::<f32>(&small());
    assert_eq!(cell.name(), "lru");
    let (x, v) = (&cell.fields()[0], &cell.drive_fields()[0]);
    assert_eq!(
        (&*x.name, &x.rows, x.kind),
        ("x", &(0..8), FieldKind::Complex)
    );
    assert_eq!(
        (&*v.name, &v.rows, v.kind),
        ("v", &(0..8), FieldKind::ComplexDrive)
    );
    // An event reads a column of B and one of D; a step multiplies by γ and L, and by C.
    let s = cell.synapses();
    assert_eq!(
        (s.per_input, s.per_spike, s.always),
        (8 + 3, 0, 8 * 4 + 3 * 8)
    );
}

#[test]
fn bad_configurations_are_named() {
    let message = |config: &LruConfig| {
        let rng = &mut generator(1, "init", 0);
        config.cell::<f32>(5, 10.0, rng).unwrap_err().to_string()
    };
    let with = |r_min, r_max, max_phase| LruConfig {
        r_min,
        r_max,
        max_phase,
        ..small()
    };
    for (config, expected) in [
        (
            LruConfig {
                width: 0,
                ..small()
            },
            "`width` is 0: it must be at least 1",
        ),
        (
            LruConfig {
                states: 0,
                ..small()
            },
            "`states` is 0: it must be at least 1",
        ),
        (
            with(-0.1, 0.9, 1.0),
            "`r_min` is -0.1: it must be at least 0 and below 1",
        ),
        (
            with(0.0, 0.0, 1.0),
            "`r_max` is 0: it must be above 0 and at most 1",
        ),
        (
            with(0.9, 0.5, 1.0),
            "`r_min` is 0.9: it must be at most `r_max`, which is 0.5",
        ),
        (
            with(0.5, 0.9, 0.0),
            "`max_phase` is 0: it must be above 0 and at most 2π",
        ),
    ] {
        assert_eq!(message(&config), expected);
    }
}
