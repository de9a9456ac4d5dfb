//! One place's net, trained: now, or in an earlier run.

use std::path::Path;

use anyhow::{Context, Result};
use saturn_cell::Real;
use saturn_cell::kernel::Isa;
use saturn_loss::{Loss, SpikeRate};
use serde_json::Value;

use super::Matrix;
use super::key::{Keyed, Keys};
use super::metric::Metric;
use crate::run::entry::Entry;
use crate::run::place::Place;
use crate::run::start::Start;
use crate::run::summary::TrainRecord;
use crate::scenario::Train;
use saturn_network::Network;
use saturn_store::checkpoint::{Stage, remove};
use saturn_store::folder::FolderError;
use saturn_train::class_weights::class_weights;
use saturn_train::job::{EpochRecord, Job, Watch};
use saturn_train::trainer::train;
use saturn_train::weights::{self, Belonging, StateDictModule, WeightsFile};

impl Matrix<'_> {
    /// Trains `net`, or loads the weights of an earlier training. `None` if it is not done and only existing
    /// results are used.
    pub(super) fn trained<R: Real>(
        &self,
        entry: &Entry,
        keys: &Keys,
        net: &mut Network<R>,
        done: bool,
    ) -> Result<Option<TrainRecord>> {
        let (s, place) = (self.scenario, entry.place);
        let settings = s.train_for(entry.model, entry.arm);
        let received = self.received(&keys.trained, false)?;
        let record_file = place.file("results", "train.json");
        let weights_file = self
            .folder
            .path()
            .join(place.file("weights", "safetensors"));
        let known = self.folder.read_json::<Keyed<TrainRecord>>(&record_file)?;
        let key = received.known_as(known.as_ref().map(|known| &*known.key));
        let network = place.to_string();
        let belonging = Belonging {
            network: &network,
            model: &entry.model.network(),
            channels: self.dataset.channels,
            classes: &self.dataset.classes,
            dt_ms: self.dataset.dt_ms,
            training: &key,
            modules: &[],
        };
        let recorded = known
            .as_ref()
            .map(|known| known.result.weights_sha256.as_deref());
        if let Some(known) = known.as_ref().filter(|known| known.key == key)
            && weights_file.exists()
        {
            self.take_up(net, &weights_file, &belonging, &known.result)?;
            self.progress.skip(self.train_work(entry));
            return Ok(Some(known.result.clone()));
        }
        if done {
            return Ok(None);
        }
        weights::refuse_in_the_way(&weights_file, &key, recorded)?;
        let begun = self.begin(entry, net, &belonging)?;
        let mut result = self.train(entry, net, &settings, &key)?;
        let (from_sha256, modules) = begun.unzip();
        result.from_sha256 = from_sha256;
        // A network of other programs keeps what an export needs to give it back.
        let modules = modules.unwrap_or_default();
        let belonging = Belonging {
            modules: &modules,
            ..belonging
        };
        result.weights_sha256 = Some(weights::save(net, &weights_file, &belonging)?);
        let keyed = Keyed { key, result };
        self.folder.write_json(&record_file, &keyed)?;
        remove(&self.checkpoints(), &checkpoint(place))?;
        let result = keyed.result;
        if let Some(kept) = result.kept() {
            self.progress.line(&format!(
                "{place}: trained in {:.0} s, validation accuracy {:.1} %{}",
                result.seconds,
                100.0 * kept.validation.summed,
                kept.active.map_or_else(String::new, |share| format!(
                    ", {:.1} % of the neurons within the window of their surrogate",
                    100.0 * share
                ))
            ));
        }
        Ok(Some(result))
    }

    /// An error if the weights that this folder has of `place` are not those that its training record is about.
    pub(super) fn refuse_other_weights(&self, place: Place) -> Result<()> {
        let record_file = place.file("results", "train.json");
        if let Some(known) = self.folder.read_json::<Keyed<TrainRecord>>(&record_file)? {
            let file = self
                .folder
                .path()
                .join(place.file("weights", "safetensors"));
            weights::tie(&file, known.result.weights_sha256.as_deref())?;
        }
        Ok(())
    }

    /// Reads the weights of the finished net that `entry` begins from into `net`, if it does; their checksum, and the modules
    /// that the network had where it came from.
    fn begin<R: Real>(
        &self,
        entry: &Entry,
        net: &mut Network<R>,
        expected: &Belonging,
    ) -> Result<Option<(String, Vec<StateDictModule>)>> {
        let Some(mut start) = Start::of(entry)? else {
            return Ok(None);
        };
        for notice in start.load(net, entry.place.model, expected)? {
            self.progress.line(&notice);
        }
        Ok(Some((start.checksum()?, start.modules()?)))
    }

    /// Reads the weights of an earlier training into `net`, if they are those that its record is about.
    fn take_up<R: Real>(
        &self,
        net: &mut Network<R>,
        path: &Path,
        belonging: &Belonging,
        record: &TrainRecord,
    ) -> Result<()> {
        let mut file = WeightsFile::open(path)?;
        let mut notices = file.refuse_another(belonging)?;
        notices.extend(weights::read(net, &mut file)?);
        weights::refuse_others(&mut file, record.weights_sha256.as_deref())?;
        for notice in notices {
            self.progress.line(&notice);
        }
        Ok(())
    }

    /// Trains `net`, from where an earlier run was left; every epoch leaves a line of `metrics.jsonl`.
    fn train<R: Real>(
        &self,
        entry: &Entry,
        net: &mut Network<R>,
        settings: &Train,
        key: &str,
    ) -> Result<TrainRecord> {
        let (s, b) = (self.scenario, self.dataset);
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
        let mut watch = Looking {
            matrix: self,
            place,
            work: self.train_work(entry),
            epochs: self.passes(entry).ceil() as usize,
            error: None,
        };
        let (folder, name) = (self.checkpoints(), checkpoint(place));
        let stage = Stage {
            folder: &folder,
            name: &name,
            key,
            keeping: self.keeping,
        };
        let trained = train(net, &job, Some(stage), &mut watch);
        if let Some(e) = watch.error {
            return Err(e.into());
        }
        let trained = trained.with_context(|| format!("training {place}"))?;
        let skipped: u64 = trained.history.iter().map(|epoch| epoch.skipped).sum();
        if skipped > 0 {
            self.progress.alert(&format!(
                "warning: {place}: {skipped} updates were skipped because their gradient was not finite"
            ));
        }
        Ok(TrainRecord {
            parameters: net.parameters(),
            weight_steps: Some(trained.weight_steps),
            weights_sha256: None,
            from_sha256: None,
            isa: Some(Isa::current().name().to_owned()),
            seconds: trained.seconds,
            kept_epoch: trained.kept_epoch,
            history: trained.history,
            mask: mask.reports,
        })
    }
}

/// Prefix of the names of a trial's training checkpoints.
fn checkpoint(place: Place) -> String {
    place.file("", "train").display().to_string()
}

/// Reports every epoch to the user and to `metrics.jsonl`.
struct Looking<'a> {
    matrix: &'a Matrix<'a>,
    place: Place<'a>,
    work: u64,
    epochs: usize,
    /// What could not be written.
    error: Option<FolderError>,
}

impl Looking<'_> {
    /// Work of an epoch.
    fn each(&self) -> u64 {
        self.work / self.epochs.max(1) as u64
    }
}

impl Watch for Looking<'_> {
    fn begins(&mut self, history: &[EpochRecord]) {
        let Self { matrix, place, .. } = *self;
        let own = Metric::new(place, "epoch", &());
        let known = history.len() as u64;
        let later = |line: &Value| own.is_of(line) && line["epoch"].as_u64() > Some(known);
        self.error = matrix.folder.retract(&place.lines(), later).err();
        matrix.progress.skip(known * self.each());
    }

    fn epoch(&mut self, epoch: &EpochRecord) -> bool {
        let Self { matrix, place, .. } = *self;
        let metric = Metric::new(place, "epoch", epoch);
        if let Err(e) = matrix.folder.metric(&place.lines(), &metric) {
            self.error = Some(e);
        }
        matrix.progress.advance(self.each());
        matrix.progress.doing(&format!(
            "training {place}, epoch {} of {}: validation accuracy {:.1} %",
            epoch.epoch,
            self.epochs,
            100.0 * epoch.validation.summed
        ));
        self.error.is_none() && !matrix.progress.stopped()
    }

    fn stopped(&self) -> bool {
        self.error.is_some() || self.matrix.progress.stopped()
    }

    fn say(&self, line: &str) {
        self.matrix.progress.line(line);
    }
}
