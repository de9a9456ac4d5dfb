//! A program with int8 weights: each row of a matrix in codes with a scale of its own.
//!
//! ```text
//! (1) q_i = max_j |w_ij| / 127,   n_ij = even(w_ij / q_i)
//! ```
//!
//! A row of zeros has q = 1 / 127. Recurrent weights of `density` below 1 have one q, that of the largest. Biases, constants and states stay in full. These are the numbers q_i n_ij of
//! evaluations with `weights: int8`; here the product with q_i comes after the sum, so that sums over events and spikes
//! are exact, and the last bits differ.
//!
//! Source: Jacob et al. 2018, §2 (symmetric here, without a zero point).

use saturn_cell::Real;

use super::program::{Grids, Matrix, Program, Weights};

/// The largest code.
const TOP: f64 = 127.0;

/// `program` with (1) for its weight matrices.
#[must_use]
pub fn quantise<R: Real>(program: &Program<R>) -> Program<R> {
    let mut quantised = program.clone();
    for matrix in quantised
        .matrices
        .iter_mut()
        .filter(|m| m.grids != Grids::None)
    {
        if let Weights::Full(values) = &matrix.weights {
            matrix.weights = codes(matrix, values);
        }
    }
    quantised
}

/// (1)
fn codes<R: Real>(matrix: &Matrix<R>, values: &[R]) -> Weights<R> {
    let mut ranges = vec![0.0f64; matrix.rows];
    for (i, w) in values.iter().enumerate() {
        let range = &mut ranges[i % matrix.rows];
        *range = range.max(w.wide().abs());
    }
    if matrix.grids == Grids::One {
        let range = ranges.iter().copied().fold(0.0, f64::max);
        ranges.fill(range);
    }
    let steps: Vec<f64> = (ranges.iter())
        .map(|&range| if range > 0.0 { range / TOP } else { 1.0 / TOP })
        .collect();
    let code = |(i, w): (usize, &R)| {
        let per_step = R::of(1.0 / steps[i % matrix.rows]);
        let y = (*w * per_step).wide().clamp(-TOP, TOP);
        y.round_ties_even() as i8
    };
    Weights::Codes {
        codes: values.iter().enumerate().map(code).collect(),
        scales: steps.iter().map(|&step| R::of(step)).collect(),
    }
}
