//! The training loop: updates, epochs, the best epoch kept.

use std::time::Instant;

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::{Estimator, Loss, Parts, SpikeRate};
use serde::{Deserialize, Serialize};

use super::batch::{Epoch, LanePlan};
use super::optimizer::learning_rate;
use super::update::{Objective, Update};
use super::validate::{Validation, validate};
use crate::network::Network;
use crate::scenario::{Keep, Streams, Train};
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
    /// How an update's samples are laid out.
    pub streams: Streams,
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
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// The last learning rate of the epoch.
    pub lr: f64,
    /// On the validation set, laid out as the arm trains.
    pub validation: Validation,
    /// Seconds since training began.
    pub seconds: f64,
}

/// What training leaves.
pub struct Trained {
    /// One record an epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose parameters were kept, from 1 on.
    pub kept_epoch: usize,
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
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Trains `net` in place; `each_epoch` hears of every epoch and may stop the run by returning false.
pub fn train<R: Real>(
    net: &mut Network<R>,
    job: &Job,
    mut each_epoch: impl FnMut(&EpochRecord) -> bool,
) -> Result<Trained, TrainError> {
    let settings = job.settings;
    let began = Instant::now();
    let mut update = Update::new(settings.optimizer, net);
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut best: Option<(Validation, usize, Network<R>)> = None;
    let balanced = settings.class_balance > 0.0;
    let mut done = 0;
    for number in 0..settings.epochs {
        let epoch = Epoch::of(job.seed, number, job.train.split, job.samples);
        let updates = epoch.updates(job.streams, settings.lanes, job.samples);
        let all = settings.epochs * updates.len();
        let mut sums = Parts::default();
        let (mut norms, mut lr) = (0.0, 0.0);
        for (k, lanes) in updates.iter().enumerate() {
            let parts = gradient(net, job, &epoch, lanes, &mut update)?;
            if !parts.total.is_finite() {
                return Err(TrainError::Diverged {
                    epoch: number + 1,
                    update: k + 1,
                    value: parts.total,
                });
            }
            lr = learning_rate(
                settings.schedule,
                settings.lr,
                settings.warmup,
                settings.final_lr,
                done,
                all,
            );
            norms += update.step(net, settings.clip_norm, lr);
            sums += parts;
            done += 1;
        }
        let n = updates.len() as f64;
        let validation = validate(net, job)?;
        let record = EpochRecord {
            epoch: number + 1,
            loss: sums.total / n,
            cross_entropy: sums.ce / n,
            kl: sums.kl / n,
            gradient_norm: norms / n,
            lr,
            validation,
            seconds: began.elapsed().as_secs_f64(),
        };
        if settings.keep == Keep::Best
            && best
                .as_ref()
                .is_none_or(|(score, ..)| validation.better_than(score, balanced))
        {
            best = Some((validation, number + 1, net.clone()));
        }
        let go_on = each_epoch(&record);
        history.push(record);
        if !go_on {
            return Err(TrainError::Interrupted);
        }
        let since_best = best.as_ref().map_or(0, |(_, at, _)| number + 1 - at);
        if settings
            .patience
            .is_some_and(|patience| since_best >= patience)
        {
            break;
        }
    }
    let kept_epoch = match best {
        Some((_, at, kept)) => {
            net.copy_from(&kept);
            at
        }
        None => history.len(),
    };
    Ok(Trained {
        history,
        kept_epoch,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The first update of `job`, without its step, to be done again and again: how long does it take?
pub fn one_update<'a, R: Real>(
    net: &'a Network<R>,
    job: &'a Job,
) -> impl FnMut() -> Result<Parts, TrainError> + use<'a, R> {
    let epoch = Epoch::of(job.seed, 0, job.train.split, job.samples);
    let updates = epoch.updates(job.streams, job.settings.lanes, job.samples);
    let mut update = Update::new(job.settings.optimizer, net);
    move || gradient(net, job, &epoch, &updates[0], &mut update)
}

/// The loss of one update of `lanes`, its gradient left in `update`.
pub fn gradient<R: Real>(
    net: &Network<R>,
    job: &Job,
    epoch: &Epoch,
    lanes: &[LanePlan],
    update: &mut Update<R>,
) -> Result<Parts, TrainError> {
    let plans = by_length(lanes, epoch, job);
    let plans: Vec<&[LanePlan]> = plans.chunks(job.settings.shard_lanes).collect();
    let objective = Objective {
        loss: &job.loss,
        spike_rate: job.spike_rate.as_ref(),
        recompute: job.settings.recompute,
    };
    let parts = update.gradient(net, objective, plans.len(), |shard, batch| {
        batch.compose(
            epoch,
            plans[shard],
            job.streams,
            job.train,
            job.channels,
            job.estimator.as_ref(),
        )?;
        if let Some(weights) = &job.class_weights {
            batch.weigh(weights);
        }
        Ok::<_, DataError>(())
    })?;
    Ok(parts)
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
