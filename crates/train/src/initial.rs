//! The state that a lane of an update starts from.
//!
//! | rule | h_0 | source |
//! |---|---|---|
//! | `rest` | the cell's initial state | |
//! | `passed` | with probability p the last state of a lane of the update before, drawn at random; else the initial state | Narayanan et al. 2019, p < 1; Buitrago & Gu 2025, p = 1 |
//! | `noise` | initial state + σ z, z standard normal | Buitrago & Gu 2025 |
//! | `fitted_noise` | μ + s z, with mean and deviation of each unit's last states | Buitrago & Gu 2025 |
//!
//! ```text
//! μ   <- 0.9 μ + 0.1 mean of the lanes' last states          (1)   from the second update on
//! s²  =  E[h²] - μ², E[h²] as in (1)                         (2)
//! ```
//!
//! A lane's last state is that after its last step, before any padding. No gradient goes back into the update
//! that it came from. Spikes of the last step are 0 or 1 and get no noise: they stay in the initial state.
//! Random numbers are those of the update and the lane, so they do not depend on shards or threads.
//!
//! Sources: A. Narayanan et al., "Recognizing long-form speech using streaming end-to-end models" (2019);
//! R. Buitrago Ruiz and A. Gu, "Understanding and improving length generalization in recurrent models"
//! (2025). They pass on the state of the same lane; here samples are redrawn, so every lane is a new sequence.

use std::ops::Range;

use nalgebra::DMatrix;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use saturn_cell::rng::generator;
use saturn_cell::{FieldKind, Real};

use super::arm::InitialState;
use super::checkpoint_arrays::{SavedInitial, keep_matrix, matrix};
use saturn_network::{Network, Tapes};

/// Decay of the averages in (1).
const KEPT: f64 = 0.9;
/// More lanes than any update has.
const LANES: u64 = 1 << 24;

/// Where the lanes of the next update start.
pub struct Initial<R: Real> {
    rule: InitialState,
    seed: u64,
    updates: u64,
    /// The last states of the last update, `[S, L]` for each cell.
    passed: Vec<DMatrix<R>>,
    /// For each cell μ and E[h²], `[S]` each.
    fitted: Vec<[Vec<f64>; 2]>,
}

impl<R: Real> Initial<R> {
    /// Under `seed`; no state is known yet.
    pub fn new(rule: InitialState, seed: u64) -> Self {
        Self {
            rule,
            seed,
            updates: 0,
            passed: Vec::new(),
            fitted: Vec::new(),
        }
    }

    /// State in a checkpoint.
    pub fn save(&self) -> SavedInitial {
        let passed = self.passed.iter().map(keep_matrix).collect();
        (self.updates, passed, self.fitted.clone())
    }

    /// Restores `saved`. False if it belongs to another network.
    pub fn resume(&mut self, net: &Network<R>, saved: SavedInitial) -> bool {
        let (updates, passed, fitted) = saved;
        let passed: Option<Vec<DMatrix<R>>> = passed.iter().map(matrix).collect();
        let Some(passed) = passed else {
            return false;
        };
        let rows = || net.cells().iter().map(|cell| cell.widths().state);
        let fits = (passed.is_empty() || passed.iter().map(DMatrix::nrows).eq(rows()))
            && (fitted.is_empty() || fitted.iter().map(|[mean, _]| mean.len()).eq(rows()))
            && fitted
                .iter()
                .all(|[mean, square]| mean.len() == square.len());
        (self.updates, self.passed, self.fitted) = (updates, passed, fitted);
        fits
    }

    /// Whether the last states of lanes are needed.
    pub fn learns(&self) -> bool {
        match self.rule {
            InitialState::Rest | InitialState::Noise(_) => false,
            InitialState::Passed(_) | InitialState::FittedNoise => true,
        }
    }

    /// Sets the initial states of `lanes`, numbered among all of the update, on tapes that were started.
    pub fn set(&self, net: &Network<R>, tapes: &mut Tapes<R>, lanes: Range<usize>) {
        if self.rule == InitialState::Rest {
            return;
        }
        for (b, lane) in lanes.enumerate() {
            let index = self.updates * LANES + lane as u64;
            let mut rng = generator(self.seed, "initial state", index);
            match self.rule {
                InitialState::Rest => {}
                InitialState::Passed(rule) => {
                    let count = self.passed.first().map_or(0, DMatrix::ncols);
                    if count == 0 || !rng.random_bool(rule.probability) {
                        continue;
                    }
                    let from = rng.random_range(0..count);
                    for (i, states) in self.passed.iter().enumerate() {
                        tapes.initial_mut(i).set_column(b, &states.column(from));
                    }
                }
                InitialState::Noise(rule) => each_value(net, |i, row| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    tapes.initial_mut(i)[(row, b)] += R::of(rule.std * z);
                }),
                InitialState::FittedNoise => each_value(net, |i, row| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    if let Some([mean, square]) = self.fitted.get(i) {
                        let variance = square[row] - mean[row] * mean[row]; // (2)
                        let state = mean[row] + variance.max(0.0).sqrt() * z;
                        tapes.initial_mut(i)[(row, b)] = R::of(state);
                    }
                }),
            }
        }
    }

    /// Stores the last states of an update's shards, in their order.
    pub fn learn<'a>(&mut self, net: &Network<R>, shards: impl Iterator<Item = &'a Tapes<R>>)
    where
        R: 'a,
    {
        self.updates += 1;
        if !self.learns() {
            return;
        }
        let shards: Vec<&Tapes<R>> = shards.collect();
        let states: Vec<DMatrix<R>> = (net.cells().iter().enumerate())
            .map(|(i, cell)| {
                let columns = (shards.iter()).flat_map(|tapes| tapes.finals(i).as_slice());
                let rows = cell.widths().state;
                let lanes: usize = shards.iter().map(|tapes| tapes.finals(i).ncols()).sum();
                DMatrix::from_iterator(rows, lanes, columns.copied())
            })
            .collect();
        if self.rule == InitialState::FittedNoise {
            let first = self.fitted.is_empty();
            self.fitted
                .resize_with(states.len(), || [Vec::new(), Vec::new()]);
            for (states, known) in states.iter().zip(&mut self.fitted) {
                for (k, known) in known.iter_mut().enumerate() {
                    known.resize(states.nrows(), 0.0);
                    for (row, known) in known.iter_mut().enumerate() {
                        let powers = states.row(row);
                        let sum: f64 = powers.iter().map(|h| h.wide().powi(k as i32 + 1)).sum();
                        let mean = sum / states.ncols() as f64;
                        let kept = if first { 0.0 } else { KEPT };
                        *known = kept * *known + (1.0 - kept) * mean; // (1)
                    }
                }
            }
        } else {
            self.passed = states;
        }
    }
}

/// Every row of every cell's state that is not a spike: `visit(cell, row)`.
fn each_value<R: Real>(net: &Network<R>, mut visit: impl FnMut(usize, usize)) {
    for (i, cell) in net.cells().iter().enumerate() {
        for field in cell.fields() {
            if field.kind != FieldKind::Spikes {
                field.rows.for_each(|row| visit(i, row));
            }
        }
    }
}

#[cfg(test)]
mod tests;
