//! A network's path under an input, stored so that it can be traversed backwards.
//!
//! The backward pass needs the record of each step. Of a path of T steps only the inputs and, every `CHUNK`
//! steps, the states are stored; each chunk is run again when the backward pass reaches it.
//!
//! A stack of cells has a block-triangular derivative: within a step, a cell depends on the cells below it
//! and on its own past. The exponents of the whole network are therefore those of its cells, each under its
//! own input, taken together (Oseledets 1968; for almost every start of an ergodic stream), and they are
//! measured cell by cell.

use nalgebra::DMatrix;
use saturn_cell::{FieldKind, Input, View, column};

use super::jacobian::{At, Reverse, Slope, jacobian};
use super::lyapunov::{Benettin, Plan, Spectrum};
use saturn_network::{Network, Tapes};
use saturn_stream::{Columns, Form};

/// Steps of a chunk.
const CHUNK: usize = 256;

/// A path of one lane.
pub struct Trajectory {
    chunks: Vec<Chunk>,
    steps: usize,
}

/// Some steps of a path.
struct Chunk {
    /// The input `[I, n]`.
    input: Columns<f64>,
    /// The states before its first step, one `[S, 1]` a cell.
    states: Vec<DMatrix<f64>>,
}

/// Observations of each cell along a path.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The least and the largest value of each row of the input, `[I]`.
    pub input: Vec<(f64, f64)>,
    /// The least and the largest value of each row of the state, `[S]`.
    pub state: Vec<(f64, f64)>,
    /// The share of pinned numbers among those bounded by ±1 (|h| > 0.95), if there are any.
    pub pinned: Option<f64>,
    pins: (u64, u64),
}

impl Trajectory {
    /// Runs `net` for `steps` steps from `states`, or from the initial state; `input` adds a column at a
    /// time. `seen`, one per cell, collects the observations.
    pub fn record<E>(
        net: &Network<f64>,
        states: Option<&[DMatrix<f64>]>,
        steps: usize,
        (form, channels): (Form, usize),
        mut input: impl FnMut(&mut Columns<f64>) -> Result<(), E>,
        seen: &mut [Seen],
    ) -> Result<(Self, Vec<DMatrix<f64>>), E> {
        let mut tapes = Tapes::new(net);
        tapes.start(net, 0, 1);
        if let Some(states) = states {
            tapes.begin_from(states);
        }
        let mut at: Vec<DMatrix<f64>> = (0..net.cells().len())
            .map(|i| tapes.initial_mut(i).clone_owned())
            .collect();
        let mut chunks = Vec::with_capacity(steps.div_ceil(CHUNK));
        let mut left = steps;
        while left > 0 {
            let n = CHUNK.min(left);
            let mut columns = Columns::new(form, channels);
            for _ in 0..n {
                input(&mut columns)?;
            }
            let chunk = Chunk {
                input: columns,
                states: std::mem::take(&mut at),
            };
            chunk.run(net, &mut tapes);
            for (i, seen) in seen.iter_mut().enumerate() {
                seen.take_in(net, &tapes, i, &chunk.input);
            }
            at = tapes.last_states();
            chunks.push(chunk);
            left -= n;
        }
        Ok((Self { chunks, steps }, at))
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// States of the path at `count` moments spread over it, one `[S, 1]` a cell.
    pub fn states(&self, count: usize) -> impl Iterator<Item = &[DMatrix<f64>]> {
        let (n, count) = (self.chunks.len(), count.min(self.chunks.len()));
        (0..count).map(move |k| self.chunks[k * n / count].states.as_slice())
    }

    /// The exponents of each cell along the path, backwards, with both slopes of spikes; `still` is the twin
    /// of `net` whose spikes have slope 0. `None` for a cell without a state.
    pub fn spectra(
        &self,
        net: &Network<f64>,
        still: &Network<f64>,
        exponents: usize,
    ) -> Vec<Option<CellSpectra>> {
        let plan = Plan::of(exponents, self.steps);
        let mut tapes = Tapes::new(net);
        let mut cells: Vec<Option<CellWalk>> = (net.cells().iter())
            .map(|cell| (cell.widths().state > 0).then(|| CellWalk::new(cell.as_ref(), plan)))
            .collect();
        for chunk in self.chunks.iter().rev() {
            let steps = chunk.run(net, &mut tapes);
            for (i, walk) in cells.iter_mut().enumerate() {
                let Some(walk) = walk else { continue };
                let (drive, states) = (tapes.tape(i).drive(), tapes.tape(i).states());
                for t in (0..steps).rev() {
                    let at = chunk.at(i, t, &drive, &states);
                    for (slope, benettin) in &mut walk.benettin {
                        let of = if *slope == Slope::True { still } else { net };
                        let cell = of.cells()[i].as_ref();
                        benettin.step(|q| {
                            let q = q.as_view_mut();
                            walk.reverse.carry(cell, at, *slope, q);
                        });
                    }
                }
            }
        }
        (cells.into_iter())
            .map(|walk| {
                let mut spectra = walk?.benettin.into_iter().map(|(_, b)| b.finish());
                Some(CellSpectra {
                    exact: spectra.next()?,
                    surrogate: spectra.next(),
                })
            })
            .collect()
    }

    /// The derivatives of cell `i` at `count` moments spread over the path.
    pub fn jacobians(
        &self,
        net: &Network<f64>,
        i: usize,
        count: usize,
        slope: Slope,
    ) -> Vec<DMatrix<f64>> {
        let mut tapes = Tapes::new(net);
        let count = count.min(self.chunks.len());
        (0..count)
            .map(|k| {
                let chunk = &self.chunks[k * self.chunks.len() / count];
                let steps = chunk.run(net, &mut tapes);
                let (drive, states) = (tapes.tape(i).drive(), tapes.tape(i).states());
                // Anywhere in the chunk, and not always at its beginning.
                let t = (k * 97 + 31) % steps;
                let at = chunk.at(i, t, &drive, &states);
                jacobian(net.cells()[i].as_ref(), at, slope)
            })
            .collect()
    }
}

impl Chunk {
    /// Runs its steps; their number.
    fn run(&self, net: &Network<f64>, tapes: &mut Tapes<f64>) -> usize {
        let steps = self.input.input().columns();
        tapes.start(net, steps, 1);
        tapes.begin_from(&self.states);
        tapes.forward(net, self.input.input(), None);
        steps
    }

    /// Step `t` of cell `i`, after it has been run.
    fn at<'a>(
        &'a self,
        i: usize,
        t: usize,
        drive: &'a View<'_, f64>,
        states: &'a View<'_, f64>,
    ) -> At<'a> {
        At {
            drive: column(drive, t),
            prev: match t {
                0 => self.states[i].as_slice(),
                _ => column(states, t - 1),
            },
            next: column(states, t),
        }
    }
}

/// The exponents of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSpectra {
    /// Of the step as it is run: a spike has no slope.
    pub exact: Spectrum,
    /// With the slope used in training, for a cell that spikes.
    pub surrogate: Option<Spectrum>,
}

/// A cell in the backward pass.
struct CellWalk {
    reverse: Reverse,
    benettin: Vec<(Slope, Benettin)>,
}

impl CellWalk {
    fn new(cell: &dyn saturn_cell::Cell<f64>, plan: Plan) -> Self {
        let s = cell.widths().state;
        let slopes: &[Slope] = if has_spikes(cell) {
            &[Slope::True, Slope::Surrogate]
        } else {
            &[Slope::True]
        };
        Self {
            reverse: Reverse::new(cell, plan.exponents.min(s)),
            benettin: slopes
                .iter()
                .map(|&m| (m, Benettin::new(s, plan)))
                .collect(),
        }
    }
}

/// Whether a cell has spikes in its state.
pub fn has_spikes(cell: &dyn saturn_cell::Cell<f64>) -> bool {
    (cell.fields().iter()).any(|field| field.kind == FieldKind::Spikes)
}

impl Seen {
    fn take_in(&mut self, net: &Network<f64>, tapes: &Tapes<f64>, i: usize, x: &Columns<f64>) {
        let below = (i > 0).then(|| tapes.tape(i - 1).output());
        match (below, x.input()) {
            (Some(output), _) => widen(&mut self.input, &output),
            (None, Input::Dense(x)) => widen(&mut self.input, &x),
            (None, Input::Events(events)) => {
                self.input.resize(events.channels(), (0.0, 0.0));
                for j in 0..events.columns() {
                    let (units, counts) = events.column(j);
                    for (&unit, &count) in units.iter().zip(counts) {
                        let high = &mut self.input[unit as usize].1;
                        *high = high.max(f64::from(count));
                    }
                }
            }
        }
        let (cell, states) = (&net.cells()[i], tapes.tape(i).states());
        widen(&mut self.state, &states);
        for field in cell.fields().iter().filter(|f| f.kind == FieldKind::Tanh) {
            for j in 0..states.ncols() {
                let h = &column(&states, j)[field.rows.clone()];
                self.pins.0 += h.iter().filter(|h| h.abs() > 0.95).count() as u64;
                self.pins.1 += h.len() as u64;
            }
        }
        self.pinned = (self.pins.1 > 0).then(|| self.pins.0 as f64 / self.pins.1 as f64);
    }
}

/// Widens the range of each row by the values of its columns.
fn widen(ranges: &mut Vec<(f64, f64)>, values: &View<f64>) {
    ranges.resize(values.nrows(), (0.0, 0.0));
    for j in 0..values.ncols() {
        for ((low, high), &v) in ranges.iter_mut().zip(values.column(j).iter()) {
            *low = low.min(v);
            *high = high.max(v);
        }
    }
}

#[cfg(test)]
#[path = "trajectory/tests.rs"]
mod tests;
