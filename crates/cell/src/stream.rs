//! A cell running live: two states and one drive, swapped. Nothing is allocated after the start.

use crate::{Cell, Input, Real, RngPosition, View, ViewMut, column_mut, view, view_mut};

/// The state of one cell on B lanes, advanced one step at a time, for ever.
#[derive(Clone, Debug)]
pub struct Stream<R: Real> {
    lanes: usize,
    drive: Vec<R>,
    state: Vec<R>,
    next: Vec<R>,
    output: Vec<R>,
    rows: (usize, usize, usize),
    /// Where the next step stands.
    at: RngPosition,
}

impl<R: Real> Stream<R> {
    /// `lanes` lanes in the initial state.
    pub fn new(cell: &dyn Cell<R>, lanes: usize) -> Self {
        let w = cell.widths();
        let mut stream = Self {
            lanes,
            drive: vec![R::zero(); w.drive * lanes],
            state: vec![R::zero(); w.state * lanes],
            next: vec![R::zero(); w.state * lanes],
            output: vec![R::zero(); w.output * lanes],
            rows: (w.drive, w.state, w.output),
            at: RngPosition::default(),
        };
        for lane in 0..lanes {
            stream.reset(cell, lane);
        }
        stream
    }

    /// Resets the state of one lane.
    pub fn reset(&mut self, cell: &dyn Cell<R>, lane: usize) {
        cell.rest(column_mut(&mut self.state_mut(), lane));
    }

    /// One step of all lanes on `x [I, B]`; the output is in [`Self::output`].
    pub fn step(&mut self, cell: &dyn Cell<R>, x: Input<R>) {
        let (d, s, o) = self.rows;
        let b = self.lanes;
        cell.project(x, view_mut(&mut self.drive, d, b));
        cell.advance_at(
            view_mut(&mut self.drive, d, b),
            view(&self.state, s, b),
            view_mut(&mut self.next, s, b),
            self.at,
        );
        self.at = self.at.after(1);
        std::mem::swap(&mut self.state, &mut self.next);
        cell.output().emit(
            view_mut(&mut self.drive, d, b),
            view(&self.state, s, b),
            view_mut(&mut self.output, o, b),
        );
    }

    /// The outputs of the last step, `[O, B]`.
    pub fn output(&self) -> View<'_, R> {
        view(&self.output, self.rows.2, self.lanes)
    }

    /// The states `[S, B]`.
    pub fn state(&self) -> View<'_, R> {
        view(&self.state, self.rows.1, self.lanes)
    }

    /// The states `[S, B]`, to be set.
    pub fn state_mut(&mut self) -> ViewMut<'_, R> {
        view_mut(&mut self.state, self.rows.1, self.lanes)
    }

    /// Whether the last step left the states as they were, to the bit. A cell whose step depends on its input and
    /// its state alone then does so at every further step on the same input.
    pub fn is_still(&self) -> bool {
        let bits = |x: &R| x.wide().to_bits();
        self.state.iter().map(bits).eq(self.next.iter().map(bits))
    }

    /// The drives of the last step, `[D, B]`, with what the kernels left in them (gates).
    pub fn drive(&self) -> View<'_, R> {
        view(&self.drive, self.rows.0, self.lanes)
    }
}
