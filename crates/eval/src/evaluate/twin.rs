//! The twin: the same net in f64 next to the one in f32, in windows of a stream that is long.
//!
//! Rounding of 2^-24 is added at every step of a net in f32. If its state forgets, that stays as small as it
//! is; if it does not, the state that it has after 10^9 steps may be one that no net with exact numbers would
//! have. At the start of each window the state h of the first lane is widened to f64, and from there both nets
//! hear the same input and the same resets. With x the f32 net's numbers and x' the twin's, after each step:
//!
//! ```text
//! (1) d = sqrt( Σ (x_i - x'_i)² / Σ x'_i² )         over the states of all cells but spikes; over the logits
//! ```
//!
//! The figures of a window is d at its end, and the largest. A window whose d does not grow with the position
//! of its start says that the state is as good late in a stream as it is early.

use nalgebra::DMatrix;
use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use super::windows::Spread;
use crate::lanes::Chunk;
use saturn_network::{Network, Tapes};
use saturn_store::checkpoint::Numbers;
use saturn_stream::Columns;

/// Which windows the twin runs in.
#[derive(Clone, Copy)]
pub struct TwinPlan<'a> {
    /// The net in f64.
    pub net: &'a Network<f64>,
    /// How many windows, at most.
    pub windows: usize,
    /// Steps of each.
    pub steps: u64,
}

/// The distance (1) between a net and its twin in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TwinWindow {
    /// The lane step at which the twin took up the state.
    pub start: u64,
    /// Steps that both ran from there.
    pub steps: u64,
    /// Of the states, at the end.
    pub state: f64,
    /// Of the states, the largest.
    pub state_max: f64,
    /// Of the logits, at the end.
    pub logits: f64,
    /// Of the logits, the largest.
    pub logits_max: f64,
}

/// A twin as a checkpoint keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedTwin {
    next: usize,
    seen: Vec<TwinWindow>,
    open: Option<TwinWindow>,
    states: Vec<Numbers>,
}

/// The twin of a net on the first lane.
pub struct Twin<'a> {
    net: &'a Network<f64>,
    starts: Vec<u64>,
    steps: u64,
    /// The window that is open, or the next one.
    next: usize,
    open: Option<TwinWindow>,
    tapes: Tapes<f64>,
    /// The states that the next chunk begins from.
    states: Vec<DMatrix<f64>>,
    input: Columns<f64>,
    keep: DMatrix<f64>,
    /// Rows of each cell's state that are compared.
    rows: Vec<Vec<usize>>,
    seen: Vec<TwinWindow>,
}

impl<'a> Twin<'a> {
    /// For a lane of `length` steps that runs in chunks of `chunk`.
    pub fn new(plan: &TwinPlan<'a>, length: u64, chunk: u64) -> Self {
        // A last chunk of one step would not tell of its resets.
        let whole = length / chunk * chunk;
        let steps = plan.steps.next_multiple_of(chunk).min(whole);
        let spread = Spread::Logarithmic;
        let starts = if steps == 0 {
            Vec::new()
        } else {
            spread.starts(whole, plan.windows, steps, chunk)
        };
        let cells = plan.net.cells().iter();
        Self {
            net: plan.net,
            starts,
            steps,
            next: 0,
            open: None,
            tapes: Tapes::new(plan.net),
            states: Vec::new(),
            input: Columns::default(),
            keep: DMatrix::zeros(0, 0),
            rows: cells
                .map(|cell| {
                    let fields = cell.fields().into_iter();
                    let memory = fields.filter(|field| field.kind != FieldKind::Spikes);
                    memory.flat_map(|field| field.rows).collect()
                })
                .collect(),
            seen: Vec::new(),
        }
    }

    /// Whether a window begins at step `at`, so that the states are needed.
    pub fn begins(&self, at: u64) -> bool {
        self.open.is_none() && self.starts.get(self.next) == Some(&at)
    }

    /// Takes up the `states [S, B]` of each cell that step `at` begins from, those of the first lane.
    pub fn begin<R: Real>(&mut self, at: u64, states: &[DMatrix<R>]) {
        let widen =
            |state: &DMatrix<R>| DMatrix::from_fn(state.nrows(), 1, |i, _| state[(i, 0)].wide());
        self.states = states.iter().map(widen).collect();
        self.open = Some(TwinWindow {
            start: at,
            ..TwinWindow::default()
        });
    }

    /// Runs along with a chunk, if a window is open.
    pub fn observe<R: Real>(&mut self, chunk: &Chunk<R>) {
        let Some(mut window) = self.open.take() else {
            return;
        };
        let channels = chunk.input.channels();
        self.input.clear(chunk.input.form(), channels);
        for &column in chunk.read {
            self.input.push_widened(chunk.input, column);
        }
        let keep = chunk.keep.map(|keep| {
            self.keep = DMatrix::from_fn(chunk.steps, 1, |t, _| keep[(t, 0)].wide());
            &self.keep
        });
        self.tapes.start(self.net, chunk.steps, 1);
        self.tapes.begin_from(&self.states);
        self.tapes.forward(self.net, self.input.input(), keep);
        let logits = self.tapes.logits();
        for t in 0..chunk.steps {
            let column = chunk.read[t];
            let mut sums = (0.0, 0.0);
            for (i, rows) in self.rows.iter().enumerate() {
                let (own, other) = (self.tapes.tape(i).states(), chunk.tapes.tape(i).states());
                let pairs = rows
                    .iter()
                    .map(|&r| (own[(r, t)], other[(r, column)].wide()));
                add(&mut sums, pairs);
            }
            window.state = distance(sums);
            let mut sums = (0.0, 0.0);
            let rows = 0..logits.nrows();
            add(
                &mut sums,
                rows.map(|r| (logits[(r, t)], chunk.logits[(r, column)].wide())),
            );
            window.logits = distance(sums);
            window.state_max = window.state_max.max(window.state);
            window.logits_max = window.logits_max.max(window.logits);
        }
        window.steps += chunk.steps as u64;
        self.states = self.tapes.last_states();
        if window.steps < self.steps {
            self.open = Some(window);
        } else {
            self.seen.push(window);
            self.next += 1;
        }
    }

    /// The windows that are over.
    pub fn seen(self) -> Vec<TwinWindow> {
        self.seen
    }

    /// What a checkpoint keeps.
    pub fn save(&self) -> SavedTwin {
        SavedTwin {
            next: self.next,
            seen: self.seen.clone(),
            open: self.open,
            states: (self.states.iter())
                .map(|state| Numbers::of(state.as_slice()))
                .collect(),
        }
    }

    /// Goes on where `saved` was left.
    pub fn resume(&mut self, saved: SavedTwin) {
        let states = saved.states.iter().map(|state| {
            let values: Vec<f64> = state.values();
            DMatrix::from_vec(values.len(), 1, values)
        });
        self.states = states.collect();
        (self.next, self.seen, self.open) = (saved.next, saved.seen, saved.open);
    }
}

/// Adds the squares of (1).
fn add(sums: &mut (f64, f64), pairs: impl Iterator<Item = (f64, f64)>) {
    for (own, other) in pairs {
        sums.0 += (own - other) * (own - other);
        sums.1 += own * own;
    }
}

/// (1); 0 where both are 0.
fn distance((differences, squares): (f64, f64)) -> f64 {
    if differences == 0.0 {
        0.0
    } else {
        (differences / squares.max(f64::MIN_POSITIVE)).sqrt()
    }
}

/// The net `twin`, whose shape is that of `net`, with the weights of `net`, widened.
pub fn widened<R: Real>(net: &Network<R>, mut twin: Network<f64>) -> Network<f64> {
    for (to, from) in twin.cells_mut().iter_mut().zip(net.cells()) {
        to.update(&mut |params| {
            let tensors = params.tensors_mut().iter_mut();
            for (to, from) in tensors.zip(from.params().tensors()) {
                for (to, from) in to.value.iter_mut().zip(from.value.iter()) {
                    *to = from.wide();
                }
            }
        });
    }
    twin
}
