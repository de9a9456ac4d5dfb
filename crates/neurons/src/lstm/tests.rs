//! `lstm` by hand, in closed form, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Stream};

use super::*;
use crate::recurrent::{B, U, W};
use crate::testing::assert_complaints;

fn config(hidden: usize) -> LstmConfig {
    LstmConfig {
        hidden,
        ..LstmConfig::default()
    }
}

fn layer<R: Real>(hidden: usize, inputs: usize) -> Lstm<R> {
    let mut rng = generator(6, "init", 0);
    Lstm::new(&config(hidden), inputs, 10.0, &mut rng).unwrap()
}

#[test]
fn one_step_by_hand() {
    let ln3 = 3.0_f64.ln();
    let mut cell = layer::<f64>(1, 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(4, 1, &[1.0, 0.0, 2.0, -1.0]);
        p[U] = DMatrix::from_row_slice(4, 1, &[2.0, -2.0, 3.0, 4.0]);
        p[B] = DMatrix::from_row_slice(4, 1, &[ln3 - 2.0, 1.0 - ln3, 0.6_f64.atanh() - 3.5, -1.0]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().copy_from_slice(&[0.5, -2.0]);
    let x = DMatrix::from_element(1, 1, 1.0);
    stream.step(&cell, Input::Dense(x.as_view()));
    // i = sigmoid(1 + 1 + ln 3 - 2) = 3/4, f = sigmoid(0 - 1 + 1 - ln 3) = 1/4,
    // g = tanh(2 + 1.5 + atanh 0.6 - 3.5) = 0.6, o = sigmoid(-1 + 2 - 1) = 1/2.
    for (got, want) in stream.drive().iter().zip([0.75, 0.25, 0.6, 0.5]) {
        assert!((got - want).abs() < 1e-15, "{got} for {want}");
    }
    // c = 1/4 (-2) + 3/4 0.6 = -0.05.
    let state = stream.state();
    assert!((state[1] + 0.05).abs() < 1e-15);
    assert!((state[0] + 0.5 * 0.05_f64.tanh()).abs() < 1e-15);
    assert!((stream.output()[0] - state[0]).abs() < 1e-300);
}

#[test]
fn without_weights_the_memory_is_a_geometric_approach() {
    // Gates and g are constant, so c_t = c* + f^t (c_0 - c*) with c* = i g / (1 - f).
    let mut cell = layer::<f64>(1, 1);
    cell.update(&mut |p| {
        p[W].fill(0.0);
        p[U].fill(0.0);
        p[B] = DMatrix::from_row_slice(4, 1, &[0.4, 1.5, -0.3, 0.8]);
    });
    let (i, f, o) = (sigmoid(0.4_f64), sigmoid(1.5_f64), sigmoid(0.8_f64));
    let end = i * (-0.3_f64).tanh() / (1.0 - f);
    let mut stream = Stream::new(&cell, 2);
    stream.state_mut().copy_from_slice(&[0.9, 0.0, -0.9, 3.0]);
    let silence = DMatrix::zeros(1, 2);
    for t in 1..40 {
        stream.step(&cell, Input::Dense(silence.as_view()));
        for (lane, start) in [0.0, 3.0].into_iter().enumerate() {
            let c = end + f.powi(t) * (start - end);
            assert!((stream.state()[(1, lane)] - c).abs() < 1e-14);
            assert!((stream.output()[(0, lane)] - o * c.tanh()).abs() < 1e-14);
        }
    }
}

#[test]
fn the_forget_bias_moves_the_forget_gates_alone() {
    let at = |forget_bias| {
        let config = LstmConfig {
            forget_bias,
            ..config(5)
        };
        Lstm::<f64>::new(&config, 3, 10.0, &mut generator(6, "init", 0)).unwrap()
    };
    let (plain, biased) = (at(0.0), at(2.5));
    assert_eq!(plain.params()[W], biased.params()[W]);
    assert_eq!(plain.params()[U], biased.params()[U]);
    let moved = &biased.params()[B] - &plain.params()[B];
    for (row, moved) in moved.iter().enumerate() {
        let want = if (5..10).contains(&row) { 2.5 } else { 0.0 };
        assert!((moved - want).abs() < 1e-15, "row {row}");
    }
}

#[test]
fn the_watched_rows_are_the_gates() {
    let mut cell = layer::<f64>(2, 1);
    cell.update(&mut |p| {
        for (row, b) in p[B].iter_mut().enumerate() {
            *b = [40.0, -40.0, 0.0, 40.0][row / 2];
        }
    });
    let mut stream = Stream::new(&cell, 1);
    stream.step(&cell, Input::Dense(DMatrix::zeros(1, 1).as_view()));
    let fields = cell.drive_fields();
    let names: Vec<_> = fields.iter().map(|f| &*f.name).collect();
    assert_eq!(names, ["i", "f", "o"]);
    let drive = stream.drive();
    assert!(fields[0].rows.clone().all(|i| drive[i] > 0.999));
    assert!(fields[1].rows.clone().all(|i| drive[i] < 0.001));
    assert!(fields[2].rows.clone().all(|i| drive[i] > 0.999));
}

#[test]
fn gradients() {
    let cells = [layer(4, 3), layer(3, 5), layer(2, 1)];
    for (cell, setup) in cells.iter().zip(Setup::varied()) {
        assert_gradients(cell, setup);
    }
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    assert_twins(&config(7), 9);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<LstmConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"forget": 3}"#,
            "unknown field `forget`, expected `hidden` or `forget_bias`",
        ),
    ]);
}
