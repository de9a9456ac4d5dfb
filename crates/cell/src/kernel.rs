//! Products and gathers: the only place of the workspace with `unsafe` code.
//!
//! Dense products go to the `gemm` crate on nalgebra's storage, by pointer and stride, on one thread
//! (parallelism is over shards of lanes, outside). One-column products and gathers are ours: they add
//! in ascending order of the inner index with separate multiplications and additions, so their bits
//! are the same on every instruction set. A blocked product may round differently from a one-column
//! product; step and sequence therefore agree to 1e-5 in `f32` and 1e-12 in `f64`.
#![allow(unsafe_code)] // `gemm` takes pointers and strides; the wrapper below checks the shapes.

use crate::{Real, View, ViewMut, column, column_mut};

/// `out += a b`, with `a [M, K]`, `b [K, N]`, `out [M, N]`.
pub fn add_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), a.ncols()), (out.nrows(), b.nrows()), "a b");
    assert_eq!(out.ncols(), b.ncols(), "a b");
    if b.ncols() == 1 {
        let x = column(&b, 0);
        let y = column_mut(&mut out, 0);
        for (k, &x_k) in x.iter().enumerate() {
            axpy(x_k, column(&a, k), y);
        }
        return;
    }
    let (m, n, k) = (a.nrows(), b.ncols(), a.ncols());
    blocked(
        &mut out,
        (m, n, k),
        (&a, 1, stride(&a)),
        (&b, 1, stride(&b)),
    );
}

/// `out += aᵀ b`, with `a [K, M]`, `b [K, N]`, `out [M, N]`.
pub fn add_transpose_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), out.nrows()), "aᵀ b");
    assert_eq!(out.ncols(), b.ncols(), "aᵀ b");
    let (m, n, k) = (a.ncols(), b.ncols(), a.nrows());
    blocked(
        &mut out,
        (m, n, k),
        (&a, stride(&a), 1),
        (&b, 1, stride(&b)),
    );
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
    );
}

/// `out[:, j] += bias` for every column `j`, with `bias [M]`.
pub fn add_bias<R: Real>(out: &mut ViewMut<R>, bias: &[R]) {
    for j in 0..out.ncols() {
        for (o, &b) in column_mut(out, j).iter_mut().zip(bias) {
            *o += b;
        }
    }
}

/// The reverse of [`add_bias`]: `d_bias += Σ_j d_out[:, j]`.
pub fn add_bias_reverse<R: Real>(d_out: &View<R>, d_bias: &mut [R]) {
    for j in 0..d_out.ncols() {
        for (b, &d) in d_bias.iter_mut().zip(column(d_out, j)) {
            *b += d;
        }
    }
}

/// `y += alpha x`.
pub fn axpy<R: Real>(alpha: R, x: &[R], y: &mut [R]) {
    if let (Ok(a), Ok(x), Ok(y)) = (
        bytemuck::try_cast::<R, f32>(alpha),
        bytemuck::try_cast_slice::<R, f32>(x),
        bytemuck::try_cast_slice_mut::<R, f32>(y),
    ) && size_of::<R>() == size_of::<f32>()
    {
        return axpy_f32(a, x, y);
    }
    for (y, &x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// `y += Σ_i counts[i] W[:, units[i]]`, added in order, with `w [M, K]`, `y [M]`.
pub fn gather<R: Real>(y: &mut [R], w: View<R>, units: &[u32], counts: &[f32]) {
    assert_eq!(y.len(), w.nrows(), "gather");
    for (&unit, &count) in units.iter().zip(counts) {
        axpy(R::of(f64::from(count)), column(&w, unit as usize), y);
    }
}

/// `y += Σ_k s[k] W[:, k]` over the k where `s[k]` is not zero: the product of a spike vector.
pub fn gather_active<R: Real>(y: &mut [R], w: &View<R>, s: &[R]) {
    for (k, &s_k) in s.iter().enumerate() {
        if s_k != R::zero() {
            axpy(s_k, column(w, k), y);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn axpy_f32(alpha: f32, x: &[f32], y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// Distance between the starts of two columns.
fn stride<R: Real>(m: &View<R>) -> usize {
    m.strides().1
}

/// `out += lhs rhs` of sizes `(m, n, k)`; operands come with their (row, column) strides.
fn blocked<R: Real>(
    out: &mut ViewMut<R>,
    (m, n, k): (usize, usize, usize),
    (a, a_row, a_col): (&View<R>, usize, usize),
    (b, b_row, b_col): (&View<R>, usize, usize),
) {
    if m == 0 || n == 0 || k == 0 {
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
            true,
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
