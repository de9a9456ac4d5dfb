//! A finished network on other data, without training: what `saturn evaluate` does.
//!
//! | part | contents |
//! |---|---|
//! | `settings` | options, and the settings that follow from them and from the network's run |
//! | `input` | the data, compared with what the network takes |
//! | `folder` | the folder of results, which no other evaluation writes over |
//! | `segments` | the line for every segment |
//! | `summary` | `summary.json` |
//!
//! Nothing is chosen on the evaluated data: the detector's threshold is given, the run's or the default.

mod folder;
mod input;
mod segments;
mod settings;
mod summary;

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_cell::Real;
use saturn_data::printable;

use crate::figures::draw_one;
use crate::model::{FinishedModel, plain_name};
use crate::report::{instrument_lines, table_lines, wrapped, write_one};
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
use segments::SegmentsFile;
pub use settings::{
    GapSteps, Options, Settings, THRESHOLD, read_fill, read_instrument, read_policy,
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
    let given = Given::open(options.data, &model)?;
    if let Some(notice) = given.split.notice()? {
        progress.line(&notice);
    }
    let head = Head::new(options, &model, &given, &settings);
    let path = options
        .out
        .map_or_else(|| usual_folder(&model.name), Path::to_owned);
    let folder = EvaluationFolder::claim(&path, &head)?;
    let job = Job {
        options,
        model: &model,
        settings: &settings,
        given: &given,
        folder: &folder,
        progress,
    };
    let (evaluations, experiments, parameters) = match settings.precision {
        Precision::F32 => job.run::<f32>()?,
        Precision::F64 => job.run::<f64>()?,
    };
    let summary = EvaluationSummary {
        format: "saturn evaluation",
        version: summary::VERSION,
        saturn: env!("CARGO_PKG_VERSION"),
        head,
        chance: 1.0 / model.classes.len().max(1) as f64,
        evaluations,
        experiments,
    };
    let split = given.path.file_stem().unwrap_or_default();
    let split = printable(&split.to_string_lossy()).into_owned();
    let table = summary.as_run(&settings, parameters, &split);
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
    folder: &'a EvaluationFolder,
    progress: &'a Progress,
}

impl Job<'_> {
    /// The evaluations, the experiments, and the network's parameters.
    fn run<R: Real>(&self) -> Result<(Vec<Finding>, Experiments, usize)> {
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
        progress.total(policies * e.steps + experiments::steps(e.experiments()));
        let mut findings = Vec::new();
        for policy in &e.state_reset {
            let name = policy.to_string();
            progress.doing(&format!("evaluating on {stream}, state_reset {name}"));
            let (threshold, threshold_from) =
                self.settings.threshold(self.options, self.model, policy);
            let segments_file = format!("segments.{name}.csv");
            let log = SegmentsFile::create(&self.folder.path().join(&segments_file), e.lanes)?;
            let plan = Plan {
                extras: Extras {
                    segments: Some(&log),
                    ..Extras::default()
                },
                ..input.plan(e, policy)
            };
            let evaluation = run_evaluation(&net, &plan, threshold, progress)?;
            log.finish()?;
            findings.push(Finding {
                found: NamedEvaluation {
                    stream: stream.to_owned(),
                    state_reset: name,
                    evaluation,
                },
                threshold_from,
                segments_file,
            });
        }
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
        Ok((findings, experiments, net.parameters()))
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
