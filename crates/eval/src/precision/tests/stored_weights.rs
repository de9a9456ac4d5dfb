//! Quantised weights are integers times a scale per row.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, Input, Kind, Tape};
use saturn_neurons::linear::LinearConfig;

use crate::precision::quantised::Quantised;
use crate::precision::{Format, PrecisionConfig, weights};

const INPUTS: usize = 300;
const OUT: usize = 20;

fn layer() -> Box<dyn Cell<f32>> {
    let config = LinearConfig {
        out: OUT,
        ..LinearConfig::default()
    };
    config
        .build(INPUTS, 10.0, &mut generator(3, "test", 0))
        .expect("a layer")
}

/// A layer on int8 weights and integer inputs is the product in integers, times the scale of each row, plus the
/// bias: the integers are those that the definition gives.
#[test]
fn int8_weights_give_the_product_in_integers() {
    let plain = layer();
    let config = PrecisionConfig {
        weights: Format::Int8,
        ..PrecisionConfig::default()
    };
    let stored = Quantised::new(plain.as_ref(), &config, &[], 1, 0);
    let (w, bias) = (&plain.params()[0], &plain.params()[1]);
    let x: Vec<i64> = (0..INPUTS as i64).map(|j| (j * 37) % 101 - 50).collect();
    let dense = DMatrix::from_iterator(INPUTS, 1, x.iter().map(|&x| x as f32));
    let mut tape = Tape::new();
    tape.start(&stored, 1, 1);
    tape.forward(&stored, Input::Dense(dense.as_view()), None);
    let y = tape.output();
    for i in 0..OUT {
        let largest = w.row(i).iter().fold(0f32, |m, w| m.max(w.abs()));
        let scale = f64::from(largest) / 127.0;
        let code = |w: f32| (f64::from(w) / scale).round_ties_even() as i64;
        let codes: Vec<i64> = w.row(i).iter().map(|&w| code(w)).collect();
        assert!(codes.iter().all(|c| c.abs() <= 127) && codes.iter().any(|c| c.abs() == 127));
        let sum: i64 = codes.iter().zip(&x).map(|(c, x)| c * x).sum();
        let known = scale * sum as f64 + f64::from(bias[i]);
        let error = (f64::from(y[i]) - known).abs();
        // Sums of 300 products in f32, each of them up to 50 times the largest weight.
        let bound = f64::from(f32::EPSILON) * 300.0 * 50.0 * f64::from(largest);
        assert!(error < bound, "row {i}: {} not {known}", y[i]);
    }
    assert!(stored.params() == plain.params(), "parameters stay in full");
}

#[test]
fn matrices_alone_are_stored_and_each_row_has_its_scale() {
    let mut params = layer().params().clone();
    params.tensors_mut()[0].value.row_mut(1).scale_mut(1e-4);
    let before = params.clone();
    weights::store(&mut params, Format::Int4);
    for (after, before) in params.tensors().iter().zip(before.tensors()) {
        let matrix = after.kind == Kind::Weight;
        assert_eq!(after.value != before.value, matrix, "{}", after.name);
    }
    for i in 0..OUT {
        let error = (params[0].row(i) - before[0].row(i)).amax();
        let range = before[0].row(i).amax();
        assert!(error <= 0.501 * range / 7.0, "row {i}");
        assert!((params[0].row(i).amax() - range).abs() < 1e-6 * range);
    }
    let mut full = before.clone();
    weights::store(&mut full, Format::F32);
    assert!(full == before);
}
