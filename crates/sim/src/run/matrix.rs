//! The matrix models x arms x seeds, each trained net under every stream and state-reset policy.
//!
//! Existing results are not recomputed: a trial's training and its evaluation each leave a file with a key,
//! the checksum of everything the result depends on, and a finished trial also leaves a small file (see
//! [`super::trials`]). A trial that fails is reported and does not affect the others.

mod evaluated;
mod group;
mod health;
mod key;
mod metric;
mod partial;
mod schedule;
mod stored;
mod trained;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use saturn_cell::Real;

use super::dataset::Dataset;
use super::entry::Entry;
use super::fault::fault;
use super::input::threshold_steps;
use super::interrupted::Interrupted;
use super::reason;
use super::start::Start;
use super::summary::{CellSummary, Failure};
use super::trials::{Finished, Shared, Store};
use crate::fault::Fault;
use crate::scenario::{Precision, Scenario};
use saturn_eval::experiments;
use saturn_eval::trace::TraceError;
use saturn_network::Network;
use saturn_network::build;
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;
use saturn_store::folder::{Claimed, Folder, FolderError};

pub use group::{Group, collect, summarise};
use key::DataKeys;
pub use key::{Keyed, Keys, key};
pub use schedule::Budget;
use schedule::on_its_threads;

/// Options of running a matrix.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // Each is a choice of the caller.
pub struct Wanted {
    /// Whether only existing results are used, and nothing is trained or evaluated.
    pub done: bool,
    /// Whether complete results with all of their curves are needed, not the short form of `cells/`.
    pub whole: bool,
    /// Limits on concurrency.
    pub budget: Budget,
    /// Whether finished trials are only counted: thousands of them would fill the memory.
    pub counted: bool,
    /// Whether to wait for trials that another process is working on, instead of skipping them.
    pub wait: bool,
}

/// What became of a trial.
enum Outcome {
    /// It is finished.
    Finished(Box<CellSummary>),
    /// The same, and its results are in files alone.
    Counted,
    /// Only existing results are used, and it has none.
    NotDone,
    /// Another process is working on it.
    Elsewhere,
}

/// Between two looks at trials that another process is working on.
const LOOK: Duration = Duration::from_secs(1);

impl Outcome {
    fn of(found: Option<CellSummary>) -> Self {
        found.map_or(Self::NotDone, |trial| Self::Finished(Box::new(trial)))
    }
}

/// The whole job of `run` and `compare`.
pub struct Matrix<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its data.
    pub dataset: &'a Dataset,
    /// Common data of all trials, including the split.
    pub shared: Shared,
    /// The checksum of all data but the test file, on which training and validation do not depend.
    pub judged: String,
    /// Where results go.
    pub folder: &'a Folder,
    /// The store of finished trials.
    pub store: Store,
    /// A second folder for finished trials, in addition to the one of the run.
    pub keep: Option<PathBuf>,
    /// How often unfinished work is saved, and how many checkpoints are kept.
    pub keeping: Keeping,
    /// Messages to the user.
    pub progress: &'a Progress,
}

/// Results of a matrix.
#[derive(Default)]
pub struct Found {
    /// Finished trials, unless they are only counted.
    pub cells: Vec<CellSummary>,
    /// How many there are.
    pub finished: usize,
    /// What failed.
    pub failures: Vec<Failure>,
    /// How many of them failed since their input is wrong.
    pub wrong_input: usize,
    /// How many another process is working on.
    pub elsewhere: usize,
}

impl Matrix<'_> {
    /// Computes the trials of `entries` that are not done yet, each of which needs the bytes given by `costs`
    /// at its index, and returns all results. An error is one that every trial would meet.
    pub fn run(&self, entries: &[Entry], costs: &[f64], wanted: &Wanted) -> Result<Found> {
        self.progress.total(self.work(entries));
        let halted = AtomicBool::new(false);
        let stop = || self.progress.stopped() || halted.load(Ordering::Relaxed);
        let alone = wanted.budget.workers.min(entries.len()) < 2;
        let one = |i: usize, sharing: usize| {
            let done = on_its_threads(sharing, || match self.scenario.train.precision {
                Precision::F32 => self.entry::<f32>(&entries[i], wanted, alone),
                Precision::F64 => self.entry::<f64>(&entries[i], wanted, alone),
            });
            if let Err(e) = &done {
                if is_lasting(e) {
                    halted.store(true, Ordering::Relaxed);
                } else if !self.progress.stopped() {
                    let place = entries[i].place;
                    self.progress.alert(&format!("{place}: {}", reason(e)));
                }
            }
            match done {
                Ok(Outcome::Finished(_)) if wanted.counted => Ok(Outcome::Counted),
                done => done,
            }
        };
        let order = if alone {
            (0..entries.len()).collect()
        } else {
            self.longest_first(entries, costs)
        };
        let mut results = wanted.budget.spend(costs, &order, stop, one);
        let is_elsewhere = |result: &Option<_>| matches!(result, Some(Ok(Outcome::Elsewhere)));
        if wanted.wait && results.iter().any(is_elsewhere) {
            self.progress.doing("waiting for another saturn process");
            while results.iter().any(is_elsewhere) && !stop() {
                std::thread::sleep(LOOK);
                for (i, result) in results.iter_mut().enumerate() {
                    if is_elsewhere(result) && !stop() {
                        *result = Some(one(i, 1));
                    }
                }
            }
        }
        let mut found = Found::default();
        for (entry, result) in entries.iter().zip(results) {
            match result {
                Some(Ok(Outcome::Counted)) => found.finished += 1,
                Some(Ok(Outcome::Finished(trial))) => {
                    found.finished += 1;
                    found.cells.push(*trial);
                }
                Some(Ok(Outcome::Elsewhere)) => {
                    found.elsewhere += 1;
                    self.progress.line(&format!(
                        "{}: skipped, another saturn process is working on it",
                        entry.place
                    ));
                }
                Some(Ok(Outcome::NotDone)) | None => {}
                Some(Err(e)) if is_lasting(&e) => return Err(e),
                // It is neither done nor failed: the next run resumes it.
                Some(Err(_)) if self.progress.stopped() && !wanted.done => {}
                Some(Err(e)) => {
                    found.wrong_input += usize::from(fault(&e) == Fault::Input);
                    found.failures.push(failure(entry, &e));
                }
            }
        }
        if self.progress.stopped() && !wanted.done {
            return Err(Interrupted.into());
        }
        Ok(found)
    }

    /// Places of `entries`, those first that take longest, so that all threads are busy to the end. The work of a step goes
    /// roughly by the memory that a trial needs.
    fn longest_first(&self, entries: &[Entry], costs: &[f64]) -> Vec<usize> {
        let work = |(entry, bytes): (&Entry, &f64)| {
            (self.train_work(entry) + self.evaluation_work()) as f64 * bytes
        };
        let each: Vec<f64> = entries.iter().zip(costs).map(work).collect();
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|&a, &b| each[b].total_cmp(&each[a]));
        order
    }

    /// Training steps and evaluation steps of `entries`, roughly.
    fn work(&self, entries: &[Entry]) -> u64 {
        let training: u64 = entries.iter().map(|entry| self.train_work(entry)).sum();
        training + entries.len() as u64 * self.evaluation_work()
    }

    /// A training step costs about three steps forward.
    fn train_work(&self, entry: &Entry) -> u64 {
        let steps: usize = self.dataset.train.lengths().iter().sum();
        (3.0 * self.passes(entry) * steps as f64) as u64
    }

    /// Passes over the training set.
    fn passes(&self, entry: &Entry) -> f64 {
        let settings = self.scenario.train_for(entry.model, entry.arm);
        let in_update = settings.lanes * self.scenario.stream.samples;
        settings.passes(self.dataset.train.len().div_ceil(in_update))
    }

    fn evaluation_work(&self) -> u64 {
        let e = &self.scenario.evaluate;
        let each = e.steps + threshold_steps(e, &self.dataset.valid);
        let extra = e.streams.len() as u64 * experiments::steps(e.experiments());
        (e.streams.len() * e.state_reset.len()) as u64 * each + self.stored_work() + extra
    }

    /// One trained and evaluated network. Only a network that runs `alone` reports its memory.
    fn entry<R: Real>(&self, entry: &Entry, wanted: &Wanted, alone: bool) -> Result<Outcome> {
        let place = entry.place;
        let keys = Keys::of(self.scenario, entry, &self.shared.split)?;
        let known = self.store.find(place, &keys.evaluated, &self.shared)?;
        let from_sha256 = match (Start::of(entry), &known) {
            (Ok(Some(mut start)), _) => Some(start.checksum()?),
            (Ok(None), _) => None,
            // Without the net to begin from, what is finished counts.
            (Err(_), Some(known)) => known.cell.training.from_sha256.clone(),
            (Err(e), None) => return Err(e),
        };
        let known = known.filter(|known| known.cell.training.from_sha256 == from_sha256);
        if let (Some(known), false) = (&known, wanted.whole) {
            self.refuse_other_weights(place)?;
            self.keep(known)?;
            self.progress
                .skip(self.train_work(entry) + self.evaluation_work());
            return Ok(Outcome::Finished(Box::new(known.cell.clone())));
        }
        let only_done = wanted.done || known.is_some();
        // Until the end of this function. What another process has done since is found below.
        let _claim = if only_done {
            None
        } else {
            let lease = place.file("checkpoints", "lease");
            match self.folder.claim(&lease, || self.progress.stopped())? {
                Claimed::Own(claim) => Some(claim),
                Claimed::Elsewhere => return Ok(Outcome::Elsewhere),
            }
        };
        let settings = keys.evaluated.clone();
        let keys = keys.begun(from_sha256.as_deref())?;
        let Some(mut trial) = self.whole::<R>(entry, &keys, only_done)? else {
            return Ok(Outcome::of(known.map(|known| known.cell)));
        };
        if !alone {
            let evaluations = trial.evaluations.iter_mut();
            evaluations.for_each(|e| e.evaluation.forget_memory());
        }
        let finished = Finished {
            settings,
            shared: self.shared.clone(),
            cell: trial,
        };
        self.keep(&finished)?;
        if wanted.whole {
            return Ok(Outcome::Finished(Box::new(finished.cell)));
        }
        let saved = (self.store).find(place, &finished.settings, &self.shared)?;
        Ok(Outcome::of(saved.map(|saved| saved.cell)))
    }

    /// Writes a finished trial to the folder of finished trials if it is not there.
    fn keep(&self, finished: &Finished) -> Result<()> {
        let own = self.folder.path().join("cells");
        let mut said = finished.save_once(&own)?;
        if let Some(folder) = &self.keep {
            if finished.would_undo_a_final_one(folder)? {
                said = Some(format!(
                    "{}: already contains this trial evaluated on the test split, and keeps that",
                    folder.join(finished.place().cell()).display()
                ));
            } else {
                finished.save_once(folder)?;
            }
        }
        if let Some(line) = said {
            self.progress.line(&line);
        }
        Ok(())
    }

    /// One net with all that training and evaluation found.
    fn whole<R: Real>(
        &self,
        entry: &Entry,
        keys: &Keys,
        done: bool,
    ) -> Result<Option<CellSummary>> {
        let place = entry.place;
        let mut net: Network<R> = self.fresh(entry)?;
        let Some(training) = self.trained(entry, keys, &mut net, done)? else {
            return Ok(None);
        };
        let Some(found) = self.evaluated(entry, keys, &net, done)? else {
            return Ok(None);
        };
        if !done {
            self.health(entry, &net)?;
        }
        Ok(Some(CellSummary {
            model: place.model.to_owned(),
            arm: place.arm.to_owned(),
            seed: place.seed,
            training,
            evaluations: found.evaluations,
            contraction: found.contraction,
            stored: found.stored,
            isa: found.isa,
            experiments: found.experiments,
        }))
    }

    /// The key of a result with these settings on the inputs of this matrix; `tested` is whether it depends
    /// on the test file.
    fn received(&self, settings: &str, tested: bool) -> Result<DataKeys> {
        let with = |data: &str| match self.shared.received()[..] {
            // The keys of data without a rule that bins events into steps.
            [] | [_] => key(&(settings, data)),
            [_, ref events @ ..] => {
                let all: Vec<&str> = std::iter::once(data)
                    .chain(events.iter().copied())
                    .collect();
                key(&(settings, all))
            }
        };
        let data = &self.shared.data;
        Ok(DataKeys {
            now: with(if tested { data } else { &self.judged })?,
            before: with(data)?,
        })
    }

    /// The net of `entry` with its initial weights.
    fn fresh<R: Real>(&self, entry: &Entry) -> Result<Network<R>> {
        let b = self.dataset;
        let answers = entry.arm.outputs(b.classes.len());
        let (name, seed) = (entry.place.model, entry.place.seed);
        let net = build(
            name,
            &entry.model.network(),
            b.channels,
            answers,
            b.dt_ms,
            seed,
        )?;
        Ok(net.for_density(b.density))
    }

    /// The folder of checkpoints.
    fn checkpoints(&self) -> PathBuf {
        self.folder.path().join("checkpoints")
    }
}

fn failure(entry: &Entry, e: &anyhow::Error) -> Failure {
    Failure {
        model: entry.place.model.to_owned(),
        arm: entry.place.arm.to_owned(),
        seed: entry.place.seed,
        reason: reason(e),
    }
}

/// Whether every other trial would fail in the same way: a full disk, say.
fn is_lasting(e: &anyhow::Error) -> bool {
    e.chain().any(|cause| {
        let folder = cause.downcast_ref::<FolderError>();
        let trace = cause.downcast_ref::<TraceError>();
        folder.is_some_and(FolderError::is_lasting)
            || matches!(
                trace,
                Some(TraceError::Write { .. } | TraceError::Io { .. })
            )
    })
}
