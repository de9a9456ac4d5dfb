//! The data that a finished network is evaluated on: opened, and compared with what the network takes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_data::{DataError, FrameFile, OnBadSample, ReadOptions};

use crate::model::FinishedModel;
use crate::run::dataset::{Dataset, open_file};
use crate::run::paths::paths_if_there;
use crate::scenario::{Scaling, Scenario};
use saturn_stream::{File, Form, Noise, Scale, Split};
use saturn_train::weights::other_classes;

/// Files of a folder that are looked for, in this order.
const FILES: [&str; 2] = ["test.h5", "valid.h5"];

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
}

/// What a network's training set says of its input.
struct Training {
    noise: Noise,
    density: f64,
    scale: Option<Scale>,
}

impl Given {
    /// Opens `data`, a file or a folder, for `model`.
    pub fn open(data: &Path, model: &FinishedModel) -> Result<Self> {
        let path = file_of(data)?;
        let scenario = model.run().map(|run| &run.scenario);
        let file = match scenario {
            Some(scenario) => {
                check_frames(&path, model)?;
                open_file(scenario, &path, None)?
            }
            None if check_frames(&path, model)? => {
                File::frames(&path, model.channels, None, model.dt_ms)?
            }
            None => {
                let options = ReadOptions {
                    channels: model.channels,
                    classes: None,
                    on_bad_sample: OnBadSample::Error,
                };
                File::events(&path, &options)?
            }
        };
        check_classes(&file, model)?;
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
        let (noise, density, noise_from) = if let Some(known) = training {
            if let Some(scale) = known.scale {
                split.set_scale(scale);
            }
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
    }))
}

fn unusable(path: &Path, detail: String, hint: &'static str) -> anyhow::Error {
    let path = path.to_owned();
    DataError::Unusable { path, detail, hint }.into()
}
