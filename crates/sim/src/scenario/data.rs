//! `data`: where the samples come from.

use std::path::{Path, PathBuf};

use saturn_data::{DataError, Synthetic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::Report;

/// Where the samples come from: `events` or `synthetic`; without either, synthetic ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataKeys {
    /// Event files in the layout of the Spiking Heidelberg Digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<EventFiles>,
    /// A made set, written as event files on first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<Synthetic>,
    /// The folder of a synthetic set, default `data/synthetic-` and a fingerprint of its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Input channels; at least 1, default 700 for `events`, for `synthetic` what it has. Units in a file
    /// must be below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Length of a step in ms; above 0, default 10. Larger: fewer steps, and less is told apart in time.
    pub dt_ms: f64,
    /// Number of classes; at least 2, default what the training file has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// What happens at a bad or empty sample inside a good file: `error` (default), or `skip`, which
    /// leaves it out and counts it.
    pub on_bad_sample: OnBadSample,
}

impl Default for DataKeys {
    fn default() -> Self {
        Self {
            events: None,
            synthetic: None,
            folder: None,
            channels: None,
            dt_ms: 10.0,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        }
    }
}

/// Three files. A path is looked for in the scenario's folder, then in the current one; it may begin with
/// an environment variable, as in `$SATURN_DATA/digits/train.h5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventFiles {
    /// What nets are trained on.
    pub train: String,
    /// What decisions are made on: the epoch that is kept, thresholds, settings.
    pub valid: String,
    /// What results are read from, once.
    pub test: String,
}

/// What happens at a bad sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadSample {
    /// The program stops and names it.
    #[default]
    Error,
    /// It is left out and counted.
    Skip,
}

impl From<OnBadSample> for saturn_data::OnBadSample {
    fn from(choice: OnBadSample) -> Self {
        match choice {
            OnBadSample::Error => Self::Error,
            OnBadSample::Skip => Self::Skip,
        }
    }
}

/// Checked data settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    /// Where the samples come from.
    pub source: DataSource,
    /// I, the input channels.
    pub channels: usize,
    /// Length of a step, ms.
    pub dt_ms: f64,
    /// C, the number of classes, if the scenario gives it.
    pub classes: Option<usize>,
    /// What happens at a bad sample.
    pub on_bad_sample: OnBadSample,
}

/// Where the samples come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum DataSource {
    /// Event files.
    Events {
        /// The training set.
        train: PathBuf,
        /// The validation set.
        valid: PathBuf,
        /// The test set.
        test: PathBuf,
    },
    /// A made set.
    Synthetic {
        /// What it is made of.
        set: Synthetic,
        /// Where its files are, or will be.
        folder: PathBuf,
    },
}

impl DataKeys {
    /// Checks the settings of a scenario that stands in `folder`.
    pub(super) fn resolve(&self, folder: &Path, report: &mut Report) -> Data {
        report.positive("data.dt_ms", self.dt_ms);
        report.at_least("data.channels", self.channels.unwrap_or(1) as u64, 1);
        report.at_least("data.classes", self.classes.unwrap_or(2) as u64, 2);
        let (source, channels) = match &self.events {
            Some(files) => (
                self.files(files, folder, report),
                self.channels.unwrap_or(700),
            ),
            None => self.made(folder, report),
        };
        Data {
            source,
            channels,
            dt_ms: self.dt_ms,
            classes: self.classes,
            on_bad_sample: self.on_bad_sample,
        }
    }

    fn files(&self, files: &EventFiles, folder: &Path, report: &mut Report) -> DataSource {
        if self.synthetic.is_some() {
            report.problem(
                "data.synthetic",
                "stands beside `events`: a scenario has one or the other",
            );
        }
        if self.folder.is_some() {
            report.problem(
                "data.folder",
                "is for `synthetic` sets: paths of `events` are given in full",
            );
        }
        let mut find =
            |name: &str, path: &str| find(&format!("data.events.{name}"), path, folder, report);
        DataSource::Events {
            train: find("train", &files.train),
            valid: find("valid", &files.valid),
            test: find("test", &files.test),
        }
    }

    fn made(&self, folder: &Path, report: &mut Report) -> (DataSource, usize) {
        let set = self.synthetic.clone().unwrap_or_default();
        if let Err(e) = set.check() {
            let key = match &e {
                DataError::BadSpec { field, .. } => field.replace('[', ".").replace(']', ""),
                _ => String::new(),
            };
            report.problem(&format!("data.synthetic.{key}"), e.to_string());
        }
        for (key, given, has) in [
            ("channels", self.channels, set.channels),
            ("classes", self.classes, set.classes),
        ] {
            if given.is_some_and(|given| given != has) {
                let message = format!(
                    "the synthetic set has {has}: leave this out, or change `data.synthetic.{key}`"
                );
                report.problem(&format!("data.{key}"), message);
            }
        }
        let channels = set.channels;
        let folder = match &self.folder {
            Some(path) => find("data.folder", path, folder, report),
            None => PathBuf::from(format!("data/synthetic-{}", set.fingerprint())),
        };
        (DataSource::Synthetic { set, folder }, channels)
    }
}

/// The file or folder that `path` means: beside the scenario if it is there, else as seen from the current
/// folder.
fn find(key: &str, path: &str, folder: &Path, report: &mut Report) -> PathBuf {
    let expanded = match expand(path) {
        Ok(expanded) => expanded,
        Err(name) => {
            let message = format!(
                "the environment variable `{name}` is not set: set it, or write the path out"
            );
            report.problem(key, message);
            return PathBuf::from(path);
        }
    };
    if path.is_empty() {
        report.problem(key, "the path is empty");
    }
    let beside = folder.join(&expanded);
    if beside.exists() { beside } else { expanded }
}

/// The path with the environment variable that it begins with, if it does, replaced; or that variable's
/// name if it is not set.
fn expand(path: &str) -> Result<PathBuf, String> {
    let Some(rest) = path.strip_prefix('$') else {
        return Ok(PathBuf::from(path));
    };
    let (name, rest) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
        Some(parts) => parts,
        None => rest.split_at(rest.find('/').unwrap_or(rest.len())),
    };
    match std::env::var_os(name) {
        Some(value) if !value.is_empty() => {
            Ok(PathBuf::from(value).join(rest.trim_start_matches('/')))
        }
        _ => Err(name.to_owned()),
    }
}

impl Data {
    /// The same as keys, with nothing left out and paths as they were found.
    pub(super) fn keys(&self) -> DataKeys {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut keys = DataKeys {
            channels: Some(self.channels),
            dt_ms: self.dt_ms,
            classes: self.classes,
            on_bad_sample: self.on_bad_sample,
            ..DataKeys::default()
        };
        match &self.source {
            DataSource::Events { train, valid, test } => {
                keys.events = Some(EventFiles {
                    train: text(train),
                    valid: text(valid),
                    test: text(test),
                });
            }
            DataSource::Synthetic { set, folder } => {
                keys.synthetic = Some(set.clone());
                keys.folder = Some(text(folder));
            }
        }
        keys
    }

    /// The files that are not there, each with its key: for `events` only, since a synthetic set is made.
    pub(super) fn missing(&self) -> Vec<(&'static str, &Path)> {
        let DataSource::Events { train, valid, test } = &self.source else {
            return Vec::new();
        };
        [("train", train), ("valid", valid), ("test", test)]
            .into_iter()
            .filter(|(_, path)| !path.is_file())
            .map(|(name, path)| (name, path.as_path()))
            .collect()
    }
}
