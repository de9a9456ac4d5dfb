//! The data that a finished network is evaluated on: opened, and compared with what the network takes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_data::{DataError, EventFile, FrameFile, OnBadSample, ReadOptions, Times};

use super::settings::refused;
use crate::model::FinishedModel;
use crate::run::dataset::{Dataset, open_file};
use crate::run::paths::paths_if_there;
use crate::scenario::{Scaling, Scenario};
use saturn_stream::{File, Form, Noise, Scale, Split};
use saturn_train::weights::other_classes;

/// The validation split in a folder.
pub(super) const VALID: &str = "valid.h5";
/// Files of a folder that are looked for, in this order.
const FILES: [&str; 2] = ["test.h5", VALID];

/// Opened data, with what the network's training says of its input.
pub struct Given {
    /// The file.
    pub path: PathBuf,
    /// Its samples or records.
    pub split: Split,
    /// The noise of gaps.
    pub noise: Noise,
    /// What the noise has its rates from.
    pub noise_from: String,
    /// The share of (step, channel) pairs with an event, which decides how products are computed.
    pub density: f64,
    /// Notices about the file, one each.
    pub notices: Vec<String>,
    /// The validation split of the network's run, if it was found.
    pub valid: Option<Split>,
}

/// What a network's training set says of its input.
struct Training {
    noise: Noise,
    density: f64,
    scale: Option<Scale>,
    valid: Split,
}

impl Given {
    /// Opens `data`, a file or a folder, for `model`. Times mean what `times` declares, else what the run's do.
    pub fn open(data: &Path, model: &FinishedModel, times: Times) -> Result<Self> {
        let path = file_of(data)?;
        let scenario = model.run().map(|run| &run.scenario);
        let frames = check_frames(&path, model)?;
        if frames && times != Times::default() {
            let what = format!("{} has frames, which have no times", path.display());
            return Err(refused("--times", what, "leave it out, and --grid-hz").into());
        }
        let file = match scenario {
            Some(scenario) if times == Times::default() => open_file(scenario, &path, None),
            None if frames => File::frames(&path, model.channels, None, model.dt_ms),
            _ => {
                let on_bad_sample = scenario.map(|s| s.data.on_bad_sample.into());
                let options = ReadOptions {
                    channels: model.channels,
                    classes: None,
                    on_bad_sample: on_bad_sample.unwrap_or(OnBadSample::Error),
                };
                let own = scenario.map_or_else(Times::default, |s| s.data.times());
                let times = Times {
                    unit: times.unit.or(own.unit),
                    grid: times.grid.or(own.grid),
                };
                File::timed_events(&path, &options, times)
            }
        };
        let file = file.map_err(|e| of_network(e, model))?;
        check_classes(&file, model)?;
        let mut notices = Vec::new();
        if let File::Events(events) = &file {
            notices.extend(check_channels(events, model)?);
        }
        let training = scenario.map(training).transpose()?.flatten();
        let normalised = scenario.is_some_and(|s| s.data.normalise == Some(Scaling::Channels));
        if normalised && training.is_none() {
            return Err(unusable(
                &path,
                "the network takes frames on the scale of its training set, which was not found"
                    .to_owned(),
                "put the training data where the run's scenario.yaml has them",
            ));
        }
        let records = scenario.and_then(|s| s.data.records.as_ref());
        let mut split = match records {
            Some(records) => Split::of_records(file, model.dt_ms, records.window_ms)?,
            None => Split::from_file(file, model.dt_ms, None, Split::CACHE_BYTES)?,
        };
        notices.extend(split.notice()?);
        let mut valid = None;
        let (noise, density, noise_from) = if let Some(known) = training {
            if let Some(scale) = known.scale {
                split.set_scale(scale);
            }
            valid = Some(known.valid);
            (known.noise, known.density, "the training set".to_owned())
        } else {
            let noise = match split.form() {
                Form::Events => Noise::new(&split.mean_counts(model.channels)?),
                Form::Frames => {
                    let moments = split.moments(model.channels)?;
                    Noise::Frames {
                        mean: moments.mean(),
                        std: moments.std(),
                    }
                }
            };
            let from = "the evaluated file, since the training set was not found".to_owned();
            (noise, split.density(model.channels)?, from)
        };
        Ok(Self {
            path,
            split,
            noise,
            noise_from,
            density,
            notices,
            valid,
        })
    }
}

/// The file that `data` is, or has.
fn file_of(data: &Path) -> Result<PathBuf> {
    if !data.is_dir() {
        return Ok(data.to_owned());
    }
    let mut all = FILES.map(|name| data.join(name)).into_iter();
    let found = all.find(|path| path.is_file());
    found.ok_or_else(|| {
        unusable(
            data,
            format!("the folder has neither {} nor {}", FILES[0], FILES[1]),
            "name a file of recordings",
        )
    })
}

/// Whether `path` has frames; an error if they are not as the network takes them.
fn check_frames(path: &Path, model: &FinishedModel) -> Result<bool> {
    let file = match FrameFile::open(path) {
        Ok(file) => file,
        Err(DataError::MissingFrames { .. }) => return Ok(false),
        Err(e) => return Err(e.into()),
    };
    if file.channels() != model.channels {
        return Err(unusable(
            path,
            format!(
                "its steps have {} values, and {} takes {}",
                file.channels(),
                model.name,
                model.channels
            ),
            "give data with as many channels as the network has",
        ));
    }
    let own_ms = 1e3 * file.dt_s();
    if (own_ms - model.dt_ms).abs() > 1e-3 * own_ms {
        return Err(unusable(
            path,
            format!(
                "its steps are {own_ms} ms apart, and those of {} are {} ms",
                model.name, model.dt_ms
            ),
            "give data with steps of the network's length",
        ));
    }
    Ok(true)
}

/// An error of opening a file of events, with a remedy that suits a finished network.
fn of_network(error: DataError, model: &FinishedModel) -> DataError {
    match error {
        DataError::UnitOutOfRange {
            path,
            index,
            unit,
            channels,
        } => DataError::Unusable {
            path,
            detail: format!(
                "sample {index} has an event of unit {unit}, and {} takes {channels} channels, 0 to {}",
                model.name,
                channels.saturating_sub(1)
            ),
            hint: "name a network that takes as many channels as the recordings have, or write the file again with \
                   the channels of the network alone",
        },
        DataError::NothingLeft {
            path,
            skipped,
            first,
        } => DataError::NothingLeft {
            path,
            skipped,
            first: Box::new(of_network(*first, model)),
        },
        other => other,
    }
}

/// Compares the channels of a file of events with those of the network, as far as the file shows them: a notice, or
/// an error where they differ for certain. A run may have been trained on recordings with fewer channels than its
/// scenario has, so there it is a notice.
fn check_channels(file: &EventFile, model: &FinishedModel) -> Result<Option<String>> {
    let (name, takes) = (&model.name, model.channels);
    let path = file.path().display();
    match file.stated_channels() {
        Some(own) if own == takes => Ok(None),
        Some(own) => {
            let what = format!("its recordings have {own} channels, and {name} takes {takes}");
            if model.run().is_none() {
                let hint = "name a network that takes as many channels, or recordings converted to as many";
                return Err(unusable(file.path(), what, hint));
            }
            Ok(Some(format!("warning: {path}: {what}")))
        }
        // A file that does not state its channels may have silent ones above the largest unit.
        None if 2 * (file.largest_unit() as usize + 1) > takes => Ok(None),
        None => Ok(Some(format!(
            "warning: {path}: its largest unit is {}, and {name} takes {takes} channels: if the recordings have fewer \
             channels than that, the results mean nothing; hint: give recordings with the channels that the network \
             was trained on",
            file.largest_unit()
        ))),
    }
}

/// An error unless the classes of `file` are those of `model`: by name and order where both have names, else by number.
fn check_classes(file: &File, model: &FinishedModel) -> Result<()> {
    let (own, theirs) = (&model.classes, file.class_names());
    if other_classes(theirs, own) {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        let order = if sorted(theirs) == sorted(own) {
            ", in another order"
        } else {
            ""
        };
        return Err(unusable(
            file.path(),
            format!(
                "its classes are {}, and those of {} are {}{order}",
                theirs.join(", "),
                model.name,
                own.join(", ")
            ),
            "give data with the network's classes, in the order of its outputs",
        ));
    }
    let most = file.labels().iter().copied().max().unwrap_or(0);
    if most >= own.len() {
        return Err(unusable(
            file.path(),
            format!(
                "it has a label {most}, and {} has {} classes, from 0: {}",
                model.name,
                own.len(),
                own.join(", ")
            ),
            "give data with the network's classes",
        ));
    }
    Ok(())
}

/// What the training set of `scenario` says of the input; `None` if it was not found.
fn training(scenario: &Scenario) -> Result<Option<Training>> {
    let Ok(Some(paths)) = paths_if_there(scenario) else {
        return Ok(None);
    };
    let data = Dataset::open(scenario, &paths, false)?;
    Ok(Some(Training {
        noise: data.noise,
        density: data.density,
        scale: data.scale,
        valid: data.valid,
    }))
}

fn unusable(path: &Path, detail: String, hint: &'static str) -> anyhow::Error {
    let path = path.to_owned();
    DataError::Unusable { path, detail, hint }.into()
}
