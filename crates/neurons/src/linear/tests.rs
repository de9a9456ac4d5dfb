//! `linear` by hand, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape, column};

use super::*;
use crate::testing::assert_complaints;

fn layer<R: Real>(out: usize, bias: bool, inputs: usize) -> Linear<R> {
    let mut rng = generator(3, "init", 0);
    Linear::new(&LinearConfig { out, bias }, inputs, 10.0, &mut rng).unwrap()
}

#[test]
fn by_hand() {
    let mut cell = layer::<f64>(2, true, 3);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, -1.0, 0.0, 0.5]);
        p[BIAS] = DMatrix::from_row_slice(2, 1, &[10.0, 20.0]);
    });
    let x = DMatrix::from_column_slice(3, 1, &[1.0, -1.0, 2.0]);
    let mut stream = Stream::new(&cell, 1);
    stream.step(&cell, Input::Dense(x.as_view()));
    assert_eq!(column(&stream.output(), 0), [15.0, 20.0]);
}

#[test]
fn a_step_knows_nothing_of_the_one_before() {
    let cell = layer::<f64>(2, true, 3);
    let x = DMatrix::from_row_slice(3, 3, &[1.0, 5.0, 1.0, 2.0, -7.0, 2.0, 3.0, 9.0, 3.0]);
    let mut tape = Tape::new();
    tape.start(&cell, 3, 1);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    assert_eq!(tape.output().column(0), tape.output().column(2));
    assert_ne!(tape.output().column(0), tape.output().column(1));
}

#[test]
fn weights_start_inside_their_bound_and_fill_it() {
    let cell = layer::<f64>(50, true, 100);
    assert!((0.095..=0.1).contains(&cell.params()[W].amax()));
    assert!((0.08..=0.1).contains(&cell.params()[BIAS].amax()));
}

#[test]
fn gradients() {
    assert_gradients(&layer(4, true, 3), Setup::default());
    let one_lane = Setup {
        lanes: 1,
        seed: 9,
        ..Setup::default()
    };
    assert_gradients(&layer(2, false, 5), one_lane);
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for bias in [true, false] {
        assert_twins(&LinearConfig { out: 6, bias }, 9);
    }
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<LinearConfig>(&[
        (r#"{"out": 0}"#, "`out` is 0: it must be at least 1"),
        (
            r#"{"outs": 3}"#,
            "unknown field `outs`, expected `out` or `bias`",
        ),
    ]);
}
