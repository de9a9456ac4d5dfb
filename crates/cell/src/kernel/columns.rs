//! Sums of weighted columns, `y += Σ_i c_i W[:, k_i]`: an event adds its unit's column.
//!
//! A block of `y` is held in registers while all columns pass by, so that every weight is read once, in
//! order, and nothing else touches memory.

use pulp::{Simd, WithSimd};

use super::active::{active, narrow, narrow_mut};
use super::event_tiles;
use super::isa::{Isa, dispatch};
use crate::elementary::exp;
use crate::{EventView, Real, View, ViewMut, column, column_mut};

/// Values that are searched for spikes at a time: many, so that y is loaded seldom.
const PASS: usize = 512;

crate::for_each_isa! {
    /// `y += alpha x`.
    pub fn axpy<R: Real>(alpha: R, x: &[R], y: &mut [R]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += alpha * x;
        }
    }
}

/// `out = x`, column by column.
pub fn copy<R: Real>(out: &mut ViewMut<R>, x: &View<R>) {
    assert_eq!(out.shape(), x.shape(), "a copy");
    for j in 0..x.ncols() {
        column_mut(out, j).copy_from_slice(column(x, j));
    }
}

crate::for_each_isa! {
    /// `out += x`.
    pub fn add<R: Real>(out: &mut ViewMut<R>, x: &View<R>) {
        assert_eq!(out.shape(), x.shape(), "a sum");
        for j in 0..x.ncols() {
            for (out, &x) in column_mut(out, j).iter_mut().zip(column(x, j)) {
                *out += x;
            }
        }
    }
}

crate::for_each_isa! {
    /// exp of every number of `m`, in one loop where no gaps are between its columns.
    pub fn exponentials<R: Real>(m: &mut ViewMut<R>) {
        let (rows, columns) = m.shape();
        if m.strides() == (1, rows) {
            // SAFETY: columns are contiguous and follow each other, so these numbers are the view's and no others; it
            // is borrowed mutably.
            let all = unsafe { std::slice::from_raw_parts_mut(m.as_mut_ptr(), rows * columns) };
            for x in all {
                *x = exp(*x);
            }
            return;
        }
        for j in 0..columns {
            for x in column_mut(m, j) {
                *x = exp(*x);
            }
        }
    }
}

/// `out = 0`, column by column.
pub fn fill_zero<R: Real>(out: &mut ViewMut<R>) {
    for j in 0..out.ncols() {
        column_mut(out, j).fill(R::zero());
    }
}

/// `y += Σ_i counts[i] W[:, units[i]]`, added in order, with `w [M, K]`, `y [M]`.
pub fn gather<R: Real>(y: &mut [R], w: View<R>, units: &[u32], counts: &[f32]) {
    let columns = units.iter().zip(counts);
    add_columns(y, &w, columns.map(|(&unit, &count)| (count, unit as usize)));
}

/// `out += W e`, with `w [M, K]`, events `e [K, N]`, `out [M, N]`: [`gather`] for each column.
pub fn gather_columns<R: Real>(mut out: ViewMut<R>, w: View<R>, e: EventView) {
    if e.columns() > 1 && event_tiles::gather(&mut out, &w, e) {
        return;
    }
    for j in 0..e.columns() {
        let (units, counts) = e.column(j);
        gather(column_mut(&mut out, j), w, units, counts);
    }
}

/// `y += Σ_k s[k] W[:, k]` over the k where `s[k]` is not zero: the product of a spike vector.
pub fn gather_active<R: Real>(y: &mut [R], w: &View<R>, s: &[R]) {
    let Some(narrow) = narrow(s) else {
        for (k, &s) in s.iter().enumerate() {
            if s != R::zero() {
                axpy(s, column(w, k), y);
            }
        }
        return;
    };
    let mut units = [0; PASS];
    for (start, s) in (0..).step_by(PASS).zip(narrow.chunks(PASS)) {
        let n = active(s, &mut units);
        let columns = units[..n].iter().map(|&k| k as usize);
        add_columns(y, w, columns.map(|k| (s[k], start + k)));
    }
}

/// `y += W x` for one column: a gather of all columns.
pub(super) fn add_column_product<R: Real>(y: &mut [R], w: &View<R>, x: &[R]) {
    if let Some(x) = narrow(x) {
        add_columns(y, w, x.iter().enumerate().map(|(k, &x)| (x, k)));
    } else {
        for (k, &x) in x.iter().enumerate() {
            axpy(x, column(w, k), y);
        }
    }
}

/// `y += Σ c W[:, k]` over the `(c, k)` of `columns`, in order.
pub(super) fn add_columns<R: Real>(
    y: &mut [R],
    w: &View<R>,
    columns: impl Iterator<Item = (f32, usize)> + Clone,
) {
    assert_eq!(y.len(), w.nrows(), "rows of a gather");
    if let Some(y) = narrow_mut(y) {
        let sum = Sum {
            y,
            // SAFETY of the cast: R is f32 here.
            w: w.as_ptr().cast(),
            stride: w.strides().1,
            width: w.ncols(),
            columns,
        };
        dispatch(Isa::current(), sum);
    } else {
        for (c, k) in columns {
            axpy(R::of(f64::from(c)), column(w, k), y);
        }
    }
}

/// The arguments of [`add_columns`] in `f32`: column k of W starts `k * stride` values behind `w`.
struct Sum<'a, I> {
    y: &'a mut [f32],
    w: *const f32,
    stride: usize,
    width: usize,
    columns: I,
}

impl<I: Iterator<Item = (f32, usize)> + Clone> WithSimd for Sum<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (registers, tail) = S::as_mut_simd_f32s(self.y);
        let body = registers.len() * S::F32_LANES;
        // SAFETY: `add_columns` has checked that W has as many rows as y, and `column` below that k is one
        // of its columns; the rows of a block lie within them.
        let column = |k: usize, row: usize| {
            assert!(k < self.width, "column {k} of {}", self.width);
            unsafe { self.w.add(k * self.stride + row) }
        };
        let mut row = 0;
        let mut rest = registers;
        // Eight registers at a time: with sixteen, though they are there, random columns come a quarter slower.
        rest = blocks::<S, 8>(simd, rest, &mut row, &self.columns, &column);
        rest = blocks::<S, 4>(simd, rest, &mut row, &self.columns, &column);
        blocks::<S, 1>(simd, rest, &mut row, &self.columns, &column);
        if tail.is_empty() {
            return;
        }
        let mut sum = simd.partial_load_f32s(tail);
        for (c, k) in self.columns {
            // SAFETY: the rows behind the body are as many as the tail's, and end with the column.
            let x = unsafe { std::slice::from_raw_parts(column(k, body), tail.len()) };
            let x = simd.partial_load_f32s(x);
            sum = simd.add_f32s(sum, simd.mul_f32s(simd.splat_f32s(c), x));
        }
        simd.partial_store_f32s(tail, sum);
    }
}

/// The whole blocks of N registers of `y`; returns what is left of it, and moves `row` on.
#[inline(always)]
fn blocks<'a, S: Simd, const N: usize>(
    simd: S,
    y: &'a mut [S::f32s],
    row: &mut usize,
    columns: &(impl Iterator<Item = (f32, usize)> + Clone),
    column: &impl Fn(usize, usize) -> *const f32,
) -> &'a mut [S::f32s] {
    let (blocks, rest) = y.as_chunks_mut::<N>();
    for block in blocks {
        let mut sum = *block;
        for (c, k) in columns.clone() {
            let c = simd.splat_f32s(c);
            let x = column(k, *row).cast::<S::f32s>();
            for (i, sum) in sum.iter_mut().enumerate() {
                // SAFETY: these N registers lie within the rows of the column.
                let x = unsafe { x.add(i).read_unaligned() };
                *sum = simd.add_f32s(*sum, simd.mul_f32s(c, x));
            }
        }
        *block = sum;
        *row += N * S::F32_LANES;
    }
    rest
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::gradcheck::{random, random_events};

    /// Any number of rows gives the bits of one column after the other, in both number types.
    #[test]
    fn a_gather_has_the_bits_of_its_loop() {
        fn check<R: Real>(rows: usize) {
            let w = random(rows, 50, 1.0, 3).map(R::of);
            for seed in 0..20 {
                let events = random_events(50, 1, 0.3, seed);
                let (units, counts) = events.view().column(0);
                let mut fast = vec![R::of(0.1); rows];
                gather(&mut fast, w.as_view(), units, counts);
                let mut slow = vec![R::of(0.1); rows];
                for (&unit, &count) in units.iter().zip(counts) {
                    for (y, &x) in slow.iter_mut().zip(w.column(unit as usize).iter()) {
                        *y += R::of(f64::from(count)) * x;
                    }
                }
                assert_eq!(fast, slow);
            }
        }
        for rows in [1, 16, 37, 129, 300, 413] {
            check::<f32>(rows);
            check::<f64>(rows);
        }
    }

    /// The same in the registers of every set that the machine has, plain ones of one number among them.
    #[test]
    fn every_instruction_set_has_the_same_bits() {
        let w: DMatrix<f32> = random(300, 9, 1.0, 4).map(|x| x as f32);
        let columns = [(0.5, 3), (-2.0, 8), (0.1, 0)];
        let mut fast = vec![0.3; 300];
        add_columns(&mut fast, &w.as_view(), columns.into_iter());
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
            let mut own = vec![0.3; 300];
            let sum = Sum {
                y: &mut own,
                w: w.as_ptr(),
                stride: 300,
                width: 9,
                columns: columns.into_iter(),
            };
            dispatch(isa, sum);
            assert_eq!(fast, own, "{isa}");
        }
    }

    #[test]
    #[should_panic(expected = "column 9 of 9")]
    fn a_column_beyond_the_matrix_is_refused() {
        let w: DMatrix<f32> = DMatrix::zeros(20, 9);
        gather(&mut [0.0; 20], w.as_view(), &[9], &[1.0]);
    }

    #[test]
    fn rows_of_a_larger_matrix_have_its_stride() {
        let w: DMatrix<f32> = random(70, 5, 1.0, 5).map(|x| x as f32);
        let mut y = vec![0.0; 33];
        gather(&mut y, w.view((30, 0), (33, 5)), &[1, 4], &[1.0, 2.0]);
        let expected = w.view((30, 1), (33, 1)) + w.view((30, 4), (33, 1)) * 2.0;
        assert_eq!(y, expected.as_slice());
    }

    #[test]
    fn spikes_gather_their_columns() {
        let w: DMatrix<f32> = random(20, 150, 1.0, 6).map(|x| x as f32);
        let mut s = vec![0.0; 150];
        for k in [0, 63, 64, 149] {
            s[k] = 1.0;
        }
        let mut y = vec![0.0; 20];
        gather_active(&mut y, &w.as_view(), &s);
        let mut expected = vec![0.0; 20];
        gather(&mut expected, w.as_view(), &[0, 63, 64, 149], &[1.0; 4]);
        assert_eq!(y, expected);
    }
}
