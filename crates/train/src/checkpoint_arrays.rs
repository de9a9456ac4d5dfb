//! Weights, moments and states as stored in a checkpoint.

use nalgebra::DMatrix;
use saturn_cell::{Params, Real};

use saturn_network::Network;
use saturn_store::checkpoint::Numbers;

/// State of the initial-state rule: updates, last states of each cell, fitted moments.
pub type SavedInitial = (u64, Vec<Matrix>, Vec<[Vec<f64>; 2]>);

/// The numbers of all tensors, cell by cell.
pub fn keep<'a, R: Real>(of: impl IntoIterator<Item = &'a Params<R>>) -> Vec<Numbers> {
    let tensors = of.into_iter().flat_map(Params::tensors);
    tensors.map(|t| Numbers::of(t.value.as_slice())).collect()
}

/// Writes the result of [`keep`] into tensors of the same shapes. Returns false, without writing, if the
/// shapes differ.
pub fn take_up<R: Real>(to: &mut [Params<R>], from: &[Numbers]) -> bool {
    let lengths = to.iter().flat_map(Params::tensors).map(|t| t.value.len());
    if !lengths.eq(from.iter().map(Numbers::count::<R>)) {
        return false;
    }
    let tensors = to.iter_mut().flat_map(Params::tensors_mut);
    for (tensor, numbers) in tensors.zip(from) {
        numbers.write(tensor.value.as_mut_slice());
    }
    true
}

/// The weights of `net`.
pub fn keep_weights<R: Real>(net: &Network<R>) -> Vec<Numbers> {
    keep(net.cells().iter().map(|cell| cell.params()))
}

/// Gives `net` the weights that [`keep_weights`] gave. False if they are those of another net.
pub fn restore_weights<R: Real>(net: &mut Network<R>, from: &[Numbers]) -> bool {
    let mut all: Vec<Params<R>> = (net.cells().iter()).map(|c| c.params().clone()).collect();
    let fits = take_up(&mut all, from);
    if fits {
        for (cell, params) in net.cells_mut().iter_mut().zip(&all) {
            cell.update(&mut |own| own.clone_from(params));
        }
    }
    fits
}

/// A matrix with its rows and columns.
pub type Matrix = (usize, usize, Numbers);

/// The stored form of `matrix`.
pub fn keep_matrix<R: Real>(matrix: &DMatrix<R>) -> Matrix {
    let (rows, columns) = matrix.shape();
    (rows, columns, Numbers::of(matrix.as_slice()))
}

/// The matrix stored by [`keep_matrix`]; `None` if its length does not match its shape.
pub fn matrix<R: Real>((rows, columns, numbers): &Matrix) -> Option<DMatrix<R>> {
    let values: Vec<R> = numbers.values();
    (Some(values.len()) == rows.checked_mul(*columns))
        .then(|| DMatrix::from_vec(*rows, *columns, values))
}
