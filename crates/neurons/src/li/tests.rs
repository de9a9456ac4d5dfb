//! The leaky readout against closed forms, hand computation, differences, and its own twins.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Tape};

use super::*;
use crate::testing::assert_complaints;

fn li(config: &LiConfig, inputs: usize) -> Li<f64> {
    Li::new(config, inputs, 10.0, &mut generator(3, "init", 0)).unwrap()
}

/// The outputs of `cell` on one lane of `x [I, T]`.
fn run(cell: &Li<f64>, x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut tape = Tape::new();
    tape.start(cell, x.ncols(), 1);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    tape.output().clone_owned()
}

#[test]
fn a_constant_input_is_approached_geometrically() {
    let mut cell = li(&LiConfig::default(), 1);
    cell.update(&mut |p| {
        p[0].fill(2.0);
        p[1].fill(0.5);
    });
    let y = run(&cell, &DMatrix::from_element(1, 40, 3.0));
    for (t, y) in y.iter().enumerate() {
        let closed = 6.5 * (1.0 - (-10.0 * (t + 1) as f64 / 50.0).exp());
        assert!((y - closed).abs() < 1e-12);
    }
}

#[test]
fn one_output_by_hand() {
    let mut cell = li(
        &LiConfig {
            tau_mem_ms: TimeConstants::Same(10.0 / std::f64::consts::LN_2),
            input_scale: InputScale::One,
            ..LiConfig::default()
        },
        2,
    );
    cell.update(&mut |p| p[0].copy_from_slice(&[1.0, -2.0]));
    // v: 1 | 1/2 - 2 | -3/4 + 1 - 2
    let x = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let y = run(&cell, &x);
    for (y, wanted) in y.iter().zip([1.0, -1.5, -1.75]) {
        assert!((y - wanted).abs() < 1e-14);
    }
}

#[test]
fn gradients_agree_with_differences() {
    for input_scale in [InputScale::One, InputScale::Decay] {
        for (learn_tau, bias) in [(true, true), (false, true), (true, false)] {
            let config = LiConfig {
                outputs: 4,
                tau_mem_ms: TimeConstants::Range([20.0, 100.0]),
                learn_tau,
                input_scale,
                bias,
                ..LiConfig::default()
            };
            assert_gradients(&li(&config, 3), Setup::default());
        }
    }
}

#[test]
fn twins_agree() {
    let config = LiConfig {
        outputs: 10,
        ..LiConfig::default()
    };
    assert_twins(&config, 17);
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<LiConfig>(&[
        (r#"{"outputs": 0}"#, "`outputs` is 0: it must be at least 1"),
        (
            r#"{"input_gain": -1}"#,
            "`input_gain` is -1: it must be at least 0",
        ),
        (r#"{"hidden": 3}"#, "unknown field `hidden`"),
    ]);
}
