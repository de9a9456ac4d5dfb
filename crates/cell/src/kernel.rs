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
    // Four columns a pass: `y` is read and written once for four of them, in the order of one by one.
    let whole = units.len() - units.len() % 4;
    for (u, c) in units[..whole].chunks_exact(4).zip(counts.chunks_exact(4)) {
        let columns = [0, 1, 2, 3].map(|i| w.column(u[i] as usize).data.into_slice());
        axpy4([c[0], c[1], c[2], c[3]], columns, y);
    }
    for (&unit, &count) in units[whole..].iter().zip(&counts[whole..]) {
        axpy(R::of(f64::from(count)), column(&w, unit as usize), y);
    }
}

/// `y += c[0] x[0] + c[1] x[1] + c[2] x[2] + c[3] x[3]`, added one after the other.
fn axpy4<R: Real>(c: [f32; 4], x: [&[R]; 4], y: &mut [R]) {
    if size_of::<R>() == size_of::<f32>()
        && let Ok(y) = bytemuck::try_cast_slice_mut::<R, f32>(y)
    {
        let [x0, x1, x2, x3] = x.map(bytemuck::cast_slice::<R, f32>);
        return axpy4_f32(c, x0, x1, x2, x3, y);
    }
    for (c, x) in c.into_iter().zip(x) {
        axpy(R::of(f64::from(c)), x, y);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn axpy4_f32(c: [f32; 4], x0: &[f32], x1: &[f32], x2: &[f32], x3: &[f32], y: &mut [f32]) {
    let x = x0.iter().zip(x1).zip(x2).zip(x3);
    for (y, (((&x0, &x1), &x2), &x3)) in y.iter_mut().zip(x) {
        *y = (((*y + c[0] * x0) + c[1] * x1) + c[2] * x2) + c[3] * x3;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{random, random_events};
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

    /// Four columns a pass give the bits of one column after the other, in both number types.
    #[test]
    fn a_gather_has_the_bits_of_its_loop() {
        fn check<R: Real>() {
            let w = random(37, 50, 1.0, 3).map(R::of);
            for seed in 0..20 {
                let events = random_events(50, 1, 0.3, seed);
                let (units, counts) = events.view().column(0);
                let mut fast = vec![R::of(0.1); 37];
                gather(&mut fast, w.as_view(), units, counts);
                let mut slow = vec![R::of(0.1); 37];
                for (&unit, &count) in units.iter().zip(counts) {
                    for (y, &x) in slow.iter_mut().zip(w.column(unit as usize).iter()) {
                        *y += R::of(f64::from(count)) * x;
                    }
                }
                assert_eq!(fast, slow);
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
