//! Products of which few numbers are needed: `out[j, n] += Σ_i w[i, j] d[i, n]` for some of the (j, n).
//!
//! A reverse pass multiplies the adjoint of a spike by its surrogate's slope. Where that is 0, the adjoint is not
//! needed. What is left are inner products of a column of W and a column of d, four at a time.
//!
//! Each is the sum of sixteen partial sums, every sixteenth term in order, by fused multiplications and additions
//! (`f64`: a multiplication, then an addition); then halves are added until one is left, then the terms beyond the last
//! multiple of sixteen. That is one order for every instruction set.

use std::cell::RefCell;

use pulp::{Simd, WithSimd};

use super::active::narrow;
use super::columns::fill_zero;
use super::isa::{Isa, dispatch};
use super::product::set_transpose_product;
use super::sparse::ByUnit;
use crate::{EventView, Real, View, ViewMut, column, column_mut};

/// Partial sums of an inner product.
const SUMS: usize = 16;
/// Bytes of W from which its columns are visited in order: more than a second-level cache holds next to the rest.
const LARGE: usize = 1 << 20;
/// Of the numbers of a product, the share from which on the dense product is taken: by a count of loads, where the two are
/// near each other. At a twelfth the inner products are the faster ones with 256 and 1,024 rows, AVX2 and AVX-512.
const MANY: (usize, usize) = (1, 3);

/// Rows of W from which on an inner product is longer than what finding it takes.
pub const LONG: usize = 64;

/// Whether so few numbers are needed that they are faster found one by one than by the dense product. In `f64` the
/// answer is the same, so that what checks gradients takes the same path.
pub fn is_few(needed: &EventView) -> bool {
    needed.active() * MANY.1 < needed.channels() * needed.columns() * MANY.0
}

/// `out[j, n] += Σ_i w[i, j] d[i, n]` for the units j of each column n of `needed [M, N]`, with `w [K, M]`, `d [K, N]`,
/// `out [M, N]`. The other numbers stay as they are.
pub fn add_transpose_product_where<R: Real>(
    out: &mut ViewMut<R>,
    w: &View<R>,
    d: &View<R>,
    needed: EventView,
) {
    assert_eq!((w.ncols(), d.ncols()), out.shape(), "wᵀ d");
    assert_eq!(w.nrows(), d.nrows(), "wᵀ d");
    assert_eq!((needed.channels(), needed.columns()), out.shape(), "needed");
    thread_local!(static PAIRS: RefCell<Pairs> = RefCell::default());
    PAIRS.with_borrow_mut(|pairs| {
        pairs.list(needed, size_of::<R>() * w.len() > LARGE);
        pairs.sums.resize(pairs.list.len(), 0.0);
        let (Some(_), sums) = (narrow::<R>(&[]), &mut pairs.sums) else {
            for &(j, n) in &pairs.list {
                let sum = plain(column(w, j as usize), column(d, n as usize));
                column_mut(out, n as usize)[j as usize] += sum;
            }
            return;
        };
        let dots = Dots {
            sums,
            // SAFETY of the casts: R is f32 here.
            w: (w.as_ptr().cast(), w.strides().1, w.ncols()),
            d: (d.as_ptr().cast(), d.strides().1, d.ncols()),
            rows: w.nrows(),
            pairs: &pairs.list,
        };
        dispatch(Isa::current(), dots);
        for (&(j, n), &sum) in pairs.list.iter().zip(&pairs.sums) {
            column_mut(out, n as usize)[j as usize] += R::of(f64::from(sum));
        }
    });
}

/// `out = wᵀ d`, with `w [K, M]`, `d [K, N]`, `out [M, N]`; where few are `needed`, the others are 0.
pub fn set_transpose_product_where<R: Real>(
    mut out: ViewMut<R>,
    w: View<R>,
    d: View<R>,
    needed: Option<&EventView>,
) {
    match needed.filter(|needed| is_few(needed)) {
        Some(needed) => {
            fill_zero(&mut out);
            add_transpose_product_where(&mut out, &w, &d, *needed);
        }
        None => set_transpose_product(out, w, d),
    }
}

/// The (unit, column) pairs that are needed, and their inner products.
#[derive(Default)]
struct Pairs {
    list: Vec<(u32, u32)>,
    sums: Vec<f32>,
    by_unit: ByUnit,
}

impl Pairs {
    /// Lists the pairs by column, or `by_unit`.
    fn list(&mut self, needed: EventView, by_unit: bool) {
        self.list.clear();
        if by_unit {
            self.by_unit.sort(needed);
            for unit in 0..needed.channels() {
                let (columns, _) = self.by_unit.of(unit);
                (self.list).extend(columns.iter().map(|&column| (unit as u32, column)));
            }
        } else {
            for n in 0..needed.columns() {
                let (units, _) = needed.column(n);
                self.list.extend(units.iter().map(|&unit| (unit, n as u32)));
            }
        }
    }
}

/// Adds the second half of the partial sums to the first, until one is left.
#[inline(always)]
fn total<T: Copy + std::ops::AddAssign>(mut sums: [T; SUMS]) -> T {
    let mut half = SUMS / 2;
    while half > 0 {
        for i in 0..half {
            let upper = sums[half + i];
            sums[i] += upper;
        }
        half /= 2;
    }
    sums[0]
}

/// One inner product by plain arithmetic.
fn plain<R: Real>(x: &[R], y: &[R]) -> R {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<SUMS>(), y.as_chunks::<SUMS>());
    let mut sums = [R::zero(); SUMS];
    for (x, y) in x.iter().zip(y) {
        for i in 0..SUMS {
            sums[i] += x[i] * y[i];
        }
    }
    let rest = x_rest.iter().zip(y_rest);
    rest.fold(total(sums), |sum, (&x, &y)| sum + x * y)
}

/// The inner products of `pairs` in `f32`. A matrix is where it starts, how far apart its columns are, and how many it
/// has.
struct Dots<'a> {
    sums: &'a mut [f32],
    w: (*const f32, usize, usize),
    d: (*const f32, usize, usize),
    rows: usize,
    pairs: &'a [(u32, u32)],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 1>(simd),
            8 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            _ => self.run::<S, SUMS>(simd),
        }
    }
}

impl Dots<'_> {
    /// All pairs, where so many registers hold the partial sums of one.
    #[inline(always)]
    fn run<S: Simd, const REGISTERS: usize>(self, simd: S) {
        assert_eq!(REGISTERS * S::F32_LANES, SUMS, "registers of a sum");
        let column = |(start, stride, columns): (*const f32, usize, usize), j: u32| {
            assert!((j as usize) < columns, "column {j} of {columns}");
            // SAFETY: the matrix has this column, of `rows` rows.
            unsafe { std::slice::from_raw_parts(start.add(j as usize * stride), self.rows) }
        };
        let (fours, rest) = self.pairs.as_chunks::<4>();
        let (sums, sums_rest) = self.sums.as_chunks_mut::<4>();
        for (pairs, sums) in fours.iter().zip(sums) {
            let operands = pairs.map(|(j, n)| (column(self.w, j), column(self.d, n)));
            *sums = dots::<S, REGISTERS, 4>(simd, operands);
        }
        for (&(j, n), sum) in rest.iter().zip(sums_rest) {
            let operands = (column(self.w, j), column(self.d, n));
            [*sum] = dots::<S, REGISTERS, 1>(simd, [operands]);
        }
    }
}

/// N inner products at once.
#[inline(always)]
fn dots<S: Simd, const REGISTERS: usize, const N: usize>(
    simd: S,
    operands: [(&[f32], &[f32]); N],
) -> [f32; N] {
    let rows = operands[0].0.len();
    let whole = rows / SUMS * SUMS;
    let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; N];
    for start in (0..whole).step_by(SUMS) {
        for (sums, (x, y)) in sums.iter_mut().zip(&operands) {
            for (r, sum) in sums.iter_mut().enumerate() {
                let at = start + r * S::F32_LANES;
                // SAFETY: these rows lie before `whole`, which is at most the length of either column.
                let (x, y) = unsafe {
                    (
                        x.as_ptr().add(at).cast::<S::f32s>().read_unaligned(),
                        y.as_ptr().add(at).cast::<S::f32s>().read_unaligned(),
                    )
                };
                *sum = simd.mul_add_f32s(x, y, *sum);
            }
        }
    }
    let mut result = [0.0; N];
    for (result, (sums, (x, y))) in result.iter_mut().zip(sums.iter().zip(&operands)) {
        let mut numbers = [0.0; SUMS];
        let (registers, _) = S::as_mut_simd_f32s(&mut numbers);
        registers.copy_from_slice(sums);
        let mut sum = total(numbers);
        for i in whole..rows {
            sum = x[i].mul_add(y[i], sum);
        }
        *result = sum;
    }
    result
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::EventBatch;
    use crate::gradcheck::{random, random_events};
    use crate::kernel::add_transpose_product;

    /// What is needed is the dense product's, in any size, by column and by unit; the rest is as it was.
    #[test]
    fn needed_numbers_are_the_products() {
        fn check<R: Real>(rows: usize, units: usize, columns: usize, tolerance: f64) {
            let w = random(rows, units, 1.0, 1).map(R::of);
            let d = random(rows, columns, 1.0, 2).map(R::of);
            let needed = random_events(units, columns, 0.2, 3);
            let mut few = DMatrix::from_element(units, columns, R::of(0.5));
            let mut all = few.clone();
            let (w, d) = (w.as_view(), d.as_view());
            add_transpose_product_where(&mut few.as_view_mut(), &w, &d, needed.view());
            add_transpose_product(all.as_view_mut(), w, d);
            for n in 0..columns {
                let (own, _) = needed.view().column(n);
                for j in 0..units {
                    let found = few[(j, n)].wide();
                    if own.contains(&(j as u32)) {
                        assert!((found - all[(j, n)].wide()).abs() < tolerance, "{found}");
                    } else {
                        assert!((found - 0.5).abs() < 1e-12, "not needed, yet {found}");
                    }
                }
            }
        }
        for (rows, units, columns) in [(1, 3, 2), (16, 5, 7), (37, 40, 9), (700, 900, 6)] {
            check::<f32>(rows, units, columns, 1e-4);
            check::<f64>(rows, units, columns, 1e-11);
        }
    }

    /// Registers of any length give the same bits.
    #[test]
    fn every_instruction_set_has_the_same_bits() {
        let (w, d) = (random(75, 6, 1.0, 1), random(75, 3, 1.0, 2));
        let (w, d) = (w.map(|x| x as f32), d.map(|x| x as f32));
        let pairs: Vec<(u32, u32)> = (0..6).flat_map(|j| (0..3).map(move |n| (j, n))).collect();
        let sums = |run: &dyn Fn(Dots)| {
            let mut sums = vec![0.0; pairs.len()];
            run(Dots {
                sums: &mut sums,
                w: (w.as_ptr(), 75, 6),
                d: (d.as_ptr(), 75, 3),
                rows: 75,
                pairs: &pairs,
            });
            sums
        };
        let plain = sums(&|dots| dots.with_simd(pulp::Scalar));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
            assert_eq!(sums(&|dots| dispatch(isa, dots)), plain, "{isa}");
        }
    }

    #[test]
    fn many_needed_numbers_are_left_to_the_dense_product() {
        let (w, d) = (random(20, 8, 1.0, 1), random(20, 5, 1.0, 2));
        let mut some = EventBatch::new(8);
        let mut most = EventBatch::new(8);
        for n in 0..5 {
            some.push_column([(n, 1.0)]);
            most.push_column((0..6).map(|j| (j, 1.0)));
        }
        assert!(is_few(&some.view()) && !is_few(&most.view()));
        let product = |needed: Option<&EventBatch>| {
            let mut out = DMatrix::from_element(8, 5, 9.0);
            set_transpose_product_where(
                out.as_view_mut(),
                w.as_view(),
                d.as_view(),
                needed.map(EventBatch::view).as_ref(),
            );
            out
        };
        let all = product(None);
        assert_eq!(product(Some(&most)), all);
        let few = product(Some(&some));
        for n in 0..5 {
            for j in 0..8 {
                let expected = if j == n { all[(j, n)] } else { 0.0 };
                assert!((few[(j, n)] - expected).abs() < 1e-13);
            }
        }
    }
}
