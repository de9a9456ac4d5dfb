//! Common data of all trials of a matrix: the opened data, the noise, the fitted masks.

use std::path::{Path, PathBuf};

use saturn_data::{DataError, ReadOptions, printable_name};

use crate::scenario::{Arm, DataSource, Gap, Scaling, Scenario};
use saturn_eval::health::Ground;
use saturn_stream::{Background, File, Noise, Part, Record, Records, Scale, Source, Split};
use saturn_train::mask::{Fitting, Mask, MaskError};

/// Paths of the three splits.
#[derive(Clone, Debug)]
pub struct Paths {
    /// For training.
    pub train: PathBuf,
    /// For choosing.
    pub valid: PathBuf,
    /// Read once, at the end.
    pub test: PathBuf,
}

/// The opened data of a scenario.
pub struct Dataset {
    /// Training samples.
    pub train: Split,
    /// Validation samples.
    pub valid: Split,
    /// Test samples, opened only for a final evaluation.
    pub test: Option<Split>,
    /// Noise at the training set's mean rates.
    pub noise: Noise,
    /// The scale that frames are put on, if they are.
    pub scale: Option<Scale>,
    /// Mean events a step of each channel, `[I]`.
    pub mean_counts: Vec<f64>,
    /// The share of (step, channel) pairs of the training samples with an event.
    pub density: f64,
    /// I.
    pub channels: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
}

impl Dataset {
    /// What ranges of health are learnt on: the validation stream with the gaps of the first stream that `scenario`
    /// evaluates on.
    pub fn ground<'a>(&'a self, scenario: &'a Scenario, seed: u64) -> Ground<'a> {
        Ground {
            source: self.source(&self.valid, scenario.first_gap()),
            form: self.valid.form(),
            channels: self.channels,
            dt_ms: self.dt_ms,
            seed,
        }
    }

    /// Opens the training and validation splits, and the test split for a final evaluation.
    pub fn open(scenario: &Scenario, paths: &Paths, last: bool) -> Result<Self, DataError> {
        Self::of(scenario, paths, last, None)
    }

    /// Opens the training and validation splits, and reads at most `rows` samples of each: for an estimate.
    pub fn glimpse(scenario: &Scenario, paths: &Paths, rows: usize) -> Result<Self, DataError> {
        Self::of(scenario, paths, false, Some(rows))
    }

    fn of(
        scenario: &Scenario,
        paths: &Paths,
        last: bool,
        rows: Option<usize>,
    ) -> Result<Self, DataError> {
        let (channels, dt_ms) = (scenario.data.channels, scenario.data.dt_ms);
        let limit = scenario.data.limit;
        let background = recordings(scenario, rows)?;
        let opening = Opening {
            scenario,
            background: background.as_deref(),
            rows,
        };
        let mut train = opening.open(&paths.train, None, limit.train, Part::Train)?;
        // They come from a file, and go to a terminal, into figures and into a page.
        let names = train.file().class_names();
        let classes: Vec<String> = names.iter().map(|name| printable_name(name)).collect();
        // What training has not seen, the others may not have either.
        let known = Some(classes.len());
        let mut valid = opening.open(&paths.valid, known, limit.valid, Part::Valid)?;
        let mut test = if last {
            Some(opening.open(&paths.test, known, limit.test, Part::Test)?)
        } else {
            None
        };
        let mean_counts = train.mean_counts(channels)?;
        let mut used = None;
        let noise = match scenario.data.normalise {
            None => Noise::new(&mean_counts),
            Some(Scaling::Channels) => {
                let (scale, noise) = train.standardise(channels)?;
                for split in [&mut valid].into_iter().chain(&mut test) {
                    split.set_scale(scale.clone());
                }
                used = Some(scale);
                noise
            }
            Some(Scaling::None) => {
                let moments = train.moments(channels)?;
                Noise::Frames {
                    mean: moments.mean(),
                    std: moments.std(),
                }
            }
        };
        Ok(Self {
            density: train.density(channels)?,
            train,
            valid,
            test,
            noise,
            scale: used,
            mean_counts,
            channels,
            classes,
            dt_ms,
        })
    }

    /// What the reader repaired or left out, one line per file.
    pub fn notices(&self) -> Result<Vec<String>, DataError> {
        [Some(&self.train), Some(&self.valid), self.test.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|split| split.notice().transpose())
            .collect()
    }

    /// A stream's source on `split`.
    pub fn source<'a>(&'a self, split: &'a Split, gap: Option<&'a Gap>) -> Source<'a> {
        Source {
            split,
            noise: &self.noise,
            gap,
        }
    }

    /// The mask that `arm` trains on, in place of that of the labels.
    pub fn mask(&self, scenario: &Scenario, arm: &Arm, seed: u64) -> Result<Mask, MaskError> {
        let fitting = Fitting {
            train: &self.train,
            valid: &self.valid,
            noise: &self.noise,
            gap: scenario.stream.gap.as_ref(),
            channels: self.channels,
            samples: scenario.stream.samples,
            mean_counts: &self.mean_counts,
            seed,
        };
        fitting.mask(&arm.loss)
    }
}

/// Opens the file at `path` as configured in `scenario`, for labels of `classes` classes, if known.
pub(crate) fn open_file(
    scenario: &Scenario,
    path: &Path,
    classes: Option<usize>,
) -> Result<File, DataError> {
    let data = &scenario.data;
    if matches!(data.source, DataSource::Frames { .. }) {
        return File::frames(path, data.channels, classes, data.dt_ms);
    }
    let options = ReadOptions {
        channels: data.channels,
        classes,
        on_bad_sample: data.on_bad_sample.into(),
    };
    File::timed_events(path, &options, data.times())
}

/// How the splits of a scenario are opened.
struct Opening<'a> {
    scenario: &'a Scenario,
    background: Option<&'a [Record]>,
    /// Samples of a split that are read, at most.
    rows: Option<usize>,
}

impl Opening<'_> {
    /// Opens one split: its samples or records, and its part of the background noise.
    fn open(
        &self,
        path: &Path,
        classes: Option<usize>,
        limit: Option<usize>,
        part: Part,
    ) -> Result<Split, DataError> {
        let data = &self.scenario.data;
        let file = open_file(self.scenario, path, classes.or(data.classes))?;
        if let Some(records) = &data.records {
            // Validation uses twice as many consecutive samples.
            let row = self.scenario.stream.samples * if part == Part::Train { 1 } else { 2 };
            let rows = self
                .rows
                .map_or(usize::MAX, |rows| rows.max(4 * row).min(65_536));
            let split = Split::of_some_records(file, data.dt_ms, records.window_ms, rows)?;
            let longest = split.records().map_or(0, Records::longest);
            if longest < row && split.all() <= split.len() {
                return Err(DataError::Unusable {
                    path: path.to_owned(),
                    detail: format!(
                        "its records have {longest} stretches at most, and {row} are used in a row"
                    ),
                    hint: "lower `stream.samples`, or give longer records",
                });
            }
            return Ok(split);
        }
        let mut split = match self.rows {
            Some(rows) => Split::glimpse(file, data.dt_ms, limit, rows)?,
            None => Split::from_file(file, data.dt_ms, limit, Split::CACHE_BYTES)?,
        };
        if let Some(recordings) = self.background {
            let background =
                Background::new(recordings, part).ok_or_else(|| DataError::Unusable {
                    path: data.gap_recordings.clone().unwrap_or_default(),
                    detail: "its recordings have fewer than four steps".to_owned(),
                    hint: "give recordings of some seconds: training, validation and test use a part each",
                })?;
            split.set_background(background);
        }
        Ok(split)
    }
}

/// The background noise that gaps are filled with, recording by recording.
fn recordings(scenario: &Scenario, rows: Option<usize>) -> Result<Option<Vec<Record>>, DataError> {
    let Some(path) = &scenario.data.gap_recordings else {
        return Ok(None);
    };
    let file = open_file(scenario, path, None)?;
    let rows = rows.unwrap_or(usize::MAX);
    Ok(Some(file.laid(scenario.data.dt_ms, rows)?))
}
