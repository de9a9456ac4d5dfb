//! One place's net, trained: now, or in an earlier run.

use anyhow::{Context, Result};
use saturn_cell::Real;
use saturn_loss::{Loss, SpikeRate};

use super::key::{Keyed, Keys, key};
use super::{Entry, Matrix, Metric};
use crate::network::Network;
use crate::run::summary::TrainRecord;
use crate::run::weights;
use crate::scenario::Train;
use crate::train::class_weights::class_weights;
use crate::train::trainer::{Job, train};

impl Matrix<'_> {
    /// Trains `net`, or takes up the weights of an earlier training. `None` if it is not done, and only what
    /// is done is wanted.
    pub(super) fn trained<R: Real>(
        &self,
        entry: &Entry,
        keys: &Keys,
        net: &mut Network<R>,
        done: bool,
    ) -> Result<Option<TrainRecord>> {
        let (s, place) = (self.scenario, entry.place);
        let settings = s.train_for(entry.model, entry.arm);
        let key = key(&(&keys.trained, &self.shared.data))?;
        let record_file = place.file("results", "train.json");
        let weights_file = self
            .folder
            .path()
            .join(place.file("weights", "safetensors"));
        if let Some(known) = self.folder.read_json::<Keyed<TrainRecord>>(&record_file)?
            && known.key == key
            && weights_file.exists()
        {
            weights::load(net, &weights_file)?;
            self.progress.advance(self.train_work());
            return Ok(Some(known.result));
        }
        if done {
            return Ok(None);
        }
        let result = self.train(entry, net, &settings)?;
        weights::save(net, &weights_file)?;
        let keyed = Keyed { key, result };
        self.folder.write_json(&record_file, &keyed)?;
        let result = keyed.result;
        let right = result.kept().map_or(f64::NAN, |e| e.validation.summed);
        self.progress.line(&format!(
            "{place}: trained in {:.0} s, {:.1} % of validation right",
            result.seconds,
            100.0 * right
        ));
        Ok(Some(result))
    }

    /// Trains `net`; every epoch leaves a line of `metrics.jsonl`.
    fn train<R: Real>(
        &self,
        entry: &Entry,
        net: &mut Network<R>,
        settings: &Train,
    ) -> Result<TrainRecord> {
        let (s, b) = (self.scenario, self.bench);
        let (place, arm) = (entry.place, entry.arm);
        self.progress.doing(&format!("training {place}"));
        let mask = b.mask(s, arm, place.seed)?;
        let gap = s.stream.gap.as_ref();
        let spike_rate = match &arm.spike_rate {
            Some(config) => Some(SpikeRate::new(config, b.dt_ms)?),
            None => None,
        };
        let job = Job {
            seed: place.seed,
            train: b.source(&b.train, gap),
            valid: b.source(&b.valid, gap),
            channels: b.channels,
            samples: s.stream.samples,
            arm,
            loss: Loss::new(&arm.loss)?,
            spike_rate,
            estimator: mask.estimator,
            class_weights: class_weights(&b.train, settings.class_balance, b.classes.len()),
            settings,
        };
        let each = self.train_work() / settings.epochs.max(1) as u64;
        let mut write_error = None;
        let trained = train(net, &job, |epoch| {
            if let Err(e) = self.folder.metric(&Metric::new(place, "epoch", epoch)) {
                write_error = Some(e);
                return false;
            }
            self.progress.advance(each);
            self.progress.doing(&format!(
                "training {place}, epoch {} of {}: {:.1} % of validation right",
                epoch.epoch,
                settings.epochs,
                100.0 * epoch.validation.summed
            ));
            !self.progress.stopped()
        });
        if let Some(e) = write_error {
            return Err(e.into());
        }
        let trained = trained.with_context(|| format!("training {place}"))?;
        let skipped: u64 = trained.history.iter().map(|epoch| epoch.skipped).sum();
        if skipped > 0 {
            self.progress.line(&format!(
                "warning: {place}: {skipped} updates were left out, since their gradient was not finite"
            ));
        }
        Ok(TrainRecord {
            parameters: net.parameters(),
            weight_steps: Some(trained.weight_steps),
            seconds: trained.seconds,
            kept_epoch: trained.kept_epoch,
            history: trained.history,
            mask: mask.reports,
        })
    }
}
