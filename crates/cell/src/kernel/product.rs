//! Dense products, on nalgebra's storage by pointer and stride, on one thread: parallelism is over shards
//! of lanes, outside.

use gemm_common::Parallelism;
use multiversion::multiversion;

use super::active::narrow;
use super::columns::{add_column_product, fill_zero};
use super::tiles;
use crate::{Real, View, ViewMut, column, column_mut};

/// Columns up to which a product is done in [`tiles`]: with more, packing its operands pays.
const FEW: usize = 96;

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
pub fn add_bias_backward<R: Real>(d_out: &View<R>, d_bias: &mut [R]) {
    for j in 0..d_out.ncols() {
        for (b, &d) in d_bias.iter_mut().zip(column(d_out, j)) {
            *b += d;
        }
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
    if tiles::HERE && a_row == 1 && b_row == 1 && n <= FEW {
        let (start, stride) = (out.as_mut_ptr(), out_col);
        let columns = |m: &View<R>, stride| tiles::Columns {
            start: m.as_ptr(),
            stride,
        };
        let (a, b) = (columns(a, a_col), columns(b, b_col));
        let out = tiles::Columns { start, stride };
        // SAFETY: as below.
        unsafe { tiles::product(out, (m, n, k), a, b, (add, false)) };
        return;
    }
    // SAFETY: the callers have checked that `a`, `b` and `out` have the shapes that (m, n, k) and the
    // strides address, `out` is borrowed mutably, and so overlaps neither operand.
    unsafe {
        driver(
            (m, n, k),
            (out.as_mut_ptr(), out_col),
            (a.as_ptr(), a_row, a_col),
            (b.as_ptr(), b_row, b_col),
            add,
        );
    }
}

/// `gemm`'s driver, which packs its operands; sizes and strides as in [`blocked`].
///
/// # Safety
///
/// The operands must have these sizes and `out` overlap neither.
unsafe fn driver<R: Real>(
    (m, n, k): (usize, usize, usize),
    (out, out_col): (*mut R, usize),
    (a, a_row, a_col): (*const R, usize, usize),
    (b, b_row, b_col): (*const R, usize, usize),
    add: bool,
) {
    macro_rules! call {
        ($gemm: ident, $real: ident) => {
            $gemm::gemm::$real::get_gemm_fn()(
                m,
                n,
                k,
                out.cast(),
                out_col as isize,
                1,
                add,
                a.cast(),
                a_col as isize,
                a_row as isize,
                b.cast(),
                b_col as isize,
                b_row as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            )
        };
    }
    // SAFETY: R is one of two types, told apart by its size; the rest is the caller's promise.
    unsafe {
        if narrow::<R>(&[]).is_some() {
            call!(gemm_f32, f32);
        } else {
            call!(gemm_f64, f64);
        }
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
        for columns in [1, 2, 9, 60] {
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
}
