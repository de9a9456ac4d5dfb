//! Training.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use saturn_cell::Real;
use saturn_cell::range::Counts;
use saturn_loss::{Loss, LossConfig, SpikeRate};
use saturn_train::arm::{Arm, InitialState, Streams};
use saturn_train::class_weights::class_weights;
use saturn_train::job::{EpochRecord, Job, TrainError, Watch};
use saturn_train::mask::Fitting;
use saturn_train::settings::{EPOCHS, LANES, LR, Optimizer, STEPS, Train};
use saturn_train::trainer;

use crate::dataset::Dataset;
use crate::error::{Error, all_in_range};
use crate::network::Network;

/// Allowed samples of a sequence.
const SAMPLES: Counts = Counts::new(1, 65_536);

/// Trains a network on a data set.
///
/// The defaults are those of the `saturn` program: Adam, learning rate 0.003 with a warm-up and a cosine, 20 epochs,
/// updates of 16 lanes of two samples with their gaps, the epoch with the best validation accuracy.
///
/// The same data, settings and seed give the same bits at any number of threads.
#[derive(Clone, Debug)]
pub struct Trainer {
    arm: Arm,
    settings: Train,
    samples: usize,
    seed: u64,
    stop: Arc<AtomicBool>,
}

/// What training leaves in addition to the weights.
#[derive(Clone, Debug)]
pub struct History {
    /// One record an epoch.
    pub epochs: Vec<EpochRecord>,
    /// The epoch whose weights the network has, from 1 on.
    pub kept_epoch: usize,
    /// Wall time, seconds.
    pub seconds: f64,
}

impl Trainer {
    /// Trains with `loss`: [`crate::AdaptiveConfig`] for a network that is never reset, or another.
    pub fn new(loss: impl Into<LossConfig>) -> Self {
        Self {
            arm: Arm {
                loss: loss.into(),
                ..Arm::default()
            },
            settings: Train::default(),
            samples: 2,
            seed: 1,
            stop: Arc::default(),
        }
    }

    /// Sets the passes over the training set; at least 1, default 20.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        (self.settings.epochs, self.settings.steps) = (epochs, None);
        self
    }

    /// Sets the updates, in place of passes: training ends within one if need be. A few repair a network that
    /// was trained with resets.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.settings.steps = Some(steps);
        self
    }

    /// Sets the learning rate at its peak; above 0, default 0.003.
    #[must_use]
    pub fn learning_rate(mut self, lr: f64) -> Self {
        self.settings.lr = lr;
        self
    }

    /// Sets the sequences of one update; at least 1, default 16.
    #[must_use]
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.settings.lanes = lanes;
        self.settings.shard_lanes = self.settings.shard_lanes.min(lanes);
        self
    }

    /// Sets the samples of a sequence, each with the gap before it; at least 1, default 2.
    #[must_use]
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// Sets the input of an update: single samples, samples with a gap before each, or concatenated ones (default).
    #[must_use]
    pub fn input(mut self, streams: Streams) -> Self {
        self.arm.streams = streams;
        self
    }

    /// Sets the state that a sequence starts from; by default the initial state of each cell.
    #[must_use]
    pub fn initial_state(mut self, state: InitialState) -> Self {
        self.arm.initial_state = state;
        self
    }

    /// Sets the rule of an update; default Adam.
    #[must_use]
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.settings.optimizer = optimizer;
        self
    }

    /// Sets the seed of order, gaps and noise; default 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets all of the training regime: input, loss, initial state, cuts of the gradient, spike-rate penalty,
    /// quantised training.
    #[must_use]
    pub fn regime(mut self, arm: Arm) -> Self {
        self.arm = arm;
        self
    }

    /// Sets all of the settings.
    #[must_use]
    pub fn settings(mut self, settings: Train) -> Self {
        self.settings = settings;
        self
    }

    /// Ends training with an error after the update in which `stop` is set, by another thread or a signal.
    #[must_use]
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Trains `net` in place.
    pub fn fit<R: Real>(&self, net: &mut Network<R>, data: &Dataset) -> Result<History, Error> {
        self.fit_watched(net, data, |_| true)
    }

    /// The same; `epoch` receives the record of each epoch, and stops training by returning false. The network then
    /// has the weights of that epoch.
    pub fn fit_watched<R: Real>(
        &self,
        net: &mut Network<R>,
        data: &Dataset,
        epoch: impl FnMut(&EpochRecord) -> bool,
    ) -> Result<History, Error> {
        self.check()?;
        fits(net, data)?;
        let extra = self.arm.loss.extra_outputs();
        let outputs = net.inner().outputs() - net.inner().classes();
        if outputs != extra {
            return Err(Error::Fit {
                what: format!(
                    "the loss `{}` needs {extra} outputs in addition to the classes, and the network has {outputs}",
                    self.arm.loss.key()
                ),
                hint: "build the network with `extra_outputs`",
            });
        }
        let mask = Fitting {
            train: &data.train,
            valid: &data.valid,
            noise: &data.noise,
            gap: data.gap.as_ref(),
            channels: data.channels,
            samples: self.samples,
            mean_counts: &data.mean_counts,
            seed: self.seed,
        };
        let rate = (self.arm.spike_rate.as_ref()).map(|rate| SpikeRate::new(rate, data.dt_ms));
        let job = Job {
            seed: self.seed,
            train: data.source(&data.train),
            valid: data.source(&data.valid),
            channels: data.channels,
            samples: self.samples,
            arm: &self.arm,
            loss: Loss::new(&self.arm.loss)?,
            spike_rate: rate.transpose()?,
            estimator: mask.mask(&self.arm.loss)?.estimator,
            class_weights: class_weights(
                &data.train,
                self.settings.class_balance,
                net.class_names().len(),
            ),
            settings: &self.settings,
        };
        net.net = net.net.clone().for_density(data.density);
        let began = Instant::now();
        let mut watching = Watching {
            epoch,
            seen: Vec::new(),
            stopped: false,
            stop: &self.stop,
        };
        match trainer::train(&mut net.net, &job, None, &mut watching) {
            Ok(trained) => Ok(History {
                epochs: trained.history,
                kept_epoch: trained.kept_epoch,
                seconds: trained.seconds,
            }),
            Err(TrainError::Interrupted) if watching.stopped => Ok(History {
                kept_epoch: watching.seen.len(),
                epochs: watching.seen,
                seconds: began.elapsed().as_secs_f64(),
            }),
            Err(e) => Err(e.into()),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let s = &self.settings;
        let shard = Counts::new(1, s.lanes as u64);
        let found = [
            EPOCHS.check("epochs", s.epochs as u64),
            (s.steps).and_then(|steps| STEPS.check("steps", steps as u64)),
            LANES.check("lanes", s.lanes as u64),
            shard.check("settings.shard_lanes", s.shard_lanes as u64),
            SAMPLES.check("samples", self.samples as u64),
            LR.check("learning_rate", s.lr),
        ];
        all_in_range(found)
    }
}

/// An error unless `net` reads what `data` has.
pub(crate) fn fits<R: Real>(net: &Network<R>, data: &Dataset) -> Result<(), Error> {
    let differs = |what: &str, a: &dyn std::fmt::Display, b: &dyn std::fmt::Display| Error::Fit {
        what: format!("the network has {a} {what} and the data have {b}"),
        hint: "build the network for the data",
    };
    if net.channels() != data.channels {
        return Err(differs("channels", &net.channels(), &data.channels));
    }
    if net.dt_ms().to_bits() != data.dt_ms.to_bits() {
        return Err(differs("ms a step", &net.dt_ms(), &data.dt_ms));
    }
    let (ours, theirs) = (net.class_names().len(), data.class_names().len());
    if ours < theirs {
        return Err(differs("classes", &ours, &theirs));
    }
    Ok(())
}

/// Hands each epoch's record on, and keeps it.
struct Watching<'a, F> {
    epoch: F,
    seen: Vec<EpochRecord>,
    stopped: bool,
    stop: &'a AtomicBool,
}

impl<F: FnMut(&EpochRecord) -> bool> Watch for Watching<'_, F> {
    fn begins(&mut self, _: &[EpochRecord]) {}

    fn epoch(&mut self, record: &EpochRecord) -> bool {
        self.seen.push(record.clone());
        self.stopped = !(self.epoch)(record);
        !self.stopped
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn say(&self, _: &str) {}
}
