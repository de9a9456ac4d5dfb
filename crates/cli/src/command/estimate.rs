//! What training and evaluating a net will cost, by trying a bounded little of each.
//!
//! ```text
//! training    = epochs (updates a + columns b + validation steps x seconds a step)
//! evaluation  = policies x streams (threshold steps x seconds a step + steps x seconds a watched step)
//!               times 1 + formats, and for each format two nets on some lanes
//!             + contraction of each stream with gaps
//! (1) seconds of a trial of n columns = a + b n         from trials of two lengths, the shorter a quarter
//! ```
//!
//! However large the scenario, all trials together simulate no more than [`OPERATIONS`]: each gets its share, in
//! which it runs as many steps as the net's size allows for. A net that is too large for a few steps within its
//! share, or for being built, is not tried: its cost is that of a small net, times the ratio of their operations.
//! Columns of training are made up, with as many events as the data have, and composing is timed apart, on the
//! scenario's own data; so is what is evaluated. Where a plan of an epoch counts (padding to the longest lane of a shard), it is that of
//! `super::memory`.

mod epoch;
mod line;

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::LossError;

use line::Line;
use saturn_eval::evaluate::EvalError;
use saturn_eval::experiments;
use saturn_eval::instruments::contraction::pair_seconds;
use saturn_eval::precision::drift::LANES as DRIFT_LANES;
use saturn_eval::reset::StateReset;
use saturn_network::Network;
use saturn_network::{BuildError, NetSize, Outputs, build};
use saturn_sim::run::dataset::Dataset;
use saturn_sim::scenario::{Arm, FpttConfig, Gap, Model, Scenario, Streams, Train};
use saturn_train::job::TrainError;

/// Operations of all trials together: a multiplication, or what takes about as long.
pub const OPERATIONS: f64 = 8e9;
/// Operations of one trial, at most.
const OPERATIONS_EACH: f64 = 8e8;
/// Operations of a column in training, as multiples of those of a step forward.
const TRAINED: f64 = 4.0;
/// Steps of a trial on each lane: fewest and most.
const STEPS: (f64, f64) = (8.0, 128.0);
/// Lanes of a trial, at most, as multiples of what all threads work on at once.
const LANES: usize = 2;
/// Operations of composing a column.
const COLUMN: f64 = 4e3;
/// Columns that are composed to find out how long one takes; with the last sample a few more.
const COMPOSED: usize = 4_000;
/// Operations of drawing a parameter.
const DRAWN: f64 = 20.0;
/// Multiplications a second where a net that is not built is drawn; about.
const DRAWING_RATE: f64 = 1e9;
/// How often a length is tried; once more before, which allocates.
const REPEATS: u32 = 2;
/// Columns of all trials of (1), as multiples of those of a long one: it is done once more than it counts, and the
/// short one as often as it counts.
const TRIALS: f64 = 1.0 + 1.25 * REPEATS as f64;

/// What can go wrong with a trial.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Evaluation failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The loss is out of its ranges.
    #[error(transparent)]
    Loss(#[from] LossError),
    /// The net cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// What the trials took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Steps of a lane that were simulated.
    pub steps: u64,
    /// Operations, by count.
    pub operations: f64,
    /// Nets that were built.
    pub nets: usize,
}

/// Seconds of evaluating one net.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationCost {
    /// A step of one lane, without instruments.
    pub step: f64,
    /// All of the scenario's evaluations and contraction curves.
    pub total: f64,
}

/// A net to be tried, built or counted alone.
pub struct Tried<R: Real> {
    size: NetSize,
    net: Option<Network<R>>,
    /// What trials of its training gave, by what they depend on.
    known: Vec<(Costly, Line)>,
}

/// What the cost of a column of training depends on, beyond the net.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Costly {
    lanes: usize,
    shard_lanes: usize,
    recompute: bool,
    every: Option<usize>,
    spike_rate: bool,
    extra: usize,
}

/// Trials on the scenario's data.
pub struct Trials<'a> {
    scenario: &'a Scenario,
    dataset: &'a Dataset,
    /// Operations that a trial may take.
    share: f64,
    /// Seconds of a multiplication of a difference between two states.
    pair: f64,
    /// Seconds of composing a column on one thread, by what streams are made of.
    composing: Vec<(Streams, f64)>,
    /// Costs of a small net, once a net is too large to be tried: (its operations; quiet, watched, training).
    small: Option<(f64, [Line; 3])>,
    /// What they took so far.
    pub spent: Spent,
}

impl<'a> Trials<'a> {
    /// On `dataset`, which may be a glimpse of the data.
    pub fn new(scenario: &'a Scenario, dataset: &'a Dataset) -> Self {
        let trials = scenario.models.len() * (2 + scenario.arms.len());
        // Three more for a small net.
        let share = OPERATIONS / (trials + 3) as f64;
        Self {
            scenario,
            dataset,
            share: share.min(OPERATIONS_EACH),
            pair: pair_seconds(),
            composing: Vec::new(),
            small: None,
            spent: Spent::default(),
        }
    }

    /// A net to be tried.
    pub fn net<R: Real>(
        &mut self,
        name: &str,
        model: &Model,
        size: NetSize,
        outputs: Outputs,
    ) -> Result<Tried<R>, EstimateError> {
        let b = self.dataset;
        let drawing = DRAWN * size.parameters().real() + size.drawing();
        let mut net = None;
        if drawing + TRAINED * STEPS.0 * TRIALS * operations(&size) <= self.share {
            let built = build(
                name,
                &model.network(),
                b.channels,
                outputs,
                b.dt_ms,
                self.scenario.seed,
            )?;
            net = Some(built.for_density(b.density));
            self.spent.operations += drawing;
            self.spent.nets += 1;
        }
        Ok(Tried {
            size,
            net,
            known: Vec::new(),
        })
    }

    /// Seconds of training `tried` in `arm`; `step` is that of [`EvaluationCost`].
    pub fn training<R: Real>(
        &mut self,
        tried: &mut Tried<R>,
        arm: &Arm,
        settings: &Train,
        step: f64,
    ) -> Result<f64, EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let costly = Costly {
            lanes: settings.lanes,
            shard_lanes: settings.shard_lanes,
            recompute: settings.recompute,
            every: arm.fptt.map(|fptt| fptt.every),
            spike_rate: arm.spike_rate.is_some(),
            extra: arm.loss.extra_outputs(),
        };
        let known = tried.known.iter().find(|(key, _)| *key == costly);
        let line = match (known, &tried.net) {
            (Some((_, line)), _) => *line,
            (None, Some(net)) => {
                let line = self.update(net, &tried.size, arm, settings)?;
                tried.known.push((costly, line));
                line
            }
            (None, None) => self.of_small(&tried.size, 2)?,
        };
        let gap = s.stream.gap.as_ref();
        let gap_steps = match arm.streams {
            Streams::Single => 0.0,
            Streams::Lead | Streams::Concatenated => mean_gap(gap),
        };
        let (updates, columns) = self.epoch(arm, settings, gap_steps);
        let composing =
            self.composing(arm.streams)? / at_once(settings.lanes, settings.shard_lanes);
        let validation = (mean_sample(b.valid.lengths()) + gap_steps) * b.valid.all() as f64;
        // Weights that step within a stream step once more every so many steps.
        let within = arm.fptt.map_or(1.0, |FpttConfig { every, .. }| {
            (columns / updates.max(1.0) / settings.lanes as f64 / every as f64).max(1.0)
        });
        let epoch =
            updates * within * line.start + columns * (line.column + composing) + validation * step;
        Ok(tried.size.drawing() / DRAWING_RATE + settings.passes(updates as usize) * epoch)
    }

    /// What evaluating `tried` costs.
    pub fn evaluation<R: Real>(
        &mut self,
        tried: &Tried<R>,
        shard_lanes: usize,
    ) -> Result<EvaluationCost, EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let e = &s.evaluate;
        let (quiet, watched) = match &tried.net {
            Some(net) => self.stream(net, &tried.size, shard_lanes)?,
            None => (
                self.of_small(&tried.size, 0)?,
                self.of_small(&tried.size, 1)?,
            ),
        };
        let (step, steps) = (quiet.column, e.steps as f64);
        let once = mean_sample(b.valid.lengths()) * b.valid.all() as f64;
        let threshold = (6.0 * once).min(steps);
        // A window computes a step of the stream as often as it has copies of the net.
        let copies = |policy: &StateReset| policy.config().needs().copies as f64;
        let policies: f64 = e.state_reset.iter().map(copies).sum();
        let constant = quiet.start + watched.start;
        let each = policies * (threshold * step + steps * watched.column + constant);
        // A format is evaluated as full precision is, and two nets are followed on some lanes.
        let followed = 2.0 * (DRIFT_LANES as f64 / e.lanes as f64) * steps * step;
        let each = each + e.precision.len() as f64 * (each + followed);
        let mut total = 0.0;
        for (_, gap) in e.streams.iter() {
            total += each + experiments::steps(e.experiments()) as f64 * step;
            if gap.is_some() {
                total += self.contraction(&tried.size, step * at_once(e.lanes, shard_lanes));
            }
        }
        Ok(EvaluationCost { step, total })
    }

    /// Seconds of the contraction curves in one kind of gap, which run on one thread, where a step takes `step`.
    fn contraction(&self, size: &NetSize, step: f64) -> f64 {
        let config = &self.scenario.evaluate.contraction;
        let lengths = self.dataset.valid.lengths();
        let lanes = config.samples.min(self.dataset.valid.all()) as f64;
        let longest = lengths.iter().copied().max().unwrap_or(1) as f64;
        let rows: f64 = size.parts.iter().map(|part| part.size.state.real()).sum();
        let lag = lanes * step + 0.5 * lanes * (lanes - 1.0) * rows * self.pair;
        let past = lanes * (config.lead_steps as f64 + longest) * step;
        past + config.realisations as f64 * config.gap_steps as f64 * lag
    }
}

/// Operations of a step of one lane: what is done to its input, its products, and what is done to each row.
fn operations(size: &NetSize) -> f64 {
    let rows = size.parts.iter().map(|part| part.size);
    let rows: f64 = rows.map(|s| (s.drive + s.state + s.output).real()).sum();
    COLUMN + size.products() + 30.0 * rows
}

/// Shards that run at once.
fn at_once(lanes: usize, shard_lanes: usize) -> f64 {
    lanes
        .div_ceil(shard_lanes.max(1))
        .min(rayon::current_num_threads()) as f64
}

/// Mean steps of a sample.
pub fn mean_sample(lengths: &[usize]) -> f64 {
    lengths.iter().map(|&n| n as f64).sum::<f64>() / lengths.len().max(1) as f64
}

/// Mean steps of a gap; 0 without gaps.
pub fn mean_gap(gap: Option<&Gap>) -> f64 {
    gap.map_or(0.0, |g| (g.steps[0] + g.steps[1]) as f64 / 2.0)
}
