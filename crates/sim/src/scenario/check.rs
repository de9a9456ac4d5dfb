//! The checked scenario, and how it is loaded.

mod text;
mod whole;
mod written;

use std::path::Path;

use super::data::Data;
use super::decode::decode;
use super::evaluate::Evaluate;
use super::keys::ScenarioKeys;
use super::models::Model;
use super::named::Named;
use super::node::{Node, Value};
use super::path::why_missing;
use super::plots::Plot;
use super::problem::{Place, Problem, ScenarioError};
use super::read::read;
use super::set::set;
use super::stream::Stream;
use super::tune::TuneKeys;
use super::warning::{Warning, WarningKind};
use saturn_store::regular;
use saturn_stream::Gap;
use saturn_train::arm::Arm;
use saturn_train::changes::TrainKeys;
use saturn_train::settings::Train;
use text::as_text;
use whole::check;
pub use written::{to_yaml, written_yaml};

/// The largest file of a scenario, bytes.
const LARGEST: u64 = 4 << 20;

/// A scenario that can be run: complete, and with every value in its range.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub about: Option<String>,
    /// The seed of `run`.
    pub seed: u64,
    /// The seeds of `compare`; at least one.
    pub seeds: Vec<u64>,
    /// Source of the samples.
    pub data: Data,
    /// How samples and gaps follow each other.
    pub stream: Stream,
    /// The nets; at least one.
    pub models: Named<Model>,
    /// The training regimes; at least one.
    pub arms: Named<Arm>,
    /// Settings of training, before what models and arms change of them: see [`Scenario::train_for`].
    pub train: Train,
    /// The evaluations of trained networks.
    pub evaluate: Evaluate,
    /// What `tune` searches.
    pub tune: TuneKeys,
    /// The figures of the report, without duplicates.
    pub plots: Vec<Plot>,
    /// Warnings: unlikely settings that can be run.
    pub warnings: Vec<Warning>,
    /// `train` as it was written.
    train_keys: TrainKeys,
    /// The file's name, for messages.
    file: String,
    /// What was written where.
    root: Node,
}

impl Scenario {
    /// The gaps of the first stream that nets are evaluated on.
    pub fn first_gap(&self) -> Option<&Gap> {
        let mut streams = self.evaluate.streams.iter();
        streams.next().and_then(|(_, gap)| gap.as_ref())
    }

    /// Reads and checks a file, after the overrides `sets` (`key=value`, as after `--set`).
    ///
    /// Whether the data exist is checked separately: [`Scenario::find_data`].
    pub fn load<S: AsRef<str>>(path: &Path, sets: &[S]) -> Result<Self, ScenarioError> {
        let bytes = regular::read(path, LARGEST).map_err(|source| ScenarioError::Unreadable {
            file: path.into(),
            source,
        })?;
        let text = as_text(path, bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), folder, sets)
    }

    /// Checks the text of a scenario. `file` is its name in messages; paths in it are looked for in
    /// `folder`, then in the current one.
    pub fn parse<S: AsRef<str>>(
        text: &str,
        file: &str,
        folder: &Path,
        sets: &[S],
    ) -> Result<Self, ScenarioError> {
        let mut root = read(text, None).map_err(|e| ScenarioError::Syntax {
            file: file.into(),
            line: e.line,
            column: e.column,
            message: e.message,
        })?;
        for argument in sets {
            set(&mut root, argument.as_ref())?;
        }
        let invalid = |problems| ScenarioError::Invalid {
            file: file.into(),
            problems,
        };
        if matches!(root.value, Value::Null) {
            let message = "the scenario is empty: it needs at least `name: ...`".into();
            return Err(invalid(vec![Problem {
                place: root.place,
                path: String::new(),
                message,
            }]));
        }
        let keys: ScenarioKeys = decode(&root).map_err(|problems| invalid(in_order(problems)))?;
        check(&keys, root, file, folder).map_err(invalid)
    }

    /// The settings of training for one network in one arm. Changes of the arm take precedence over those of
    /// the model, and both over `train`.
    pub fn train_for(&self, model: &Model, arm: &Arm) -> Train {
        train_for(&self.train_keys, model, arm)
    }

    /// All seeds, or only that of `run`.
    pub fn seeds_for(&self, all: bool) -> Vec<u64> {
        if all {
            self.seeds.clone()
        } else {
            vec![self.seed]
        }
    }

    /// An error, with its position in the file, unless all files exist. A synthetic set need not exist: it is
    /// generated.
    pub fn find_data(&self) -> Result<(), ScenarioError> {
        let problems: Vec<Problem> = self
            .data
            .missing()
            .into_iter()
            .map(|(name, path)| self.problem(name, why_missing(path)))
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(ScenarioError::Invalid {
            file: self.file.clone(),
            problems,
        })
    }

    /// A problem with the value at `path` (such as `data.channels`) that shows only later, with its place.
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            place: self.root.place_of(path),
            path: path.into(),
            message: message.into(),
        }
    }

    /// A warning about the value at `path`, which is `found`.
    pub fn warning(
        &self,
        kind: WarningKind,
        path: &str,
        found: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Warning {
        Warning {
            kind,
            place: self.root.place_of(path),
            path: path.into(),
            found: found.into(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }

    /// The file's name, for messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The scenario as keys, with every default written out.
    pub fn keys(&self) -> ScenarioKeys {
        let mut train = self.train.keys();
        train.shard_lanes = self.train_keys.shard_lanes;
        ScenarioKeys {
            name: self.name.clone(),
            about: self.about.clone(),
            seed: Some(self.seed),
            seeds: Some(self.seeds.clone()),
            data: self.data.keys(),
            stream: self.stream.keys(),
            models: self.models.clone(),
            arms: self.arms.clone(),
            train,
            evaluate: self.evaluate.keys(),
            tune: Some(self.tune.clone()),
            plots: self.plots.clone(),
        }
    }
}

/// In the order of the file.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|p| match p.place {
        Place::At { line, column } => (line, column),
        _ => (0, 0),
    });
    problems
}

fn train_for(base: &TrainKeys, model: &Model, arm: &Arm) -> Train {
    arm.train.over(&model.train).over(base).settle()
}
