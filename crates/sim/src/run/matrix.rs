//! The matrix models x arms x seeds, each trained net under every stream and state-reset policy.
//!
//! What is done is not done again: a cell's training and its evaluation each leave a file that carries a
//! key, the checksum of all that the result depends on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use saturn_cell::Real;
use saturn_loss::{Loss, SpikeRate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder::Folder;
use super::progress::Progress;
use super::summary::{
    CellSummary, Failure, NamedContraction, NamedEvaluation, Summary, TrainRecord,
};
use super::workbench::Workbench;
use super::{summary, trace, weights};
use crate::build::build;
use crate::eval::contraction::contraction;
use crate::eval::evaluate::{Plan, choose_threshold, evaluate};
use crate::network::Network;
use crate::scenario::{Arm, Evaluate, Model, Precision, Scenario};
use crate::train::trainer::{Job, TrainError, train};

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

/// One place of the matrix.
#[derive(Clone, Copy)]
struct Place<'a> {
    model: (&'a str, &'a Model),
    arm: (&'a str, &'a Arm),
    seed: u64,
}

impl Place<'_> {
    /// `MODEL.ARM.SEED`, the stem of its files.
    fn stem(&self) -> String {
        format!("{}.{}.{}", self.model.0, self.arm.0, self.seed)
    }

    fn file(&self, folder: &str, ending: &str) -> PathBuf {
        Path::new(folder).join(format!("{}.{ending}", self.stem()))
    }
}

/// A result with the key of what it depends on.
#[derive(Serialize, Deserialize)]
struct Keyed<T> {
    key: String,
    result: T,
}

/// What an evaluation leaves.
#[derive(Serialize, Deserialize)]
struct Evaluated {
    evaluations: Vec<NamedEvaluation>,
    contraction: Vec<NamedContraction>,
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
        let places: Vec<Place> = wanted
            .seeds
            .iter()
            .flat_map(|&seed| {
                s.models.iter().flat_map(move |(m, model)| {
                    s.arms.iter().map(move |(a, arm)| Place {
                        model: (m, model),
                        arm: (a, arm),
                        seed,
                    })
                })
            })
            .collect();
        self.progress.total(self.work(places.len()));
        for place in &places {
            let done = match s.train.precision {
                Precision::F32 => self.place::<f32>(place, wanted),
                Precision::F64 => self.place::<f64>(place, wanted),
            };
            match done {
                Ok(Some(cell)) => cells.push(cell),
                Ok(None) => {}
                Err(e) if self.progress.stopped() => return Err(e),
                Err(e) if is_diverged(&e) => {
                    let reason = format!("{e:#}");
                    self.progress.line(&format!("{}: {reason}", place.stem()));
                    failures.push(Failure {
                        model: place.model.0.to_owned(),
                        arm: place.arm.0.to_owned(),
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
        let each = e.steps + threshold_steps(&self.scenario.evaluate, self.bench);
        (e.streams.len() * e.state_reset.len()) as u64 * each
    }

    /// One trained and evaluated net; `None` if it is not done, and only what is done is wanted.
    fn place<R: Real>(&self, place: &Place, wanted: &Wanted) -> Result<Option<CellSummary>> {
        let (name, model) = place.model;
        let b = self.bench;
        let mut net: Network<R> = build(
            name,
            model,
            b.channels,
            b.classes.len(),
            b.dt_ms,
            place.seed,
        )?;
        let Some((training, key)) = self.training(place, &mut net, wanted)? else {
            return Ok(None);
        };
        let Some(done) = self.evaluation(place, &net, &key, wanted)? else {
            return Ok(None);
        };
        Ok(Some(CellSummary {
            model: name.to_owned(),
            arm: place.arm.0.to_owned(),
            seed: place.seed,
            training,
            evaluations: done.evaluations,
            contraction: done.contraction,
        }))
    }

    /// Trains `net`, or takes up the weights of an earlier training.
    fn training<R: Real>(
        &self,
        place: &Place,
        net: &mut Network<R>,
        wanted: &Wanted,
    ) -> Result<Option<(TrainRecord, String)>> {
        let s = self.scenario;
        let settings = s.train_for(place.model.1, place.arm.1);
        let key = key(&(
            env!("CARGO_PKG_VERSION"),
            &self.inputs,
            (&s.data, &s.stream),
            (place.model.1, place.arm.1),
            &settings,
            place.seed,
        ))?;
        let record_file = place.file("cells", "train.json");
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
            return Ok(Some((known.result, key)));
        }
        if wanted.done {
            return Ok(None);
        }
        self.progress.doing(&format!("training {}", place.stem()));
        let b = self.bench;
        let mask = b.mask(s, place.arm.1, place.seed)?;
        let (estimator, mask) = mask.map_or((None, None), |(e, r)| (Some(e), Some(r)));
        let gap = s.stream.gap.as_ref();
        let spike_rate = match &place.arm.1.spike_rate {
            Some(config) => Some(SpikeRate::new(config, b.dt_ms)?),
            None => None,
        };
        let job = Job {
            seed: place.seed,
            train: b.source(&b.train, gap),
            valid: b.source(&b.valid, gap),
            channels: b.channels,
            samples: s.stream.samples,
            streams: place.arm.1.streams,
            loss: Loss::new(&place.arm.1.loss)?,
            spike_rate,
            estimator,
            settings: &settings,
        };
        let each = self.train_work() / settings.epochs.max(1) as u64;
        let mut write_error = None;
        let trained = train(net, &job, |epoch| {
            let line = Metric {
                model: place.model.0,
                arm: place.arm.0,
                seed: place.seed,
                what: "epoch",
                record: epoch,
            };
            if let Err(e) = self.folder.metric(&line) {
                write_error = Some(e);
                return false;
            }
            self.progress.advance(each);
            self.progress.doing(&format!(
                "training {}, epoch {} of {}: {:.1} % of validation right",
                place.stem(),
                epoch.epoch,
                settings.epochs,
                100.0 * epoch.validation.summed
            ));
            !self.progress.stopped()
        });
        if let Some(e) = write_error {
            return Err(e.into());
        }
        let trained = trained.with_context(|| format!("training {}", place.stem()))?;
        let record = TrainRecord {
            parameters: net.parameters(),
            seconds: trained.seconds,
            kept_epoch: trained.kept_epoch,
            history: trained.history,
            mask,
        };
        weights::save(net, &weights_file)?;
        let result = Keyed {
            key: key.clone(),
            result: record,
        };
        self.folder.write_json(&record_file, &result)?;
        let record = result.result;
        let best = &record.history[record.kept_epoch.max(1) - 1];
        self.progress.line(&format!(
            "{}: trained in {:.0} s, {:.1} % of validation right",
            place.stem(),
            record.seconds,
            100.0 * best.validation.summed
        ));
        Ok(Some((record, key)))
    }

    /// Evaluates `net` on every stream under every policy, or takes up earlier results.
    fn evaluation<R: Real>(
        &self,
        place: &Place,
        net: &Network<R>,
        trained: &str,
        wanted: &Wanted,
    ) -> Result<Option<Evaluated>> {
        let (s, b) = (self.scenario, self.bench);
        let e = &s.evaluate;
        let name = if wanted.last { "test" } else { "valid" };
        let split = b.test.as_ref().filter(|_| wanted.last).unwrap_or(&b.valid);
        let key = key(&(trained, e, name))?;
        let file = place.file("cells", &format!("{name}.json"));
        if let Some(known) = self.folder.read_json::<Keyed<Evaluated>>(&file)?
            && known.key == key
        {
            self.progress.advance(self.evaluation_work());
            return Ok(Some(known.result));
        }
        if wanted.done {
            return Ok(None);
        }
        let mut done = Evaluated {
            evaluations: Vec::new(),
            contraction: Vec::new(),
        };
        for (index, (stream, gap)) in e.streams.iter().enumerate() {
            let gap = gap.as_ref();
            for &state_reset in &e.state_reset {
                self.progress.doing(&format!(
                    "evaluating {} on {stream}, state_reset {state_reset}",
                    place.stem()
                ));
                let plan = Plan {
                    source: b.source(split, gap),
                    state_reset,
                    channels: b.channels,
                    purpose: "evaluation",
                    seed: place.seed,
                    steps: e.steps,
                    lanes: e.lanes,
                    shard_lanes: s.train.shard_lanes,
                    windows: e.windows,
                    dt_ms: b.dt_ms,
                    detector: e.detector,
                };
                let choosing = Plan {
                    source: b.source(&b.valid, gap),
                    purpose: "threshold",
                    steps: threshold_steps(e, b),
                    ..plan
                };
                let threshold = choose_threshold(net, &choosing, self.progress)?;
                let found = NamedEvaluation {
                    stream: stream.to_owned(),
                    state_reset: state_reset.to_string(),
                    evaluation: evaluate(net, &plan, threshold, self.progress)?,
                };
                self.folder.metric(&Metric {
                    model: place.model.0,
                    arm: place.arm.0,
                    seed: place.seed,
                    what: name,
                    record: &brief(&found),
                })?;
                done.evaluations.push(found);
            }
            if gap.is_some() {
                let source = b.source(&b.valid, gap);
                let curves = contraction(net, source, b.channels, place.seed, &e.contraction)?;
                done.contraction.push(NamedContraction {
                    stream: stream.to_owned(),
                    curves,
                });
            }
            if index == 0 {
                let trace = trace::record(
                    net,
                    b.source(split, gap),
                    b.channels,
                    b.dt_ms,
                    place.seed,
                    (e.steps / e.lanes as u64).min(TRACE_START),
                    TRACE_STEPS,
                )?;
                let path = place.file("traces", &format!("{name}.h5"));
                trace.save(&self.folder.path().join(path))?;
            }
        }
        let result = Keyed { key, result: done };
        self.folder.write_json(&file, &result)?;
        Ok(Some(result.result))
    }
}

/// The validation stream that thresholds are chosen on: about three passes, and no longer than the
/// evaluation.
pub fn threshold_steps(evaluate: &Evaluate, bench: &Workbench) -> u64 {
    let once: usize = bench.valid.lengths().iter().sum();
    (6 * once as u64).min(evaluate.steps)
}

/// Where the recorded stretch of a stream begins, in lane steps.
const TRACE_START: u64 = 5_000;
/// How long it is.
const TRACE_STEPS: usize = 600;

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

/// What of an evaluation goes into `metrics.jsonl`.
#[derive(Serialize)]
struct Brief<'a> {
    stream: &'a str,
    state_reset: &'a str,
    summed: Option<f64>,
    last: Option<f64>,
    detector: Option<f64>,
    steps: u64,
    steps_per_second: f64,
}

fn brief(found: &NamedEvaluation) -> Brief<'_> {
    let e = &found.evaluation;
    Brief {
        stream: &found.stream,
        state_reset: &found.state_reset,
        summed: e.summed.as_ref().map(|a| a.value),
        last: e.last.as_ref().map(|a| a.value),
        detector: e.detector.as_ref().map(|a| a.value),
        steps: e.steps,
        steps_per_second: e.steps_per_second,
    }
}

/// The checksum of what a result depends on.
pub fn key(of: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(of).context("encoding a key")?;
    Ok(hex(&Sha256::digest(bytes)))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |b: u8| char::from_digit(u32::from(b), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

/// Whether training left the real numbers: such a cell fails alone.
fn is_diverged(e: &anyhow::Error) -> bool {
    matches!(
        e.downcast_ref::<TrainError>(),
        Some(TrainError::Diverged { .. })
    )
}
