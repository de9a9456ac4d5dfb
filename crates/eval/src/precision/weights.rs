//! Quantised weights: each row of a matrix `[out, in]` on its own grid.
//!
//! ```text
//! (1) q_i = max_j |W_ij| / N,   W'_ij = q_i even(W_ij / q_i)
//! ```
//!
//! No weight saturates. Integer kernels use one scale per row (an output): it is a factor on the sum. Only
//! matrices are quantised: biases, gains, time constants and step sizes are few and stay in full, as in Jacob
//! et al. 2018, §2.4 (biases in 32 bits).

use saturn_cell::{Kind, Params, Real, Tensor};

use super::config::{Format, ScaleRule};
use super::grid::Grid;

/// Whether a tensor is quantised.
pub fn is_stored<R: Real>(tensor: &Tensor<R>) -> bool {
    tensor.kind == Kind::Weight && tensor.value.ncols() > 1
}

/// Rounds every weight matrix of `params` to the grids of `format`.
pub fn store<R: Real>(params: &mut Params<R>, format: Format) {
    if format == Format::F32 {
        return;
    }
    let mut row = Vec::new();
    for tensor in params.tensors_mut().iter_mut().filter(|t| is_stored(t)) {
        for i in 0..tensor.value.nrows() {
            row.clear();
            row.extend(tensor.value.row(i).iter().copied());
            let range = row.iter().fold(0.0, |m: f64, w| m.max(w.wide().abs()));
            Grid::new(format, range, ScaleRule::Real).nearest(&mut row);
            for (to, &from) in tensor.value.row_mut(i).iter_mut().zip(&row) {
                *to = from;
            }
        }
    }
}
