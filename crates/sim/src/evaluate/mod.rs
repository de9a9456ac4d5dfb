//! A finished network on other data, without training: what `saturn evaluate` does.
//!
//! | part | contents |
//! |---|---|
//! | `settings` | options, and the settings that follow from them and from the network's run |
//! | `input` | the data, compared with what the network takes |
//! | `folder` | the folder of results, which no other evaluation writes over |
//! | `segments` | the line for every segment |
//! | `low_precision` | the same network in storage formats, with ranges from other recordings |
//! | `summary` | `summary.json` |
//!
//! Nothing is chosen on the evaluated data: the detector's threshold is given, the run's or the default, and ranges at
//! low precision are from the run's validation split or a given file.

mod folder;
mod input;
mod low_precision;
mod segments;
mod settings;
mod summary;

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_cell::Real;
use saturn_data::printable;

use crate::figures::draw_one;
use crate::model::{FinishedModel, plain_name};
use crate::report::{instrument_lines, precision_lines, table_lines, wrapped, write_one};
use crate::run::Interrupted;
use crate::run::input::Input;
use crate::run::summary::{NamedEvaluation, Summary};
use crate::scenario::{Fill, Precision};
use saturn_eval::evaluate::{Extras, Plan, evaluate as run_evaluation};
use saturn_eval::experiments::{self, Experiments, Setting};
use saturn_live::model::Model as _;
use saturn_network::Network;
use saturn_store::Progress;

use folder::EvaluationFolder;
pub use input::Given;
use input::VALID;
use low_precision::{Calibration, LowPrecision};
pub use low_precision::{RangesHead, StoredDetail};
use segments::SegmentsFile;
pub use settings::{
    AskedPrecision, GapSteps, Options, Settings, THRESHOLD, read_fill, read_instrument,
    read_policy, read_precisions,
};
pub use summary::{EvaluationSummary, Finding, Head};

/// What an evaluation left.
pub struct Evaluated {
    /// The folder.
    pub folder: PathBuf,
    /// What is in its `summary.json`.
    pub summary: EvaluationSummary,
    /// The same as the summary of a run.
    table: Summary,
    /// Whether gaps have noise.
    noisy: bool,
}

/// Evaluates a finished network, and writes the results.
pub fn evaluate(options: &Options, progress: &Progress) -> Result<Evaluated> {
    let model = FinishedModel::find(options.model)?;
    for notice in &model.notices {
        progress.line(notice);
    }
    let settings = Settings::new(options, &model)?;
    progress.doing("reading the data");
    let given = Given::open(options.data, &model, options.times)?;
    // Of a folder never the test split.
    let ranges = options.ranges.map(|path| {
        if path.is_dir() {
            path.join(VALID)
        } else {
            path.to_owned()
        }
    });
    let ranges = ranges.map(|path| Given::open(&path, &model, options.times));
    let ranges = ranges.transpose()?;
    for opened in [Some(&given), ranges.as_ref()].into_iter().flatten() {
        opened.notices.iter().for_each(|line| progress.line(line));
    }
    let calibration = Calibration::new(&settings, &model, &given, ranges.as_ref())?;
    let head = Head::new(options, &model, &given, &settings, calibration);
    let path = options
        .out
        .map_or_else(|| usual_folder(&model.name), Path::to_owned);
    let folder = EvaluationFolder::claim(&path, &head)?;
    let job = Job {
        options,
        model: &model,
        settings: &settings,
        given: &given,
        calibration,
        folder: &folder,
        progress,
    };
    let found = match settings.precision {
        Precision::F32 => job.run::<f32>()?,
        Precision::F64 => job.run::<f64>()?,
    };
    let summary = EvaluationSummary {
        format: "saturn evaluation",
        version: summary::VERSION,
        saturn: env!("CARGO_PKG_VERSION"),
        head,
        chance: 1.0 / model.classes.len().max(1) as f64,
        evaluations: found.evaluations,
        stored: found.low_precision.stored,
        stored_details: found.low_precision.details,
        experiments: found.experiments,
    };
    let split = given.path.file_stem().unwrap_or_default();
    let split = printable(&split.to_string_lossy()).into_owned();
    let table = summary.as_run(&settings, found.parameters, &split);
    progress.doing("drawing");
    let drawn = draw_one(&settings.evaluate, folder.path(), &table)?;
    let is_noise = |fill: &Fill| matches!(fill, Fill::Noise(_));
    let noisy = (settings.stream().1).is_some_and(|gap| gap.fill.iter().any(is_noise));
    let evaluated = Evaluated {
        folder: path,
        summary,
        table,
        noisy,
    };
    write_one(&evaluated.facts(), folder.path(), &evaluated.table, &drawn)?;
    folder.write_json("summary.json", &evaluated.summary)?;
    Ok(evaluated)
}

/// `runs/NAME-evaluate`.
fn usual_folder(name: &str) -> PathBuf {
    Path::new("runs").join(format!("{}-evaluate", plain_name(name)))
}

/// One network on its data under all policies.
struct Job<'a> {
    options: &'a Options<'a>,
    model: &'a FinishedModel,
    settings: &'a Settings,
    given: &'a Given,
    calibration: Calibration<'a>,
    folder: &'a EvaluationFolder,
    progress: &'a Progress,
}

/// What one network left.
struct Found {
    evaluations: Vec<Finding>,
    low_precision: LowPrecision,
    experiments: Experiments,
    /// Of the network.
    parameters: usize,
}

impl Job<'_> {
    /// Runs all of it.
    fn run<R: Real>(&self) -> Result<Found> {
        let (e, progress) = (&self.settings.evaluate, self.progress);
        let net: Network<R> = self.model.network()?;
        let net = net.for_density(self.given.density);
        let (stream, gap) = self.settings.stream();
        let input = Input {
            source: saturn_stream::Source {
                split: &self.given.split,
                noise: &self.given.noise,
                gap,
            },
            channels: self.model.channels,
            dt_ms: self.model.dt_ms,
            seed: self.settings.seed,
            shard_lanes: self.settings.shard_lanes,
        };
        let policies = e.state_reset.len() as u64;
        let extra = self.low_precision_work() + experiments::steps(e.experiments());
        progress.total(policies * e.steps + extra);
        let mut evaluations = Vec::new();
        for policy in &e.state_reset {
            let name = policy.to_string();
            progress.doing(&format!("evaluating on {stream}, state_reset {name}"));
            let threshold = (self.settings).threshold(self.options, self.model, policy);
            let segments_file = format!("segments.{name}.csv");
            let log = SegmentsFile::create(&self.folder.path().join(&segments_file), e.lanes)?;
            let plan = Plan {
                extras: Extras {
                    segments: Some(&log),
                    ..Extras::default()
                },
                ..input.plan(e, policy)
            };
            let evaluation = run_evaluation(&net, &plan, threshold.value, progress)?;
            log.finish()?;
            evaluations.push(Finding {
                found: NamedEvaluation {
                    stream: stream.to_owned(),
                    state_reset: name,
                    evaluation,
                },
                threshold_from: threshold.from,
                segments_file,
            });
        }
        let low_precision = self.low_precision(&net, &input)?;
        let mut experiments = Experiments::default();
        let setting = Setting {
            wanted: e.experiments(),
            stream,
            source: input.source,
            channels: input.channels,
            seed: input.seed,
            shard_lanes: input.shard_lanes,
            stage: None,
        };
        experiments.run(&net, &setting, progress)?;
        if progress.stopped() {
            return Err(Interrupted.into());
        }
        Ok(Found {
            evaluations,
            low_precision,
            experiments,
            parameters: net.parameters(),
        })
    }
}

impl Evaluated {
    /// What was run on what, then what its numbers rest on.
    fn facts(&self) -> Vec<String> {
        let head = &self.summary.head;
        let mut facts = vec![format!(
            "{} on {} samples of {}",
            head.model.name, head.data.samples, head.data.file
        )];
        facts.extend(self.summary.evaluations.iter().map(|e| {
            format!(
                "the detector's threshold under {} is {}, {}",
                e.found.state_reset, e.found.evaluation.detection.threshold, e.threshold_from
            )
        }));
        facts.extend(low_precision::facts(
            &self.summary.stored_details,
            head.options.ranges.as_ref(),
        ));
        if self.noisy {
            let from = &head.data.noise_from;
            facts.push(format!("noise in gaps has the rates of {from}"));
        }
        facts
    }

    /// What the terminal shows, in `width` columns.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let facts = self.facts();
        let mut lines = wrapped(&facts[0], width);
        lines.extend(table_lines(&self.table, width));
        let low = precision_lines(&self.table);
        let (title, rows) = low.split_at(low.len().min(1));
        lines.extend(title.iter().flat_map(|title| wrapped(title, width)));
        lines.extend(rows.iter().cloned());
        lines.extend(instrument_lines(&self.table));
        for fact in &facts[1..] {
            lines.extend(wrapped(fact, width));
        }
        let line = format!(
            "{} has report.html, summary.json, a line for every segment, and figures",
            self.folder.display()
        );
        lines.extend(wrapped(&line, width));
        lines
    }
}
