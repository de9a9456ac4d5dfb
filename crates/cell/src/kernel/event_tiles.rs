//! Products with many sparse columns, tile of the weights by tile: `Y += W E` and `dW += D Eᵀ`.
//!
//! Column by column, each event reads a column of W, from the second-level cache where W is larger than the
//! first. Here a tile of W, some rows of some units, stays in the first-level cache while all columns pass by:
//!
//! ```text
//! for a tile of W:                rows r, units from u to u + n
//!     for each column j:          y = Y[r, j] in registers                   d = D[r, j] in registers
//!         for its events in the tile:  y += count W[r, unit]      or         dW[r, unit] += count d
//! ```
//!
//! A column keeps its place in its events from one tile to the next. The additions to one number have the order of
//! the events in a gather and of the columns in a scatter, as in the plain loops, so the bits are the same. A count
//! of 1, 2 or 4 is multiplied and added in one rounding: the product is exact, so the bits are those of two.

use std::cell::RefCell;

use pulp::{Simd, WithSimd};

use super::active::narrow_mut;
use super::isa::{Isa, dispatch};
use crate::{EventView, Real, View, ViewMut};

/// Bytes of a tile: two thirds of a first-level cache of 48 KiB, all of one of 32.
const TILE: usize = 32 << 10;
/// Events that a column must have in a tile, on average, to pay for turning to it.
const LEAST: usize = 3;
/// Rows up to which tiles pay: of more, each column's events would be visited once for every block of rows.
const MOST: usize = 512;
/// Registers of a block of rows, where there are as many.
const BLOCK: usize = 8;

/// Which of the two products.
const GATHER: bool = false;
const SCATTER: bool = true;

/// `out += W e`, with `w [M, K]`, events `e [K, N]`, `out [M, N]`; false where this way does not pay, and nothing
/// has been done.
pub(super) fn gather<R: Real>(out: &mut ViewMut<R>, w: &View<R>, e: EventView) -> bool {
    let (rows, stride) = (w.nrows(), out.strides().1);
    assert_eq!(w.ncols(), e.channels(), "weights and channels");
    assert_eq!(out.shape(), (rows, e.columns()), "W e");
    // SAFETY of the casts: `run` uses them where R is f32 alone.
    let w = (w.as_ptr().cast_mut().cast(), w.strides().1);
    run::<R, GATHER>(rows, w, (out.as_mut_ptr().cast(), stride), e)
}

/// `dw += d eᵀ`, with `d [M, N]`, events `e [K, N]`, `dw [M, K]`; false where this way does not pay, and nothing
/// has been done.
pub(super) fn scatter<R: Real>(dw: &mut ViewMut<R>, d: &View<R>, e: EventView) -> bool {
    let (rows, stride) = (dw.nrows(), dw.strides().1);
    assert_eq!(dw.ncols(), e.channels(), "weights and channels");
    assert_eq!(d.shape(), (rows, e.columns()), "d eᵀ");
    let d = (d.as_ptr().cast_mut().cast(), d.strides().1);
    run::<R, SCATTER>(rows, (dw.as_mut_ptr().cast(), stride), d, e)
}

/// A matrix by its first number and the distance from column to column.
type Strided = (*mut f32, usize);

fn run<R: Real, const WAY: bool>(rows: usize, w: Strided, y: Strided, e: EventView) -> bool {
    let narrow = narrow_mut::<R>(&mut []).is_some();
    let units = units_of_a_tile(rows.min(BLOCK * 16));
    let tiles = e.channels().div_ceil(units.max(1));
    // A gather from a matrix within the cache has nothing to gain.
    let least = if WAY == GATHER && tiles < 2 {
        usize::MAX
    } else {
        LEAST
    };
    if !narrow || rows == 0 || rows > MOST || e.active() / e.columns().max(1) / tiles.max(1) < least
    {
        return false;
    }
    thread_local!(static PLACES: RefCell<Vec<usize>> = RefCell::default());
    PLACES.with_borrow_mut(|places| {
        let tiled = Tiled::<WAY> {
            rows,
            w,
            y,
            e,
            places,
        };
        dispatch(Isa::current(), tiled);
    });
    true
}

/// Units of a tile of so many rows.
fn units_of_a_tile(rows: usize) -> usize {
    (TILE / size_of::<f32>() / rows.max(1)).max(8)
}

/// The arguments of either product: W or dW, and the columns that it is multiplied to or from.
struct Tiled<'a, const WAY: bool> {
    rows: usize,
    w: Strided,
    y: Strided,
    e: EventView<'a>,
    /// The next event of each column, `[N]`.
    places: &'a mut Vec<usize>,
}

impl<const WAY: bool> WithSimd for Tiled<'_, WAY> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut row = 0;
        row = self.blocks::<S, BLOCK>(simd, row);
        row = self.blocks::<S, 4>(simd, row);
        row = self.blocks::<S, 2>(simd, row);
        row = self.blocks::<S, 1>(simd, row);
        while row < self.rows {
            self.tiles(row, 1, &mut Plain::<WAY>);
            row += 1;
        }
    }
}

/// What happens to the events of one column in a tile, for some rows.
trait Turn {
    /// Takes the events from `place` on whose unit is before `end`; returns the place after them.
    ///
    /// # Safety
    /// `w` and `y` are the first of the rows in column 0 of W and in this column; W has `end` columns.
    unsafe fn events(
        &mut self,
        w: Strided,
        y: *mut f32,
        events: (&[u32], &[f32]),
        place: usize,
        end: u32,
    ) -> usize;
}

impl<const WAY: bool> Tiled<'_, WAY> {
    /// The whole blocks of N registers from `row` on; returns the first row behind them.
    #[inline(always)]
    fn blocks<S: Simd, const N: usize>(&mut self, simd: S, mut row: usize) -> usize {
        let block = N * S::F32_LANES;
        while row + block <= self.rows {
            self.tiles(row, block, &mut Wide::<S, N, WAY> { simd });
            row += block;
        }
        row
    }

    /// All tiles of the `rows` rows from `row` on.
    #[inline(always)]
    fn tiles(&mut self, row: usize, rows: usize, turn: &mut impl Turn) {
        let (channels, columns) = (self.e.channels(), self.e.columns());
        let starts = (0..columns).map(|j| self.e.range(j).start);
        self.places.clear();
        self.places.extend(starts);
        let units = units_of_a_tile(rows);
        // SAFETY: `row` is a row of W, and of each column.
        let w = (unsafe { self.w.0.add(row) }, self.w.1);
        let mut end = 0;
        while end < channels {
            end = (end + units).min(channels);
            for (j, place) in self.places.iter_mut().enumerate() {
                let events = self.e.until(j);
                // SAFETY: the rows from `row` on are as many as the turn takes, in W and in column j of y; W
                // has `end` columns, since it has as many as there are channels.
                *place = unsafe {
                    let y = self.y.0.add(j * self.y.1 + row);
                    turn.events(w, y, events, *place, end as u32)
                };
            }
        }
        for (j, place) in self.places.iter().enumerate() {
            assert!(
                *place == self.e.range(j).end,
                "a unit of column {j} is beyond {channels} channels"
            );
        }
    }
}

/// N registers of rows.
struct Wide<S, const N: usize, const WAY: bool> {
    simd: S,
}

impl<S: Simd, const N: usize, const WAY: bool> Turn for Wide<S, N, WAY> {
    #[inline(always)]
    unsafe fn events(
        &mut self,
        (w, stride): Strided,
        y: *mut f32,
        (units, counts): (&[u32], &[f32]),
        mut place: usize,
        end: u32,
    ) -> usize {
        let simd = self.simd;
        let y = y.cast::<[S::f32s; N]>();
        if units.get(place).is_none_or(|unit| *unit >= end) {
            return place;
        }
        // SAFETY: the caller's.
        let mut own = unsafe { y.read_unaligned() };
        while let (Some(&unit), Some(&count)) = (units.get(place), counts.get(place)) {
            if unit >= end {
                break;
            }
            place += 1;
            // SAFETY: `unit` is a column of W.
            let w = unsafe { w.add(unit as usize * stride) }.cast::<[S::f32s; N]>();
            let c = simd.splat_f32s(count);
            let exact = is_exact(count);
            // SAFETY: as above.
            let mut x = unsafe { w.read_unaligned() };
            let (to, from) = if WAY == GATHER {
                (&mut own, &x)
            } else {
                (&mut x, &own)
            };
            if exact {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = simd.mul_add_f32s(c, *from, *to);
                }
            } else {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = simd.add_f32s(*to, simd.mul_f32s(c, *from));
                }
            }
            if WAY == SCATTER {
                // SAFETY: as above.
                unsafe { w.write_unaligned(x) };
            }
        }
        if WAY == GATHER {
            // SAFETY: as above.
            unsafe { y.write_unaligned(own) };
        }
        place
    }
}

/// One row.
struct Plain<const WAY: bool>;

impl<const WAY: bool> Turn for Plain<WAY> {
    #[inline(always)]
    unsafe fn events(
        &mut self,
        (w, stride): Strided,
        y: *mut f32,
        (units, counts): (&[u32], &[f32]),
        mut place: usize,
        end: u32,
    ) -> usize {
        while let (Some(&unit), Some(&count)) = (units.get(place), counts.get(place)) {
            if unit >= end {
                break;
            }
            place += 1;
            // SAFETY: the caller's; `unit` is a column of W.
            unsafe {
                let w = w.add(unit as usize * stride);
                if WAY == GATHER {
                    *y += count * *w;
                } else {
                    *w += count * *y;
                }
            }
        }
        place
    }
}

/// Whether a product with this count is exact, however small the number, unless it is too large for f32.
#[inline(always)]
fn is_exact(count: f32) -> bool {
    // One comparison: three would be branches, which random counts mispredict.
    count
        .to_bits()
        .wrapping_sub(1.0f32.to_bits())
        .rotate_right(23)
        <= 2
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::EventBatch;
    use crate::gradcheck::random;
    use crate::kernel::axpy;
    use crate::{column, column_mut};

    /// Counts of one to six, a quarter of the units, columns without an event among them.
    fn events(channels: usize) -> EventBatch {
        let mut batch = EventBatch::new(channels);
        for j in 0..40 {
            for unit in 0..channels {
                let k = (unit * 7919 + j * 104_729) % 1_009;
                if k < 250 && j % 9 != 4 {
                    batch.push(unit as u32, (1 + k % 6) as f32);
                }
            }
            batch.end_column();
        }
        batch
    }

    fn both(rows: usize, channels: usize, isa: Option<Isa>) {
        let all = events(channels);
        for e in [all.view(), all.view().slice(3, 30)] {
            let w = random(rows, channels, 1.0, 3).map(|x| x as f32);
            let y = random(rows, e.columns(), 1.0, 4).map(|x| x as f32);
            let (mut fast, mut fast_w) = (y.clone(), w.clone());
            if let Some(isa) = isa {
                let places = &mut Vec::new();
                let (own, own_w) = ((fast.as_mut_ptr(), rows), (fast_w.as_mut_ptr(), rows));
                let from = |m: &DMatrix<f32>| (m.as_ptr().cast_mut(), rows);
                let tiled = Tiled::<GATHER> {
                    rows,
                    w: from(&w),
                    y: own,
                    e,
                    places,
                };
                dispatch(isa, tiled);
                let places = &mut Vec::new();
                let tiled = Tiled::<SCATTER> {
                    rows,
                    w: own_w,
                    y: from(&y),
                    e,
                    places,
                };
                dispatch(isa, tiled);
            } else {
                assert!(
                    gather(&mut fast.as_view_mut(), &w.as_view(), e),
                    "{rows} x {channels}"
                );
                assert!(scatter(&mut fast_w.as_view_mut(), &y.as_view(), e));
            }
            let (mut slow, mut slow_w) = (y.clone(), w.clone());
            for j in 0..e.columns() {
                let (units, counts) = e.column(j);
                for (&unit, &count) in units.iter().zip(counts) {
                    let unit = unit as usize;
                    axpy(
                        count,
                        column(&w.as_view(), unit),
                        column_mut(&mut slow.as_view_mut(), j),
                    );
                    axpy(
                        count,
                        column(&y.as_view(), j),
                        column_mut(&mut slow_w.as_view_mut(), unit),
                    );
                }
            }
            assert_eq!(fast, slow);
            assert_eq!(fast_w, slow_w);
        }
    }

    #[test]
    fn tiles_have_the_bits_of_plain_loops() {
        for rows in [128, 37, 129, 300, 413] {
            both(rows, 700, None);
        }
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
            both(20, 700, Some(isa));
            both(129, 700, Some(isa));
        }
    }

    #[test]
    fn few_events_f64_and_matrices_within_the_cache_go_column_by_column() {
        let few = crate::gradcheck::random_events(700, 40, 0.01, 1);
        let many = events(700);
        let mut out: DMatrix<f32> = DMatrix::zeros(128, 40);
        let w = DMatrix::zeros(128, 700);
        assert!(!gather(&mut out.as_view_mut(), &w.as_view(), few.view()));
        let mut out: DMatrix<f64> = DMatrix::zeros(128, 40);
        let w = DMatrix::zeros(128, 700);
        assert!(!gather(&mut out.as_view_mut(), &w.as_view(), many.view()));
        let small = events(60);
        let mut out: DMatrix<f32> = DMatrix::zeros(128, 40);
        let w = DMatrix::zeros(128, 60);
        assert!(!gather(&mut out.as_view_mut(), &w.as_view(), small.view()));
    }

    /// In a release build; in others the batch refuses it.
    #[test]
    #[should_panic(expected = "700")]
    fn a_unit_beyond_the_channels_is_refused() {
        let many: Vec<u32> = (0..=700).collect();
        let mut e = EventBatch::new(700);
        e.push_slices(&many, &[1.0; 701]);
        e.push_slices(&many, &[1.0; 701]);
        let w: DMatrix<f32> = DMatrix::zeros(128, 700);
        let mut out: DMatrix<f32> = DMatrix::zeros(128, 2);
        gather(&mut out.as_view_mut(), &w.as_view(), e.view());
    }
}
