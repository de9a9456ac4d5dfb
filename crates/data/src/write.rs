//! Writing event files, in the layout that [`EventFile`](crate::EventFile) reads.
//!
//! A file appears whole or not at all: it is written beside its place (`NAME.part`), synced, and
//! renamed. Memory does not grow with the number of recordings: they are stored
//! `BATCH` at a time, in datasets that grow.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use half::f16;
use hdf5::types::{VarLenArray, VarLenUnicode};
use hdf5::{Dataset, Group, H5Type};

use crate::error::{DataError, MAX_TIME_S};
use crate::recording::Recording;

/// How many recordings are gathered before they are written.
const BATCH: usize = 256;
/// Largest time that float16 holds, in seconds.
const MAX_F16: f64 = 65_504.0;

/// How times are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoredTimes {
    /// As in the Spiking Heidelberg Digits: steps of 0.5 ms between 0.5 s and 1 s.
    F16,
    /// Steps of 60 ns between 0.5 s and 1 s.
    #[default]
    F32,
}

/// What a file says beside its recordings.
#[derive(Debug, Clone, Default)]
pub struct WriteMeta {
    /// How many channels there are: units lie in `0..channels`. Stored as u16 up to 65,536, else
    /// as u32.
    pub channels: usize,
    /// How times are stored.
    pub times: StoredTimes,
    /// Name of each class, for `/extra/keys`: labels lie in `0..class_names.len()`.
    pub class_names: Vec<String>,
    /// Names and values for `/extra/meta_info`.
    pub meta_info: Vec<(String, String)>,
}

/// Writes `recordings` to `path`, replacing what is there, and returns how many there were.
///
/// `/extra/speaker` is written where the first recording has a speaker; a later one without it is
/// an error.
pub fn write_events(
    path: impl AsRef<Path>,
    recordings: impl IntoIterator<Item = Recording>,
    meta: &WriteMeta,
) -> Result<usize, DataError> {
    let path = path.as_ref();
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let failed = |detail: String| DataError::Write {
        path: path.to_owned(),
        detail,
    };

    // libhdf5 says less about a folder that is not there than the system does.
    fs::File::create(&part).map_err(|error| failed(error.to_string()))?;
    let written = write_part(&part, path, recordings, meta).and_then(|count| {
        publish(&part, path).map_err(|error| failed(error.to_string()))?;
        Ok(count)
    });
    if written.is_err() {
        // The first error is the one to report, whether or not this succeeds.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_part(
    part: &Path,
    path: &Path,
    recordings: impl IntoIterator<Item = Recording>,
    meta: &WriteMeta,
) -> Result<usize, DataError> {
    let failed = |error: hdf5::Error| DataError::Write {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let file = hdf5::File::create(part).map_err(failed)?;
    let mut recordings = recordings.into_iter().peekable();
    let has_speaker = recordings
        .peek()
        .is_some_and(|recording| recording.speaker.is_some());
    let columns = Columns::create(&file, meta, has_speaker).map_err(failed)?;

    let mut count = 0;
    let mut batch = Vec::with_capacity(BATCH);
    while recordings.peek().is_some() {
        batch.clear();
        batch.extend(recordings.by_ref().take(BATCH));
        for (offset, recording) in batch.iter().enumerate() {
            check(recording, meta, has_speaker).map_err(|(detail, hint)| {
                DataError::Unstorable {
                    path: path.to_owned(),
                    position: count + offset,
                    detail,
                    hint,
                }
            })?;
        }
        columns.append(count, &batch).map_err(failed)?;
        count += batch.len();
    }
    // Errors of closing a dataset are lost, so everything is flushed while all are open.
    file.flush().map_err(failed)?;
    drop(columns);
    file.close().map_err(failed)?;
    Ok(count)
}

/// Makes a finished file durable under its own name.
fn publish(part: &Path, path: &Path) -> io::Result<()> {
    fs::File::open(part)?.sync_all()?;
    fs::rename(part, path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::File::open(folder)?.sync_all()
}

/// Whether `recording` fits, else what does not, and what to do.
fn check(
    recording: &Recording,
    meta: &WriteMeta,
    has_speaker: bool,
) -> Result<(), (String, &'static str)> {
    let latest = match meta.times {
        StoredTimes::F16 => MAX_F16,
        StoredTimes::F32 => MAX_TIME_S,
    };
    if recording.times_s.len() != recording.units.len() {
        return Err((
            "times and units differ in number".into(),
            "give each event both",
        ));
    }
    let plausible = |time_s: &f64| (0.0..=latest).contains(time_s);
    if let Some(time_s) = recording.times_s.iter().find(|time_s| !plausible(time_s)) {
        return Err((
            format!("it has an event at {time_s} s"),
            "times are finite, in seconds, and not negative",
        ));
    }
    if let Some(unit) = recording
        .units
        .iter()
        .find(|unit| **unit as usize >= meta.channels)
    {
        return Err((
            format!("unit {unit} is outside 0..{}", meta.channels),
            "raise the number of channels",
        ));
    }
    if recording.label >= meta.class_names.len() || u16::try_from(recording.label).is_err() {
        return Err((
            format!(
                "label {} is outside 0..{}",
                recording.label,
                meta.class_names.len()
            ),
            "name every class; there may be up to 65,536",
        ));
    }
    if has_speaker != recording.speaker.is_some() {
        return Err((
            "only some recordings have a speaker".into(),
            "give all of them a speaker, or none",
        ));
    }
    Ok(())
}

/// The datasets of an open file.
struct Columns {
    times: Dataset,
    units: Dataset,
    labels: Dataset,
    speaker: Option<Dataset>,
    stored_times: StoredTimes,
    wide_units: bool,
}

impl Columns {
    fn create(file: &hdf5::File, meta: &WriteMeta, has_speaker: bool) -> hdf5::Result<Self> {
        let wide_units = meta.channels > usize::from(u16::MAX) + 1;
        let spikes = file.create_group("spikes")?;
        let times = match meta.times {
            StoredTimes::F16 => growing::<VarLenArray<f16>>(&spikes, "times")?,
            StoredTimes::F32 => growing::<VarLenArray<f32>>(&spikes, "times")?,
        };
        let units = if wide_units {
            growing::<VarLenArray<u32>>(&spikes, "units")?
        } else {
            growing::<VarLenArray<u16>>(&spikes, "units")?
        };
        let labels = growing::<u16>(file, "labels")?;
        let extra = file.create_group("extra")?;
        let speaker = has_speaker
            .then(|| growing::<u32>(&extra, "speaker"))
            .transpose()?;
        let names: Vec<VarLenUnicode> = meta
            .class_names
            .iter()
            .map(|name| stored_string(name))
            .collect::<hdf5::Result<_>>()?;
        extra
            .new_dataset_builder()
            .with_data(&names[..])
            .create("keys")?;
        let info = extra.create_group("meta_info")?;
        for (name, value) in &meta.meta_info {
            info.new_dataset_builder()
                .with_data(&[stored_string(value)?])
                .create(name.as_str())?;
        }
        Ok(Self {
            times,
            units,
            labels,
            speaker,
            stored_times: meta.times,
            wide_units,
        })
    }

    /// Stores `batch` after the first `count` entries.
    fn append(&self, count: usize, batch: &[Recording]) -> hdf5::Result<()> {
        let times = |recording: &Recording| recording.times_s.clone();
        match self.stored_times {
            StoredTimes::F16 => extend(&self.times, count, batch, |recording| {
                let stored: Vec<f16> = times(recording).into_iter().map(f16::from_f64).collect();
                VarLenArray::from_slice(&stored)
            })?,
            StoredTimes::F32 => extend(&self.times, count, batch, |recording| {
                let stored: Vec<f32> = times(recording)
                    .into_iter()
                    .map(|time| time as f32)
                    .collect();
                VarLenArray::from_slice(&stored)
            })?,
        }
        if self.wide_units {
            extend(&self.units, count, batch, |recording| {
                VarLenArray::from_slice(&recording.units)
            })?;
        } else {
            extend(&self.units, count, batch, |recording| {
                let stored: Vec<u16> = recording.units.iter().map(|unit| *unit as u16).collect();
                VarLenArray::from_slice(&stored)
            })?;
        }
        extend(&self.labels, count, batch, |recording| {
            recording.label as u16
        })?;
        if let Some(speaker) = &self.speaker {
            extend(speaker, count, batch, |recording| {
                recording.speaker.unwrap_or_default()
            })?;
        }
        Ok(())
    }
}

fn growing<T: H5Type>(group: &Group, name: &str) -> hdf5::Result<Dataset> {
    group
        .new_dataset::<T>()
        .chunk(BATCH)
        .shape(0..)
        .create(name)
}

fn extend<T: H5Type>(
    dataset: &Dataset,
    count: usize,
    batch: &[Recording],
    stored: impl Fn(&Recording) -> T,
) -> hdf5::Result<()> {
    let entries: Vec<T> = batch.iter().map(stored).collect();
    dataset.resize(count + entries.len())?;
    dataset.write_slice(&entries[..], count..count + entries.len())
}

fn stored_string(text: &str) -> hdf5::Result<VarLenUnicode> {
    text.parse()
        .map_err(|_| hdf5::Error::from("a name holds the character NUL"))
}
