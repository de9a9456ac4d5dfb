//! `data`: the source of the samples.

mod resolve;

use std::path::{Path, PathBuf};

use saturn_data::{Grid, Synthetic, TimeUnit, Times};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sources::{Limits, RecordKeys, Scaling};

/// Source of the samples: `events`, `frames` or `synthetic`; without any, synthetic ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataKeys {
    /// Event files in the layout of the Spiking Heidelberg Digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Files>,
    /// Frame files: a value for each channel at each step, as `saturn data convert` writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Files>,
    /// A made set, written as event files on first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<Synthetic>,
    /// The folder of a synthetic set, default `data/synthetic-` and a fingerprint of its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Records that are used unchanged, instead of a stream composed of samples and gaps; needs files of
    /// whole records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordKeys>,
    /// A file of background noise, for gaps with `fill: recordings`. Training uses the first half of each
    /// recording in it, validation the third quarter, the test the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_recordings: Option<String>,
    /// The scale of `frames`: `channels` (default) or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalise: Option<Scaling>,
    /// How many samples of each file are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limits>,
    /// Input channels; 1 to 16,777,216, default 700 for `events`, for `synthetic` those of the set; `frames`
    /// need it. Units in a file must be below it; frames must have as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Length of a step in ms; above 0, default 10. Larger: fewer steps, and less resolution in time. Frames
    /// must have this step.
    pub dt_ms: f64,
    /// Unit of the times in `events` files and `gap_recordings`: `s`, `ms` or `us`. Default seconds, if that
    /// makes samples of a plausible length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<TimeUnit>,
    /// Rate of the clock of the times in `events` files, in Hz; 0.001 to 1e9, default none. Times are rounded
    /// to its grid before they are binned into steps: for float16 times of a coarse clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_hz: Option<f64>,
    /// Number of classes; 2 to 65,536, default that of the training file.
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
            frames: None,
            records: None,
            gap_recordings: None,
            normalise: None,
            limit: None,
            synthetic: None,
            folder: None,
            channels: None,
            dt_ms: 10.0,
            times: None,
            grid_hz: None,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        }
    }
}

/// Three files. A path is looked for in the scenario's folder, then in the current one; it may begin with
/// an environment variable, as in `$SATURN_DATA/digits/train.h5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// What nets are trained on.
    pub train: String,
    /// The split for decisions: the epoch that is kept, thresholds, settings.
    pub valid: String,
    /// The split for results, read once.
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
    /// Source of the samples.
    pub source: DataSource,
    /// I, the input channels.
    pub channels: usize,
    /// Length of a step, ms.
    pub dt_ms: f64,
    /// C, the number of classes, if the scenario gives it.
    pub classes: Option<usize>,
    /// What happens at a bad sample.
    pub on_bad_sample: OnBadSample,
    /// Whether, and how, records are used unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordKeys>,
    /// Background noise for gaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_recordings: Option<PathBuf>,
    /// The scale of frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalise: Option<Scaling>,
    /// How many samples of each file are used.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limit: Limits,
    /// Unit of the times in event files, where it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<TimeUnit>,
    /// Rate of the clock to whose grid times are rounded, Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_hz: Option<f64>,
}

/// Source of the samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum DataSource {
    /// Frame files.
    Frames {
        /// The training set.
        train: PathBuf,
        /// The validation set.
        valid: PathBuf,
        /// The test set.
        test: PathBuf,
    },
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
        /// Its specification.
        set: Synthetic,
        /// Where its files are, or will be.
        folder: PathBuf,
    },
}

impl Data {
    /// Meaning of the times of event files.
    pub fn times(&self) -> Times {
        Times {
            unit: self.times,
            grid: self.grid_hz.and_then(Grid::new),
        }
    }

    /// The same as keys, with all defaults filled in and paths as they were found.
    pub(super) fn keys(&self) -> DataKeys {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut keys = DataKeys {
            channels: Some(self.channels),
            dt_ms: self.dt_ms,
            classes: self.classes,
            on_bad_sample: self.on_bad_sample,
            records: self.records,
            gap_recordings: self.gap_recordings.as_deref().map(text),
            normalise: self.normalise,
            limit: (!self.limit.is_empty()).then_some(self.limit),
            times: self.times,
            grid_hz: self.grid_hz,
            ..DataKeys::default()
        };
        let files = |train: &Path, valid: &Path, test: &Path| Files {
            train: text(train),
            valid: text(valid),
            test: text(test),
        };
        match &self.source {
            DataSource::Events { train, valid, test } => {
                keys.events = Some(files(train, valid, test));
            }
            DataSource::Frames { train, valid, test } => {
                keys.frames = Some(files(train, valid, test));
            }
            DataSource::Synthetic { set, folder } => {
                keys.synthetic = Some(set.clone());
                keys.folder = Some(text(folder));
            }
        }
        keys
    }

    /// The missing files, each with its key; a synthetic set is generated.
    pub(super) fn missing(&self) -> Vec<(&'static str, &Path)> {
        let names = match &self.source {
            DataSource::Events { .. } => {
                ["data.events.train", "data.events.valid", "data.events.test"]
            }
            DataSource::Frames { .. } => {
                ["data.frames.train", "data.frames.valid", "data.frames.test"]
            }
            DataSource::Synthetic { .. } => return Vec::new(),
        };
        let (DataSource::Events { train, valid, test } | DataSource::Frames { train, valid, test }) =
            &self.source
        else {
            return Vec::new();
        };
        let gap = self.gap_recordings.as_ref();
        (names.into_iter().zip([train, valid, test]))
            .chain(gap.map(|path| ("data.gap_recordings", path)))
            .filter(|(_, path)| !path.is_file())
            .map(|(name, path)| (name, path.as_path()))
            .collect()
    }
}
