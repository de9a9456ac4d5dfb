//! What training and evaluating a net will cost, by trying a little of each on the scenario's own data.
//!
//! ```text
//! training    = epochs (updates an epoch x seconds an update + validation steps x seconds a step)
//! evaluation  = policies x streams (threshold steps x seconds a step + steps x seconds a watched step)
//!               times 1 + formats, and for each format two nets on some lanes
//!             + contraction of each stream with gaps
//! ```
//!
//! The mean of several trials counts, without the first one, which allocates: on a busy machine one trial
//! alone is off by a factor of two, and the median knows nothing of the interruptions.

use std::time::{Duration, Instant};

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::{Loss, LossError, SpikeRate};

use super::class_weights::class_weights;
use super::trainer::{Job, TrainError, first_update};
use crate::eval::contraction::contraction;
use crate::eval::evaluate::{Beside, EvalError, Plan, choose_threshold, evaluate};
use crate::eval::experiments;
use crate::eval::position::Spacing;
use crate::eval::reset::{Never, StateReset};
use crate::network::Network;
use crate::precision::drift::LANES as DRIFT_LANES;
use crate::run::Progress;
use crate::run::matrix::threshold_steps;
use crate::run::workbench::{MaskError, Workbench};
use crate::scenario::{Arm, ContractionConfig, Gap, Scenario, Streams, Train};

/// Steps of a trial on each lane.
const TRIAL: u64 = 128;
/// Lags of the longer of two trials of contraction.
const LAGS: usize = 32;

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
    /// The mask cannot be estimated.
    #[error(transparent)]
    Mask(#[from] MaskError),
}

/// Seconds of evaluating one net.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationCost {
    /// A step of one lane, without instruments.
    pub step: f64,
    /// All of the scenario's evaluations and contraction curves.
    pub total: f64,
}

/// A scenario with its data.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its data.
    pub bench: &'a Workbench,
}

impl Trial<'_> {
    /// Seconds of training `net` in `arm`; `step` is that of [`EvaluationCost`].
    pub fn training<R: Real>(
        self,
        net: &Network<R>,
        arm: &Arm,
        settings: &Train,
        step: f64,
    ) -> Result<f64, EstimateError> {
        let (s, b) = (self.scenario, self.bench);
        let gap = s.stream.gap.as_ref();
        let spike_rate = match &arm.spike_rate {
            Some(config) => Some(SpikeRate::new(config, b.dt_ms)?),
            None => None,
        };
        let job = Job {
            seed: s.seed,
            train: b.source(&b.train, gap),
            valid: b.source(&b.valid, gap),
            channels: b.channels,
            samples: s.stream.samples,
            arm,
            loss: Loss::new(&arm.loss)?,
            spike_rate,
            estimator: b.mask(s, arm, s.seed)?.estimator,
            class_weights: class_weights(&b.train, settings.class_balance, b.classes.len()),
            settings,
        };
        let mut update = first_update(net, &job);
        let update = typical(|| Ok(update()?))?;
        let updates = b.train.len().div_ceil(settings.lanes * s.stream.samples);
        let heard = match arm.streams {
            Streams::Single => 0.0,
            Streams::Lead | Streams::Concatenated => mean_gap(gap),
        };
        let validation = (mean_sample(b.valid.lengths()) + heard) * b.valid.len() as f64;
        Ok(settings.epochs as f64 * (updates as f64 * update + validation * step))
    }

    /// What evaluating `net` costs.
    pub fn evaluation<R: Real>(
        self,
        net: &Network<R>,
        shard_lanes: usize,
    ) -> Result<EvaluationCost, EstimateError> {
        let (s, b) = (self.scenario, self.bench);
        let e = &s.evaluate;
        let steps = (TRIAL * e.lanes as u64).min(e.steps);
        let plan = Plan {
            source: b.source(&b.valid, s.stream.gap.as_ref()),
            state_reset: &Never {},
            channels: b.channels,
            purpose: "estimate",
            seed: s.seed,
            steps,
            lanes: e.lanes,
            shard_lanes,
            windows: 1,
            spacing: Spacing::Even,
            dt_ms: b.dt_ms,
            detector: e.detector,
            beside: Beside::default(),
            instruments: &e.instruments,
        };
        let quiet = Progress::quiet();
        let choosing = typical(|| Ok(choose_threshold(net, &plan, &quiet).map(drop)?))?;
        let watching = typical(|| Ok(evaluate(net, &plan, 0.5, &quiet).map(drop)?))?;
        let (step, watched) = (choosing / steps as f64, watching / steps as f64);
        // A window computes a step of the stream as often as it has copies of the net.
        let copies = |policy: &StateReset| policy.config().needs().copies as f64;
        let policies: f64 = e.state_reset.iter().map(copies).sum();
        let each = policies * (threshold_steps(e, b) as f64 * step + e.steps as f64 * watched);
        // A format is evaluated as full precision is, and two nets are followed on some lanes.
        let followed = 2.0 * (DRIFT_LANES as f64 / e.lanes as f64) * e.steps as f64 * step;
        let each = each + e.precision.len() as f64 * (each + followed);
        let mut total = 0.0;
        for (_, gap) in e.streams.iter() {
            total += each + experiments::steps(e) as f64 * step;
            if let Some(gap) = gap {
                total += self.contraction(net, gap)?;
            }
        }
        Ok(EvaluationCost { step, total })
    }

    /// Seconds of the contraction curves in one kind of gap.
    fn contraction<R: Real>(self, net: &Network<R>, gap: &Gap) -> Result<f64, EstimateError> {
        let b = self.bench;
        let config = &self.scenario.evaluate.contraction;
        let time = |gap_steps| {
            let short = ContractionConfig {
                lead_steps: 0,
                gap_steps,
                realisations: 1,
                ..*config
            };
            let source = b.source(&b.valid, Some(gap));
            typical(|| {
                Ok(contraction(net, source, b.channels, self.scenario.seed, &short).map(drop)?)
            })
        };
        let past = time(1)?;
        let lag = (time(1 + LAGS)? - past).max(0.0) / LAGS as f64;
        // A past is the lead and the longest sample, however short the lead.
        let longest = b.valid.lengths().iter().copied().max().unwrap_or(1).max(1);
        let lead = config.lead_steps as f64 / longest as f64;
        Ok((1.0 + lead) * past + (config.realisations * config.gap_steps) as f64 * lag)
    }
}

/// The mean seconds of 3 to 30 trials that take about a second together.
fn typical(mut trial: impl FnMut() -> Result<(), EstimateError>) -> Result<f64, EstimateError> {
    trial()?;
    let began = Instant::now();
    let mut trials = 0;
    while trials < 3 || (trials < 30 && began.elapsed() < Duration::from_secs(1)) {
        trial()?;
        trials += 1;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(trials))
}

/// Mean steps of a sample.
pub fn mean_sample(lengths: &[usize]) -> f64 {
    lengths.iter().sum::<usize>() as f64 / lengths.len().max(1) as f64
}

/// Mean steps of a gap; 0 without gaps.
pub fn mean_gap(gap: Option<&Gap>) -> f64 {
    gap.map_or(0.0, |g| (g.steps[0] + g.steps[1]) as f64 / 2.0)
}
