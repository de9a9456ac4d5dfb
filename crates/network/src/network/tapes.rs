//! Training's record of one sequence of a whole network.
//!
//! # Recomputation
//!
//! The states of T steps of a long sequence may not fit in memory. With [`Tapes::recompute`], only the states
//! at every K-th step are stored (the checkpoints); the reverse pass visits the segments backwards and
//! repeats each one's forward pass, so that one segment is in memory at a time:
//!
//! ```text
//! (1) numbers stored  (T/K) S + K (D + S + O) per lane,   K = sqrt(T)
//! ```
//!
//! at the cost of one more forward pass. The loss is computed segment by segment, so that no logits are
//! stored either. Segments end where chunks of [`saturn_cell::Tape`] do, so every sum has the same order and
//! the gradient the same bits.
//!
//! Source: Chen, Xu, Zhang & Guestrin 2016, §4.1.

mod layer;

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::{
    EventBatch, Input, Real, RngPosition, Tape, View, ViewMut, compiled_once, kernel, view,
    view_mut,
};

use super::{Gradient, Network};
use layer::{Layer, input_of, room};

/// Adds to the adjoint `dy [O, n]` of the output `y [O, n]` of cell i, n columns from column j on:
/// `penalty(i, j, y, dy)`.
pub type Penalty<'a, R> = &'a mut dyn FnMut(usize, usize, View<R>, ViewMut<R>);

/// Writes the adjoint `d_logits [C, n]` of `logits [C, n]`, n columns from column j on:
/// `loss(j, logits, d_logits)`.
pub type LossGradient<'a, R> = &'a mut dyn FnMut(usize, View<R>, ViewMut<R>);

/// Sees the output `y [O, n]` of cell i, n columns from column j on: `observe(i, j, y)`.
pub type Observe<'a, R> = &'a mut dyn FnMut(usize, usize, View<R>);

/// The tapes of a network, with the spikes passed from cell to cell. Allocated once and reused.
pub struct Tapes<R: Real> {
    layers: Vec<Layer<R>>,
    steps: usize,
    lanes: usize,
    recompute: bool,
    /// K, if gradients are cut every K steps.
    detach: Option<usize>,
    /// Position of the first step of the next forward pass.
    position: RngPosition,
    /// For each lane the step after which its state is noted, if it is.
    ends: Vec<usize>,
    /// The outputs of a cell whose adjoint its reverse pass reads, in one turn.
    read: EventBatch,
}

impl<R: Real> Tapes<R> {
    /// Tapes for a net of this shape.
    pub fn new(net: &Network<R>) -> Self {
        Self {
            layers: net.cells.iter().map(|_| Layer::new()).collect(),
            steps: 0,
            lanes: 0,
            recompute: false,
            detach: None,
            position: RngPosition::default(),
            ends: Vec::new(),
            read: EventBatch::default(),
        }
    }

    /// Truncates gradients every so many steps, counted from the sequence's first; see [`Tape::detach`].
    pub fn detach(&mut self, every: Option<usize>) {
        self.detach = every;
    }

    /// Keeps no drive that no reverse pass reads: see [`Tape::drop_drive`].
    pub fn drop_drives(&mut self) {
        for layer in &mut self.layers {
            layer.tape.drop_drive();
        }
    }

    /// Sets the position of the first step of the next forward pass, for networks that draw random numbers.
    /// It stays until it is set again.
    pub fn set_rng_position(&mut self, position: RngPosition) {
        self.position = position;
    }

    /// Records the state of each lane after its last step: lane b ends before step `ends[b]` of the next
    /// forward pass, if that has so many. See [`Self::finals`].
    pub fn note_ends(&mut self, net: &Network<R>, ends: impl Iterator<Item = usize>) {
        self.ends.clear();
        self.ends.extend(ends);
        for (layer, cell) in self.layers.iter_mut().zip(&net.cells) {
            let shape = (cell.widths().state, self.ends.len());
            if layer.finals.shape() != shape {
                layer.finals = DMatrix::zeros(shape.0, shape.1);
            }
        }
    }

    /// The states of cell `i` at the lanes' ends, `[S, B]`, as far as they have been passed.
    pub fn finals(&self, i: usize) -> &DMatrix<R> {
        &self.layers[i].finals
    }

    /// Whether to store few states and repeat the forward pass in reverse; see the module's documentation.
    pub fn recompute(&mut self, recompute: bool) {
        self.recompute = recompute;
    }

    /// Sets the size and resets every state to the initial state.
    pub fn start(&mut self, net: &Network<R>, steps: usize, lanes: usize) {
        (self.steps, self.lanes) = (steps, lanes);
        let first = self.range(0).len();
        for (layer, cell) in self.layers.iter_mut().zip(&net.cells) {
            layer.tape.start(cell.as_ref(), first, lanes);
        }
    }

    /// Continues after the last forward pass: its last states become the initial ones.
    pub fn carry_on(&mut self, net: &Network<R>, steps: usize, lanes: usize) {
        if self.lanes != lanes || self.steps == 0 {
            return self.start(net, steps, lanes);
        }
        self.steps = steps;
        let first = self.range(0).len();
        for layer in &mut self.layers {
            layer.tape.carry_on(first);
        }
    }

    /// Sets the initial states, one `[S, B]` a cell.
    pub fn begin_from(&mut self, states: &[DMatrix<R>]) {
        for (layer, state) in self.layers.iter_mut().zip(states) {
            layer.tape.initial_mut().copy_from(state);
        }
    }

    /// The states of cell `i` that the next forward pass begins from, `[S, B]`, to be looked at or changed
    /// between [`Self::carry_on`] and [`Self::forward`].
    pub fn initial_mut(&mut self, i: usize) -> ViewMut<'_, R> {
        self.layers[i].tape.initial_mut()
    }

    /// The states after the last step, one `[S, B]` per cell.
    pub fn last_states(&self) -> Vec<DMatrix<R>> {
        let last = |layer: &Layer<R>| {
            let states = layer.tape.states();
            let start = states.ncols() - self.lanes;
            states.columns(start, self.lanes).clone_owned()
        };
        self.layers.iter().map(last).collect()
    }

    /// The forward pass over `x [I, T*B]`; `keep [T, B]` as in [`Tape::forward`]. Returns [`Self::logits`].
    pub fn forward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        keep: Option<&DMatrix<R>>,
    ) -> View<'_, R> {
        self.forward_observed(net, x, keep, &mut |_, _, _| {})
    }

    /// [`Self::forward`], with a callback on every cell's output.
    pub fn forward_observed(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        keep: Option<&DMatrix<R>>,
        observe: Observe<R>,
    ) -> View<'_, R> {
        for layer in &mut self.layers {
            layer.sent = 0;
            layer.checkpoints.clear();
        }
        for k in 0..self.segments() {
            let range = self.range(k);
            let columns = range.start * self.lanes..range.end * self.lanes;
            if self.segments() > 1 {
                for layer in &mut self.layers {
                    if k > 0 {
                        layer.tape.carry_on(range.len());
                    }
                    let state = layer.tape.initial_mut();
                    layer.checkpoints.extend(state.iter().copied());
                }
            }
            let part = (self.segments() > 1)
                .then(|| keep.map(|keep| keep.rows(range.start, range.len()).clone_owned()));
            let keep = part.as_ref().map_or(keep, Option::as_ref);
            let own = x.slice(columns.start, columns.len());
            forward_segment(self, net, own, range.clone(), keep);
            for (lane, end) in self.ends.iter().enumerate() {
                let Some(last) = end.checked_sub(1).filter(|last| range.contains(last)) else {
                    continue;
                };
                let column = (last - range.start) * self.lanes + lane;
                for layer in &mut self.layers {
                    let state = layer.tape.states();
                    layer.finals.set_column(lane, &state.column(column));
                }
            }
            for (i, layer) in self.layers.iter_mut().enumerate() {
                layer.sent += layer.tape.events().map_or(0, |events| events.active());
                observe(i, columns.start, layer.tape.output());
            }
        }
        self.logits()
    }

    /// The reverse pass from the adjoint of the logits that `loss` returns, added to `grad`. `penalty` may
    /// add to the adjoint of a cell's output. Both are called once per turn, the last turn first.
    pub fn backward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        loss: LossGradient<R>,
        grad: &mut Gradient<R>,
        penalty: Penalty<R>,
    ) {
        self.backward_to(net, x, loss, grad, penalty, None);
    }

    /// The same, which also writes the adjoint `dx [I, T*B]` of the input, if requested.
    pub fn backward_to(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        loss: LossGradient<R>,
        grad: &mut Gradient<R>,
        penalty: Penalty<R>,
        mut dx: Option<ViewMut<R>>,
    ) {
        let segments = self.segments();
        for k in (0..segments).rev() {
            let range = self.range(k);
            let (start, n) = (range.start * self.lanes, range.len() * self.lanes);
            if k + 1 < segments {
                for (layer, cell) in self.layers.iter_mut().zip(&net.cells) {
                    layer.tape.start(cell.as_ref(), range.len(), self.lanes);
                    let mut state = layer.tape.initial_mut();
                    let len = state.len();
                    let from = &layer.checkpoints[k * len..(k + 1) * len];
                    state.copy_from_slice(from);
                }
                forward_segment(self, net, x.slice(start, n), range.clone(), None);
            }
            let last = k + 1 == segments;
            let dx = dx.as_mut().map(|dx| dx.columns_mut(start, n));
            let x = x.slice(start, n);
            self.reverse(net, x, loss, (start, last), grad, penalty, dx);
        }
    }

    /// The reverse pass of the segment on the tapes, whose first column is `start`; unless it is the
    /// `last` one, the adjoints of its last states are those of the initial states of the one before.
    #[allow(clippy::too_many_arguments)] // What a reverse pass reads and writes.
    fn reverse(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        loss: LossGradient<R>,
        (start, last): (usize, bool),
        grad: &mut Gradient<R>,
        penalty: Penalty<R>,
        mut dx: Option<ViewMut<R>>,
    ) {
        for layer in &mut self.layers {
            layer.tape.detach(self.detach, start / self.lanes.max(1));
            if last {
                layer.tape.begin_backward();
            }
        }
        for turn in turns(x.columns() / self.lanes.max(1), self.lanes).rev() {
            let columns = (turn.start * self.lanes, turn.len() * self.lanes);
            let dx = dx.as_mut().map(|dx| dx.columns_mut(columns.0, columns.1));
            backward_turn(self, net, x, loss, (start, turn), grad, penalty, dx);
        }
    }

    /// The logits of the last forward pass: `[C, T*B]`, or those of the last segment.
    pub fn logits(&self) -> View<'_, R> {
        self.layers[self.layers.len() - 1].tape.output()
    }

    /// The tape of cell `i`: of all steps, or of the last segment.
    pub fn tape(&self, i: usize) -> &Tape<R> {
        &self.layers[i].tape
    }

    /// Number of spikes that cell `i` sent in the last forward pass; `None` for a cell that does not spike.
    pub fn spikes(&self, i: usize) -> Option<usize> {
        let layer = &self.layers[i];
        layer.tape.events().map(|_| layer.sent)
    }

    /// How many outputs of cell `i` the reverse pass of the last segment reads the adjoint of; `None` of a cell of which
    /// it reads all.
    pub fn active(&self, net: &Network<R>, i: usize) -> Option<usize> {
        let cell = &net.cells[i];
        let mut active = EventBatch::new(cell.widths().output);
        let few = cell.active(self.layers[i].tape.states(), &mut active);
        few.then(|| active.view().active())
    }

    fn segments(&self) -> usize {
        self.steps.div_ceil(self.segment()).max(1)
    }

    /// K, the steps of a segment.
    fn segment(&self) -> usize {
        if self.recompute {
            let square_root = self.steps.isqrt().max(1);
            square_root.next_multiple_of(Tape::<R>::turn(self.lanes))
        } else {
            self.steps.max(1)
        }
    }

    /// The steps of segment `k`.
    fn range(&self, k: usize) -> Range<usize> {
        let segment = self.segment();
        k * segment..((k + 1) * segment).min(self.steps)
    }
}

compiled_once! {
    /// The forward pass of the segment that the tapes are set for, of the steps `range`. Cells take turns of
    /// some chunks of steps, while what one hands to the next is in the processor's cache.
    fn forward_segment<R>(
        tapes: &mut Tapes<R>,
        net: &Network<R>,
        x: Input<R>,
        range: Range<usize>,
        keep: Option<&DMatrix<R>>,
    ) {
        let steps = range.len();
        for layer in &mut tapes.layers {
            layer.tape.set_rng_position(tapes.position.after(range.start));
        }
        if keep.is_some() {
            for (i, cell) in net.cells.iter().enumerate() {
                let (below, rest) = tapes.layers.split_at_mut(i);
                let x = input_of(below, net.input(x));
                rest[0].tape.forward(cell.as_ref(), x, keep);
            }
            return;
        }
        for turn in turns(steps, tapes.lanes) {
            let (start, n) = (turn.start * tapes.lanes, turn.len() * tapes.lanes);
            for (i, cell) in net.cells.iter().enumerate() {
                let (below, rest) = tapes.layers.split_at_mut(i);
                let x = input_of(below, net.input(x));
                let tape = &mut rest[0].tape;
                tape.forward_steps(cell.as_ref(), x.slice(start, n), turn.clone());
            }
        }
    }
}

compiled_once! {
    /// The reverse pass of one turn of the segment whose first column is `start`.
    fn backward_turn<R>(
        tapes: &mut Tapes<R>,
        net: &Network<R>,
        x: Input<R>,
        loss: LossGradient<R>,
        at: (usize, Range<usize>),
        grad: &mut Gradient<R>,
        penalty: Penalty<R>,
        of_input: Option<ViewMut<R>>,
    ) {
        let mut of_input = of_input;
        let (start, turn) = at;
        let (first, columns) = (turn.start * tapes.lanes, turn.len() * tapes.lanes);
        let outputs = net.outputs();
        let top = &mut tapes.layers[net.cells.len() - 1];
        room(&mut top.dy, outputs * columns);
        let d_logits = view_mut(&mut top.dy, outputs, columns);
        let logits = top.tape.output();
        loss(start + first, logits.columns(first, columns), d_logits);
        for (i, cell) in net.cells.iter().enumerate().rev() {
            let w = cell.widths();
            let (below, rest) = tapes.layers.split_at_mut(i);
            let layer = &mut rest[0];
            let (y, dy) = (
                layer.tape.output(),
                view_mut(&mut layer.dy, w.output, columns),
            );
            penalty(i, start + first, y.columns(first, columns), dy);
            if let Some(under) = below.last_mut() {
                room(&mut under.dy, w.input * columns);
            }
            // The layer below lends its `dy` while its output is read.
            let mut dx = below.last_mut().map(|under| std::mem::take(&mut under.dy));
            let into = match &mut dx {
                Some(dx) => Some(view_mut(dx, w.input, columns)),
                None => of_input.take(),
            };
            tapes.read.clear(w.input);
            // A readout of few classes multiplies whole columns: it does not ask.
            let few = w.drive >= kernel::LONG
                && below.last().is_some_and(|under| {
                    let states = under.tape.states();
                    net.cells[i - 1].active(states.columns(first, columns), &mut tapes.read)
                });
            let read = few.then(|| tapes.read.view());
            let x = input_of(below, net.input(x));
            let (x, dy) = (x.slice(first, columns), view(&layer.dy, w.output, columns));
            let tape = &mut layer.tape;
            tape.backward_steps(cell.as_ref(), x, turn.clone(), dy, &mut grad[i], into, read);
            if let (Some(under), Some(dx)) = (below.last_mut(), dx) {
                under.dy = dx;
            }
        }
    }
}

/// The turns of a segment with this many steps.
fn turns(steps: usize, lanes: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
    // Cells of any number type have the same.
    let turn = Tape::<f32>::turn(lanes);
    (0..steps.div_ceil(turn)).map(move |i| i * turn..((i + 1) * turn).min(steps))
}
