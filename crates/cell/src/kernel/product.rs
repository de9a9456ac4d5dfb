//! Dense products, on nalgebra's storage by pointer and stride, on one thread: parallelism is over shards
//! of lanes, outside.

use multiversion::multiversion;
use nalgebra::DMatrix;

use super::columns::{add_column_product, fill_zero};
use crate::{Real, View, ViewMut, column, column_mut};

/// `out = a b`, with `a [M, K]`, `b [K, N]`, `out [M, N]`.
pub fn set_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    if b.ncols() == 1 {
        fill_zero(&mut out);
        return add_product(out, a, b);
    }
    product(&mut out, &a, &b, false);
}

/// `out += a b`, with `a [M, K]`, `b [K, N]`, `out [M, N]`.
pub fn add_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), a.ncols()), (out.nrows(), b.nrows()), "a b");
    assert_eq!(out.ncols(), b.ncols(), "a b");
    if b.ncols() == 1 {
        return add_column_product(column_mut(&mut out, 0), &a, column(&b, 0));
    }
    product(&mut out, &a, &b, true);
}

fn product<R: Real>(out: &mut ViewMut<R>, a: &View<R>, b: &View<R>, add: bool) {
    assert_eq!((a.nrows(), a.ncols()), (out.nrows(), b.nrows()), "a b");
    assert_eq!(out.ncols(), b.ncols(), "a b");
    let (m, n, k) = (a.nrows(), b.ncols(), a.ncols());
    blocked(out, (m, n, k), (a, 1, stride(a)), (b, 1, stride(b)), add);
}

/// `out = aᵀ b`, with `a [K, M]`, `b [K, N]`, `out [M, N]`.
pub fn set_transpose_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    transpose_product(&mut out, &a, &b, false);
}

/// `out += aᵀ b`, with `a [K, M]`, `b [K, N]`, `out [M, N]`.
pub fn add_transpose_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    transpose_product(&mut out, &a, &b, true);
}

fn transpose_product<R: Real>(out: &mut ViewMut<R>, a: &View<R>, b: &View<R>, add: bool) {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), out.nrows()), "aᵀ b");
    assert_eq!(out.ncols(), b.ncols(), "aᵀ b");
    let (m, n, k) = (a.ncols(), b.ncols(), a.nrows());
    blocked(out, (m, n, k), (a, stride(a), 1), (b, 1, stride(b)), add);
}

/// `out += a bᵀ`, with `a [M, K]`, `b [N, K]`, `out [M, N]`.
pub fn add_product_by_transpose<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), b.nrows()), (out.nrows(), out.ncols()), "a bᵀ");
    assert_eq!(a.ncols(), b.ncols(), "a bᵀ");
    let (m, n, k) = (a.nrows(), b.nrows(), a.ncols());
    blocked(
        &mut out,
        (m, n, k),
        (&a, 1, stride(&a)),
        (&b, stride(&b), 1),
        true,
    );
}

/// `out[:, j] = bias` for every column `j`, with `bias [M]`.
pub fn set_bias<R: Real>(out: &mut ViewMut<R>, bias: &[R]) {
    for j in 0..out.ncols() {
        column_mut(out, j).copy_from_slice(bias);
    }
}

/// `out[:, j] += bias` for every column `j`, with `bias [M]`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn add_bias<R: Real>(out: &mut ViewMut<R>, bias: &[R]) {
    for j in 0..out.ncols() {
        for (o, &b) in column_mut(out, j).iter_mut().zip(bias) {
            *o += b;
        }
    }
}

/// The reverse of [`add_bias`]: `d_bias += Σ_j d_out[:, j]`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn add_bias_reverse<R: Real>(d_out: &View<R>, d_bias: &mut [R]) {
    for j in 0..d_out.ncols() {
        for (b, &d) in d_bias.iter_mut().zip(column(d_out, j)) {
            *b += d;
        }
    }
}

/// A copy of a weight matrix, kept for products with it at every step.
///
/// Its columns are 64 bytes further apart than they are long. `gemm` reads a few rows of many columns at a
/// time; where columns start a power of two apart, these fall into the same few places of the cache and
/// push each other out.
#[derive(Clone, Debug)]
pub struct Padded<R: Real> {
    rows: usize,
    /// `[rows + PAD, columns]`.
    data: DMatrix<R>,
}

/// Values between the columns of a [`Padded`] matrix.
const PAD: usize = 16;

impl<R: Real> Padded<R> {
    /// The copy of `w [M, K]`.
    pub fn of(w: &DMatrix<R>) -> Self {
        let mut padded = Self::zeros(w.nrows(), w.ncols());
        padded.refresh(w);
        padded
    }

    fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            data: DMatrix::zeros(rows + PAD, columns),
        }
    }

    /// Follows a change of `w`.
    pub fn refresh(&mut self, w: &DMatrix<R>) {
        for (to, from) in self.data.column_iter_mut().zip(w.column_iter()) {
            to.data.into_slice_mut()[..self.rows].copy_from_slice(from.data.into_slice());
        }
    }

    fn view(&self) -> View<'_, R> {
        self.data.rows(0, self.rows)
    }

    /// `out += w b`, with `b [K, N]`, `out [M, N]`.
    pub fn add_product(&self, out: ViewMut<R>, b: View<R>) {
        add_product(out, self.view(), b);
    }

    /// `out = w b`, with `b [K, N]`, `out [M, N]`.
    pub fn set_product(&self, out: ViewMut<R>, b: View<R>) {
        set_product(out, self.view(), b);
    }
}

/// A transposed copy of a weight matrix, kept for the reverse pass, which multiplies by it at every step:
/// `gemm` reads its left matrix along columns, and at 16-64 lanes reading along rows takes twice as long.
#[derive(Clone, Debug)]
pub struct Transposed<R: Real>(Padded<R>);

impl<R: Real> Transposed<R> {
    /// The copy of `w [K, M]`.
    pub fn of(w: &DMatrix<R>) -> Self {
        let mut transposed = Self(Padded::zeros(w.ncols(), w.nrows()));
        transposed.refresh(w);
        transposed
    }

    /// Follows a change of `w`.
    pub fn refresh(&mut self, w: &DMatrix<R>) {
        w.transpose_to(&mut self.0.data.rows_mut(0, self.0.rows));
    }

    /// `out += wᵀ b`, with `b [K, N]`, `out [M, N]`.
    pub fn add_product(&self, out: ViewMut<R>, b: View<R>) {
        self.0.add_product(out, b);
    }

    /// `out = wᵀ b`, with `b [K, N]`, `out [M, N]`.
    pub fn set_product(&self, out: ViewMut<R>, b: View<R>) {
        self.0.set_product(out, b);
    }
}

/// Distance between the starts of two columns.
fn stride<R: Real>(m: &View<R>) -> usize {
    m.strides().1
}

/// `out += lhs rhs`, or `out = lhs rhs`, of sizes `(m, n, k)`; operands come with their (row, column)
/// strides.
fn blocked<R: Real>(
    out: &mut ViewMut<R>,
    (m, n, k): (usize, usize, usize),
    (a, a_row, a_col): (&View<R>, usize, usize),
    (b, b_row, b_col): (&View<R>, usize, usize),
    add: bool,
) {
    if m == 0 || n == 0 || k == 0 {
        if !add {
            fill_zero(out);
        }
        return;
    }
    let out_col = out.strides().1;
    // SAFETY: the callers have checked that `a`, `b` and `out` have the shapes that (m, n, k) and the
    // strides address, `out` is borrowed mutably, and so overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            out_col as isize,
            1,
            add,
            a.as_ptr(),
            a_col as isize,
            a_row as isize,
            b.as_ptr(),
            b_col as isize,
            b_row as isize,
            R::one(),
            R::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use nalgebra::DMatrix;

    /// The products agree with nalgebra's, for one column and for many.
    #[test]
    fn products_are_products() {
        for columns in [1, 2, 9] {
            let (a, b) = (random(7, 5, 1.0, 1), random(5, columns, 1.0, 2));
            let mut out = DMatrix::from_element(7, columns, 1.0);
            add_product(out.as_view_mut(), a.as_view(), b.as_view());
            assert!((&out - (&a * &b).add_scalar(1.0)).norm() < 1e-13);
            let mut out = DMatrix::zeros(7, columns);
            add_transpose_product(out.as_view_mut(), a.transpose().as_view(), b.as_view());
            assert!((&out - &a * &b).norm() < 1e-13);
            let mut out = DMatrix::zeros(7, columns);
            add_product_by_transpose(out.as_view_mut(), a.as_view(), b.transpose().as_view());
            assert!((&out - &a * &b).norm() < 1e-13);
        }
    }

    /// Copies with padded columns give the products of their matrix, and follow its changes.
    #[test]
    fn copies_multiply_as_their_matrix_does() {
        let (mut w, b, c) = (
            random(7, 5, 1.0, 1),
            random(5, 9, 1.0, 2),
            random(7, 9, 1.0, 3),
        );
        let (mut padded, mut transposed) = (Padded::of(&w), Transposed::of(&w));
        for _ in 0..2 {
            let mut out = DMatrix::from_element(7, 9, 2.0);
            padded.set_product(out.as_view_mut(), b.as_view());
            padded.add_product(out.as_view_mut(), b.as_view());
            assert!((&out - 2.0 * &w * &b).norm() < 1e-13);
            let mut out = DMatrix::from_element(5, 9, 2.0);
            transposed.set_product(out.as_view_mut(), c.as_view());
            transposed.add_product(out.as_view_mut(), c.as_view());
            assert!((&out - 2.0 * w.transpose() * &c).norm() < 1e-13);
            w *= -3.0;
            padded.refresh(&w);
            transposed.refresh(&w);
        }
    }
}
