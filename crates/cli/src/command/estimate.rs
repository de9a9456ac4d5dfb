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

use std::time::Instant;

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::{Loss, LossError, SpikeRate};

use super::made_up::fill;
use saturn_eval::evaluate::{EvalError, Extras, Plan, choose_threshold, evaluate};
use saturn_eval::experiments;
use saturn_eval::instruments::contraction::pair_seconds;
use saturn_eval::position::Spacing;
use saturn_eval::precision::drift::LANES as DRIFT_LANES;
use saturn_eval::reset::{Never, StateReset};
use saturn_network::Network;
use saturn_network::{BuildError, Layer, NetSize, NetworkConfig, Outputs, Readout, build};
use saturn_sim::run::dataset::Dataset;
use saturn_sim::scenario::{Arm, FpttConfig, Gap, Model, Scenario, Streams, Train};
use saturn_store::Progress;
use saturn_stream::Split;
use saturn_train::batch::{Batch, Epoch, Masking};
use saturn_train::job::TrainError;
use saturn_train::objective::Objective;
use saturn_train::update::Update;

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

/// (1).
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// a, seconds.
    start: f64,
    /// b, seconds a column.
    column: f64,
}

impl Line {
    /// For a net of `ratio` times the operations.
    fn times(self, ratio: f64) -> Self {
        Self {
            start: self.start * ratio,
            column: self.column * ratio,
        }
    }
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
        let heard = match arm.streams {
            Streams::Single => 0.0,
            Streams::Lead | Streams::Concatenated => mean_gap(gap),
        };
        let (updates, columns) = self.epoch(arm, settings, heard);
        let composing =
            self.composing(arm.streams)? / at_once(settings.lanes, settings.shard_lanes);
        let validation = (mean_sample(b.valid.lengths()) + heard) * b.valid.all() as f64;
        // Weights that step within a stream step once more every so many steps.
        let within = arm.fptt.map_or(1.0, |FpttConfig { every, .. }| {
            (columns / updates.max(1.0) / settings.lanes as f64 / every as f64).max(1.0)
        });
        let epoch =
            updates * within * line.start + columns * (line.column + composing) + validation * step;
        Ok(tried.size.drawing() / DRAWING_RATE + settings.epochs as f64 * epoch)
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

    /// Seconds of composing a column of training streams on one thread.
    fn composing(&mut self, streams: Streams) -> Result<f64, EstimateError> {
        if let Some((_, known)) = self.composing.iter().find(|(of, _)| *of == streams) {
            return Ok(*known);
        }
        let (s, b) = (self.scenario, self.dataset);
        let source = b.source(&b.train, s.stream.gap.as_ref());
        let epoch = Epoch::new(s.seed, 0, b.train.len());
        let mut batch = Batch::<f32>::default();
        let mut seconds = 0.0;
        let mut columns = 0;
        // A sample a lane, so that nothing is padded.
        for position in 0..b.train.len() {
            let began = Instant::now();
            let (plans, masking) = ([vec![position]], Masking::default());
            batch.compose(&epoch, &plans, streams, source, b.channels, masking)?;
            seconds += began.elapsed().as_secs_f64();
            columns += batch.steps;
            if columns >= COMPOSED {
                break;
            }
        }
        self.spent.steps += columns as u64;
        let each = seconds / columns.max(1) as f64;
        self.composing.push((streams, each));
        Ok(each)
    }

    /// Updates and columns of an epoch; each sample has `heard` steps of gap before it.
    fn epoch(&self, arm: &Arm, settings: &Train, heard: f64) -> (f64, f64) {
        let split = &self.dataset.train;
        let lengths = lengths(split, arm.streams);
        let epoch = Epoch::new(self.scenario.seed, 0, lengths.len());
        let samples = self.scenario.stream.samples;
        let mut columns = 0.0;
        for mut lanes in epoch.updates(arm.streams, settings.lanes, samples) {
            let steps = |lane: &Vec<usize>| -> usize {
                lane.iter().map(|&p| lengths[epoch.recording(p)]).sum()
            };
            lanes.sort_by_key(steps);
            for shard in lanes.chunks(settings.shard_lanes) {
                let longest = shard
                    .last()
                    .map_or(0.0, |lane| steps(lane) as f64 + heard * lane.len() as f64);
                columns += shard.len() as f64 * longest;
            }
        }
        let all = split.all();
        let updates = all.div_ceil(settings.lanes * samples) as f64;
        (updates, columns * all as f64 / lengths.len().max(1) as f64)
    }

    /// Steps of a trial on each of `lanes` lanes of a net of `size`, longest; `weight` is how many operations of
    /// a step forward a column takes.
    fn steps(&self, size: &NetSize, lanes: usize, weight: f64) -> usize {
        let columns = self.share / (weight * operations(size) * TRIALS);
        (columns / lanes as f64).clamp(STEPS.0, STEPS.1) as usize
    }

    /// Lanes of a trial, where there are `lanes` in shards of `shard_lanes`.
    fn lanes(&self, size: &NetSize, lanes: usize, shard_lanes: usize, weight: f64) -> usize {
        let busy = LANES * shard_lanes.saturating_mul(rayon::current_num_threads());
        let most = self.share / (weight * operations(size) * STEPS.0 * TRIALS);
        lanes.min(busy).min(most as usize).max(1)
    }

    /// (1) of an update.
    fn update<R: Real>(
        &mut self,
        net: &Network<R>,
        size: &NetSize,
        arm: &Arm,
        settings: &Train,
    ) -> Result<Line, EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let lanes = self.lanes(size, settings.lanes, settings.shard_lanes, TRAINED);
        let steps = self.steps(size, lanes, TRAINED);
        // The net has an output a class: of a loss with more outputs, that many fewer classes are shown, and of a data
        // set with no more classes than these the cost is that of plain cross-entropy.
        let classes = net.outputs().saturating_sub(arm.loss.extra_outputs());
        let loss = if classes > 0 {
            Loss::new(&arm.loss)?
        } else {
            Loss::default()
        };
        let spike_rate = match &arm.spike_rate {
            Some(config) => Some(SpikeRate::new(config, b.dt_ms)?),
            None => None,
        };
        let objective = Objective {
            spike_rate: spike_rate.as_ref(),
            recompute: settings.recompute,
            grad_detach: arm.grad_detach,
            ..Objective::of(&loss)
        };
        let mut net = net.clone();
        let mut update = Update::new(settings.optimizer, &net)
            .starting_from(arm.initial_state, s.seed)
            .held_by(arm.fptt.as_ref(), &net);
        let shard_lanes = settings.shard_lanes.min(lanes);
        let form = b.train.form();
        self.line(size, lanes, steps, TRAINED, |steps| {
            let count = lanes.div_ceil(shard_lanes);
            let filled = update.fill(&net, count, |shard, batch| {
                let first = shard * shard_lanes;
                let own = first..lanes.min(first + shard_lanes);
                fill(batch, form, &b.mean_counts, classes, own, steps);
                Ok::<_, DataError>(())
            })?;
            let began = Instant::now();
            update.part(&net, objective, 0..filled);
            // A step of no length leaves the net as it is.
            update.step(&mut net, settings.clip_norm, 0.0);
            Ok(began.elapsed().as_secs_f64())
        })
    }

    /// (1) of choosing a threshold and of an evaluation.
    fn stream<R: Real>(
        &mut self,
        net: &Network<R>,
        size: &NetSize,
        shard_lanes: usize,
    ) -> Result<(Line, Line), EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let e = &s.evaluate;
        let lanes = self.lanes(size, e.lanes, shard_lanes, 1.0);
        let steps = self.steps(size, lanes, 1.0);
        let plan = |steps: usize| Plan {
            source: b.source(&b.valid, s.stream.gap.as_ref()),
            state_reset: &Never {},
            channels: b.channels,
            purpose: "estimate",
            seed: s.seed,
            steps: (steps * lanes) as u64,
            lanes,
            shard_lanes: shard_lanes.min(lanes),
            windows: 1,
            spacing: Spacing::Even,
            dt_ms: b.dt_ms,
            detector: e.detector,
            extras: Extras::default(),
            instruments: &e.instruments,
        };
        let progress = Progress::quiet();
        let quiet = self.line(size, lanes, steps, 1.0, |steps| {
            let began = Instant::now();
            choose_threshold(net, &plan(steps), &progress)?;
            Ok(began.elapsed().as_secs_f64())
        })?;
        let watched = self.line(size, lanes, steps, 1.0, |steps| {
            let began = Instant::now();
            evaluate(net, &plan(steps), 0.5, &progress)?;
            Ok(began.elapsed().as_secs_f64())
        })?;
        Ok((quiet, watched))
    }

    /// (1), from trials of `steps` steps and of a quarter of them; `trial` returns its seconds.
    fn line(
        &mut self,
        size: &NetSize,
        lanes: usize,
        steps: usize,
        weight: f64,
        mut trial: impl FnMut(usize) -> Result<f64, EstimateError>,
    ) -> Result<Line, EstimateError> {
        let short = (steps / 4).max(1);
        let mut seconds = [0.0; 2];
        let spent = &mut self.spent;
        let mut timed = |steps: usize| -> Result<f64, EstimateError> {
            spent.steps += (steps * lanes) as u64;
            spent.operations += weight * operations(size) * (steps * lanes) as f64;
            trial(steps)
        };
        timed(steps)?;
        for _ in 0..REPEATS {
            for (sum, steps) in seconds.iter_mut().zip([short, steps]) {
                *sum += timed(steps)? / f64::from(REPEATS);
            }
        }
        let [brief, whole] = seconds;
        let columns = (steps * lanes) as f64;
        let more = ((steps - short) * lanes) as f64;
        // On a busy machine the shorter trial may have taken longer: then all counts as columns.
        let column = if whole > brief && more > 0.0 {
            (whole - brief) / more
        } else {
            whole / columns
        };
        // No column is cheaper than a quarter of the mean.
        let column = column.clamp(0.25 * whole / columns, whole / columns);
        Ok(Line {
            start: (whole - column * columns).max(0.0),
            column,
        })
    }

    /// Cost `which` (quiet, watched, training) of a net that is too large to be tried.
    fn of_small(&mut self, size: &NetSize, which: usize) -> Result<Line, EstimateError> {
        let (own, lines) = if let Some(known) = self.small {
            known
        } else {
            let known = self.small_net()?;
            self.small = Some(known);
            known
        };
        Ok(lines[which].times(operations(size) / own))
    }

    /// The costs of a small net on the scenario's data.
    fn small_net(&mut self) -> Result<(f64, [Line; 3]), EstimateError> {
        let b = self.dataset;
        let model = NetworkConfig {
            layers: vec![Layer::Gru(saturn_neurons::gru::GruConfig::default())],
            readout: Some(Readout::Linear),
        };
        let (inputs, classes) = (b.channels, b.classes.len());
        let size = NetSize::of("small", &model, inputs, classes);
        let net: Network<f32> = build("small", &model, inputs, classes, b.dt_ms, 1)?;
        self.spent.nets += 1;
        self.spent.operations += DRAWN * size.parameters().real();
        let settings = &self.scenario.train;
        let (quiet, watched) = self.stream(&net, &size, settings.shard_lanes)?;
        let training = self.update(&net, &size, &Arm::default(), settings)?;
        Ok((operations(&size), [quiet, watched, training]))
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

/// Steps of each sample as `streams` composes it: of records a stretch alone, or with what lies before it.
fn lengths(split: &Split, streams: Streams) -> Vec<usize> {
    match split.records() {
        Some(records) if streams == Streams::Single => (0..split.len())
            .map(|i| records.stretch(i).1.steps.len())
            .collect(),
        _ => split.lengths().to_vec(),
    }
}

/// Mean steps of a sample.
pub fn mean_sample(lengths: &[usize]) -> f64 {
    lengths.iter().map(|&n| n as f64).sum::<f64>() / lengths.len().max(1) as f64
}

/// Mean steps of a gap; 0 without gaps.
pub fn mean_gap(gap: Option<&Gap>) -> f64 {
    gap.map_or(0.0, |g| (g.steps[0] + g.steps[1]) as f64 / 2.0)
}
