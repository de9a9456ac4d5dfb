//! Copies of weight matrices, laid out for products with them at every step.
//!
//! ```text
//!           K columns
//!         ┌──────────┐
//!  64 rows│ panel 0  │  0 1 2 ...: one panel after the other, each column by column
//!         ├──────────┤
//!  64 rows│ panel 1  │
//!         ├──────────┤
//!    rest │ panel 2  │  and zeros up to a multiple of 16 rows
//!         └──────────┘
//! ```
//!
//! A product reads a few rows of its left matrix along all columns. In a matrix stored column by column every
//! column is then another page of memory; in a panel they follow each other, and the processor fetches them
//! before they are asked for. The product with one column reads the whole copy from front to back.

use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

use super::active::{narrow, narrow_mut};
use super::columns::{add_column_product, fill_zero};
use super::isa::{Isa, dispatch};
use super::product::{add_product, set_product};
use super::tiles::{self, Columns, LANES};
use crate::{Real, View, ViewMut, column, column_mut, view_mut, view_rows};

/// Rows of a panel: four wide registers of `f32`.
const PANEL: usize = 64;

/// A copy of a weight matrix in panels.
#[derive(Clone, Debug)]
pub struct Panels<R: Real> {
    rows: usize,
    columns: usize,
    /// Panel p, `[64, K]` or what rows are left for the last and zeros, starts at `64 p K`.
    data: Vec<R>,
}

impl<R: Real> Panels<R> {
    /// The copy of `w [M, K]`.
    pub fn of(w: &DMatrix<R>) -> Self {
        let mut panels = Self::zeros(w.nrows(), w.ncols());
        panels.refresh(w);
        panels
    }

    fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            data: vec![R::zero(); rows.next_multiple_of(LANES) * columns],
        }
    }

    /// Follows a change of `w`.
    pub fn refresh(&mut self, w: &DMatrix<R>) {
        for first in (0..self.rows).step_by(PANEL) {
            let rows = PANEL.min(self.rows - first);
            let panel = &mut self.data[first * self.columns..];
            let columns = panel.chunks_exact_mut(rows.next_multiple_of(LANES));
            for (to, from) in columns.zip(w.column_iter()) {
                to[..rows].copy_from_slice(&from.data.into_slice()[first..first + rows]);
            }
        }
    }

    /// `out += w b`, with `b [K, N]`, `out [M, N]`.
    pub fn add_product(&self, mut out: ViewMut<R>, b: View<R>) {
        assert_eq!((out.nrows(), b.nrows()), (self.rows, self.columns), "w b");
        if b.ncols() == 1 {
            return self.add_column_product(column_mut(&mut out, 0), column(&b, 0));
        }
        self.tiles(&mut out, &b, true);
    }

    /// `out = w b`, with `b [K, N]`, `out [M, N]`.
    pub fn set_product(&self, mut out: ViewMut<R>, b: View<R>) {
        assert_eq!((out.nrows(), b.nrows()), (self.rows, self.columns), "w b");
        if b.ncols() == 1 {
            fill_zero(&mut out);
            return self.add_product(out, b);
        }
        self.tiles(&mut out, &b, false);
    }

    /// The product with several columns, panel by panel.
    fn tiles(&self, out: &mut ViewMut<R>, b: &View<R>, add: bool) {
        assert_eq!(out.ncols(), b.ncols(), "w b");
        let (isa, (k, n)) = (Isa::current(), b.shape());
        for (first, panel) in self.panels() {
            let rows = panel.nrows();
            let mut out = out.rows_mut(first, rows);
            if !tiles::HERE {
                let product = if add { add_product } else { set_product };
                product(out, panel, *b);
                continue;
            }
            let to = Columns {
                start: out.as_mut_ptr(),
                stride: out.strides().1,
            };
            let [a, b] = [&panel, b].map(|m| Columns {
                start: m.as_ptr(),
                stride: m.strides().1,
            });
            // SAFETY: the shapes fit, as has been asserted; `out` is borrowed mutably, and so overlaps
            // neither operand; columns of a panel are padded.
            unsafe { tiles::product(isa, to, (rows, n, k), a, b, (add, true)) };
        }
    }

    /// `y += w x`, two whole panels at a time, then what is left.
    fn add_column_product(&self, y: &mut [R], x: &[R]) {
        let pairs = if let Some(x) = narrow(x) {
            let pairs = y.len() / (2 * PANEL);
            let (y, data) = (narrow_mut(y), narrow(&self.data));
            let (y, _) = y.unwrap_or_default().as_chunks_mut();
            let (data, _) = data.unwrap_or_default().as_chunks();
            dispatch(Isa::current(), Pairs { y, data, x });
            pairs
        } else {
            0
        };
        for (first, panel) in self.panels().skip(2 * pairs) {
            let y = &mut y[first..first + panel.nrows()];
            add_column_product(y, &panel, x);
        }
    }

    /// The panels, each with its first row.
    fn panels(&self) -> impl Iterator<Item = (usize, View<'_, R>)> {
        (0..self.rows).step_by(PANEL).map(|first| {
            let rows = PANEL.min(self.rows - first);
            let panel = &self.data[first * self.columns..];
            let padded = rows.next_multiple_of(LANES);
            (first, view_rows(panel, padded, self.columns, 0..rows))
        })
    }
}

/// `y += w x` in `f32` for pairs of whole panels: `y`, and the columns of all panels, one panel after the
/// other.
struct Pairs<'a> {
    y: &'a mut [[f32; 2 * PANEL]],
    data: &'a [[f32; PANEL]],
    x: &'a [f32],
}

impl WithSimd for Pairs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (y, pair) in (self.y.iter_mut()).zip(self.data.chunks_exact(2 * self.x.len())) {
            let (upper, lower) = pair.split_at(self.x.len());
            let (y_upper, y_lower) = y.split_at_mut(PANEL);
            let (y_upper, _) = S::as_mut_simd_f32s(y_upper);
            let (y_lower, _) = S::as_mut_simd_f32s(y_lower);
            let blocks = y_upper.as_chunks_mut::<4>().0.iter_mut();
            for (i, (u, l)) in blocks.zip(y_lower.as_chunks_mut::<4>().0).enumerate() {
                let (mut sum_u, mut sum_l) = (*u, *l);
                for ((&x, w_u), w_l) in self.x.iter().zip(upper).zip(lower) {
                    let x = simd.splat_f32s(x);
                    let w_u = &S::as_simd_f32s(w_u).0[4 * i..4 * i + 4];
                    let w_l = &S::as_simd_f32s(w_l).0[4 * i..4 * i + 4];
                    for (sum, &w) in sum_u.iter_mut().zip(w_u) {
                        *sum = simd.add_f32s(*sum, simd.mul_f32s(x, w));
                    }
                    for (sum, &w) in sum_l.iter_mut().zip(w_l) {
                        *sum = simd.add_f32s(*sum, simd.mul_f32s(x, w));
                    }
                }
                (*u, *l) = (sum_u, sum_l);
            }
        }
    }
}

/// The copy of a transposed weight matrix, for the reverse pass.
#[derive(Clone, Debug)]
pub struct Transposed<R: Real>(Panels<R>);

impl<R: Real> Transposed<R> {
    /// The copy of `w [K, M]`.
    pub fn of(w: &DMatrix<R>) -> Self {
        let mut transposed = Self(Panels::zeros(w.ncols(), w.nrows()));
        transposed.refresh(w);
        transposed
    }

    /// Follows a change of `w`.
    pub fn refresh(&mut self, w: &DMatrix<R>) {
        let Panels {
            rows,
            columns,
            data,
        } = &mut self.0;
        for first in (0..*rows).step_by(PANEL) {
            let own = PANEL.min(*rows - first);
            let padded = own.next_multiple_of(LANES);
            let mut panel = view_mut(&mut data[first * *columns..], padded, *columns);
            w.columns(first, own)
                .transpose_to(&mut panel.rows_mut(0, own));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use crate::kernel::axpy;

    /// Copies of any height give the products of their matrix, for one column and for many, and follow its
    /// changes.
    #[test]
    fn copies_multiply_as_their_matrix_does() {
        for (rows, lanes) in [(7, 9), (64, 2), (150, 1), (150, 5)] {
            let mut w = random(rows, 5, 1.0, 1);
            let (b, c) = (random(5, lanes, 1.0, 2), random(rows, lanes, 1.0, 3));
            let (mut panels, mut transposed) = (Panels::of(&w), Transposed::of(&w));
            for _ in 0..2 {
                let mut out = DMatrix::from_element(rows, lanes, 2.0);
                panels.set_product(out.as_view_mut(), b.as_view());
                panels.add_product(out.as_view_mut(), b.as_view());
                assert!((&out - 2.0 * &w * &b).norm() < 1e-12);
                let mut out = DMatrix::from_element(5, lanes, 2.0);
                transposed.set_product(out.as_view_mut(), c.as_view());
                transposed.add_product(out.as_view_mut(), c.as_view());
                assert!((&out - 2.0 * w.transpose() * &c).norm() < 1e-12);
                w *= -3.0;
                panels.refresh(&w);
                transposed.refresh(&w);
            }
        }
    }

    /// One column gives the bits of one weighted column after the other, in both number types.
    #[test]
    fn a_product_with_one_column_has_the_bits_of_its_loop() {
        fn check<R: Real>(rows: usize) {
            let (w, x) = (
                random(rows, 9, 1.0, 1).map(R::of),
                random(9, 1, 1.0, 2).map(R::of),
            );
            let mut fast = DMatrix::from_element(rows, 1, R::of(0.1));
            Panels::of(&w).add_product(fast.as_view_mut(), x.as_view());
            let mut slow = DMatrix::from_element(rows, 1, R::of(0.1));
            for (k, &x) in x.iter().enumerate() {
                axpy(x, column(&w.as_view(), k), slow.as_mut_slice());
            }
            assert_eq!(fast, slow);
        }
        for rows in [20, 64, 128, 192, 300, 512] {
            check::<f32>(rows);
            check::<f64>(rows);
        }
    }

    /// A tall transposed copy too is cut into panels.
    #[test]
    fn a_wide_matrix_transposed_has_several_panels() {
        let (w, c) = (random(5, 150, 1.0, 1), random(5, 3, 1.0, 3));
        let mut out = DMatrix::zeros(150, 3);
        Transposed::of(&w).set_product(out.as_view_mut(), c.as_view());
        assert!((&out - w.transpose() * &c).norm() < 1e-12);
    }
}
