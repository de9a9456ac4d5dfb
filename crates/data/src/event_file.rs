//! Event files in the layout of the Spiking Heidelberg Digits (Cramer et al. 2020).
//!
//! | dataset | entry | type |
//! |---|---|---|
//! | `/spikes/times` | one list a sample, seconds | float16, float32 or float64 |
//! | `/spikes/units` | one list a sample, channels from 0 | any integer |
//! | `/labels` | one a sample, classes from 0 | any integer |
//! | `/extra/speaker` | one a sample (may be missing) | any integer |
//! | `/extra/keys` | one a class, its name (may be missing) | strings |
//!
//! Opening a file looks once at every sample, so that a bad one is found before training begins;
//! after that samples are read one by one, at random, and only they are in memory (with a bounded
//! cache). Float16 times are widened to f64: their steps are 0.5 ms between 0.5 s and 1 s, so in
//! bins of 10 ms about 4 % of the events fall into a neighbour of their true bin.

use std::path::Path;

use crate::container::Container;
use crate::error::{DataError, MAX_TIME_S};
use crate::notices::Notices;
use crate::number::NumberType;
use crate::ragged::Ragged;
use crate::recording::Recording;

const TIMES: &str = "/spikes/times";
const UNITS: &str = "/spikes/units";
pub(crate) const LABELS: &str = "/labels";
pub(crate) const SPEAKER: &str = "/extra/speaker";
pub(crate) const KEYS: &str = "/extra/keys";
const INTEGERS: &str = "integers of 8 to 64 bits";
/// Most classes that labels alone, without names, may imply.
const MAX_IMPLIED_CLASSES: usize = 65_536;

/// What to do with a bad or empty sample inside a good file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadSample {
    /// Refuse the file.
    #[default]
    Error,
    /// Leave the sample out, and count it in [`Notices`].
    Skip,
}

/// How to read an event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// How many channels there are: units lie in `0..channels`.
    pub channels: usize,
    /// How many classes there are: labels lie in `0..classes`. `None` takes the number of names in
    /// `/extra/keys`, or the largest label plus one.
    pub classes: Option<usize>,
    /// What to do with a bad sample.
    pub on_bad_sample: OnBadSample,
}

/// An open event file. Samples are numbered by `position`, which counts the good ones;
/// [`Recording::index`] is the index in the file.
pub struct EventFile {
    container: Container,
    times: Ragged,
    units: Ragged,
    /// File index of each good sample.
    samples: Vec<usize>,
    labels: Vec<usize>,
    speakers: Vec<Option<u32>>,
    class_names: Vec<String>,
    channels: usize,
    notices: Notices,
}

impl EventFile {
    /// Opens `path` and checks every sample.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        let container = Container::open(path.as_ref())?;
        let floats = "variable-length lists of 16, 32 or 64 bit floats (times in seconds)";
        let times = Ragged::open(&container, TIMES, NumberType::float, floats, None)?;
        let length = times.len();
        let integers = "variable-length lists of integers of 8 to 64 bits (channels)";
        let units = Ragged::open(
            &container,
            UNITS,
            NumberType::integer,
            integers,
            Some(length),
        )?;
        let labels = read_integers(&container, LABELS, length)?.ok_or_else(|| {
            DataError::MissingDataset {
                path: container.path().to_owned(),
                dataset: LABELS.to_owned(),
            }
        })?;
        if length == 0 {
            return Err(DataError::EmptySplit {
                path: container.path().to_owned(),
            });
        }
        let speakers = read_integers(&container, SPEAKER, length)?;
        let names = container.strings(KEYS)?.unwrap_or_default();
        let classes = options
            .classes
            .unwrap_or_else(|| implied_classes(&labels, &names));

        let mut file = Self {
            container,
            times,
            units,
            samples: Vec::with_capacity(length),
            labels: Vec::with_capacity(length),
            speakers: Vec::with_capacity(length),
            class_names: name_classes(names, classes),
            channels: options.channels,
            notices: Notices::new(length),
        };
        file.check_samples(&labels, speakers.as_deref(), options.on_bad_sample)?;
        Ok(file)
    }

    /// How many good samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Never true: a file without samples is an error.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        self.container.path()
    }

    /// Length of the file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.container.file_bytes()
    }

    /// How many channels it was opened with.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// The index in the file of the sample at `position`.
    ///
    /// # Panics
    ///
    /// Where `position` is not below [`Self::len`].
    pub fn index(&self, position: usize) -> usize {
        self.samples[position]
    }

    /// Class of each good sample.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Speaker of each good sample.
    pub fn speakers(&self) -> &[Option<u32>] {
        &self.speakers
    }

    /// Name of each class: from `/extra/keys`, else its number.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// What the reader mended or left out.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Width of the stored times in bits (16, 32 or 64).
    pub fn time_bits(&self) -> usize {
        8 * self.times.number().bytes()
    }

    /// Distance in seconds between a stored time and the next one the file can express.
    pub fn time_step_at(&self, time_s: f64) -> f64 {
        self.times.number().spacing_at(time_s)
    }

    /// Reads the sample at `position`, sorted by time.
    ///
    /// # Panics
    ///
    /// Where `position` is not below [`Self::len`].
    pub fn read(&self, position: usize) -> Result<Recording, DataError> {
        let index = self.samples[position];
        let (mut times_s, mut units) = self.events(index)?;
        if !times_s.is_sorted() {
            let mut order: Vec<usize> = (0..times_s.len()).collect();
            order.sort_by(|a, b| times_s[*a].total_cmp(&times_s[*b]));
            times_s = order.iter().map(|event| times_s[*event]).collect();
            units = order.iter().map(|event| units[*event]).collect();
        }
        Ok(Recording {
            times_s,
            units,
            label: self.labels[position],
            speaker: self.speakers[position],
            index,
        })
    }

    /// All good samples in the order of the file, `size` at a time.
    pub fn batches(
        &self,
        size: usize,
    ) -> impl Iterator<Item = Result<Vec<Recording>, DataError>> + '_ {
        let size = size.max(1);
        (0..self.len()).step_by(size).map(move |start| {
            (start..self.len().min(start + size))
                .map(|position| self.read(position))
                .collect()
        })
    }

    /// Looks at each sample and keeps the good ones.
    fn check_samples(
        &mut self,
        labels: &[i128],
        speakers: Option<&[i128]>,
        on_bad_sample: OnBadSample,
    ) -> Result<(), DataError> {
        let mut first_error = None;
        for (index, label) in labels.iter().enumerate() {
            let checked = self
                .events(index)
                .and_then(|(times_s, _)| Ok((times_s.is_sorted(), self.label(index, *label)?)));
            match checked {
                Ok((sorted, label)) => {
                    if !sorted {
                        self.notices.count_unsorted(index);
                    }
                    self.samples.push(index);
                    self.labels.push(label);
                    self.speakers
                        .push(speakers.and_then(|speakers| u32::try_from(speakers[index]).ok()));
                }
                Err(error) if on_bad_sample == OnBadSample::Skip && error.is_about_one_sample() => {
                    self.notices.count_skipped(index, &error);
                    first_error.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match first_error {
            Some(first) if self.samples.is_empty() => Err(DataError::NothingLeft {
                path: self.path().to_owned(),
                skipped: self.notices.skipped(),
                first: Box::new(first),
            }),
            _ => Ok(()),
        }
    }

    /// The checked events of the sample at `index` in the file, in the order of the file.
    fn events(&self, index: usize) -> Result<(Vec<f64>, Vec<u32>), DataError> {
        let path = || self.path().to_owned();
        let (times, units) = (self.times.count(index), self.units.count(index));
        if times != units {
            return Err(DataError::EventsDiffer {
                path: path(),
                index,
                times,
                units,
            });
        }
        if times == 0 {
            return Err(DataError::EmptySample {
                path: path(),
                index,
            });
        }
        let raw = self.times.bytes(&self.container, index)?;
        let times_s: Vec<f64> = self.times.number().floats(&raw).collect();
        let plausible = |time_s: &f64| (0.0..=MAX_TIME_S).contains(time_s);
        if let Some(event) = times_s.iter().position(|time_s| !plausible(time_s)) {
            return Err(DataError::BadTime {
                path: path(),
                index,
                event,
                time_s: times_s[event],
            });
        }
        let raw = self.units.bytes(&self.container, index)?;
        let units = self
            .units
            .number()
            .integers(&raw)
            .map(|unit| match u32::try_from(unit) {
                Ok(channel) if (channel as usize) < self.channels => Ok(channel),
                _ => Err(DataError::UnitOutOfRange {
                    path: path(),
                    index,
                    unit,
                    channels: self.channels,
                }),
            })
            .collect::<Result<_, _>>()?;
        Ok((times_s, units))
    }

    fn label(&self, index: usize, label: i128) -> Result<usize, DataError> {
        usize::try_from(label)
            .ok()
            .filter(|label| *label < self.classes())
            .ok_or_else(|| DataError::LabelOutOfRange {
                path: self.path().to_owned(),
                index,
                label,
                classes: self.classes(),
            })
    }
}

/// The value of `key` in `/extra/meta_info` of the file at `path`, where it is a string.
pub fn read_meta(path: impl AsRef<Path>, key: &str) -> Result<Option<String>, DataError> {
    let container = Container::open(path.as_ref())?;
    let strings = container.strings(&format!("/extra/meta_info/{key}"))?;
    Ok(strings.and_then(|strings| strings.into_iter().next()))
}

/// The integers of a list with `length` entries; `None` where the file has no such dataset.
pub(crate) fn read_integers(
    container: &Container,
    name: &str,
    length: usize,
) -> Result<Option<Vec<i128>>, DataError> {
    if container.find(name)?.is_none() {
        return Ok(None);
    }
    let (dataset, found) = container.list(name)?;
    if found != length {
        return Err(DataError::LengthsDiffer {
            path: container.path().to_owned(),
            dataset: name.to_owned(),
            found,
            expected: length,
        });
    }
    let number = NumberType::integer(dataset.dtype())
        .ok_or_else(|| container.wrong_type(name, &dataset, INTEGERS))?;
    let raw = container.bytes(name, &dataset, length, number.bytes())?;
    Ok(Some(number.integers(&raw).collect()))
}

/// How many classes there are where nothing says so: one a name, else one more than the largest label.
pub(crate) fn implied_classes(labels: &[i128], names: &[String]) -> usize {
    if !names.is_empty() {
        return names.len();
    }
    let implied = labels.iter().copied().max().unwrap_or(0).saturating_add(1);
    usize::try_from(implied.max(1)).map_or(MAX_IMPLIED_CLASSES, |implied| {
        implied.min(MAX_IMPLIED_CLASSES)
    })
}

pub(crate) fn name_classes(mut names: Vec<String>, classes: usize) -> Vec<String> {
    names.truncate(classes);
    names.extend((names.len()..classes).map(|class| class.to_string()));
    names
}
