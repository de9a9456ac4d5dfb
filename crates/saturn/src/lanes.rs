//! Groups of lanes that run together on one thread.
//!
//! Lanes are cut into groups of at most [`GROUP`], whose size does not depend on the number of threads, so that results
//! have the same bits at any. Columns are (step, lane) pairs, so a group's columns of one step are contiguous.

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::{EventBatch, Input, Real, View, ViewMut};

/// The most lanes of a group.
const GROUP: usize = 8;

/// The groups of `lanes` lanes.
pub(crate) fn groups(lanes: usize) -> impl Iterator<Item = Range<usize>> {
    (0..lanes.div_ceil(GROUP)).map(move |i| i * GROUP..((i + 1) * GROUP).min(lanes))
}

/// The input of a group of lanes: borrowed if the group is all lanes, else copied into memory that is reused.
pub(crate) struct Gathered<R: Real> {
    dense: DMatrix<R>,
    events: EventBatch,
}

impl<R: Real> Gathered<R> {
    pub(crate) fn new() -> Self {
        Self {
            dense: DMatrix::zeros(0, 0),
            events: EventBatch::new(0),
        }
    }

    /// The columns of `group` in `x [I, T*lanes]`.
    pub(crate) fn of<'a>(
        &'a mut self,
        x: &'a Input<'a, R>,
        lanes: usize,
        group: &Range<usize>,
    ) -> Input<'a, R> {
        if group.len() == lanes {
            return *x;
        }
        let steps = x.columns() / lanes;
        let starts = (0..steps).map(|t| t * lanes + group.start);
        match x {
            Input::Dense(x) => {
                gather(*x, lanes, group, &mut self.dense);
                Input::Dense(self.dense.as_view())
            }
            Input::Events(events) => {
                self.events.clear(events.channels());
                for column in starts.flat_map(|start| start..start + group.len()) {
                    let (units, counts) = events.column(column);
                    let pairs = units.iter().copied().zip(counts.iter().copied());
                    self.events.push_column(pairs);
                }
                Input::Events(self.events.view())
            }
        }
    }
}

/// Copies the columns of `group` in `from [N, T*lanes]` to `to`, which gets the shape `[N, T*group]`.
pub(crate) fn gather<R: Real>(
    from: View<R>,
    lanes: usize,
    group: &Range<usize>,
    to: &mut DMatrix<R>,
) {
    let (rows, steps, own) = (from.nrows(), from.ncols() / lanes, group.len());
    if to.shape() != (rows, steps * own) {
        to.resize_mut(rows, steps * own, R::zero());
    }
    for t in 0..steps {
        let part = from.columns(t * lanes + group.start, own);
        to.columns_mut(t * own, own).copy_from(&part);
    }
}

/// Copies `from [N, T*group]` to the columns of `group` in `to [N, T*lanes]`.
pub(crate) fn scatter<R: Real>(
    from: View<R>,
    lanes: usize,
    group: &Range<usize>,
    to: &mut ViewMut<R>,
) {
    let own = group.len();
    for t in 0..from.ncols() / own.max(1) {
        let part = from.columns(t * own, own);
        to.columns_mut(t * lanes + group.start, own)
            .copy_from(&part);
    }
}
