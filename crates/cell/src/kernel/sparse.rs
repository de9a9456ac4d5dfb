//! What sparse columns leave in a weight gradient: `dW += Σ_j d[:, j] e[:, j]ᵀ`.
//!
//! Column by column, every event reads and writes a column of dW: tile by tile (`event_tiles`) from the
//! first-level cache, where a column has events enough in each. Where it has not, they are sorted by unit, so that
//! a column of dW is loaded once and takes what all its events bring. The order of the additions to a weight is
//! that of the columns either way.

use std::cell::RefCell;

use super::columns::add_columns;
use super::event_tiles;
use crate::{EventBatch, EventView, Real, View, ViewMut, column_mut};

/// `dw += d eᵀ`, with `d [M, N]`, events `e [K, N]`, `dw [M, K]`.
pub fn scatter<R: Real>(dw: &mut ViewMut<R>, d: &View<R>, e: EventView) {
    assert_eq!((d.nrows(), d.ncols()), (dw.nrows(), e.columns()), "d eᵀ");
    assert_eq!(e.channels(), dw.ncols(), "weights and channels");
    if event_tiles::scatter(dw, d, e) {
        return;
    }
    thread_local!(static BY_UNIT: RefCell<ByUnit> = RefCell::default());
    BY_UNIT.with_borrow_mut(|events| {
        events.sort(e);
        for unit in 0..e.channels() {
            let (columns, counts) = events.of(unit);
            if !columns.is_empty() {
                let columns = columns.iter().zip(counts);
                let columns = columns.map(|(&column, &count)| (count, column as usize));
                add_columns(column_mut(dw, unit), d, columns);
            }
        }
    });
}

/// `dw += d sᵀ`, with `d [M, N]`, spikes `s [K, N]` of which few are not zero, `dw [M, K]`.
pub fn add_product_by_spikes<R: Real>(dw: &mut ViewMut<R>, d: &View<R>, s: &View<R>) {
    thread_local!(static SPIKES: RefCell<EventBatch> = RefCell::default());
    SPIKES.with_borrow_mut(|spikes| {
        spikes.clear(s.nrows());
        spikes.push_dense(s);
        scatter(dw, d, spikes.view());
    });
}

/// Events sorted by unit: for each, the columns in which it fired.
#[derive(Default)]
pub(super) struct ByUnit {
    /// Where unit u's events end; those of u + 1 follow.
    ends: Vec<u32>,
    columns: Vec<u32>,
    counts: Vec<f32>,
}

impl ByUnit {
    /// A counting sort, which keeps columns in order.
    pub(super) fn sort(&mut self, e: EventView) {
        let (units, counts) = e.all();
        self.ends.clear();
        self.ends.resize(e.channels() + 1, 0);
        self.columns.resize(units.len(), 0);
        self.counts.resize(units.len(), 0.0);
        for &unit in units {
            self.ends[unit as usize + 1] += 1;
        }
        for unit in 0..e.channels() {
            self.ends[unit + 1] += self.ends[unit];
        }
        // `ends[u]` is where u's events start, and moves on to where they end.
        for j in 0..e.columns() {
            let (units, own) = e.column(j);
            for (&unit, &count) in units.iter().zip(own) {
                let at = self.ends[unit as usize] as usize;
                self.ends[unit as usize] += 1;
                self.columns[at] = j as u32;
                self.counts[at] = count;
            }
        }
        debug_assert_eq!(counts.len(), units.len());
    }

    /// Columns and counts of `unit`'s events.
    pub(super) fn of(&self, unit: usize) -> (&[u32], &[f32]) {
        let start = if unit == 0 { 0 } else { self.ends[unit - 1] };
        let range = start as usize..self.ends[unit] as usize;
        (&self.columns[range.clone()], &self.counts[range])
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::column;
    use crate::gradcheck::{random, random_events};
    use crate::kernel::axpy;

    #[test]
    fn a_scatter_has_the_bits_of_its_loop() {
        fn check<R: Real>() {
            let d = random(37, 60, 1.0, 3).map(R::of);
            let events = random_events(50, 60, 0.1, 7);
            for e in [events.view(), events.view().slice(13, 40)] {
                let d = d.columns(0, e.columns());
                let mut fast = DMatrix::from_element(37, 50, R::of(0.1));
                scatter(&mut fast.as_view_mut(), &d, e);
                let mut slow = DMatrix::from_element(37, 50, R::of(0.1));
                for j in 0..e.columns() {
                    let (units, counts) = e.column(j);
                    for (&unit, &count) in units.iter().zip(counts) {
                        let to = slow.column_mut(unit as usize).data.into_slice_mut();
                        axpy(R::of(f64::from(count)), column(&d, j), to);
                    }
                }
                assert_eq!(fast, slow);
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn a_product_by_spikes_is_the_product() {
        let d = random(20, 30, 1.0, 3);
        let s = random(40, 30, 1.0, 4).map(|x| if x > 0.9 { 1.0 } else { 0.0 });
        let mut dw = DMatrix::zeros(20, 40);
        add_product_by_spikes(&mut dw.as_view_mut(), &d.as_view(), &s.as_view());
        assert!((dw - &d * s.transpose()).norm() < 1e-13);
    }
}
