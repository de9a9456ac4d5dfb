//! `selective_ssm` against closed forms, by hand, and against itself.

use super::*;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random_events};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape};

/// All that changes the equations.
fn variants() -> Vec<SelectiveSsmConfig> {
    let mut all = Vec::new();
    for complex in [false, true] {
        for discretization in [SelectiveStep::Zoh, SelectiveStep::Euler] {
            for gate in [false, true] {
                all.push(SelectiveSsmConfig {
                    width: 3,
                    states: 2,
                    complex,
                    discretization,
                    gate,
                    ..SelectiveSsmConfig::default()
                });
            }
        }
    }
    all
}

fn cell<R: Real>(config: &SelectiveSsmConfig, inputs: usize) -> SelectiveSsm<R> {
    SelectiveSsm::new(config, inputs, 10.0, &mut generator(3, "init", 0)).unwrap()
}

#[test]
fn without_selection_the_impulse_response_is_a_sum_of_powers() {
    for config in variants().into_iter().filter(|config| !config.gate) {
        let mut cell = cell::<f64>(&config, 1);
        let rows = cell.rows.clone();
        // u = x; Δ, B and C are those of their biases.
        cell.update(&mut |p| {
            p[IN_WEIGHT].fill(0.0);
            p[IN_WEIGHT].rows_mut(0, 3).fill(1.0);
            for (row, value) in (rows.b.start..rows.c.end).zip([0.3, -0.7, 0.9, 0.2].iter().cycle())
            {
                p[IN_BIAS][row] = *value;
            }
        });
        let p = cell.params();
        let number = |start: usize, n: usize| {
            let im = if config.complex {
                p[IN_BIAS][start + 2 + n]
            } else {
                0.0
            };
            Complex::new(p[IN_BIAS][start + n], im)
        };
        let kappa = if config.complex { 2.0 } else { 1.0 };
        let mut stream = Stream::new(&cell, 1);
        for t in 0..60 {
            let x = DMatrix::from_element(1, 1, if t == 0 { 1.0 } else { 0.0 });
            stream.step(&cell, Input::Dense(x.as_view()));
            for i in 0..3 {
                let delta = p[IN_BIAS][rows.delta.start + i].exp().ln_1p();
                let sum: Complex<f64> = (0..2)
                    .map(|n| {
                        let im = if config.complex { p[A_IM][(i, n)] } else { 0.0 };
                        let a = Complex::new(-p[A_LOG][(i, n)].exp(), im);
                        let l = (a * delta).exp();
                        let f = match config.discretization {
                            SelectiveStep::Zoh => (l - 1.0) / a,
                            SelectiveStep::Euler => Complex::from(delta),
                        };
                        number(rows.c.start, n) * l.powu(t) * f * number(rows.b.start, n)
                    })
                    .sum();
                let y = kappa * sum.re + if t == 0 { 1.0 } else { 0.0 };
                assert!((stream.output()[i] - y).abs() < 1e-13, "{config:?} t = {t}");
            }
        }
    }
}

#[test]
fn three_steps_by_hand() {
    let config = SelectiveSsmConfig {
        width: 1,
        states: 1,
        ..SelectiveSsmConfig::default()
    };
    let mut cell = cell::<f64>(&config, 1);
    // A = -1; u = x, Δ = ln(1 + 3^x), z = 1, B = 1 + 2x, C = 1 + x, D = 1/2.
    cell.update(&mut |p| {
        p[IN_WEIGHT].copy_from_slice(&[1.0, 3f64.ln(), 0.0, 2.0, 1.0]);
        p[IN_BIAS].copy_from_slice(&[0.0, 0.0, 1.0, 1.0, 1.0]);
        p[D][0] = 0.5;
    });
    let open = 1.0 / (1.0 + (-1f64).exp());
    let mut stream = Stream::new(&cell, 1);
    // x = 1: L = 1/4, f = 3/4; x = 0: L = 1/2.
    for (x, h, y) in [
        (1.0, 2.25, 4.5 + 0.5),
        (0.0, 1.125, 1.125),
        (1.0, 0.281_25 + 2.25, 5.0625 + 0.5),
    ] {
        let x = DMatrix::from_element(1, 1, x);
        stream.step(&cell, Input::Dense(x.as_view()));
        assert!((stream.state()[0] - h).abs() < 1e-14);
        assert!((stream.output()[0] - open * y).abs() < 1e-14);
    }
}

#[test]
fn gradients() {
    for config in variants() {
        assert_gradients(&cell(&config, 4), Setup::default());
    }
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for config in variants() {
        assert_twins(&config, 5);
    }
}

#[test]
fn single_precision_keeps_what_short_steps_take_in() {
    for complex in [false, true] {
        let config = SelectiveSsmConfig {
            width: 16,
            complex,
            dt_min: 1e-4,
            dt_max: 1e-3,
            ..SelectiveSsmConfig::default()
        };
        let (narrow, wide) = (cell::<f32>(&config, 20), cell::<f64>(&config, 20));
        let events = random_events(20, 100, 0.2, 4);
        let (mut a, mut b) = (Tape::new(), Tape::new());
        a.start(&narrow, 100, 1);
        a.forward(&narrow, Input::Events(events.view()), None);
        b.start(&wide, 100, 1);
        b.forward(&wide, Input::Events(events.view()), None);
        let apart = (a.states().map(f64::from) - b.states()).norm() / b.states().norm();
        assert!(apart < 1e-5, "{apart:.1e}");
    }
}

#[test]
fn a_fresh_cell_hears_sparse_events_and_its_steps_follow_them() {
    for complex in [false, true] {
        for (inputs, density) in [(700, 0.13), (700, 0.02), (128, 0.1)] {
            let config = SelectiveSsmConfig {
                complex,
                ..SelectiveSsmConfig::default()
            };
            let cell = cell::<f32>(&config, inputs);
            let events = random_events(inputs, 200, density, 4);
            let mut tape = Tape::new();
            tape.start(&cell, 200, 1);
            tape.forward(&cell, Input::Events(events.view()), None);
            let rms = tape.output().norm() / (200.0 * 96.0f32).sqrt();
            assert!((0.1..5.0).contains(&rms), "{rms} on {inputs} at {density}");
            let delta = tape
                .drive()
                .rows_range(cell.rows.delta.clone())
                .row(0)
                .clone_owned();
            assert!(delta.max() > 1.1 * delta.min(), "steps hardly differ");
        }
    }
}

#[test]
fn a_memory_keeps_its_length_in_milliseconds() {
    let deltas = |dt_ms| {
        let rng = &mut generator(4, "init", 0);
        let config = SelectiveSsmConfig::default();
        let cell = SelectiveSsm::<f64>::new(&config, 5, dt_ms, rng).unwrap();
        let delta = cell.params()[IN_BIAS].rows_range(cell.rows.delta.clone());
        delta.map(|d| d.exp().ln_1p())
    };
    for (fine, coarse) in deltas(2.0).iter().zip(&deltas(10.0)) {
        assert!((5.0 * fine / coarse - 1.0).abs() < 1e-12);
        assert!((0.002..0.2).contains(coarse));
    }
}

#[test]
fn rows_fields_and_synapses() {
    for config in variants() {
        let cell = cell::<f64>(&config, 4);
        let n = if config.complex { 4 } else { 2 };
        let projected = 6 + 2 * n + if config.gate { 3 } else { 0 };
        assert_eq!(cell.widths().drive, projected + 3);
        assert_eq!(cell.widths().state, 3 * n);
        assert_eq!(cell.synapses().per_input, projected);
        let kind = cell.fields()[0].kind;
        assert_eq!(kind == FieldKind::Complex, config.complex);
        assert_eq!(cell.drive_fields()[0].rows, 3..6);
    }
}

#[test]
fn bad_configurations_are_named() {
    let message = |text| {
        let config: SelectiveSsmConfig = serde_json::from_str(text).unwrap();
        let rng = &mut generator(1, "init", 0);
        let made = SelectiveSsm::<f32>::new(&config, 4, 10.0, rng);
        made.unwrap_err().to_string()
    };
    for (text, wanted) in [
        (r#"{"width": 0}"#, "`width` is 0: it must be at least 1"),
        (r#"{"states": 0}"#, "`states` is 0: it must be at least 1"),
        (
            r#"{"dt_min": 0}"#,
            "`dt_min` is 0: it must be greater than 0",
        ),
        (
            r#"{"dt_min": 0.5}"#,
            "`dt_min` is 0.5: it must be at most `dt_max`, which is 0.2",
        ),
        (
            r#"{"input_gain": -1}"#,
            "`input_gain` is -1: it must be at least 0",
        ),
    ] {
        assert_eq!(message(text), wanted);
    }
    let unknown = serde_json::from_str::<SelectiveSsmConfig>(r#"{"state": 8}"#).unwrap_err();
    assert!(unknown.to_string().starts_with("unknown field `state`"));
}
