//! `rnn` by hand, at its fixed point, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Stream};

use super::*;
use crate::recurrent::{B as BIAS, U, W};
use crate::testing::assert_complaints;

fn layer<R: Real>(hidden: usize, bias: bool, inputs: usize) -> Rnn<R> {
    let config = RnnConfig {
        hidden,
        bias,
        ..RnnConfig::default()
    };
    Rnn::new(&config, inputs, 10.0, &mut generator(4, "init", 0)).unwrap()
}

#[test]
fn one_step_by_hand() {
    let mut cell = layer::<f64>(2, true, 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(2, 1, &[1.0, -2.0]);
        p[U] = DMatrix::from_row_slice(2, 2, &[1.0, 1.0, 0.0, 2.0]);
        p[BIAS] = DMatrix::from_row_slice(2, 1, &[0.0, 1.0]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().copy_from_slice(&[0.5, -0.5]);
    let x = DMatrix::from_element(1, 1, 2.0_f64.ln());
    stream.step(&cell, Input::Dense(x.as_view()));
    // d = (ln 2 + 0, -2 ln 2 + 1 - 1), and tanh(ln a) = (a² - 1) / (a² + 1).
    let h = stream.output();
    assert!((h[0] - 0.6).abs() < 1e-15);
    assert!((h[1] + 15.0 / 17.0).abs() < 1e-15);
}

#[test]
fn a_contracting_unit_ends_at_its_fixed_point_wherever_it_starts() {
    // h = tanh(u h + b) is solved by h = 1/2 for b = atanh(1/2) - u/2.
    let mut cell = layer::<f64>(1, true, 1);
    cell.update(&mut |p| {
        p[U] = DMatrix::from_element(1, 1, 0.8);
        p[BIAS] = DMatrix::from_element(1, 1, 0.5_f64.atanh() - 0.4);
    });
    let mut stream = Stream::new(&cell, 3);
    stream.state_mut().copy_from_slice(&[-0.9, 0.0, 0.99]);
    let silence = DMatrix::zeros(1, 3);
    for _ in 0..100 {
        stream.step(&cell, Input::Dense(silence.as_view()));
    }
    assert!(stream.output().iter().all(|h| (h - 0.5).abs() < 1e-12));
}

#[test]
fn recurrent_weights_start_orthogonal_times_the_gain() {
    let cell = layer::<f64>(20, true, 3);
    let u = &cell.params()[U];
    let off = u * u.transpose() - DMatrix::identity(20, 20) * 0.81;
    assert!(off.amax() < 1e-12, "{}", off.amax());
}

#[test]
fn gradients() {
    let cells = [layer(5, true, 3), layer(4, false, 2), layer(3, true, 4)];
    for (cell, setup) in cells.iter().zip(Setup::varied()) {
        assert_gradients(cell, setup);
    }
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for bias in [true, false] {
        let config = RnnConfig {
            hidden: 7,
            bias,
            ..RnnConfig::default()
        };
        assert_twins(&config, 9);
    }
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<RnnConfig>(&[
        (r#"{"hidden": 0}"#, "`hidden` is 0: it must be at least 1"),
        (
            r#"{"recurrent_gain": -0.5}"#,
            "`recurrent_gain` is -0.5: it must be at least 0",
        ),
    ]);
}
