//! Event files in the layout of the Spiking Heidelberg Digits (Cramer et al. 2020).
//!
//! | dataset | entry | type |
//! |---|---|---|
//! | `/spikes/times` | one list a sample, seconds unless [`Times`] declares another unit | float16, float32 or float64; any integer where the unit is declared |
//! | `/spikes/units` | one list a sample, channels from 0 | any integer |
//! | `/labels` | one a sample, classes from 0 | any integer |
//! | `/extra/speaker` | one a sample (may be missing) | any integer |
//! | `/extra/keys` | one a class, its name (may be missing) | strings |
//! | `/extra/meta_info/channels` | how many channels there are (may be missing; Saturn's converters write it) | a string |
//!
//! Opening a file checks every sample once, so that a bad one is found before training begins; after that
//! samples are read one by one, at random, and only those are in memory (with a bounded cache). Times are
//! widened to f64 seconds; which step each belongs to, and what float16 and float32 lose, is in
//! [`crate::steps`].

use std::path::Path;

use crate::container::Container;
use crate::error::DataError;
use crate::labels::{KEYS, LABELS, SPEAKER, implied_classes, name_classes, read_integers};
use crate::notices::Notices;
use crate::number::NumberType;
use crate::ragged::Ragged;
use crate::read_options::{OnBadSample, ReadOptions, Times};
use crate::recording::{Recording, latest};
use crate::steps::{Finder, Grid, Steps, Stored, TimeFloat, TimeUnit};
use crate::time_error::MAX_TIME_S;

const TIMES: &str = "/spikes/times";
const UNITS: &str = "/spikes/units";
const STATED: &str = "/extra/meta_info/channels";
/// Times that are looked at for a grid, over all samples, about; of each sample some at least.
const GRID_TIMES: usize = 200_000;
const GRID_TIMES_OF_ONE: usize = 16;
/// Samples that are checked before the reader forgets them.
const BETWEEN: usize = 128;

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
    stated_channels: Option<usize>,
    /// Of the valid samples.
    largest_unit: u32,
    meaning: Times,
    /// Time of the last event of each valid sample, seconds.
    last_s: Vec<f64>,
    /// The grid that the times lie on, where one was found.
    found_grid: Option<Grid>,
    notices: Notices,
}

impl EventFile {
    /// Opens `path` and checks every sample. Times are in seconds.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DataError> {
        Self::open_timed(path, options, Times::default())
    }

    /// The same for a file whose times have another meaning.
    pub fn open_timed(
        path: impl AsRef<Path>,
        options: &ReadOptions,
        meaning: Times,
    ) -> Result<Self, DataError> {
        let container = Container::open(path.as_ref())?;
        let (accept, numbers): (fn(&_) -> _, _) = if meaning.unit.is_some() {
            (
                NumberType::time,
                "variable-length lists of floats of 16, 32 or 64 bits, or of integers",
            )
        } else {
            (
                NumberType::float,
                "variable-length lists of 16, 32 or 64 bit floats (times in seconds), or of integers with a \
                declared unit: `--times us`, or `data.times: us` in a scenario",
            )
        };
        let times = Ragged::open(&container, TIMES, accept, numbers, None)?;
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

        let stated = container.strings(STATED).ok().flatten();
        let stated = stated.and_then(|stated| stated.first()?.trim().parse().ok());

        let mut file = Self {
            container,
            times,
            units,
            samples: Vec::with_capacity(length),
            labels: Vec::with_capacity(length),
            speakers: Vec::with_capacity(length),
            class_names: name_classes(names, classes),
            channels: options.channels,
            stated_channels: stated,
            largest_unit: 0,
            meaning,
            last_s: Vec::with_capacity(length),
            found_grid: None,
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

    /// How many channels the file states that its recordings have. Saturn's converters write it; other files rarely do.
    pub fn stated_channels(&self) -> Option<usize> {
        self.stated_channels
    }

    /// The largest unit with an event, in the good samples.
    pub fn largest_unit(&self) -> u32 {
        self.largest_unit
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

    /// What the reader repaired or left out.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Width of the stored times in bits (8 to 64).
    pub fn time_bits(&self) -> usize {
        8 * self.times.number().bytes()
    }

    /// Type and unit of the stored times.
    pub fn stored(&self) -> Stored {
        Stored {
            float: self.times.number().time_float(),
            unit: self.meaning.unit.unwrap_or_default(),
        }
    }

    /// The steps of this file's times, each `dt_ms` long.
    pub fn steps(&self, dt_ms: f64) -> Steps {
        Steps::stored(dt_ms, self.stored(), self.meaning.grid)
    }

    /// The grid that all times lie on, beyond chance, among those of the usual clocks.
    pub fn found_grid(&self) -> Option<Grid> {
        self.found_grid
    }

    /// Time of the last event of each valid sample, in seconds.
    pub fn last_s(&self) -> &[f64] {
        &self.last_s
    }

    /// The first time in the file that is stored half a step of `dt_ms` or more from the next, so that its step
    /// is not certain: its sample's index in the file, and the time in seconds.
    pub fn first_coarse(&self, dt_ms: f64) -> Result<Option<(usize, f64)>, DataError> {
        let stored = self.stored();
        let coarse = |time_s: &f64| stored.spacing_s(*time_s) >= 0.5e-3 * dt_ms;
        let floats = matches!(stored.float, TimeFloat::Half | TimeFloat::Single);
        let Some(position) = self.last_s.iter().position(|last| floats && coarse(last)) else {
            return Ok(None);
        };
        let recording = self.read(position)?;
        let first = recording.times_s.iter().find(|time_s| coarse(time_s));
        Ok(first.map(|time_s| (recording.index, *time_s)))
    }

    /// Frees what the reader keeps of the lists that were read last, up to 64 MiB: it opens the file again. Where
    /// that fails, or the file has another length by now, it goes on with the one that is open.
    pub fn forget_reads(&mut self) {
        let Ok(container) = Container::open(self.path()) else {
            return;
        };
        if container.file_bytes() != self.container.file_bytes() {
            return;
        }
        if let (Ok(times), Ok(units)) = (self.times.of(&container), self.units.of(&container)) {
            self.times.read_through(times);
            self.units.read_through(units);
            self.container = container;
        }
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

    /// Checks each sample and keeps the valid ones.
    fn check_samples(
        &mut self,
        labels: &[i128],
        speakers: Option<&[i128]>,
        on_bad_sample: OnBadSample,
    ) -> Result<(), DataError> {
        let mut first_error = None;
        let mut finder = Finder::new(self.stored());
        let looked_at = (GRID_TIMES / labels.len().max(1)).max(GRID_TIMES_OF_ONE);
        for (index, label) in labels.iter().enumerate() {
            if (index + 1).is_multiple_of(BETWEEN) {
                self.forget_reads();
            }
            let checked = self
                .events(index)
                .and_then(|(times_s, units)| Ok((times_s, units, self.label(index, *label)?)));
            match checked {
                Ok((times_s, units, label)) => {
                    self.largest_unit = units.into_iter().fold(self.largest_unit, u32::max);
                    if !times_s.is_sorted() {
                        self.notices.count_unsorted(index);
                    }
                    if !finder.is_over() {
                        for time_s in times_s.iter().take(looked_at) {
                            finder.add(*time_s);
                        }
                    }
                    self.last_s.push(latest(&times_s));
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
        self.found_grid = finder.found();
        let latest_s = self.last_s.iter().copied().fold(0.0, f64::max);
        if let Some(grid) = finder.restorable(latest_s)
            && self.meaning.grid.is_none()
            && self.stored().float == TimeFloat::Half
        {
            self.notices.set_grid(grid);
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
        let mut times_s = self.times.number().widened(&raw);
        if let Some(unit) = self.meaning.unit.filter(|unit| *unit != TimeUnit::Seconds) {
            let per_second = f64::from(unit.per_second());
            for time in &mut times_s {
                *time /= per_second;
            }
        }
        let plausible = |time_s: &f64| (0.0..=MAX_TIME_S).contains(time_s);
        // All of them are looked at, several together; which one it is, is asked if there is one.
        let all = times_s
            .iter()
            .fold(true, |all, time_s| all & plausible(time_s));
        if let (false, Some(event)) = (all, times_s.iter().position(|t| !plausible(t))) {
            return Err(DataError::BadTime {
                path: path(),
                index,
                event,
                time_s: times_s[event],
            });
        }
        self.meaning
            .check(&times_s, self.stored(), self.path(), index)?;
        let raw = self.units.bytes(&self.container, index)?;
        if let Some(units) = self.units.number().below(self.channels, &raw) {
            return Ok((times_s, units));
        }
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
