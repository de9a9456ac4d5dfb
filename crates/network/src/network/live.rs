//! A net running live, one step at a time.

use saturn_cell::{EventBatch, Input, Real, Stream, View, compiled_once};

use super::Network;

/// A network running live, one step at a time. Allocates only at the start.
pub struct NetworkStream<R: Real> {
    layers: Vec<(Stream<R>, EventBatch)>,
}

impl<R: Real> NetworkStream<R> {
    /// `lanes` lanes in the initial state.
    pub fn new(net: &Network<R>, lanes: usize) -> Self {
        Self {
            layers: net
                .cells
                .iter()
                .map(|cell| {
                    let spiking = if cell.spikes() { lanes } else { 0 };
                    let spikes = EventBatch::with_room(cell.widths().output, spiking);
                    (Stream::new(cell.as_ref(), lanes), spikes)
                })
                .collect(),
        }
    }

    /// Resets one lane to the initial state.
    pub fn reset(&mut self, net: &Network<R>, lane: usize) {
        for ((stream, _), cell) in self.layers.iter_mut().zip(&net.cells) {
            stream.reset(cell.as_ref(), lane);
        }
    }

    /// The running cell `i`: its state, drive and output after the last step.
    pub fn layer(&self, i: usize) -> &Stream<R> {
        &self.layers[i].0
    }

    /// The same, to have its state set between two steps.
    pub fn layer_mut(&mut self, i: usize) -> &mut Stream<R> {
        &mut self.layers[i].0
    }

    /// The state of each cell, widened: what it takes to resume.
    pub fn states(&self) -> Vec<Vec<f64>> {
        let states = self.layers.iter().map(|(stream, _)| stream.state());
        states
            .map(|state| state.iter().map(|x| x.wide()).collect())
            .collect()
    }

    /// Sets the state of each cell. False, and no change, if they are those of another network or number of lanes.
    pub fn restore(&mut self, states: &[Vec<f64>]) -> bool {
        let fits = states.len() == self.layers.len()
            && (self.layers.iter().zip(states))
                .all(|((stream, _), state)| stream.state().len() == state.len());
        if fits {
            for ((stream, _), state) in self.layers.iter_mut().zip(states) {
                for (to, from) in stream.state_mut().iter_mut().zip(state) {
                    *to = R::of(*from);
                }
            }
        }
        fits
    }

    /// Whether the last step changed no bit of any state.
    pub fn is_still(&self) -> bool {
        self.layers.iter().all(|(stream, _)| stream.is_still())
    }

    /// One step on `x [I, B]`; returns the logits `[C, B]`.
    pub fn step(&mut self, net: &Network<R>, x: Input<R>) -> View<'_, R> {
        step_cells(self, net, x);
        self.layers[net.cells.len() - 1].0.output()
    }
}

compiled_once! {
    /// One step of each cell, from input to readout.
    fn step_cells<R>(stream: &mut NetworkStream<R>, net: &Network<R>, x: Input<R>) {
        for (i, cell) in net.cells.iter().enumerate() {
            let (below, rest) = stream.layers.split_at_mut(i);
            let input = match below.last() {
                None => x,
                Some((_, events)) if net.cells[i - 1].spikes() => Input::Events(events.view()),
                Some((below, _)) => Input::Dense(below.output()),
            };
            let (running, events) = &mut rest[0];
            running.step(cell.as_ref(), input);
            if cell.spikes() {
                events.clear(cell.widths().output);
                events.push_dense(&running.output());
            }
        }
    }
}
