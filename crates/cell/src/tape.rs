//! What training keeps of one sequence of one cell, and the loops over time.
//!
//! The sequence passes in chunks of steps through the three phases of a cell, so that what `project` wrote
//! is still in the processor's cache when `advance` reads it, and so on; the reverse pass goes through the
//! same chunks backwards. A chunk's size follows from the cell alone, so the bits do not depend on the
//! machine; the cells of a net take turns at whole chunks of all of them.
//!
//! Buffers are allocated once and grow to the longest sequence seen; a shorter one uses their front.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::kernel;
use crate::{
    Cell, EventBatch, EventView, Input, Output, Params, Real, Recorded, RngPosition, View, ViewMut,
    column_mut, view, view_mut, view_rows,
};

/// Numbers that a chunk may hold: 1 MiB in `f32`, a second-level cache.
const CHUNK_NUMBERS: usize = 1 << 18;
/// Columns of a chunk: at least so many, for the sake of its dense products, and at most so many.
const CHUNK_COLUMNS: (usize, usize) = (256, 512);

/// The recorded forward pass of one cell over T steps and B lanes.
#[derive(Clone, Debug, Default)]
pub struct Tape<R: Real> {
    steps: usize,
    lanes: usize,
    state_rows: usize,
    drive_rows: usize,
    output_rows: usize,
    /// `[D, T*B]`, or that of a chunk.
    drive: Vec<R>,
    /// When it is kept, and whether it is.
    keep_drive: KeepDrive,
    keeps_drive: bool,
    /// `[S, (T+1)*B]`: the initial state, then the state after each step. Never overwritten.
    states: Vec<R>,
    /// `[S, T*B]`: what `advance` read, kept apart only where `keep` changed it.
    kept: Vec<R>,
    /// `[B, T]`, where `keeps`.
    keep: Vec<R>,
    keeps: bool,
    /// `[S]`, the initial state of a lane.
    rest: Vec<R>,
    /// K and the number of the first step, if gradients are cut.
    detach: Option<(usize, usize)>,
    /// Where the tape's first step stands.
    position: RngPosition,
    /// The rows of the states that are the output, unless the cell emits it.
    shown: Option<Range<usize>>,
    /// `[O, T*B]`, of a cell that emits it.
    output: Vec<R>,
    /// The outputs as events, of a cell that spikes: those of the initial state, if its output is there, then
    /// those of each step.
    spikes: EventBatch,
    spiking: bool,
    /// `[D, n]` and `[S, n]` of a chunk's n columns.
    d_drive: Vec<R>,
    d_states: Vec<R>,
    /// `[S, B]`: after `backward`, the adjoint of the initial state.
    adjoint: Vec<R>,
}

/// When the drives of all steps stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum KeepDrive {
    #[default]
    Always,
    /// If the reverse pass reads them.
    WhereRead,
}

impl<R: Real> Tape<R> {
    /// An empty tape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tape's size and resets every lane's initial state.
    pub fn start(&mut self, cell: &dyn Cell<R>, steps: usize, lanes: usize) {
        let w = cell.widths();
        (self.steps, self.lanes) = (steps, lanes);
        (self.state_rows, self.drive_rows, self.output_rows) = (w.state, w.drive, w.output);
        let columns = steps * lanes;
        self.keeps_drive = self.keep_drive == KeepDrive::Always || cell.reads_drive();
        self.grow_drive();
        grow(&mut self.states, w.state * (columns + lanes));
        self.shown = cell.output().rows();
        if self.shown.is_none() {
            grow(&mut self.output, w.output * columns);
        }
        self.keeps = false;
        self.spiking = cell.spikes();
        let mut initial = self.initial_mut();
        for b in 0..lanes {
            cell.rest(column_mut(&mut initial, b));
        }
    }

    /// Goes on for `steps` steps from where the last ones ended: the last state becomes the initial one.
    pub fn carry_on(&mut self, steps: usize) {
        let len = self.state_rows * self.lanes;
        let last = self.steps * len;
        self.states.copy_within(last..last + len, 0);
        self.steps = steps;
        let columns = steps * self.lanes;
        self.grow_drive();
        grow(&mut self.states, len * (steps + 1));
        if self.shown.is_none() {
            grow(&mut self.output, self.output_rows * columns);
        }
        self.keeps = false;
    }

    /// Keeps the drive of one chunk alone from the next start on, if the cell's reverse pass does not read it: less memory
    /// to write. [`Self::drive`] is not to be called then.
    pub fn drop_drive(&mut self) {
        self.keep_drive = KeepDrive::WhereRead;
    }

    /// Makes room for the drive.
    fn grow_drive(&mut self) {
        let steps = if self.keeps_drive {
            self.steps
        } else {
            self.steps.min(self.chunk())
        };
        grow(&mut self.drive, self.drive_rows * steps * self.lanes);
    }

    /// Says where the tape's first step stands, for cells that draw random numbers. Holds until it is set again.
    pub fn set_rng_position(&mut self, position: RngPosition) {
        self.position = position;
    }

    /// The initial state `[S, B]`, to be set between [`Self::start`] and [`Self::forward`].
    pub fn initial_mut(&mut self) -> ViewMut<'_, R> {
        view_mut(&mut self.states, self.state_rows, self.lanes)
    }

    /// The forward pass over `x [I, T*B]`.
    ///
    /// `keep [T, B]` in 0..1 scales what is left of the state before each step:
    /// prev = rest + keep (state - rest). 0 is a state reset, which also cuts the gradient there.
    pub fn forward(&mut self, cell: &dyn Cell<R>, x: Input<R>, keep: Option<&DMatrix<R>>) {
        let (t_end, b, s, ..) = self.sizes();
        if let Some(keep) = keep {
            assert_eq!(keep.shape(), (t_end, b), "keep [T, B]");
            grow(&mut self.kept, s * t_end * b);
            // Row t of `keep [T, B]` becomes a contiguous block.
            grow(&mut self.keep, t_end * b);
            keep.transpose_to(&mut view_mut(&mut self.keep, b, t_end));
            self.keeps = true;
            grow(&mut self.rest, s);
            cell.rest(&mut self.rest[..s]);
        }
        self.forward_steps(cell, x, 0..t_end);
    }

    /// The forward pass of some steps over their input `x [I, n*B]`: ranges come in order, the first from
    /// step 0 on, and end at multiples of [`Self::turn`] or at the last step.
    pub fn forward_steps(&mut self, cell: &dyn Cell<R>, x: Input<R>, steps: Range<usize>) {
        let (_, b, s, d, o) = self.sizes();
        assert_eq!(x.rows(), cell.widths().input, "input rows");
        assert_eq!(x.columns(), steps.len() * b, "input columns");
        let columns_before = steps.start * b;
        if steps.start == 0 {
            self.spikes.clear(o);
            if self.spiking {
                // For the initial state and one step, for any values: a tape that continues step by step then
                // asks for no more.
                self.spikes.reserve(2 * b * o, 2 * b);
            }
            if let (true, Some(rows)) = (self.spiking, &self.shown) {
                let before = view_rows(&self.states, s, b, rows.clone());
                self.spikes.push_dense(&before);
            }
        }
        for chunk in self.chunks(steps) {
            let (start, n) = (chunk.start * b, chunk.len() * b);
            let place = if self.keeps_drive { start * d } else { 0 };
            let drive = &mut self.drive[place..];
            let x = x.slice(start - columns_before, n);
            cell.project(x, view_mut(drive, d, n));
            for t in chunk {
                let (past, future) = self.states.split_at_mut((t + 1) * s * b);
                let state = &past[t * s * b..];
                let prev = if self.keeps {
                    let kept = &mut self.kept[t * s * b..(t + 1) * s * b];
                    for lane in 0..b {
                        let k = self.keep[t * b + lane];
                        let own = lane * s..(lane + 1) * s;
                        let pairs = kept[own.clone()].iter_mut().zip(&state[own]);
                        for ((to, &from), &rest) in pairs.zip(&self.rest) {
                            *to = rest + k * (from - rest);
                        }
                    }
                    &*kept
                } else {
                    state
                };
                cell.advance_at(
                    view_mut(&mut self.drive[place + (t * b - start) * d..], d, b),
                    view(prev, s, b),
                    view_mut(future, s, b),
                    self.position.after(t),
                );
            }
            if let Output::Emitted(cell) = cell.output() {
                cell.emit(
                    view_mut(&mut self.drive[place..], d, n),
                    view(&self.states[s * (start + b)..], s, n),
                    view_mut(&mut self.output[start * o..], o, n),
                );
            }
            if self.spiking {
                // While they are in the processor's cache.
                let output = match &self.shown {
                    Some(rows) => view_rows(&self.states[s * (start + b)..], s, n, rows.clone()),
                    None => view(&self.output[start * o..], o, n),
                };
                self.spikes.push_dense(&output);
            }
        }
    }

    /// The chunks of `steps`, which begin at a multiple of [`Self::turn`]; their length is a power of two, so
    /// that one ends at every such multiple.
    fn chunks(
        &self,
        steps: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Range<usize>> + use<R> {
        let chunk = self.chunk();
        assert!(
            steps.start.is_multiple_of(chunk),
            "steps from a chunk's first on"
        );
        (steps.start / chunk..steps.end.div_ceil(chunk))
            .map(move |i| i * chunk..((i + 1) * chunk).min(steps.end))
    }

    /// Steps of a chunk, a power of two.
    fn chunk(&self) -> usize {
        let (_, b, s, d, o) = self.sizes();
        // Drive, states and output with their adjoints, and the states before.
        let column = 2 * d + 3 * s + 2 * o;
        let (least, most) = CHUNK_COLUMNS;
        let columns = (CHUNK_NUMBERS / column.max(1)).clamp(least, most);
        power_of_two(columns / b.max(1))
    }

    /// Steps of the longest chunk of any cell on so many lanes: both passes of all cells can be cut at its
    /// multiples without another order of any sum.
    pub fn turn(lanes: usize) -> usize {
        power_of_two(CHUNK_COLUMNS.1 / lanes.max(1))
    }

    /// Cuts gradients before every `every`-th step, where the tape's first step is number `first`: no adjoint
    /// of a state goes back from there, though the state itself goes on. Holds until it is set again.
    pub fn detach(&mut self, every: Option<usize>, first: usize) {
        self.detach = every.map(|every| (every, first));
    }

    /// The reverse pass: from `dy [O, T*B]` to the gradient, added to `grad`, and to `dx [I, T*B]`.
    /// Afterwards [`Self::d_initial`] holds the adjoint of the initial state.
    pub fn backward(
        &mut self,
        cell: &dyn Cell<R>,
        x: Input<R>,
        dy: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        self.backward_from(cell, x, dy, None, grad, dx);
    }

    /// [`Self::backward`] with an adjoint of the last state, `d_last [S, B]`.
    pub fn backward_from(
        &mut self,
        cell: &dyn Cell<R>,
        x: Input<R>,
        dy: View<R>,
        d_last: Option<View<R>>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        self.begin_backward();
        if let Some(last) = d_last {
            view_mut(&mut self.adjoint, self.state_rows, self.lanes).copy_from(&last);
        }
        self.backward_steps(cell, x, 0..self.steps, dy, grad, dx, None);
    }

    /// Sets the adjoint of the last state to zero.
    pub fn begin_backward(&mut self) {
        let len = self.state_rows * self.lanes;
        grow(&mut self.adjoint, len);
        self.adjoint[..len].fill(R::zero());
    }

    /// The reverse pass of some steps, from their `x [I, n*B]` and `dy [O, n*B]` to their `dx [I, n*B]`:
    /// ranges come in reverse order, and each begins at a multiple of [`Self::turn`]. The adjoint of
    /// their last state is what [`Self::d_initial`] is. Of `dx`, the cell below reads what `read [I, n*B]` holds, or all.
    #[allow(clippy::too_many_arguments)] // What a reverse pass reads and writes.
    pub fn backward_steps(
        &mut self,
        cell: &dyn Cell<R>,
        x: Input<R>,
        steps: Range<usize>,
        dy: View<R>,
        grad: &mut Params<R>,
        mut dx: Option<ViewMut<R>>,
        read: Option<EventView>,
    ) {
        let (_, b, s, d, o) = self.sizes();
        assert_eq!(dy.shape(), (o, steps.len() * b), "dy [O, T*B]");
        let before = steps.start * b;
        let prev = if self.keeps { &self.kept } else { &self.states };
        let known = self.spiking && self.shown.is_some() && !self.keeps;
        let kept = self.keeps_drive;
        let recorded = |start: usize, n: usize| Recorded {
            drive: view(&self.drive[if kept { start * d } else { 0 }..], d, n),
            prev: view(&prev[start * s..], s, n),
            next: view(&self.states[(start + b) * s..], s, n),
            spikes: known.then(|| self.spikes.view().slice(start, n)),
            // The adjoint of the initial state is asked for as it is.
            left: (start > 0).then(|| view(&self.states[start * s..], s, n)),
            read: None,
        };
        for chunk in self.chunks(steps).rev() {
            let (start, n) = (chunk.start * b, chunk.len() * b);
            let own = start - before;
            grow(&mut self.d_drive, d * n);
            grow(&mut self.d_states, s * n);
            if let Output::Emitted(cell) = cell.output() {
                cell.emit_backward(
                    recorded(start, n),
                    dy.columns(own, n),
                    view_mut(&mut self.d_states, s, n),
                    view_mut(&mut self.d_drive, d, n),
                    grad,
                );
            }
            for t in (0..chunk.len()).rev() {
                let mut adjoint = view_mut(&mut self.adjoint, s, b);
                match &self.shown {
                    Some(rows) => kernel::add(
                        &mut adjoint.rows_mut(rows.start, rows.len()),
                        &dy.columns(own + t * b, b),
                    ),
                    None => kernel::add(&mut adjoint, &view(&self.d_states[t * s * b..], s, b)),
                }
                cell.advance_backward(
                    recorded(start + t * b, b),
                    view_mut(&mut self.adjoint, s, b),
                    view_mut(&mut self.d_drive[t * d * b..], d, b),
                    grad,
                );
                if let Some((every, first)) = self.detach
                    && (first + chunk.start + t).is_multiple_of(every)
                {
                    self.adjoint[..s * b].fill(R::zero());
                }
                if self.keeps {
                    for lane in 0..b {
                        let k = self.keep[(chunk.start + t) * b + lane];
                        for a in &mut self.adjoint[lane * s..(lane + 1) * s] {
                            *a *= k;
                        }
                    }
                }
            }
            let read = read.map(|read| read.slice(own, n));
            cell.project_backward(
                x.slice(own, n),
                Recorded {
                    read: read.as_ref(),
                    ..recorded(start, n)
                },
                view(&self.d_drive, d, n),
                grad,
                dx.as_mut().map(|dx| dx.columns_mut(own, n)),
            );
        }
    }

    /// The outputs `[O, T*B]` of the last forward pass.
    pub fn output(&self) -> View<'_, R> {
        let (s, b, columns) = (self.state_rows, self.lanes, self.steps * self.lanes);
        match &self.shown {
            Some(rows) => view_rows(&self.states[s * b..], s, columns, rows.clone()),
            None => view(&self.output, self.output_rows, columns),
        }
    }

    /// The outputs of the last forward pass as events, as far as it has gone, of a cell that spikes.
    pub fn events(&self) -> Option<EventView<'_>> {
        let before = self.shown.as_ref().map_or(0, |_| self.lanes);
        let events = self.spikes.view();
        self.spiking
            .then(|| events.slice(before, events.columns() - before))
    }

    /// The states after each step, `[S, T*B]`.
    pub fn states(&self) -> View<'_, R> {
        let (s, b) = (self.state_rows, self.lanes);
        view(&self.states[s * b..], s, self.steps * b)
    }

    /// The drives `[D, T*B]`, with what the kernels left in them (gates).
    ///
    /// # Panics
    /// If they were dropped.
    pub fn drive(&self) -> View<'_, R> {
        assert!(self.keeps_drive, "the drives were dropped");
        view(&self.drive, self.drive_rows, self.steps * self.lanes)
    }

    /// The adjoint of the initial state, `[S, B]`, after a reverse pass.
    pub fn d_initial(&self) -> View<'_, R> {
        view(&self.adjoint, self.state_rows, self.lanes)
    }

    fn sizes(&self) -> (usize, usize, usize, usize, usize) {
        (
            self.steps,
            self.lanes,
            self.state_rows,
            self.drive_rows,
            self.output_rows,
        )
    }
}

/// The largest power of two up to `n`, at least 1.
fn power_of_two(n: usize) -> usize {
    1 << n.max(1).ilog2()
}

/// Grows a buffer to at least `len` values; never shrinks it.
fn grow<R: Real>(buffer: &mut Vec<R>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, R::zero());
    }
}
