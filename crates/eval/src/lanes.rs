//! A network on a group of lanes, chunk by chunk, in constant memory: composer, state resets, forward pass.
//!
//! If the policy's resets depend only on the stream, a chunk of steps is one forward pass of the network,
//! with resets as part of it. A policy that reads the network, or changes its state in another way, is called
//! before every step, and chunks are one step long. A policy with K copies of the net has K B columns a step,
//! copy by copy, of which one copy's B are read.

mod saved;

use nalgebra::DMatrix;
use saturn_cell::rng::pass_of;
use saturn_cell::{Real, RngPosition, View, column};
use saturn_data::DataError;
use saturn_loss::softmax::softmax;

use super::reset::effect::Effect;
use super::reset::{Action, Needs, Policy, PolicyConfig, Seen};
use saturn_network::{Network, Tapes};
use saturn_stream::DisturbConfig;
use saturn_stream::{Columns, Composer, Disturber, Form, Source, Step};

pub use saved::SavedLanes;

/// Steps of the longest chunk.
pub const CHUNK: usize = 64;
/// Columns of a chunk, where its steps allow for them.
pub const COLUMNS: usize = 256;

/// Steps of a chunk with so many lanes: enough columns for whole-sequence products, few enough for states and
/// drives to fit into a second-level cache.
pub fn chunk_steps(lanes: usize) -> usize {
    (COLUMNS / lanes.max(1)).clamp(4, CHUNK)
}

/// A group of lanes of one stream under one state-reset policy.
pub struct Lanes<'a, R: Real> {
    net: &'a Network<R>,
    composers: Vec<Composer<'a>>,
    /// The same streams, `needs.lookahead` steps ahead; none if no lookahead is needed.
    scouts: Vec<Composer<'a>>,
    /// The input of the scouts, which is not used.
    unheard: Columns<R>,
    /// One a lane where the input is disturbed, else none; and a step before and while it is.
    disturbers: Vec<Disturber<'a>>,
    plain: [Columns<R>; 2],
    config: &'a dyn PolicyConfig,
    needs: Needs,
    /// One a lane.
    policies: Vec<Box<dyn Policy>>,
    effect: Effect<R>,
    form: Form,
    channels: usize,
    tapes: Tapes<R>,
    input: Columns<R>,
    /// Metadata of each step and lane of the chunk.
    known: Vec<Step>,
    /// Of each step, the first of the columns that are read.
    read: Vec<usize>,
    keep: DMatrix<R>,
    /// Class probabilities after the last step, `[C]` each, of K B columns; empty if not needed.
    output: Vec<f32>,
    /// t, steps done on each lane.
    at: u64,
    /// What nets that draw random numbers draw at step 0.
    origin: RngPosition,
    resets: u64,
    /// The states of a checkpoint, to begin the next chunk from.
    resumed: Option<Vec<DMatrix<R>>>,
}

/// One chunk that has run.
pub struct Chunk<'a, R: Real> {
    /// The lane step of the chunk's first row.
    pub start: u64,
    /// T.
    pub steps: usize,
    /// B.
    pub lanes: usize,
    /// `[I, T*K*B]`.
    pub input: &'a Columns<R>,
    /// Metadata of each step and lane, `[T*B]`.
    pub known: &'a [Step],
    /// The column of step t's first lane, `[T]`; the B columns from there on are the lanes' outputs.
    pub read: &'a [usize],
    /// The remaining share of each state before its step, `[T, K*B]`: 0 where it was reset. None if no state
    /// of the chunk was reset, or if a policy acted itself before its one step.
    pub keep: Option<&'a DMatrix<R>>,
    /// States, drives and outputs of each cell.
    pub tapes: &'a Tapes<R>,
    /// `[C, T*K*B]`.
    pub logits: View<'a, R>,
    /// Number of resets in it.
    pub resets: u64,
}

impl<'a, R: Real> Lanes<'a, R> {
    /// Lanes `first..first + count` of the stream of `seed` for `purpose`, in the initial state.
    #[allow(clippy::too_many_arguments)] // Each flag is independent of the others.
    pub fn new(
        net: &'a Network<R>,
        source: Source<'a>,
        policy: &'a dyn PolicyConfig,
        channels: usize,
        purpose: &str,
        seed: u64,
        first: usize,
        count: usize,
    ) -> Result<Self, DataError> {
        let indices = first as u64..(first + count) as u64;
        let compose = || {
            indices
                .clone()
                .map(|lane| Composer::new(source, purpose, seed, lane))
                .collect::<Result<Vec<_>, _>>()
        };
        let needs = policy.needs();
        let ahead = needs.lookahead > 0;
        let mut lanes = Self {
            net,
            composers: compose()?,
            scouts: if ahead { compose()? } else { Vec::new() },
            unheard: Columns::default(),
            disturbers: Vec::new(),
            plain: Default::default(),
            config: policy,
            needs,
            policies: indices.clone().map(|i| policy.build(seed, i)).collect(),
            effect: Effect::new(net),
            form: source.split.form(),
            channels,
            tapes: Tapes::new(net),
            input: Columns::default(),
            known: Vec::new(),
            read: Vec::new(),
            keep: DMatrix::zeros(0, 0),
            output: Vec::new(),
            at: 0,
            origin: RngPosition {
                pass: pass_of(purpose),
                lane: first as u64,
                step: 0,
            },
            resets: 0,
            resumed: None,
        };
        for step in 0..needs.lookahead {
            lanes.scout(step)?;
        }
        Ok(lanes)
    }

    /// The same lanes, not yet begun, with an input that is disturbed now and then; `first`, `source` and
    /// `seed` as in [`Self::new`].
    #[must_use]
    pub fn disturbed(
        mut self,
        config: &'a DisturbConfig,
        source: Source<'a>,
        seed: u64,
        first: usize,
    ) -> Self {
        let lanes = (first..first + self.composers.len()).map(|lane| lane as u64);
        self.disturbers = lanes
            .map(|lane| Disturber::new(config, source.noise, seed, lane))
            .collect();
        self
    }

    /// Maximum number of steps in one forward pass.
    pub fn longest(&self) -> usize {
        let lanes = self.composers.len();
        match self.needs {
            Needs { by_step: true, .. } => 1,
            Needs { copies: 1, .. } => chunk_steps(lanes),
            Needs { copies, .. } => (COLUMNS / (copies * lanes)).clamp(1, CHUNK),
        }
    }

    /// Runs the next `steps` steps of all lanes; at most [`Self::longest`].
    pub fn run(&mut self, steps: usize) -> Result<Chunk<'_, R>, DataError> {
        assert!(steps <= self.longest(), "steps that run at once");
        self.compose(steps)?;
        let lanes = self.composers.len();
        let columns = lanes * self.needs.copies;
        let before = self.resets;
        self.tapes.carry_on(self.net, steps, columns);
        if let Some(states) = self.resumed.take() {
            self.tapes.begin_from(&states);
        }
        let mut any = false;
        if steps == 1 {
            self.act()?;
        } else {
            any = self.plan(steps)?;
        }
        let keep = any.then_some(&self.keep);
        self.tapes.set_rng_position(RngPosition {
            step: self.at,
            ..self.origin
        });
        let logits = self.tapes.forward(self.net, self.input.input(), keep);
        if self.needs.output {
            let outputs = logits.nrows();
            self.output.resize(outputs * columns, 0.0);
            for (j, p) in self.output.chunks_exact_mut(outputs).enumerate() {
                softmax(column(&logits, j), p);
            }
        }
        let start = self.at;
        self.at += steps as u64;
        Ok(Chunk {
            start,
            steps,
            lanes,
            input: &self.input,
            known: &self.known,
            read: &self.read,
            keep: any.then_some(&self.keep),
            tapes: &self.tapes,
            logits: self.tapes.logits(),
            resets: self.resets - before,
        })
    }

    /// The states that the next step begins from, one `[S, K*B]` a cell, before a policy has acted.
    pub fn states(&self) -> Vec<DMatrix<R>> {
        if let Some(states) = &self.resumed {
            return states.clone();
        }
        if self.at == 0 {
            let mut fresh = Tapes::new(self.net);
            let columns = self.composers.len() * self.needs.copies;
            fresh.start(self.net, 0, columns);
            let cells = 0..self.net.cells().len();
            return cells.map(|i| fresh.initial_mut(i).clone_owned()).collect();
        }
        self.tapes.last_states()
    }

    /// The input of the next steps, once for each copy, and their metadata.
    fn compose(&mut self, steps: usize) -> Result<(), DataError> {
        let lanes = self.composers.len();
        self.input.clear(self.form, self.channels);
        self.known.clear();
        self.read.clear();
        for t in 0..steps {
            let first = t * self.needs.copies * lanes;
            for (lane, composer) in self.composers.iter_mut().enumerate() {
                let known = match self.disturbers.get_mut(lane) {
                    None => composer.step(&mut self.input)?,
                    Some(disturber) => {
                        let [plain, scratch] = &mut self.plain;
                        plain.clear(self.form, self.channels);
                        let known = composer.step(plain)?;
                        let at = self.at + t as u64;
                        disturber.push(at, plain, &mut self.input, scratch);
                        known
                    }
                };
                self.known.push(known);
            }
            for _ in 1..self.needs.copies {
                self.input.repeat(first, lanes);
            }
            let copy = self.config.reads(self.at + t as u64);
            self.read.push(first + copy * lanes);
        }
        Ok(())
    }

    /// Announces to the policies the samples that begin at `step`, with their lookahead.
    fn scout(&mut self, step: u64) -> Result<(), DataError> {
        self.unheard.clear(self.form, self.channels);
        for (scout, policy) in self.scouts.iter_mut().zip(&mut self.policies) {
            if begins(&scout.step(&mut self.unheard)?) {
                policy.begins(step);
            }
        }
        Ok(())
    }

    /// Before one step: what becomes of the states that it begins from.
    fn act(&mut self) -> Result<(), DataError> {
        self.look_ahead(0)?;
        let lanes = self.composers.len();
        for j in 0..lanes * self.needs.copies {
            let norm = if self.needs.norm {
                self.effect.norm(&mut self.tapes, j)
            } else {
                0.0
            };
            let action = self.ask(0, j, norm);
            self.effect.act(&mut self.tapes, j, action);
        }
        Ok(())
    }

    /// Before several steps: sets `keep [T, K*B]` and returns whether there is any reset.
    fn plan(&mut self, steps: usize) -> Result<bool, DataError> {
        let columns = self.composers.len() * self.needs.copies;
        if self.keep.shape() != (steps, columns) {
            self.keep = DMatrix::zeros(steps, columns);
        }
        let before = self.resets;
        for t in 0..steps {
            self.look_ahead(t)?;
            for j in 0..columns {
                self.keep[(t, j)] = match self.ask(t, j, 0.0) {
                    Action::Leave => R::one(),
                    Action::Reset => R::zero(),
                    other => unreachable!("{other:?} of {}, which is not by step", self.config),
                };
            }
        }
        Ok(self.resets > before)
    }

    /// Updates the policies' knowledge of samples up to step t of the chunk.
    fn look_ahead(&mut self, t: usize) -> Result<(), DataError> {
        let at = self.at + t as u64;
        if !self.scouts.is_empty() {
            return self.scout(at + self.needs.lookahead);
        }
        let lanes = self.composers.len();
        let known = &self.known[t * lanes..];
        for (policy, known) in self.policies.iter_mut().zip(known) {
            if begins(known) {
                policy.begins(at);
            }
        }
        Ok(())
    }

    /// Calls the policy for column j of step t of the chunk.
    fn ask(&mut self, t: usize, j: usize, norm: f64) -> Action {
        let lanes = self.composers.len();
        let (copy, lane) = (j / lanes, j % lanes);
        let output = self.output.chunks_exact(self.net.outputs()).nth(j);
        let seen = Seen {
            step: self.at + t as u64,
            copy,
            begins: begins(&self.known[t * lanes + lane]),
            input: self.input.energy(t * lanes * self.needs.copies + j),
            output: output.unwrap_or_default(),
            norm,
        };
        let action = self.policies[lane].decide(&seen);
        self.resets += u64::from(action == Action::Reset);
        action
    }
}

/// Whether a sample begins at this step.
fn begins(known: &Step) -> bool {
    known.segment.is_some_and(|segment| segment.at == 0)
}
