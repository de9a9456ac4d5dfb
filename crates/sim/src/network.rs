//! A net: cells in a stack, the last one the readout.

#[cfg(test)]
mod tests;

use nalgebra::DMatrix;
use saturn_cell::{
    Cell, EventBatch, Input, Params, Real, Stream, Tape, View, ViewMut, view, view_mut,
};

/// Adds to the adjoint `dy [O, T*B]` of the output `y [O, T*B]` of a cell: `penalty(cell, y, dy)`.
pub type Penalty<'a, R> = &'a mut dyn FnMut(usize, View<R>, ViewMut<R>);

/// Cells in a stack. The last cell gives the logits `[C, ..]`.
pub struct Network<R: Real> {
    cells: Vec<Box<dyn Cell<R>>>,
}

/// A gradient, or any other value for each parameter of a net.
pub type Gradient<R> = Vec<Params<R>>;

impl<R: Real> Clone for Network<R> {
    fn clone(&self) -> Self {
        Self {
            cells: self.cells.iter().map(|cell| cell.boxed()).collect(),
        }
    }
}

impl<R: Real> Network<R> {
    /// From cells whose widths fit: each one's output is the next one's input.
    pub fn new(cells: Vec<Box<dyn Cell<R>>>) -> Self {
        for pair in cells.windows(2) {
            assert_eq!(
                pair[0].widths().output,
                pair[1].widths().input,
                "{} feeds {}",
                pair[0].name(),
                pair[1].name()
            );
        }
        Self { cells }
    }

    /// The cells, from input to readout.
    pub fn cells(&self) -> &[Box<dyn Cell<R>>] {
        &self.cells
    }

    /// The cells, to be changed.
    pub fn cells_mut(&mut self) -> &mut [Box<dyn Cell<R>>] {
        &mut self.cells
    }

    /// C, the number of classes.
    pub fn classes(&self) -> usize {
        self.cells.last().map_or(0, |cell| cell.widths().output)
    }

    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.cells.iter().map(|cell| cell.params().count()).sum()
    }

    /// A gradient of zeros.
    pub fn zero_gradient(&self) -> Gradient<R> {
        self.cells
            .iter()
            .map(|cell| cell.params().zeros_like())
            .collect()
    }

    /// Copies the parameters of a net of the same shape.
    pub fn copy_from(&mut self, other: &Self) {
        for (to, from) in self.cells.iter_mut().zip(&other.cells) {
            to.update(&mut |params| params.clone_from(from.params()));
        }
    }
}

/// The tapes of a net, with the spikes that went from cell to cell. Allocated once and reused.
pub struct Tapes<R: Real> {
    layers: Vec<Layer<R>>,
    steps: usize,
    lanes: usize,
}

#[derive(Default)]
struct Layer<R: Real> {
    tape: Tape<R>,
    /// Whether the output is spikes, and the output as events if so.
    spiking: bool,
    events: EventBatch,
    /// The adjoint of the output, `[O, T*B]`.
    dy: Vec<R>,
}

impl<R: Real> Tapes<R> {
    /// Tapes for a net of this shape.
    pub fn new(net: &Network<R>) -> Self {
        Self {
            layers: net.cells.iter().map(|_| Layer::default()).collect(),
            steps: 0,
            lanes: 0,
        }
    }

    /// Sets the size and puts every state at rest.
    pub fn start(&mut self, net: &Network<R>, steps: usize, lanes: usize) {
        (self.steps, self.lanes) = (steps, lanes);
        for (layer, cell) in self.layers.iter_mut().zip(&net.cells) {
            layer.tape.start(cell.as_ref(), steps, lanes);
        }
    }

    /// Goes on where the last forward pass ended: its last states become the initial ones.
    pub fn carry_on(&mut self, net: &Network<R>, steps: usize, lanes: usize) {
        if self.lanes != lanes || self.steps == 0 {
            return self.start(net, steps, lanes);
        }
        let last: Vec<DMatrix<R>> = (0..self.layers.len()).map(|i| self.last_state(i)).collect();
        self.start(net, steps, lanes);
        self.begin_from(&last);
    }

    /// Sets the initial states, one `[S, B]` a cell.
    pub fn begin_from(&mut self, states: &[DMatrix<R>]) {
        for (layer, state) in self.layers.iter_mut().zip(states) {
            layer.tape.initial_mut().copy_from(state);
        }
    }

    /// The states after the last step, one `[S, B]` a cell.
    pub fn last_states(&self) -> Vec<DMatrix<R>> {
        (0..self.layers.len()).map(|i| self.last_state(i)).collect()
    }

    fn last_state(&self, layer: usize) -> DMatrix<R> {
        let states = self.layers[layer].tape.states();
        states
            .columns(states.ncols() - self.lanes, self.lanes)
            .clone_owned()
    }

    /// The forward pass over `x [I, T*B]`; `keep [T, B]` as in [`Tape::forward`]. Returns the logits.
    pub fn forward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        keep: Option<&DMatrix<R>>,
    ) -> View<'_, R> {
        for (i, cell) in net.cells.iter().enumerate() {
            let (below, rest) = self.layers.split_at_mut(i);
            let layer = &mut rest[0];
            layer.tape.forward(cell.as_ref(), input_of(below, x), keep);
            layer.spiking = cell.spikes();
            if layer.spiking {
                layer.events.clear(cell.widths().output);
                layer.events.push_dense(&layer.tape.output());
            }
        }
        self.output(net.cells.len() - 1)
    }

    /// The reverse pass from `d_logits [C, T*B]`, added to `grad`. `penalty(i, y, dy)` may add to the
    /// adjoint of the output of cell i.
    pub fn backward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        d_logits: View<R>,
        grad: &mut Gradient<R>,
        penalty: Penalty<R>,
    ) {
        let columns = self.steps * self.lanes;
        let top = net.cells.len() - 1;
        fill(&mut self.layers[top].dy, d_logits.nrows() * columns);
        view_mut(&mut self.layers[top].dy, d_logits.nrows(), columns).copy_from(&d_logits);
        for (i, cell) in net.cells.iter().enumerate().rev() {
            let w = cell.widths();
            let (below, rest) = self.layers.split_at_mut(i);
            let layer = &mut rest[0];
            penalty(
                i,
                layer.tape.output(),
                view_mut(&mut layer.dy, w.output, columns),
            );
            if let Some(under) = below.last_mut() {
                fill(&mut under.dy, w.input * columns);
            }
            // The layer below lends its `dy` while its output is read.
            let mut dx = below.last_mut().map(|under| std::mem::take(&mut under.dy));
            layer.tape.backward(
                cell.as_ref(),
                input_of(below, x),
                view(&layer.dy, w.output, columns),
                &mut grad[i],
                dx.as_mut().map(|dx| view_mut(dx, w.input, columns)),
            );
            if let (Some(under), Some(dx)) = (below.last_mut(), dx) {
                under.dy = dx;
            }
        }
    }

    /// The output of cell `i`, `[O, T*B]`.
    pub fn output(&self, i: usize) -> View<'_, R> {
        self.layers[i].tape.output()
    }

    /// The tape of cell `i`.
    pub fn tape(&self, i: usize) -> &Tape<R> {
        &self.layers[i].tape
    }

    /// How many spikes cell `i` sent in the last forward pass; `None` for a cell that sends none.
    pub fn spikes(&self, i: usize) -> Option<usize> {
        let layer = &self.layers[i];
        layer.spiking.then(|| layer.events.view().active())
    }
}

/// What the cell above `below` reads.
fn input_of<'a, R: Real>(below: &'a [Layer<R>], x: Input<'a, R>) -> Input<'a, R> {
    match below.last() {
        None => x,
        Some(layer) if layer.spiking => Input::Events(layer.events.view()),
        Some(layer) => Input::Dense(layer.tape.output()),
    }
}

/// Makes room for `len` values; those in use are all set afterwards.
fn fill<R: Real>(buffer: &mut Vec<R>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, R::zero());
    }
}

/// A net running live, one step at a time. Nothing is allocated after the first step's spikes.
pub struct NetworkStream<R: Real> {
    layers: Vec<(Stream<R>, EventBatch)>,
}

impl<R: Real> NetworkStream<R> {
    /// `lanes` lanes at rest.
    pub fn new(net: &Network<R>, lanes: usize) -> Self {
        Self {
            layers: net
                .cells
                .iter()
                .map(|cell| (Stream::new(cell.as_ref(), lanes), EventBatch::default()))
                .collect(),
        }
    }

    /// Puts one lane at rest.
    pub fn reset(&mut self, net: &Network<R>, lane: usize) {
        for ((stream, _), cell) in self.layers.iter_mut().zip(&net.cells) {
            stream.reset(cell.as_ref(), lane);
        }
    }

    /// One step on `x [I, B]`; returns the logits `[C, B]`.
    pub fn step(&mut self, net: &Network<R>, x: Input<R>) -> View<'_, R> {
        for (i, cell) in net.cells.iter().enumerate() {
            let (below, rest) = self.layers.split_at_mut(i);
            let input = match below.last() {
                None => x,
                Some((_, events)) if net.cells[i - 1].spikes() => Input::Events(events.view()),
                Some((stream, _)) => Input::Dense(stream.output()),
            };
            let (stream, events) = &mut rest[0];
            stream.step(cell.as_ref(), input);
            if cell.spikes() {
                events.clear(cell.widths().output);
                events.push_dense(&stream.output());
            }
        }
        self.layers[net.cells.len() - 1].0.output()
    }
}
