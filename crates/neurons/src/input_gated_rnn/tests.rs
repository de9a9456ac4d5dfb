//! `input_gated_rnn` by hand, in silence, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, FieldKind, Input, Stream};

use super::*;
use crate::recurrent::{B, U, W};
use crate::rnn::{Rnn, RnnConfig};
use crate::testing::assert_complaints;

fn config(hidden: usize, gate_bias: f64) -> InputGatedRnnConfig {
    InputGatedRnnConfig {
        hidden,
        gate_bias,
        ..InputGatedRnnConfig::default()
    }
}

fn with_bias<R: Real>(hidden: usize, inputs: usize, gate_bias: f64) -> InputGatedRnn<R> {
    let mut rng = generator(7, "init", 0);
    InputGatedRnn::new(&config(hidden, gate_bias), inputs, 10.0, &mut rng).unwrap()
}

fn layer<R: Real>(hidden: usize, inputs: usize) -> InputGatedRnn<R> {
    with_bias(hidden, inputs, InputGatedRnnConfig::default().gate_bias)
}

#[test]
fn one_step_by_hand() {
    let ln3 = 3.0_f64.ln();
    let mut cell = layer::<f64>(2, 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(4, 1, &[ln3, 0.0, 1.0, 2.0]);
        p[U] = DMatrix::from_row_slice(2, 2, &[1.0, 1.0, 0.0, 2.0]);
        p[B] = DMatrix::from_row_slice(4, 1, &[0.0, -ln3, -1.0 + 0.6_f64.atanh(), 0.0]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().copy_from_slice(&[1.0, -1.0]);
    let x = DMatrix::from_element(1, 1, 1.0);
    stream.step(&cell, Input::Dense(x.as_view()));
    // g = sigmoid(ln 3), sigmoid(-ln 3); n = tanh(1 - 1 + atanh 0.6 + 1 - 1), tanh(2 - 2).
    for (got, want) in stream.drive().iter().zip([0.75, 0.25, 0.6, 0.0]) {
        assert!((got - want).abs() < 1e-15, "{got} for {want}");
    }
    // h = 1/4 1 + 3/4 0.6, 3/4 (-1) + 1/4 0.
    for (got, want) in stream.output().iter().zip([0.7, -0.75]) {
        assert!((got - want).abs() < 1e-15, "{got} for {want}");
    }
}

#[test]
fn in_silence_the_state_decays_as_the_bias_says() {
    // Without recurrent weights n is tanh(b_n), so h_t = n + (1 - g)^t (h_0 - n), g = sigmoid(gate_bias).
    for gate_bias in [-3.0_f64, -1.0, 0.5] {
        let mut cell = with_bias::<f64>(1, 4, gate_bias);
        cell.update(&mut |p| p[U].fill(0.0));
        let n = cell.params()[B][1].tanh();
        let left = 1.0 - sigmoid(gate_bias);
        let mut stream = Stream::new(&cell, 1);
        stream.state_mut().fill(-0.9);
        let silence = DMatrix::zeros(4, 1);
        for t in 1..40 {
            stream.step(&cell, Input::Dense(silence.as_view()));
            let want = n + left.powi(t) * (-0.9 - n);
            assert!((stream.output()[0] - want).abs() < 1e-14);
        }
    }
}

#[test]
fn a_shut_gate_holds_the_state_and_an_open_one_is_a_plain_layer() {
    let mut shut = with_bias::<f64>(6, 4, -60.0);
    shut.update(&mut |p| p[W].rows_mut(0, 6).fill(0.0));
    let mut stream = Stream::new(&shut, 1);
    let start = random(6, 1, 0.5, 1);
    stream.state_mut().copy_from(&start);

    let mut open = with_bias::<f64>(6, 4, 60.0);
    open.update(&mut |p| p[W].rows_mut(0, 6).fill(0.0));
    let rnn = RnnConfig {
        hidden: 6,
        ..RnnConfig::default()
    };
    let mut plain = Rnn::<f64>::new(&rnn, 4, 10.0, &mut generator(7, "init", 0)).unwrap();
    plain.update(&mut |p| {
        p[0].copy_from(&open.params()[W].rows(6, 6));
        p[1].copy_from(&open.params()[U]);
        p[2].copy_from(&open.params()[B].rows(6, 6));
    });
    let mut gated = Stream::new(&open, 1);
    let mut ungated = Stream::new(&plain, 1);
    for t in 0..50 {
        let x = random(4, 1, 1.0, 2 + t);
        let x = Input::Dense(x.as_view());
        stream.step(&shut, x);
        gated.step(&open, x);
        ungated.step(&plain, x);
        assert_eq!(gated.output(), ungated.output(), "step {t}");
    }
    assert!((stream.output() - start).amax() < 1e-15);
}

#[test]
fn the_gate_sees_the_input_and_not_the_state() {
    let cell = layer::<f64>(5, 3);
    let mut stream = Stream::new(&cell, 2);
    stream.state_mut().copy_from(&random(5, 2, 0.5, 1));
    let x = random(3, 1, 1.0, 2);
    let both = DMatrix::from_columns(&[x.column(0), x.column(0)]);
    stream.step(&cell, Input::Dense(both.as_view()));
    let field = &cell.drive_fields()[0];
    assert_eq!((&*field.name, field.kind), ("g", FieldKind::Gate));
    let g = stream.drive().rows_range(field.rows.clone()).clone_owned();
    assert_eq!(g.column(0), g.column(1));
    assert!(g.iter().all(|&g| 0.0 < g && g < 1.0));
    assert_ne!(stream.output().column(0), stream.output().column(1));
}

#[test]
fn gradients() {
    let cells = [layer(5, 3), with_bias(4, 2, 1.0), layer(3, 4)];
    for (cell, setup) in cells.iter().zip(Setup::varied()) {
        assert_gradients(cell, setup);
    }
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    assert_twins(&config(7, -1.0), 9);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<InputGatedRnnConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"recurrent_gain": -0.5}"#,
            "`recurrent_gain` is -0.5: it must be at least 0",
        ),
    ]);
}
