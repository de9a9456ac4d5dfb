//! The matrix models x arms x seeds, each trained net under every stream and state-reset policy.
//!
//! What is done is not done again: a cell's training and its evaluation each leave a file that carries a
//! key, the checksum of all that the result depends on.

mod evaluated;
mod key;
mod trained;

use anyhow::Result;
use saturn_cell::Real;
use serde::Serialize;

use super::folder::Folder;
use super::place::Place;
use super::progress::Progress;
use super::summary::{self, CellSummary, Failure, Summary};
use super::workbench::Workbench;
use crate::build::{Answers, build};
use crate::network::Network;
use crate::scenario::{Arm, Evaluate, Model, Precision, Scenario};
use crate::train::trainer::TrainError;

pub use key::{hex, key};

/// What of the matrix is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Whether the test split is evaluated, not the validation split.
    pub last: bool,
    /// Whether only what is done already is taken up, and nothing is trained or evaluated.
    pub done: bool,
}

/// One place of the matrix with what stands there.
#[derive(Clone, Copy)]
struct Entry<'a> {
    place: Place<'a>,
    model: &'a Model,
    arm: &'a Arm,
}

/// The whole job of `run` and `compare`.
pub struct Matrix<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its data.
    pub bench: &'a Workbench,
    /// Checksums of the input files: results depend on them.
    pub inputs: String,
    /// Where results go.
    pub folder: &'a Folder,
    /// How the user hears of it.
    pub progress: &'a Progress,
}

impl Matrix<'_> {
    /// Does what of the matrix is not done yet and returns the summary of all of it.
    pub fn run(&self, wanted: &Wanted) -> Result<Summary> {
        let s = self.scenario;
        let mut cells = Vec::new();
        let mut failures = Vec::new();
        let entries = self.entries(&wanted.seeds);
        self.progress.total(self.work(entries.len()));
        for entry in &entries {
            let place = entry.place;
            let done = match s.train.precision {
                Precision::F32 => self.entry::<f32>(entry, wanted),
                Precision::F64 => self.entry::<f64>(entry, wanted),
            };
            match done {
                Ok(Some(cell)) => cells.push(cell),
                Ok(None) => {}
                Err(e) if self.progress.stopped() => return Err(e),
                Err(e) if is_diverged(&e) => {
                    let reason = format!("{e:#}");
                    self.progress.line(&format!("{place}: {reason}"));
                    failures.push(Failure {
                        model: place.model.to_owned(),
                        arm: place.arm.to_owned(),
                        seed: place.seed,
                        reason,
                    });
                }
                Err(e) => return Err(e),
            }
        }
        let classes = self.bench.classes.clone();
        Ok(Summary {
            format: "saturn summary".into(),
            version: summary::VERSION,
            name: s.name.clone(),
            about: s.about.clone(),
            split: if wanted.last { "test" } else { "valid" }.into(),
            chance: 1.0 / classes.len() as f64,
            classes,
            dt_ms: self.bench.dt_ms,
            table: summary::table(&cells),
            cells,
            failures,
        })
    }

    /// All places for `seeds`, seed by seed.
    fn entries(&self, seeds: &[u64]) -> Vec<Entry<'_>> {
        let s = self.scenario;
        let mut entries = Vec::new();
        for &seed in seeds {
            for (model_name, model) in s.models.iter() {
                for (arm_name, arm) in s.arms.iter() {
                    let place = Place {
                        model: model_name,
                        arm: arm_name,
                        seed,
                    };
                    entries.push(Entry { place, model, arm });
                }
            }
        }
        entries
    }

    /// Training steps and evaluation steps of `places` nets, roughly.
    fn work(&self, places: usize) -> u64 {
        places as u64 * (self.train_work() + self.evaluation_work())
    }

    /// A training step costs about three steps forward.
    fn train_work(&self) -> u64 {
        let steps: usize = self.bench.train.lengths().iter().sum();
        3 * (self.scenario.train.epochs * steps) as u64
    }

    fn evaluation_work(&self) -> u64 {
        let e = &self.scenario.evaluate;
        let each = e.steps + threshold_steps(e, self.bench);
        (e.streams.len() * e.state_reset.len()) as u64 * each
    }

    /// One trained and evaluated net; `None` if it is not done, and only what is done is wanted.
    fn entry<R: Real>(&self, entry: &Entry, wanted: &Wanted) -> Result<Option<CellSummary>> {
        let (place, b) = (entry.place, self.bench);
        let answers = Answers {
            classes: b.classes.len(),
            extra: entry.arm.loss.extra_outputs(),
        };
        let mut net: Network<R> = build(
            place.model,
            entry.model,
            b.channels,
            answers,
            b.dt_ms,
            place.seed,
        )?;
        let Some((training, key)) = self.trained(entry, &mut net, wanted)? else {
            return Ok(None);
        };
        let Some(done) = self.evaluated(entry, &net, &key, wanted)? else {
            return Ok(None);
        };
        Ok(Some(CellSummary {
            model: place.model.to_owned(),
            arm: place.arm.to_owned(),
            seed: place.seed,
            training,
            evaluations: done.evaluations,
            contraction: done.contraction,
        }))
    }
}

/// Steps of the validation stream that thresholds are chosen on: six times those of the samples, which is
/// about three passes where gaps are as long as samples; and no more than the evaluation has.
pub fn threshold_steps(evaluate: &Evaluate, bench: &Workbench) -> u64 {
    let once: usize = bench.valid.lengths().iter().sum();
    (6 * once as u64).min(evaluate.steps)
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Metric<'a, T> {
    model: &'a str,
    arm: &'a str,
    seed: u64,
    what: &'a str,
    #[serde(flatten)]
    record: &'a T,
}

impl<'a, T> Metric<'a, T> {
    fn new(place: Place<'a>, what: &'a str, record: &'a T) -> Self {
        Self {
            model: place.model,
            arm: place.arm,
            seed: place.seed,
            what,
            record,
        }
    }
}

/// Whether training left the real numbers: such a cell fails alone.
fn is_diverged(e: &anyhow::Error) -> bool {
    matches!(
        e.downcast_ref::<TrainError>(),
        Some(TrainError::Diverged { .. })
    )
}
