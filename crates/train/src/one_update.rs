//! One update of a net, on the lanes of its plan.

use saturn_cell::{Real, compiled_once};
use saturn_data::DataError;
use saturn_loss::Parts;

use super::batch::{Epoch, LanePlan, Masking};
use super::job::{Job, TrainError};
use super::objective::Objective;
use super::optimizer::Norms;
use super::update::Update;
use saturn_network::Network;

impl Job<'_> {
    /// The memory of its updates.
    pub fn update<R: Real>(&self, net: &Network<R>) -> Update<R> {
        Update::new(self.settings.optimizer, net)
            .starting_from(self.arm.initial_state, self.seed)
            .held_by(self.arm.fptt.as_ref(), net)
    }

    /// The objective when a share `progress` of the updates is done.
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

/// Step size and pace of an update.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Learning rate.
    pub lr: f64,
    /// The share of all updates that are done before.
    pub progress: f64,
}

compiled_once! {
    /// One update of `net` on `lanes`: one step, or one every so many steps of the sequences. Returns the mean
    /// loss over them and counts the norms of their gradients; a NaN or infinite loss is returned immediately.
    pub fn one_update<R>(
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
}

compiled_once! {
    /// The loss of one update of `lanes`, its gradient left in `update`.
    pub fn gradient<R>(
        net: &Network<R>,
        job: &Job,
        epoch: &Epoch,
        lanes: &[LanePlan],
        update: &mut Update<R>,
    ) -> Result<Parts, TrainError> {
        let steps = fill(net, job, epoch, lanes, update)?;
        Ok(update.part(net, job.objective(0.0), 0..steps))
    }
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
