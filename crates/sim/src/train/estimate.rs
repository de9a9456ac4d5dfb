//! How long training and evaluation will take, by trying a little of both.

use std::time::Instant;

use saturn_cell::Real;
use saturn_loss::{Loss, LossError};

use super::trainer::{Job, TrainError, one_update};
use crate::eval::evaluate::{EvalError, Plan, choose_threshold};
use crate::network::Network;
use crate::run::Progress;
use crate::run::workbench::Workbench;
use crate::scenario::{Arm, Scenario, StateReset, Train};

/// What is tried.
pub struct Sample<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its data.
    pub bench: &'a Workbench,
    /// The arm.
    pub arm: &'a Arm,
    /// The settings of its training.
    pub settings: &'a Train,
}

/// What can go wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Evaluation failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The loss is out of its ranges.
    #[error(transparent)]
    Loss(#[from] LossError),
}

/// Seconds of one update, the second of two: the first allocates.
pub fn update_seconds<R: Real>(net: &Network<R>, sample: &Sample) -> Result<f64, EstimateError> {
    let (s, b) = (sample.scenario, sample.bench);
    let gap = s.stream.gap.as_ref();
    let job = Job {
        seed: s.seed,
        train: b.source(&b.train, gap),
        valid: b.source(&b.valid, gap),
        channels: b.channels,
        samples: s.stream.samples,
        streams: sample.arm.streams,
        loss: Loss::new(&sample.arm.loss)?,
        spike_rate: None,
        estimator: None,
        settings: sample.settings,
    };
    let mut update = one_update(net, &job);
    update()?;
    let began = Instant::now();
    update()?;
    Ok(began.elapsed().as_secs_f64())
}

impl Sample<'_> {
    /// Runs a short evaluation and returns its lane steps.
    pub fn evaluate<R: Real>(&self, net: &Network<R>) -> Result<u64, EstimateError> {
        let (s, b) = (self.scenario, self.bench);
        let steps = s.evaluate.steps.min(4_000);
        let plan = Plan {
            source: b.source(&b.valid, s.stream.gap.as_ref()),
            state_reset: StateReset::None,
            channels: b.channels,
            purpose: "estimate",
            seed: s.seed,
            steps,
            lanes: s.evaluate.lanes,
            shard_lanes: self.settings.shard_lanes,
            windows: 1,
            dt_ms: b.dt_ms,
            detector: s.evaluate.detector,
        };
        choose_threshold(net, &plan, &Progress::quiet())?;
        Ok(steps)
    }
}
