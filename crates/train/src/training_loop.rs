//! The training loop: epoch after epoch, with the best one kept, and a checkpoint between any two updates.

use std::time::Instant;

use saturn_cell::Real;
use saturn_loss::Weight;

use super::batch::{Epoch, LanePlan};
use super::checkpoint::{Cursor, SavedTraining};
use super::checkpoint_arrays::{keep_weights, restore_weights};
use super::job::{EpochRecord, Job, TrainError, Watch};
use super::one_update::{Pace, one_update};
use super::optimizer::learning_rate;
use super::settings::Keep;
use super::update::Update;
use super::validate::validate;
use super::validation::Validation;
use saturn_eval::precision::fake::Fake;
use saturn_network::Network;
use saturn_store::checkpoint::Keeper;

/// The training loop.
pub(super) struct TrainingLoop<'a, R: Real> {
    job: &'a Job<'a>,
    /// State of the updates.
    pub update: Update<R>,
    cursor: Cursor,
    /// The epochs that are over.
    pub history: Vec<EpochRecord>,
    /// The best epoch, its number and its net.
    pub best: Option<(Validation, usize, Network<R>)>,
    /// Quantisation-aware training, if any.
    pub fake: Option<Fake<R>>,
    began: Instant,
    /// Seconds before it was resumed.
    earlier: f64,
}

impl<'a, R: Real> TrainingLoop<'a, R> {
    /// At its beginning.
    pub fn new(net: &Network<R>, job: &'a Job) -> Self {
        Self {
            job,
            update: job.update(net),
            cursor: Cursor::default(),
            history: Vec::new(),
            best: None,
            fake: (job.arm.fake_quant).map(|config| Fake::new(net, config, job.seed)),
            began: Instant::now(),
            earlier: 0.0,
        }
    }

    /// Seconds of training, over all resumptions.
    pub fn seconds(&self) -> f64 {
        self.earlier + self.began.elapsed().as_secs_f64()
    }

    /// Whether all epochs or updates are done, or the last epochs brought no improvement for too long.
    pub fn is_over(&self) -> bool {
        let settings = self.job.settings;
        let since_best = (self.best.as_ref()).map_or(0, |(_, at, _)| self.history.len() - at);
        let patient = settings.patience.is_none_or(|most| since_best < most);
        let done = match settings.steps {
            Some(steps) => self.cursor.done >= steps,
            None => self.cursor.epoch >= settings.epochs,
        };
        done || !(patient || self.history.is_empty())
    }

    /// Runs the rest of the current epoch.
    pub fn epoch(
        &mut self,
        net: &mut Network<R>,
        mut keeper: Option<&mut Keeper>,
        watch: &mut dyn Watch,
    ) -> Result<(), TrainError> {
        let (job, settings) = (self.job, self.job.settings);
        let number = self.cursor.epoch;
        // Ranges of quantised values are set at the beginning of an epoch: such a network can only resume
        // there.
        let beginning = self.fake.is_some().then(|| self.save(net));
        if let Some(fake) = &mut self.fake {
            fake.renew(net, job.train, job.channels)?;
        }
        let epoch = Epoch::of(job.seed, number, job.train.split, job.samples);
        let updates = epoch.updates(job.arm.streams, settings.lanes, job.samples);
        let all = settings.updates(updates.len());
        while let Some(lanes) = updates.get(self.cursor.update)
            && self.cursor.done < all
        {
            self.one(net, &epoch, lanes, all)?;
            let stopped = watch.stopped();
            if let Some(keeper) = &mut keeper
                && (stopped || keeper.is_due())
            {
                match &beginning {
                    Some(beginning) => keeper.save(beginning)?,
                    None => keeper.save(&self.save(net))?,
                }
            }
            if stopped {
                return Err(TrainError::Interrupted);
            }
        }
        let record = self.record(net)?;
        let go_on = watch.epoch(&record);
        self.history.push(record);
        self.cursor = Cursor::at(number + 1, self.cursor.done);
        if !go_on {
            if let Some(keeper) = &mut keeper {
                keeper.save(&self.save(net))?;
            }
            return Err(TrainError::Interrupted);
        }
        Ok(())
    }

    /// The next update, of `all`.
    fn one(
        &mut self,
        net: &mut Network<R>,
        epoch: &Epoch,
        lanes: &[LanePlan],
        all: usize,
    ) -> Result<(), TrainError> {
        let (job, settings, cursor) = (self.job, self.job.settings, &mut self.cursor);
        cursor.lr = learning_rate(
            settings.schedule,
            settings.lr,
            settings.warmup,
            settings.final_lr,
            cursor.done,
            all,
        );
        let pace = Pace {
            lr: cursor.lr,
            progress: cursor.done as f64 / all as f64,
        };
        let mut norms = cursor.norms();
        let parts = one_update(net, job, epoch, lanes, &mut self.update, pace, &mut norms)?;
        if !parts.total.is_finite() {
            return Err(TrainError::Diverged {
                epoch: cursor.epoch + 1,
                update: cursor.update + 1,
                value: parts.total,
            });
        }
        if let Weight::Varying(_) = job.arm.loss.weight() {
            let balance = self.update.balance(job.objective(pace.progress));
            cursor.kl_weight = Some(balance.kl / balance.ce);
        }
        cursor.set_norms(norms);
        cursor.add(parts);
        cursor.update += 1;
        cursor.done += 1;
        Ok(())
    }

    /// The figures of the epoch that is over, and its net if it is the best.
    fn record(&mut self, net: &Network<R>) -> Result<EpochRecord, TrainError> {
        let (job, cursor) = (self.job, self.cursor);
        let (sums, norms, number) = (cursor.parts(), cursor.norms(), cursor.epoch + 1);
        if norms.steps == 0 {
            return Err(TrainError::NoGradient { epoch: number });
        }
        let n = cursor.update as f64;
        let validation = validate(net, job)?;
        let balanced = job.settings.class_balance > 0.0;
        let better =
            |(score, ..): &(Validation, usize, Network<R>)| validation.better_than(score, balanced);
        if job.settings.keep == Keep::Best && self.best.as_ref().is_none_or(better) {
            self.best = Some((validation, number, net.clone()));
        }
        Ok(EpochRecord {
            epoch: number,
            loss: sums.total / n,
            cross_entropy: sums.ce / n,
            kl: sums.kl / n,
            kl_weight: cursor.kl_weight,
            gradient_norm: norms.mean(),
            skipped: norms.skipped,
            active: self.update.active_share(net),
            lr: cursor.lr,
            validation,
            seconds: self.seconds(),
        })
    }

    fn save(&self, net: &Network<R>) -> SavedTraining {
        let best = self.best.as_ref();
        SavedTraining {
            weights: keep_weights(net),
            update: self.update.save(),
            cursor: self.cursor,
            history: self.history.clone(),
            best: best.map(|(validation, at, _)| (*validation, *at)),
            best_weights: best.map_or_else(Vec::new, |(.., kept)| keep_weights(kept)),
            seconds: self.seconds(),
        }
    }

    /// Resumes from `saved`. False if it does not fit `net`; then both must be made again.
    pub fn resume(&mut self, net: &mut Network<R>, saved: SavedTraining) -> bool {
        let mut kept = net.clone();
        if let Some((validation, at)) = saved.best {
            if !restore_weights(&mut kept, &saved.best_weights) {
                return false;
            }
            self.best = Some((validation, at, kept));
        }
        (self.cursor, self.history) = (saved.cursor, saved.history);
        self.earlier = saved.seconds;
        restore_weights(net, &saved.weights) && self.update.resume(net, saved.update)
    }
}
