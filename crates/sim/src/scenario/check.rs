//! The checked scenario, and how it is loaded.

use std::path::Path;

use saturn_loss::MaskConfig;

use super::arms;
use super::data::{Data, DataSource};
use super::decode::decode;
use super::diagnostics::Diagnostics;
use super::evaluate::Evaluate;
use super::keys::ScenarioKeys;
use super::models::{self, Model};
use super::named::Named;
use super::node::{Node, Value};
use super::odd::odd_settings;
use super::path::why_missing;
use super::plots::Plot;
use super::problem::{Place, Problem, ScenarioError};
use super::read::read;
use super::set::set;
use super::stream::{Stream, StreamKeys};
use super::train;
use super::tune::TuneKeys;
use super::warning::{Warning, WarningKind};
use saturn_store::regular;
use saturn_stream::{Fill, Gap};
use saturn_train::arm::Arm;
use saturn_train::changes::TrainKeys;
use saturn_train::settings::Train;

/// The largest file of a scenario, bytes.
const LARGEST: u64 = 4 << 20;

/// The most pairs of a model and an arm, and the most nets.
const MOST_PAIRS: usize = 10_000;
const MOST_NETS: usize = 1_000_000;

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

/// The scenario as YAML, with every default written out. Read again, it is the same scenario.
pub fn to_yaml(scenario: &Scenario) -> String {
    yaml(&scenario.keys())
}

/// The scenario as YAML with the keys as written, after overrides: paths as in the file, and only the keys
/// that the file has.
pub fn written_yaml(scenario: &Scenario) -> String {
    // It has been decoded before.
    yaml(&decode::<ScenarioKeys>(&scenario.root).unwrap_or_else(|_| scenario.keys()))
}

fn yaml(keys: &ScenarioKeys) -> String {
    // Text, finite numbers, lists and mappings with names as keys: JSON and YAML have all of them.
    let mut keys = serde_json::to_value(keys).expect("keys are JSON");
    leave_out_nulls(&mut keys);
    serde_saphyr::to_string(&keys).expect("keys are YAML")
}

/// A key without a value is an error in a scenario.
fn leave_out_nulls(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(leave_out_nulls);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

/// The text of a scenario's file.
fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, ScenarioError> {
    let not_text = |what: String| ScenarioError::NotText {
        file: path.into(),
        what,
    };
    for (start, what) in [
        (&b"\x89HDF"[..], "an HDF5 file"),
        (b"\x1f\x8b", "a gzip file"),
        (b"PK\x03\x04", "a zip file"),
        (b"\x89PNG", "a PNG image"),
        (b"%PDF", "a PDF"),
    ] {
        if bytes.starts_with(start) {
            return Err(not_text(format!("it is {what}")));
        }
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(not_text(format!("byte {at} is 0, so it is a binary file")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        not_text(format!("it is not UTF-8 from byte {at} on"))
    })
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

fn check(
    keys: &ScenarioKeys,
    root: Node,
    file: &str,
    folder: &Path,
) -> Result<Scenario, Vec<Problem>> {
    let mut diagnostics = Diagnostics::new(&root);
    let r = &mut diagnostics;
    if keys.name.trim().is_empty() {
        r.problem("name", "is empty: give the experiment a name");
    }
    let seeds = keys
        .seeds
        .clone()
        .unwrap_or_else(|| vec![keys.seed.unwrap_or(1)]);
    r.not_empty("seeds", &seeds, "seed");
    r.distinct("seeds", &seeds);
    let data = keys.data.resolve(folder, r);
    let mut stream = keys.stream.resolve(r);
    if data.records.is_some() {
        if keys.stream.gap != StreamKeys::default().gap && stream.gap.is_some() {
            let message = "`data.records` are used unchanged: leave it out, or write `gap: none`";
            r.problem("stream.gap", message);
        }
        stream.gap = None;
    }
    let gap = stream.gap.as_ref();
    let models = models::resolve(&keys.models, r);
    // In records something leads to every stretch.
    let own = data.records.map(|_| Gap::default());
    arms::check(&keys.arms, &models, gap.or(own.as_ref()), data.dt_ms, r);
    train::check(&keys.train, "train", r);
    check_matrix(keys, seeds.len(), r);
    check_training(keys, r);
    let evaluate = keys.evaluate.resolve(gap, r);
    check_gaps(&data, gap, &evaluate, r);
    check_masks(&data, &keys.arms, r);
    odd_settings(&models, &keys.arms, &keys.train, data.dt_ms, r);
    let tune = keys.tune.clone().unwrap_or_default();
    tune.check(r);
    r.distinct("plots", &keys.plots);

    let (problems, warnings) = diagnostics.finish();
    if !problems.is_empty() {
        return Err(in_order(problems));
    }
    Ok(Scenario {
        name: keys.name.clone(),
        about: keys.about.clone(),
        seed: keys.seed.unwrap_or(seeds[0]),
        seeds,
        data,
        stream,
        models,
        arms: keys.arms.clone(),
        train: keys.train.settle(),
        evaluate,
        tune,
        plots: keys.plots.clone(),
        warnings,
        train_keys: keys.train.clone(),
        file: file.into(),
        root,
    })
}

/// Checks that gaps can be filled as configured.
fn check_gaps(data: &Data, gap: Option<&Gap>, evaluate: &Evaluate, diagnostics: &mut Diagnostics) {
    let trained = gap.map(|gap| ("stream.gap".to_owned(), gap));
    let run = evaluate.streams.iter().filter_map(|(name, gap)| {
        let gap = gap.as_ref()?;
        Some((format!("evaluate.streams.{name}.gap"), gap))
    });
    for (path, gap) in trained.into_iter().chain(run) {
        if gap.fill.contains(&Fill::Recordings) && data.gap_recordings.is_none() {
            diagnostics.problem(
                &format!("{path}.fill"),
                "`recordings` needs `data.gap_recordings`, a file of background noise",
            );
            // One mistake shows in many streams.
            return;
        }
        if data.records.is_some() {
            diagnostics.problem(
                &path,
                "`data.records` are used unchanged: write `gap: none`",
            );
        }
    }
}

/// Checks that masks can be estimated from the input.
fn check_masks(data: &Data, arms: &Named<Arm>, diagnostics: &mut Diagnostics) {
    for (name, arm) in arms.iter() {
        if matches!(data.source, DataSource::Frames { .. })
            && *arm.loss.mask() != MaskConfig::Labels
        {
            diagnostics.problem(
                &format!("arms.{name}.loss.{}.mask", arm.loss.key()),
                "is estimated from events, and the input is frames: use `labels`",
            );
        }
    }
}

/// Checks that there are not more nets than anyone trains.
fn check_matrix(keys: &ScenarioKeys, seeds: usize, diagnostics: &mut Diagnostics) {
    let (models, arms) = (keys.models.len(), keys.arms.len());
    let pairs = models.saturating_mul(arms);
    if pairs > MOST_PAIRS {
        let message = format!(
            "{models} models in {arms} arms are {pairs} pairs: a scenario has at most {MOST_PAIRS}"
        );
        diagnostics.problem("models", message);
    }
    let nets = pairs.saturating_mul(seeds);
    if nets > MOST_NETS {
        let message = format!(
            "{pairs} pairs of model and arm under {seeds} seeds are {nets} nets: a scenario has at most {MOST_NETS}"
        );
        diagnostics.problem("seeds", message);
    }
    if keys
        .evaluate
        .streams
        .as_ref()
        .is_some_and(|streams| streams.len() > MOST_PAIRS)
    {
        diagnostics.problem("evaluate.streams", format!("are more than {MOST_PAIRS}"));
    }
}

/// Checks the settings of training as they come together for each model and arm.
fn check_training(keys: &ScenarioKeys, diagnostics: &mut Diagnostics) {
    if keys.models.len().saturating_mul(keys.arms.len()) > MOST_PAIRS {
        return;
    }
    for (model_name, model) in keys.models.iter() {
        for (arm_name, arm) in keys.arms.iter() {
            let layers = [
                (format!("arms.{arm_name}.train"), &arm.train),
                (format!("models.{model_name}.train"), &model.train),
                ("train".to_owned(), &keys.train),
            ];
            let before = diagnostics.problems.len();
            train::check_together(&train_for(&keys.train, model, arm), &layers, diagnostics);
            // One mistake shows in many pairs.
            if diagnostics.problems.len() > before {
                return;
            }
        }
    }
}
