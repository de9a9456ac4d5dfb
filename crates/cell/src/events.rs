//! Events, compressed by column: which units fired in a (step, lane), and how often.
//!
//! Real event streams fill 1-15 % of the cells of a dense matrix. A column keeps its units in
//! ascending order, so that sums over a column have one order.

use std::cell::RefCell;
use std::ops::Range;

use crate::{Real, View, view};

/// A sparse matrix `[channels, columns]` of event counts, grown column by column.
#[derive(Clone, Debug, PartialEq)]
pub struct EventBatch {
    channels: usize,
    offsets: Vec<usize>,
    units: Vec<u32>,
    counts: Vec<f32>,
}

impl Default for EventBatch {
    fn default() -> Self {
        Self::new(0)
    }
}

impl EventBatch {
    /// An empty batch of `channels` rows and no column.
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            offsets: vec![0],
            units: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// The same, with memory for `columns` columns in which every channel has events.
    pub fn with_room(channels: usize, columns: usize) -> Self {
        let mut offsets = Vec::with_capacity(columns + 1);
        offsets.push(0);
        Self {
            channels,
            offsets,
            units: Vec::with_capacity(channels * columns),
            counts: Vec::with_capacity(channels * columns),
        }
    }

    /// Forgets all columns and keeps the memory.
    pub fn clear(&mut self, channels: usize) {
        self.channels = channels;
        self.offsets.clear();
        self.offsets.push(0);
        self.units.clear();
        self.counts.clear();
    }

    /// Makes room for so many more events in so many more columns.
    pub fn reserve(&mut self, events: usize, columns: usize) {
        self.offsets.reserve(columns);
        self.units.reserve(events);
        self.counts.reserve(events);
    }

    /// Adds one event to the open column. Units of a column come in ascending order.
    #[inline]
    pub fn push(&mut self, unit: u32, count: f32) {
        debug_assert!(
            (unit as usize) < self.channels,
            "unit {unit} is beyond {} channels",
            self.channels
        );
        self.units.push(unit);
        self.counts.push(count);
    }

    /// Closes the open column and opens the next.
    #[inline]
    pub fn end_column(&mut self) {
        self.offsets.push(self.units.len());
    }

    /// Adds a whole column.
    pub fn push_column(&mut self, events: impl IntoIterator<Item = (u32, f32)>) {
        for (unit, count) in events {
            self.push(unit, count);
        }
        self.end_column();
    }

    /// Adds a whole column, of units in ascending order with their counts.
    ///
    /// # Panics
    /// Where there are not as many counts as units.
    pub fn push_slices(&mut self, units: &[u32], counts: &[f32]) {
        assert_eq!(units.len(), counts.len(), "a count for every unit");
        debug_assert!(
            units.iter().all(|unit| (*unit as usize) < self.channels),
            "a unit is beyond {} channels",
            self.channels
        );
        self.units.extend_from_slice(units);
        self.counts.extend_from_slice(counts);
        self.end_column();
    }

    /// Adds a whole column of narrow units, ascending, with their narrow counts.
    ///
    /// # Panics
    /// Where there are not as many counts as units.
    pub fn push_narrow(&mut self, units: &[u16], counts: &[u8]) {
        assert_eq!(units.len(), counts.len(), "a count for every unit");
        debug_assert!(
            units.iter().all(|unit| usize::from(*unit) < self.channels),
            "a unit is beyond {} channels",
            self.channels
        );
        self.units.extend(units.iter().map(|&unit| u32::from(unit)));
        self.counts
            .extend(counts.iter().map(|&count| f32::from(count)));
        self.end_column();
    }

    /// Adds copies of `len` columns from `start` on.
    pub fn repeat(&mut self, start: usize, len: usize) {
        for j in start..start + len {
            let range = self.offsets[j]..self.offsets[j + 1];
            self.units.extend_from_within(range.clone());
            self.counts.extend_from_within(range);
            self.end_column();
        }
    }

    /// Adds a column with the values at the positions that `find` writes and counts.
    pub(crate) fn push_found<R: Real>(
        &mut self,
        values: &[R],
        find: impl Fn(&[R], &mut [u32]) -> usize,
    ) {
        let start = self.units.len();
        self.units.resize(start + values.len(), 0);
        let n = find(values, &mut self.units[start..]);
        self.units.truncate(start + n);
        let units = self.units[start..].iter();
        self.counts
            .extend(units.map(|&i| values[i as usize].wide() as f32));
        self.end_column();
    }

    /// All columns.
    pub fn view(&self) -> EventView<'_> {
        EventView {
            channels: self.channels,
            offsets: &self.offsets,
            units: &self.units,
            counts: &self.counts,
            dense: false,
        }
    }
}

/// A borrowed range of columns of an [`EventBatch`].
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    channels: usize,
    offsets: &'a [usize],
    units: &'a [u32],
    counts: &'a [f32],
    dense: bool,
}

impl<'a> EventView<'a> {
    /// The same events, marked as so many that products with them are better done densely.
    #[must_use]
    pub fn dense(self, dense: bool) -> Self {
        Self { dense, ..self }
    }

    /// Whether products with these events are done densely: where they are marked so, and there is more
    /// than one column.
    pub fn is_crowded(&self) -> bool {
        self.dense && self.columns() > 1
    }

    /// Calls `product` with the dense matrix `[channels, columns]` of these events.
    pub fn densely<R: Real, T>(&self, product: impl FnOnce(View<R>) -> T) -> T {
        thread_local!(static DENSE: RefCell<Vec<f64>> = RefCell::default());
        let (rows, columns) = (self.channels, self.columns());
        DENSE.with_borrow_mut(|buffer| {
            let numbers = (rows * columns * size_of::<R>()).div_ceil(size_of::<f64>());
            buffer.clear();
            buffer.resize(numbers, 0.0);
            let dense: &mut [R] = bytemuck::cast_slice_mut(buffer);
            for j in 0..columns {
                let (units, counts) = self.column(j);
                for (&unit, &count) in units.iter().zip(counts) {
                    dense[j * rows + unit as usize] = R::of(f64::from(count));
                }
            }
            product(view(dense, rows, columns))
        })
    }

    /// Rows of the matrix that these events stand for.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of non-zero cells.
    pub fn active(&self) -> usize {
        self.offsets[self.columns()] - self.offsets[0]
    }

    /// Units and counts of column `j`.
    pub fn column(&self, j: usize) -> (&'a [u32], &'a [f32]) {
        let range = self.offsets[j]..self.offsets[j + 1];
        (&self.units[range.clone()], &self.counts[range])
    }

    /// The places of column `j`'s events among those of the whole batch.
    pub(crate) fn range(&self, j: usize) -> Range<usize> {
        self.offsets[j]..self.offsets[j + 1]
    }

    /// Units and counts of the whole batch up to the end of column `j`.
    #[inline(always)]
    pub(crate) fn until(&self, j: usize) -> (&'a [u32], &'a [f32]) {
        let end = self.offsets[j + 1];
        (&self.units[..end], &self.counts[..end])
    }

    /// Units and counts of all columns, one after the other.
    pub(crate) fn all(&self) -> (&'a [u32], &'a [f32]) {
        let range = self.offsets[0]..self.offsets[self.columns()];
        (&self.units[range.clone()], &self.counts[range])
    }

    /// `len` columns from `start` on.
    pub fn slice(&self, start: usize, len: usize) -> Self {
        Self {
            offsets: &self.offsets[start..=start + len],
            ..*self
        }
    }
}
