//! Weights as they are stored: each row of a matrix `[out, in]` on a grid of its own.
//!
//! ```text
//! (1) q_i = max_j |W_ij| / N,   W'_ij = q_i even(W_ij / q_i)
//! ```
//!
//! No weight saturates. One scale a row (an output) is what integer kernels use: it is a factor on the sum.
//! Matrices alone are stored so: biases, gains, time constants and step sizes are few and stay in full, as in
//! Jacob et al. 2018, §2.4 (biases in 32 bits).

use saturn_cell::{Kind, Params, Real, Tensor};

use super::config::{Format, ScaleRule};
use super::grid::Grid;

/// Whether a tensor is one of those that are stored in few bits.
pub fn is_stored<R: Real>(tensor: &Tensor<R>) -> bool {
    tensor.kind == Kind::Weight && tensor.value.ncols() > 1
}

/// Puts every weight matrix of `params` on the grids of `format`.
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
