//! `surprisal_rnn` by hand, its surprisal against the Poisson law, its gradients, and its two ways through
//! time and input.

use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{
    Setup, TOLERANCE, assert_gradients, check, differences, error, random, random_events,
};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Stream, Tape};

use super::*;
use crate::rnn::{Rnn, RnnConfig};
use crate::testing::assert_complaints;

fn config(hidden: usize) -> SurprisalRnnConfig {
    SurprisalRnnConfig {
        hidden,
        ..SurprisalRnnConfig::default()
    }
}

fn of<R: Real>(config: &SurprisalRnnConfig, inputs: usize) -> SurprisalRnn<R> {
    SurprisalRnn::new(config, inputs, 10.0, &mut generator(8, "init", 0)).unwrap()
}

fn layer<R: Real>(hidden: usize, inputs: usize) -> SurprisalRnn<R> {
    of(&config(hidden), inputs)
}

/// A cell whose rates reach beyond the end of their exponential part.
fn loud(detach_surprisal: bool) -> SurprisalRnn<f64> {
    let config = SurprisalRnnConfig {
        start_rate: 0.5,
        surprisal_gain: 0.3,
        detach_surprisal,
        ..config(4)
    };
    let mut cell = of::<f64>(&config, 3);
    cell.update(&mut |p| p[C][1] = 4.6);
    cell
}

/// The row of s.
fn surprisal(cell: &SurprisalRnn<f64>, stream: &Stream<f64>) -> f64 {
    stream.drive()[cell.drive_fields()[0].rows.start]
}

#[test]
fn one_step_by_hand() {
    let (ln2, e4) = (2.0_f64.ln(), 4.0_f64.exp());
    let mut cell = layer::<f64>(1, 3);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(1, 3, &[0.5, 1.0, 0.25]);
        p[U] = DMatrix::from_element(1, 1, -2.0);
        p[B] = DMatrix::from_element(1, 1, 0.5);
        p[V] = DMatrix::from_element(1, 1, 0.01);
        p[Q] = DMatrix::from_row_slice(1, 3, &[2.0 * ln2, -4.0, 8.0]);
        p[C] = DMatrix::from_row_slice(3, 1, &[0.0, 2.0, 1.0]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().fill(0.5);
    let x = DMatrix::from_row_slice(3, 1, &[3.0, 0.0, 1.0]);
    stream.step(&cell, Input::Dense(x.as_view()));
    // z = (ln 2, 0, 5), so rates are 2, 1 and 2 e⁴; the counts are 3, 0 and 1.
    let s = (2.0 + 1.0 + 2.0 * e4 - 3.0 * ln2 - 5.0) / 3.0;
    assert!((surprisal(&cell, &stream) - s).abs() < 1e-13);
    // d = 1.5 + 0 + 0.25 - 1 + 0.01 s + 0.5.
    let h = (1.25 + 0.01 * s).tanh();
    assert!((stream.output()[0] - h).abs() < 1e-15);
}

#[test]
fn the_surprisal_is_the_poisson_negative_log_likelihood() {
    let inputs = 40;
    let cell = layer::<f64>(6, inputs);
    let events = random_events(inputs, 10, 0.3, 3);
    let mut stream = Stream::new(&cell, 1);
    for t in 0..10 {
        let before = stream.state().clone_owned();
        stream.step(&cell, Input::Events(events.view().slice(t, 1)));
        let (units, counts) = events.view().column(t);
        let mut likelihood = 0.0;
        for k in 0..inputs {
            let rate = (cell.params()[Q].column(k).dot(&before) + cell.params()[C][k]).exp();
            let count = (units.iter().position(|&u| u as usize == k)).map_or(0.0, |i| counts[i]);
            // P(0) = exp -rate, P(1) = rate P(0), P(2) = rate² P(0) / 2, whose 1/2 is left out.
            likelihood += (rate.powf(f64::from(count)) * (-rate).exp()).ln();
        }
        let s = surprisal(&cell, &stream);
        assert!((s + likelihood / inputs as f64).abs() < 1e-13, "step {t}");
    }
}

#[test]
fn what_was_expected_surprises_least() {
    // One channel, rate 3 expected: s over counts x is 3 - x ln 3; over rates, with x = 3, it is least at 3.
    let at = |rate: f64| {
        let config = SurprisalRnnConfig {
            start_rate: rate,
            ..config(2)
        };
        let cell = of::<f64>(&config, 1);
        let mut stream = Stream::new(&cell, 1);
        let x = DMatrix::from_element(1, 1, 3.0);
        stream.step(&cell, Input::Dense(x.as_view()));
        surprisal(&cell, &stream)
    };
    assert!((at(3.0) - (3.0 - 3.0 * 3.0_f64.ln())).abs() < 1e-14);
    for rate in [0.03, 1.0, 2.9, 3.1, 10.0, 1e3, 1e30] {
        assert!(at(rate) > at(3.0), "rate {rate}: {}", at(rate));
    }
}

#[test]
fn without_surprisal_weights_it_is_a_plain_layer() {
    let silent = SurprisalRnnConfig {
        surprisal_gain: 0.0,
        ..config(6)
    };
    let cell = of::<f64>(&silent, 4);
    let rnn = RnnConfig {
        hidden: 6,
        ..RnnConfig::default()
    };
    let mut plain = Rnn::<f64>::new(&rnn, 4, 10.0, &mut generator(8, "init", 0)).unwrap();
    plain.update(&mut |p| {
        for i in [W, U, B] {
            p[i].copy_from(&cell.params()[i]);
        }
    });
    let (mut a, mut b) = (Stream::new(&cell, 1), Stream::new(&plain, 1));
    for t in 0..20 {
        let x = random(4, 1, 1.0, t);
        a.step(&cell, Input::Dense(x.as_view()));
        b.step(&plain, Input::Dense(x.as_view()));
        assert_eq!(a.output(), b.output(), "step {t}");
    }
}

#[test]
fn weights_of_any_size_overflow_nothing() {
    let mut cell = layer::<f32>(8, 30);
    cell.update(&mut |p| {
        p[Q] *= 1e4;
        p[C].fill(200.0);
    });
    let events = random_events(30, 50, 0.2, 4);
    let x = Input::Events(events.view());
    let mut tape = Tape::new();
    tape.start(&cell, 50, 1);
    tape.forward(&cell, x, None);
    let dy = DMatrix::from_element(8, 50, 1.0);
    let mut grad = cell.params().zeros_like();
    tape.backward(&cell, x, dy.as_view(), &mut grad, None);
    assert!(tape.drive().iter().all(|v| v.is_finite()));
    let tensors = grad.tensors().iter();
    assert!(tensors.flat_map(|t| t.value.iter()).all(|v| v.is_finite()));
}

#[test]
fn a_fresh_layer_is_alive_and_hears_busy_steps() {
    let cell = layer::<f64>(128, 700);
    let mut stream = Stream::new(&cell, 1);
    let mut last = 0.0;
    for (seed, density) in [(1, 0.0), (2, 0.02), (3, 0.13)] {
        let events = random_events(700, 30, density, seed);
        for t in 0..30 {
            stream.step(&cell, Input::Events(events.view().slice(t, 1)));
        }
        let s = surprisal(&cell, &stream);
        assert!(s > last && s < 1.0, "{s} after {last}");
        last = s;
    }
    let h = stream.output();
    let rms = h.norm() / 128.0_f64.sqrt();
    assert!((0.1..0.9).contains(&rms), "{rms}");
    let pinned = h.iter().filter(|h| h.abs() > 0.95).count();
    assert!(pinned < 13, "{pinned} of 128");
}

#[test]
fn gradients() {
    let cells = [layer(5, 3), layer(4, 20), layer(3, 4)];
    for (cell, setup) in cells.iter().zip(Setup::varied()) {
        assert_gradients(cell, setup);
    }
    assert_gradients(&loud(false), Setup::default());
}

#[test]
fn a_detached_surprisal_teaches_the_head_alone() {
    let one = Setup {
        steps: 1,
        ..Setup::default()
    };
    // In one step every parameter has its whole gradient; input and state lack what passes through s.
    for outcome in check(&loud(true), one) {
        let parameter = !["input", "initial state"].contains(&&*outcome.name);
        let exact = outcome.error <= TOLERANCE;
        assert_eq!(exact, parameter, "{}: {:.1e}", outcome.name, outcome.error);
        assert!(outcome.norm > 0.0, "{}", outcome.name);
    }
    // What is left of the input's gradient is that of a plain layer.
    let cell = loud(true);
    let (x, dy) = (random(3, 1, 1.0, 1), random(4, 1, 1.0, 2));
    let mut tape = Tape::new();
    tape.start(&cell, 1, 1);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let mut grad = cell.params().zeros_like();
    let mut dx = DMatrix::zeros(3, 1);
    let out = Some(dx.as_view_mut());
    tape.backward(
        &cell,
        Input::Dense(x.as_view()),
        dy.as_view(),
        &mut grad,
        out,
    );
    let s = tape.drive()[cell.drive_fields()[0].rows.start];
    let numeric = differences(&x, 1e-5, |x| {
        let p = cell.params();
        let d = &p[W] * x + &p[B] + &p[V] * s;
        d.map(f64::tanh).dot(&dy)
    });
    assert!(error(&dx, &numeric) <= TOLERANCE);
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    assert_twins(&config(7), 19);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<SurprisalRnnConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"recurrent_gain": -0.5}"#,
            "`recurrent_gain` is -0.5: it must be at least 0",
        ),
        (
            r#"{"surprisal_gain": -1}"#,
            "`surprisal_gain` is -1: it must be at least 0",
        ),
        (
            r#"{"start_rate": 0}"#,
            "`start_rate` is 0: it must be greater than 0",
        ),
    ]);
}
