//! Training of one net: what it needs, what it leaves, and one update.

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::{Estimator, Loss, Parts, SpikeRate};
use serde::{Deserialize, Serialize};

use super::batch::{Epoch, LanePlan, Masking};
use super::course::Course;
use super::objective::Objective;
use super::optimizer::Norms;
use super::update::Update;
use super::validate::Validation;
use crate::network::Network;
use crate::scenario::{Arm, Train};
use crate::store::checkpoint::{Keeper, Stage};
use crate::store::folder::FolderError;
use crate::stream::Source;

/// What one training run needs.
pub struct Job<'a> {
    /// Seed of order and gaps.
    pub seed: u64,
    /// Training samples and gaps.
    pub train: Source<'a>,
    /// Validation samples and gaps.
    pub valid: Source<'a>,
    /// I, channels of the input.
    pub channels: usize,
    /// Samples a lane.
    pub samples: usize,
    /// The way of training.
    pub arm: &'a Arm,
    /// What is minimised.
    pub loss: Loss,
    /// The penalty on spike rates, if any.
    pub spike_rate: Option<SpikeRate>,
    /// An estimate in place of the label mask, if asked for.
    pub estimator: Option<Estimator>,
    /// What a step of each class weighs, `[C]`, if not all the same.
    pub class_weights: Option<Vec<f64>>,
    /// Epochs, lanes, learning rate and so on.
    pub settings: &'a Train,
}

/// One epoch's figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1 on.
    pub epoch: usize,
    /// Mean over updates of the loss and its parts.
    pub loss: f64,
    /// The cross-entropy part, nats.
    pub cross_entropy: f64,
    /// The Kullback-Leibler part, nats (before its weight).
    pub kl: f64,
    /// What the second term weighs against the first in the last update, where that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kl_weight: Option<f64>,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Gradients that were not finite, so that the weights did not step.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: u64,
    /// The last learning rate of the epoch.
    pub lr: f64,
    /// On the validation set, laid out as the arm trains.
    pub validation: Validation,
    /// Seconds since training began.
    pub seconds: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What training leaves.
pub struct Trained {
    /// One record an epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose parameters were kept, from 1 on.
    pub kept_epoch: usize,
    /// Steps that the weights took.
    pub weight_steps: u64,
    /// Wall time, seconds.
    pub seconds: f64,
}

/// What can stop a training run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss left the real numbers.
    #[error(
        "the loss is {value} in epoch {epoch}, update {update}\nhint: lower `lr` or `clip_norm` in the scenario's `train`"
    )]
    Diverged {
        /// From 1 on.
        epoch: usize,
        /// From 1 on.
        update: usize,
        /// The loss.
        value: f64,
    },
    /// No gradient of an epoch was finite.
    #[error(
        "no gradient of epoch {epoch} is finite\nhint: lower `lr`, or cut the gradient after some steps with the arm's `grad_detach`"
    )]
    NoGradient {
        /// From 1 on.
        epoch: usize,
    },
    /// A checkpoint could not be read or written.
    #[error("{0}")]
    Checkpoint(#[from] FolderError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Who looks on while a net is trained.
pub trait Watch {
    /// Training begins, or is gone on with after the epochs of `history`.
    fn begins(&mut self, history: &[EpochRecord]);
    /// An epoch is over; false stops the training.
    fn epoch(&mut self, record: &EpochRecord) -> bool;
    /// Whether the user asked to stop.
    fn stopped(&self) -> bool {
        false
    }
    /// A checkpoint was refused.
    fn say(&self, line: &str);
}

/// Trains `net` in place, from the last checkpoint of `stage` on, if there is one.
pub fn train<R: Real>(
    net: &mut Network<R>,
    job: &Job,
    stage: Option<Stage>,
    watch: &mut dyn Watch,
) -> Result<Trained, TrainError> {
    let mut keeper = stage.map(|stage| Keeper::new(stage, ""));
    let mut course = Course::new(net, job);
    if let Some(keeper) = &mut keeper
        && let Some(saved) = keeper.load(&|line| watch.say(line))?
    {
        let fresh = net.clone();
        if !course.resume(net, saved) {
            watch.say("a checkpoint does not fit its net, which is trained anew");
            net.copy_from(&fresh);
            course = Course::new(net, job);
        }
    }
    watch.begins(&course.history);
    while !course.is_over() {
        course.epoch(net, keeper.as_mut(), watch)?;
    }
    let seconds = course.seconds();
    let kept_epoch = match course.best {
        Some((_, at, kept)) => {
            net.copy_from(&kept);
            at
        }
        None => course.history.len(),
    };
    if let Some(fake) = course.fake {
        fake.finish(net);
    }
    Ok(Trained {
        history: course.history,
        kept_epoch,
        weight_steps: course.update.steps(),
        seconds,
    })
}

impl Job<'_> {
    /// The memory of its updates.
    pub fn update<R: Real>(&self, net: &Network<R>) -> Update<R> {
        Update::new(self.settings.optimizer, net)
            .starting_from(self.arm.initial_state, self.seed)
            .held_by(self.arm.fptt.as_ref(), net)
    }

    /// What is descended when a share `progress` of the updates is done.
    pub(super) fn objective(&self, progress: f64) -> Objective<'_> {
        Objective {
            loss: &self.loss,
            spike_rate: self.spike_rate.as_ref(),
            recompute: self.settings.recompute,
            grad_detach: self.arm.grad_detach,
            progress,
            pass: 0,
        }
    }
}

/// How far and how fast an update goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Learning rate.
    pub lr: f64,
    /// The share of all updates that are done before.
    pub progress: f64,
}

/// One update of `net` on `lanes`: one step, or one every so many steps of the streams. Returns the mean loss
/// over them and counts the norms of their gradients; a loss that is no number comes back at once.
pub fn one_update<R: Real>(
    net: &mut Network<R>,
    job: &Job,
    epoch: &Epoch,
    lanes: &[LanePlan],
    update: &mut Update<R>,
    pace: Pace,
    norms: &mut Norms,
) -> Result<Parts, TrainError> {
    let steps = fill(net, job, epoch, lanes, update)?;
    let every = job.arm.fptt.map_or(steps, |fptt| fptt.every).max(1);
    let (mut sum, mut taken) = (Parts::default(), 0);
    for start in (0..steps.max(1)).step_by(every) {
        let range = start..(start + every).min(steps);
        let parts = update.part(net, job.objective(pace.progress), range);
        if !parts.total.is_finite() {
            return Ok(parts);
        }
        norms.take(update.step(net, job.settings.clip_norm, pace.lr));
        sum += parts;
        taken += 1;
    }
    let share = 1.0 / f64::from(taken);
    Ok(Parts {
        ce: sum.ce * share,
        kl: sum.kl * share,
        total: sum.total * share,
    })
}

/// The loss of one update of `lanes`, its gradient left in `update`.
pub fn gradient<R: Real>(
    net: &Network<R>,
    job: &Job,
    epoch: &Epoch,
    lanes: &[LanePlan],
    update: &mut Update<R>,
) -> Result<Parts, TrainError> {
    let steps = fill(net, job, epoch, lanes, update)?;
    Ok(update.part(net, job.objective(0.0), 0..steps))
}

/// Composes the shards of one update of `lanes`; returns the steps of the longest.
fn fill<R: Real>(
    net: &Network<R>,
    job: &Job,
    epoch: &Epoch,
    lanes: &[LanePlan],
    update: &mut Update<R>,
) -> Result<usize, TrainError> {
    let plans = by_length(lanes, epoch, job);
    let plans: Vec<&[LanePlan]> = plans.chunks(job.settings.shard_lanes).collect();
    let masking = Masking {
        estimator: job.estimator.as_ref(),
        fault: job.arm.loss.mask_error(),
    };
    let (streams, channels) = (job.arm.streams, job.channels);
    let steps = update.fill(net, plans.len(), |shard, batch| {
        batch.compose(epoch, plans[shard], streams, job.train, channels, masking)?;
        if let Some(weights) = &job.class_weights {
            batch.weigh(weights);
        }
        Ok::<_, DataError>(())
    })?;
    Ok(steps)
}

/// Lanes in ascending order of their samples' steps, so that a shard's lanes end together.
fn by_length(lanes: &[LanePlan], epoch: &Epoch, job: &Job) -> Vec<LanePlan> {
    let lengths = job.train.split.lengths();
    let steps =
        |lane: &LanePlan| -> usize { lane.iter().map(|&p| lengths[epoch.recording(p)]).sum() };
    let mut plans = lanes.to_vec();
    plans.sort_by_key(steps);
    plans
}
