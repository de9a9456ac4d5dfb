//! Writing event files, in the layout that [`EventFile`](crate::EventFile) reads.
//!
//! A file is replaced atomically ([`crate::output`]). Memory does not grow with the number of recordings:
//! they are stored `BATCH` at a time, in datasets that grow.

use std::path::Path;

use half::f16;
use hdf5::types::{VarLenArray, VarLenUnicode};
use hdf5::{Dataset, Group, H5Type};

use crate::error::DataError;
use crate::output::Output;
use crate::place::Place;
use crate::recording::Recording;
use crate::time_error::MAX_TIME_S;

/// How many recordings are gathered before they are written.
const BATCH: usize = 256;
/// Largest time that float16 holds, in seconds.
const MAX_F16: f64 = 65_504.0;

/// How times are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoredTimes {
    /// As in the Spiking Heidelberg Digits: steps of 0.5 ms between 0.5 s and 1 s.
    F16,
    /// Steps of 60 ns between 0.5 s and 1 s, of 8 ms a day into a recording.
    F32,
    /// Steps of 0.1 fs between 0.5 s and 1 s, of 15 ps a day into a recording: what a clock's grid needs.
    #[default]
    F64,
}

/// Metadata of a file.
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

#[cfg(feature = "convert")]
/// The entry of `meta_info` that states how many channels there are.
pub(crate) fn stated(channels: usize) -> (String, String) {
    ("channels".to_owned(), channels.to_string())
}

/// Writes `recordings` to `path`, replacing any existing file, and returns their number.
///
/// `/extra/speaker` is written where the first recording has a speaker; a later one without it is
/// an error.
pub fn write_events(
    path: impl AsRef<Path>,
    recordings: impl IntoIterator<Item = Recording>,
    meta: &WriteMeta,
) -> Result<usize, DataError> {
    let cuts = recordings.into_iter().map(|recording| Ok(recording.into()));
    let mut output = Output::default();
    let written = try_write_events(&mut output, path.as_ref(), cuts, meta)?;
    output.place()?;
    Ok(written)
}

/// A recording to be written, and where it was cut from.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    pub(crate) recording: Recording,
    pub(crate) place: Option<Place>,
}

impl From<Recording> for Cut {
    fn from(recording: Recording) -> Self {
        Self {
            recording,
            place: None,
        }
    }
}

/// The same for recordings whose reading may fail: the first error stops the writing, and no file is left.
/// `/extra/start_s` and `/extra/known_s` are written where the first has a place, and `/extra/mark_s` where
/// that has a mark.
pub(crate) fn try_write_events(
    output: &mut Output,
    path: &Path,
    cuts: impl IntoIterator<Item = Result<Cut, DataError>>,
    meta: &WriteMeta,
) -> Result<usize, DataError> {
    output.write(path, |part| write_part(part, path, cuts, meta))
}

fn write_part(
    part: &Path,
    path: &Path,
    cuts: impl IntoIterator<Item = Result<Cut, DataError>>,
    meta: &WriteMeta,
) -> Result<usize, DataError> {
    let failed = |error: hdf5::Error| DataError::Write {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let file = hdf5::File::create(part).map_err(failed)?;
    let mut cuts = cuts.into_iter().peekable();
    let first = cuts.peek().and_then(|cut| cut.as_ref().ok());
    let has_speaker = first.is_some_and(|cut| cut.recording.speaker.is_some());
    let place = first.and_then(|cut| cut.place);
    let columns = Columns::create(&file, meta, has_speaker, place).map_err(failed)?;

    let mut count = 0;
    let mut batch = Vec::with_capacity(BATCH);
    while cuts.peek().is_some() {
        batch.clear();
        for cut in cuts.by_ref().take(BATCH) {
            batch.push(cut?);
        }
        for (offset, cut) in batch.iter().enumerate() {
            check(&cut.recording, meta, has_speaker).map_err(|(detail, hint)| {
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
    // HDF5 reports no errors when closing a dataset, so everything is flushed while all are open.
    file.flush().map_err(failed)?;
    drop(columns);
    file.close().map_err(failed)?;
    Ok(count)
}

/// Whether `recording` fits; otherwise what does not fit, and what to do.
fn check(
    recording: &Recording,
    meta: &WriteMeta,
    has_speaker: bool,
) -> Result<(), (String, &'static str)> {
    let latest = match meta.times {
        StoredTimes::F16 => MAX_F16,
        StoredTimes::F32 | StoredTimes::F64 => MAX_TIME_S,
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
    /// `/extra/start_s` and `/extra/known_s`.
    places: Option<(Dataset, Dataset)>,
    /// `/extra/mark_s`.
    marks: Option<Dataset>,
    stored_times: StoredTimes,
    wide_units: bool,
}

impl Columns {
    fn create(
        file: &hdf5::File,
        meta: &WriteMeta,
        has_speaker: bool,
        place: Option<Place>,
    ) -> hdf5::Result<Self> {
        let wide_units = meta.channels > usize::from(u16::MAX) + 1;
        let spikes = file.create_group("spikes")?;
        let times = match meta.times {
            StoredTimes::F16 => growing::<VarLenArray<f16>>(&spikes, "times")?,
            StoredTimes::F32 => growing::<VarLenArray<f32>>(&spikes, "times")?,
            StoredTimes::F64 => growing::<VarLenArray<f64>>(&spikes, "times")?,
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
        let places = if place.is_some() {
            let known = extra.new_dataset::<f64>().chunk((BATCH, 2));
            Some((
                growing::<f64>(&extra, "start_s")?,
                known.shape((0.., 2)).create("known_s")?,
            ))
        } else {
            None
        };
        let marks = place.and_then(|place| place.mark_s);
        let marks = marks
            .map(|_| growing::<f64>(&extra, "mark_s"))
            .transpose()?;
        store_names(&extra, &meta.class_names, &meta.meta_info)?;
        Ok(Self {
            times,
            units,
            labels,
            speaker,
            places,
            marks,
            stored_times: meta.times,
            wide_units,
        })
    }

    /// Stores `batch` after the first `count` entries.
    fn append(&self, count: usize, batch: &[Cut]) -> hdf5::Result<()> {
        match self.stored_times {
            StoredTimes::F16 => extend(&self.times, count, batch, |recording| {
                let times_s = recording.times_s.iter();
                let stored: Vec<f16> = times_s.map(|time_s| f16::from_f64(*time_s)).collect();
                VarLenArray::from_slice(&stored)
            })?,
            StoredTimes::F32 => extend(&self.times, count, batch, |recording| {
                let times_s = recording.times_s.iter();
                let stored: Vec<f32> = times_s.map(|time_s| *time_s as f32).collect();
                VarLenArray::from_slice(&stored)
            })?,
            StoredTimes::F64 => extend(&self.times, count, batch, |recording| {
                VarLenArray::from_slice(&recording.times_s)
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
        if let Some((starts, known)) = &self.places {
            let place = |cut: &Cut| cut.place.unwrap_or_default();
            let start_s: Vec<f64> = batch.iter().map(|cut| place(cut).start_s).collect();
            let known_s: Vec<f64> = batch.iter().flat_map(|cut| place(cut).known_s).collect();
            let end = count + batch.len();
            starts.resize(end)?;
            starts.write_slice(&start_s[..], count..end)?;
            known.resize((end, 2))?;
            let rows = ndarray::ArrayView2::from_shape((batch.len(), 2), &known_s)
                .map_err(|error| hdf5::Error::from(error.to_string()))?;
            known.write_slice(rows, (count..end, ..))?;
            if let Some(marks) = &self.marks {
                let mark = |cut: &Cut| place(cut).mark_s.unwrap_or_default();
                let mark_s: Vec<f64> = batch.iter().map(mark).collect();
                marks.resize(end)?;
                marks.write_slice(&mark_s[..], count..end)?;
            }
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
    batch: &[Cut],
    stored: impl Fn(&Recording) -> T,
) -> hdf5::Result<()> {
    let entries: Vec<T> = batch.iter().map(|cut| stored(&cut.recording)).collect();
    dataset.resize(count + entries.len())?;
    dataset.write_slice(&entries[..], count..count + entries.len())
}

/// Stores `/extra/keys` and `/extra/meta_info` in the group `extra`.
pub(crate) fn store_names(
    extra: &Group,
    class_names: &[String],
    meta_info: &[(String, String)],
) -> hdf5::Result<()> {
    let names: Vec<VarLenUnicode> = class_names
        .iter()
        .map(|name| stored_string(name))
        .collect::<hdf5::Result<_>>()?;
    extra
        .new_dataset_builder()
        .with_data(&names[..])
        .create("keys")?;
    let info = extra.create_group("meta_info")?;
    for (name, value) in meta_info {
        info.new_dataset_builder()
            .with_data(&[stored_string(value)?])
            .create(name.as_str())?;
    }
    Ok(())
}

fn stored_string(text: &str) -> hdf5::Result<VarLenUnicode> {
    text.parse()
        .map_err(|_| hdf5::Error::from("a name contains a NUL character"))
}
