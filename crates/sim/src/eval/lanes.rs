//! A net on a group of lanes, chunk by chunk, in constant memory: composer, state resets, forward pass.

use nalgebra::DMatrix;
use saturn_cell::{Real, View};
use saturn_data::DataError;

use crate::network::{Network, Tapes};
use crate::scenario::StateReset;
use crate::stream::{Columns, Composer, Form, Source, Step};

/// Steps of the longest chunk.
pub const CHUNK: usize = 64;

/// Steps of a chunk of so many lanes: enough columns for whole-sequence products, few enough for states and
/// drives to stay in a second-level cache.
pub fn chunk_steps(lanes: usize) -> usize {
    (256 / lanes.max(1)).clamp(4, CHUNK)
}

/// A group of lanes of one stream under one state-reset policy.
pub struct Lanes<'a, R: Real> {
    net: &'a Network<R>,
    composers: Vec<Composer<'a>>,
    policy: StateReset,
    form: Form,
    channels: usize,
    tapes: Tapes<R>,
    input: Columns<R>,
    /// What is known of each column of the chunk.
    known: Vec<Step>,
    keep: DMatrix<R>,
    /// t, steps done on each lane.
    at: u64,
}

/// One chunk that has run.
pub struct Chunk<'a, R: Real> {
    /// The lane step of the chunk's first row.
    pub start: u64,
    /// T.
    pub steps: usize,
    /// B.
    pub lanes: usize,
    /// `[I, T*B]`.
    pub input: &'a Columns<R>,
    /// What is known of each column.
    pub known: &'a [Step],
    /// States, drives and outputs of each cell.
    pub tapes: &'a Tapes<R>,
    /// `[C, T*B]`.
    pub logits: View<'a, R>,
}

impl<'a, R: Real> Lanes<'a, R> {
    /// Lanes `first..first + count` of the stream of `seed` for `purpose`, at rest.
    #[allow(clippy::too_many_arguments)] // Each says one thing about the stream; none goes with another.
    pub fn new(
        net: &'a Network<R>,
        source: Source<'a>,
        policy: StateReset,
        channels: usize,
        purpose: &str,
        seed: u64,
        first: usize,
        count: usize,
    ) -> Result<Self, DataError> {
        let composers = (first..first + count)
            .map(|lane| Composer::new(source, purpose, seed, lane as u64))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            net,
            composers,
            policy,
            form: source.split.form(),
            channels,
            tapes: Tapes::new(net),
            input: Columns::default(),
            known: Vec::new(),
            keep: DMatrix::zeros(0, 0),
            at: 0,
        })
    }

    /// Runs the next `steps` steps of all lanes.
    pub fn run(&mut self, steps: usize) -> Result<Chunk<'_, R>, DataError> {
        let lanes = self.composers.len();
        self.input.clear(self.form, self.channels);
        self.known.clear();
        for _ in 0..steps {
            for composer in &mut self.composers {
                self.known.push(composer.step(&mut self.input)?);
            }
        }
        if self.keep.shape() != (steps, lanes) {
            self.keep = DMatrix::zeros(steps, lanes);
        }
        let mut any = false;
        for t in 0..steps {
            for b in 0..lanes {
                let reset = resets(self.policy, self.at + t as u64, &self.known[t * lanes + b]);
                any |= reset;
                self.keep[(t, b)] = if reset { R::zero() } else { R::one() };
            }
        }
        self.tapes.carry_on(self.net, steps, lanes);
        let keep = any.then_some(&self.keep);
        self.tapes.forward(self.net, self.input.input(), keep);
        let start = self.at;
        self.at += steps as u64;
        Ok(Chunk {
            start,
            steps,
            lanes,
            input: &self.input,
            known: &self.known,
            tapes: &self.tapes,
            logits: self.tapes.logits(),
        })
    }
}

/// Whether `policy` puts the state at rest before lane step `t`.
fn resets(policy: StateReset, t: u64, known: &Step) -> bool {
    match policy {
        StateReset::None => false,
        StateReset::Oracle => known.segment.is_some_and(|s| s.at == 0),
        StateReset::Periodic { every, offset } => t % every == offset % every,
    }
}
