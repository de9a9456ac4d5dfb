//! `gru` by hand, in closed form, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Stream};

use super::*;
use crate::testing::assert_complaints;

fn layer<R: Real>(hidden: usize, inputs: usize) -> Gru<R> {
    let mut rng = generator(5, "init", 0);
    Gru::new(&GruConfig { hidden }, inputs, 10.0, &mut rng).unwrap()
}

#[test]
fn one_step_by_hand() {
    let ln3 = 3.0_f64.ln();
    let mut cell = layer::<f64>(1, 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(3, 1, &[1.0, 0.0, 2.0]);
        p[U] = DMatrix::from_row_slice(3, 1, &[2.0, -2.0, 3.0]);
        p[B] = DMatrix::from_row_slice(3, 1, &[ln3, -ln3, 0.6_f64.atanh()]);
        p[C] = DMatrix::from_row_slice(3, 1, &[-2.0, 1.0, 0.5]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().fill(0.5);
    let x = DMatrix::from_element(1, 1, 1.0);
    stream.step(&cell, Input::Dense(x.as_view()));
    // r = sigmoid(1 + ln 3 + 1 - 2) = 3/4, z = sigmoid(0 - ln 3 - 1 + 1) = 1/4, m = 1.5 + 0.5 = 2,
    // n = tanh(2 + atanh 0.6 + 1.5).
    let n = (3.5 + 0.6_f64.atanh()).tanh();
    for (got, want) in stream.drive().iter().zip([0.75, 0.25, 2.0, n]) {
        assert!((got - want).abs() < 1e-15, "{got} for {want}");
    }
    assert!((stream.output()[0] - (0.75 * n + 0.125)).abs() < 1e-15);
}

#[test]
fn without_weights_the_state_is_a_geometric_approach() {
    // z and n are constant, so h_t = n + z^t (h_0 - n).
    let mut cell = layer::<f64>(1, 1);
    cell.update(&mut |p| {
        p[W].fill(0.0);
        p[U].fill(0.0);
        p[B] = DMatrix::from_row_slice(3, 1, &[0.0, 1.0, 0.3]);
        p[C] = DMatrix::from_row_slice(3, 1, &[0.0, 0.5, 0.8]);
    });
    let (z, n) = (sigmoid(1.5_f64), (0.3_f64 + 0.5 * 0.8).tanh());
    let mut stream = Stream::new(&cell, 2);
    stream.state_mut().copy_from_slice(&[0.0, -0.9]);
    let silence = DMatrix::zeros(1, 2);
    for t in 1..40 {
        stream.step(&cell, Input::Dense(silence.as_view()));
        for (h, start) in stream.output().iter().zip([0.0, -0.9]) {
            assert!((h - (n + z.powi(t) * (start - n))).abs() < 1e-14);
        }
    }
}

#[test]
fn the_watched_rows_are_the_gates() {
    let mut cell = layer::<f64>(2, 1);
    cell.update(&mut |p| {
        for (i, b) in p[B].iter_mut().enumerate() {
            *b = [40.0, 40.0, -40.0, -40.0, 0.0, 0.0][i];
        }
    });
    let mut stream = Stream::new(&cell, 1);
    stream.step(&cell, Input::Dense(DMatrix::zeros(1, 1).as_view()));
    let fields = cell.drive_fields();
    let names: Vec<_> = fields.iter().map(|f| &*f.name).collect();
    assert_eq!(names, ["r", "z"]);
    let drive = stream.drive();
    assert!(fields[0].rows.clone().all(|i| drive[i] > 0.999));
    assert!(fields[1].rows.clone().all(|i| drive[i] < 0.001));
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
    assert_twins(&GruConfig { hidden: 7 }, 9);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<GruConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"hiden": 3}"#,
            "unknown field `hiden`, expected `hidden`",
        ),
    ]);
}
