//! The training loop: shards of lanes in parallel, gradients summed in order, the best epoch kept.

use std::time::Instant;

use rayon::prelude::*;
use saturn_cell::{Input, Real, view, view_mut};
use saturn_data::DataError;
use saturn_loss::spike_rate::RateTotals;
use saturn_loss::{Estimator, Loss, Parts, SpikeRate, Totals};
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Epoch, LanePlan};
use super::optimizer::{Optimizer, clip, learning_rate};
use super::validate::{Validation, validate};
use crate::network::{Gradient, Network, Tapes};
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

/// One shard's memory.
struct Shard<R: Real> {
    batch: Batch<R>,
    tapes: Tapes<R>,
    d_logits: Vec<R>,
    grad: Gradient<R>,
    /// For each spiking cell, the sums that its rates are made of.
    rates: Vec<Option<RateTotals>>,
}

impl<R: Real> Shard<R> {
    fn new(net: &Network<R>) -> Self {
        Self {
            batch: Batch::default(),
            tapes: Tapes::new(net),
            d_logits: Vec::new(),
            grad: net.zero_gradient(),
            rates: net
                .cells()
                .iter()
                .map(|cell| cell.spikes().then(|| RateTotals::new(cell.widths().output)))
                .collect(),
        }
    }
}

/// Trains `net` in place; `each_epoch` hears of every epoch and may stop the run by returning false.
pub fn train<R: Real>(
    net: &mut Network<R>,
    job: &Job,
    mut each_epoch: impl FnMut(&EpochRecord) -> bool,
) -> Result<Trained, TrainError> {
    let settings = job.settings;
    let began = Instant::now();
    let mut optimizer = Optimizer::new(settings.optimizer, net);
    let mut grad = net.zero_gradient();
    let mut shards: Vec<Shard<R>> = Vec::new();
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut best: Option<(Validation, usize, Network<R>)> = None;
    let mut done = 0;
    for number in 0..settings.epochs {
        let epoch = Epoch::new(job.seed, number, job.train.split.len());
        let updates = epoch.updates(job.streams, settings.lanes, job.samples);
        let all = settings.epochs * updates.len();
        let mut sums = Parts::default();
        let (mut norms, mut lr) = (0.0, 0.0);
        for (k, lanes) in updates.iter().enumerate() {
            let parts = gradient(net, job, &epoch, lanes, &mut shards, &mut grad)?;
            if !parts.total.is_finite() {
                return Err(TrainError::Diverged {
                    epoch: number + 1,
                    update: k + 1,
                    value: parts.total,
                });
            }
            norms += clip(&mut grad, settings.clip_norm);
            lr = learning_rate(
                settings.schedule,
                settings.lr,
                settings.warmup,
                settings.final_lr,
                done,
                all,
            );
            optimizer.step(net, &grad, lr);
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
                .is_none_or(|(score, ..)| validation.better_than(score))
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
    let epoch = Epoch::new(job.seed, 0, job.train.split.len());
    let updates = epoch.updates(job.streams, job.settings.lanes, job.samples);
    let mut grad = net.zero_gradient();
    let mut shards = Vec::new();
    move || gradient(net, job, &epoch, &updates[0], &mut shards, &mut grad)
}

/// The loss and the gradient of one update, into `grad`.
fn gradient<R: Real>(
    net: &Network<R>,
    job: &Job,
    epoch: &Epoch,
    lanes: &[LanePlan],
    shards: &mut Vec<Shard<R>>,
    grad: &mut Gradient<R>,
) -> Result<Parts, TrainError> {
    let plans = by_length(lanes, epoch, job);
    let plans: Vec<&[LanePlan]> = plans.chunks(job.settings.shard_lanes).collect();
    while shards.len() < plans.len() {
        shards.push(Shard::new(net));
    }
    let shards = &mut shards[..plans.len()];
    let parts = shards
        .par_iter_mut()
        .zip(&plans)
        .map(|(shard, plans)| {
            shard.batch.compose(
                epoch,
                plans,
                job.streams,
                job.train,
                job.channels,
                job.estimator.as_ref(),
            )?;
            shard.forward(net, job);
            Ok(job.loss.totals(&shard.batch.targets()))
        })
        .collect::<Result<Vec<_>, DataError>>()?;
    // The loss divides by sums over all shards, so every forward pass comes before any reverse one.
    let mut totals = Totals::default();
    for part in parts {
        totals += part;
    }
    let mut rates = shards[0].rates.clone();
    for shard in &shards[1..] {
        for (sum, part) in rates.iter_mut().zip(&shard.rates) {
            if let (Some(sum), Some(part)) = (sum, part) {
                sum.add(part);
            }
        }
    }
    let parts: Vec<Parts> = shards
        .par_iter_mut()
        .map(|shard| shard.backward(net, job, &totals, &rates))
        .collect();
    for params in grad.iter_mut() {
        params.set_zero();
    }
    let mut sum = Parts::default();
    for (shard, part) in shards.iter().zip(parts) {
        for (sum, part) in grad.iter_mut().zip(&shard.grad) {
            sum.add(part);
        }
        sum += part;
    }
    if let Some(penalty) = &job.spike_rate {
        sum.total += rates
            .iter()
            .flatten()
            .map(|r| penalty.value(r))
            .sum::<f64>();
    }
    Ok(sum)
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

impl<R: Real> Shard<R> {
    fn forward(&mut self, net: &Network<R>, job: &Job) {
        self.tapes.start(net, self.batch.steps, self.batch.lanes);
        self.tapes
            .forward(net, Input::Events(self.batch.events.view()), None);
        if let Some(penalty) = &job.spike_rate {
            for (i, rates) in self.rates.iter_mut().enumerate() {
                if let Some(rates) = rates {
                    rates.clear();
                    penalty.observe(self.tapes.output(i), &self.batch.weight, rates);
                }
            }
        }
    }

    fn backward(
        &mut self,
        net: &Network<R>,
        job: &Job,
        totals: &Totals,
        rates: &[Option<RateTotals>],
    ) -> Parts {
        let classes = net.classes();
        let columns = self.batch.steps * self.batch.lanes;
        for params in &mut self.grad {
            params.set_zero();
        }
        self.d_logits.resize(classes * columns, R::zero());
        let parts = job.loss.value_and_gradient(
            self.tapes.output(net.cells().len() - 1),
            &self.batch.targets(),
            totals,
            view_mut(&mut self.d_logits, classes, columns),
        );
        let weight = &self.batch.weight;
        self.tapes.backward(
            net,
            Input::Events(self.batch.events.view()),
            view(&self.d_logits, classes, columns),
            &mut self.grad,
            &mut |i, y, dy| {
                if let (Some(penalty), Some(rates)) = (&job.spike_rate, &rates[i]) {
                    penalty.add_gradient(y, weight, rates, dy);
                }
            },
        );
        parts
    }
}
