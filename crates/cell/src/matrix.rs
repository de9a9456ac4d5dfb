//! Matrix views: nalgebra's, column-major, one column a (step, lane).

use std::ops::Range;

use nalgebra::{Const, DMatrixView, DMatrixViewMut, Dyn};

use crate::Real;

/// A borrowed matrix `[rows, columns]`; every column is contiguous.
pub type View<'a, R> = DMatrixView<'a, R>;
/// A mutably borrowed matrix `[rows, columns]`; every column is contiguous.
pub type ViewMut<'a, R> = DMatrixViewMut<'a, R>;

/// The first `rows * columns` values of `data` as a matrix `[rows, columns]`.
pub fn view<R: Real>(data: &[R], rows: usize, columns: usize) -> View<'_, R> {
    View::from_slice(&data[..rows * columns], rows, columns)
}

/// The first `rows * columns` values of `data` as a mutable matrix `[rows, columns]`.
pub fn view_mut<R: Real>(data: &mut [R], rows: usize, columns: usize) -> ViewMut<'_, R> {
    ViewMut::from_slice(&mut data[..rows * columns], rows, columns)
}

/// Rows `own` of the first `rows * columns` values of `data` as a matrix `[rows, columns]`.
pub fn view_rows<R: Real>(
    data: &[R],
    rows: usize,
    columns: usize,
    own: Range<usize>,
) -> View<'_, R> {
    assert!(own.end <= rows, "rows {own:?} of {rows}");
    let data = &data[..rows * columns];
    let (height, width) = (Dyn(own.len()), Dyn(columns));
    let from = if columns == 0 {
        data
    } else {
        &data[own.start..]
    };
    View::from_slice_with_strides_generic(from, height, width, Const::<1>, Dyn(rows))
}

/// Column `j` of `m` as a slice `[rows]`.
pub fn column<'a, R: Real>(m: &'a View<'_, R>, j: usize) -> &'a [R] {
    m.column(j).data.into_slice()
}

/// Column `j` of `m` as a mutable slice `[rows]`.
pub fn column_mut<'a, R: Real>(m: &'a mut ViewMut<'_, R>, j: usize) -> &'a mut [R] {
    m.column_mut(j).data.into_slice_mut()
}
