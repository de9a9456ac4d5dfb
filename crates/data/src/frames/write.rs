//! Writing frame files. Memory holds a bounded number of samples.

use std::path::Path;

use hdf5::{Dataset, Group, H5Type};
use ndarray::ArrayView2;

use super::Frames;
use crate::error::DataError;
use crate::output::Output;
use crate::write::store_names;

/// How many samples, or values, are gathered before they are written.
const BATCH: usize = 256;
const BATCH_VALUES: usize = 1 << 20;
/// Values in a chunk.
const CHUNK_VALUES: usize = 1 << 14;
/// Most channels: a chunk holds one step at least.
const MAX_CHANNELS: usize = 1 << 16;
/// Effort of deflate, of 9.
const EFFORT: u8 = 4;

/// Metadata of a frame file.
#[derive(Debug, Clone, Default)]
pub struct FrameMeta {
    /// How many values a step has.
    pub channels: usize,
    /// Length of a step in seconds.
    pub dt_s: f64,
    /// Name of each class, for `/extra/keys`: labels lie in `0..class_names.len()`.
    pub class_names: Vec<String>,
    /// Names and values for `/extra/meta_info`.
    pub meta_info: Vec<(String, String)>,
}

/// Writes `samples` to `path`, replacing any existing file, and returns their number.
///
/// `/extra/speaker` is written where the first has a speaker; a later one without it is an error.
pub fn write_frames(
    path: impl AsRef<Path>,
    samples: impl IntoIterator<Item = Frames>,
    meta: &FrameMeta,
) -> Result<usize, DataError> {
    let mut output = Output::default();
    let samples = samples.into_iter().map(Ok);
    let written = try_write_frames(&mut output, path.as_ref(), samples, meta)?;
    output.place()?;
    Ok(written)
}

/// The same for samples whose reading may fail: the first error stops the writing, and no file is left.
pub(crate) fn try_write_frames(
    output: &mut Output,
    path: &Path,
    samples: impl IntoIterator<Item = Result<Frames, DataError>>,
    meta: &FrameMeta,
) -> Result<usize, DataError> {
    if meta.channels == 0 || meta.channels > MAX_CHANNELS {
        return Err(unstorable(
            path,
            0,
            format!("a step has {} channels", meta.channels),
            "there may be 1 to 65,536",
        ));
    }
    output.write(path, |part| write_part(part, path, samples, meta))
}

fn write_part(
    part: &Path,
    path: &Path,
    samples: impl IntoIterator<Item = Result<Frames, DataError>>,
    meta: &FrameMeta,
) -> Result<usize, DataError> {
    let failed = |error: hdf5::Error| DataError::Write {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let file = hdf5::File::create(part).map_err(failed)?;
    let mut samples = samples.into_iter().peekable();
    let first = samples.peek().and_then(|sample| sample.as_ref().ok());
    let has_speaker = first.is_some_and(|sample| sample.speaker.is_some());
    let mut columns = Columns::create(&file, meta, has_speaker).map_err(failed)?;

    let mut batch: Vec<Frames> = Vec::with_capacity(BATCH);
    let mut gathered = 0;
    let mut count = 0;
    while let Some(sample) = samples.next() {
        let sample = sample?;
        check(&sample, meta, has_speaker)
            .map_err(|(detail, hint)| unstorable(path, count, detail, hint))?;
        count += 1;
        gathered += sample.values.len();
        batch.push(sample);
        if batch.len() == BATCH || gathered >= BATCH_VALUES || samples.peek().is_none() {
            columns.append(&batch).map_err(failed)?;
            batch.clear();
            gathered = 0;
        }
    }
    // HDF5 reports no errors when closing a dataset, so everything is flushed while all are open.
    file.flush().map_err(failed)?;
    drop(columns);
    file.close().map_err(failed)?;
    Ok(count)
}

fn unstorable(path: &Path, position: usize, detail: String, hint: &'static str) -> DataError {
    DataError::Unstorable {
        path: path.to_owned(),
        position,
        detail,
        hint,
    }
}

/// Whether `sample` fits; otherwise what does not fit, and what to do.
fn check(
    sample: &Frames,
    meta: &FrameMeta,
    has_speaker: bool,
) -> Result<(), (String, &'static str)> {
    if sample.mask.is_empty() || sample.values.len() != sample.mask.len() * meta.channels {
        return Err((
            format!(
                "it has {} values and {} steps of {} channels",
                sample.values.len(),
                sample.mask.len(),
                meta.channels
            ),
            "give each step a mask and every channel, and each sample a step",
        ));
    }
    if let Some(value) = sample.values.iter().find(|value| !value.is_finite()) {
        return Err((format!("it holds {value}"), "values are finite numbers"));
    }
    if sample.label >= meta.class_names.len() || u16::try_from(sample.label).is_err() {
        return Err((
            format!(
                "label {} is outside 0..{}",
                sample.label,
                meta.class_names.len()
            ),
            "name every class; there may be up to 65,536",
        ));
    }
    if has_speaker != sample.speaker.is_some() {
        return Err((
            "only some samples have a speaker".into(),
            "give all of them a speaker, or none",
        ));
    }
    Ok(())
}

/// The datasets of an open file, and how far they are filled.
struct Columns {
    values: Dataset,
    mask: Dataset,
    offsets: Dataset,
    labels: Dataset,
    speaker: Option<Dataset>,
    channels: usize,
    samples: usize,
    steps: usize,
}

impl Columns {
    fn create(file: &hdf5::File, meta: &FrameMeta, has_speaker: bool) -> hdf5::Result<Self> {
        let frames = file.create_group("frames")?;
        let channels = meta.channels;
        let rows = (CHUNK_VALUES / channels).max(1);
        let values = frames.new_dataset::<f32>().chunk((rows, channels));
        let values = values.shuffle().deflate(EFFORT);
        let values = values.shape((0.., channels)).create("values")?;
        let mask = frames.new_dataset::<u8>().chunk(CHUNK_VALUES);
        let mask = mask.deflate(EFFORT).shape(0..).create("mask")?;
        let offsets = growing::<u64>(&frames, "offsets")?;
        offsets.resize(1)?;
        offsets.write_slice(&[0_u64][..], 0..1)?;
        let step = frames.new_dataset_builder();
        step.with_data(&[meta.dt_s]).create("dt_s")?;
        let extra = file.create_group("extra")?;
        store_names(&extra, &meta.class_names, &meta.meta_info)?;
        Ok(Self {
            values,
            mask,
            offsets,
            labels: growing::<u16>(file, "labels")?,
            speaker: has_speaker
                .then(|| growing::<u32>(&extra, "speaker"))
                .transpose()?,
            channels,
            samples: 0,
            steps: 0,
        })
    }

    fn append(&mut self, batch: &[Frames]) -> hdf5::Result<()> {
        let values: Vec<f32> = batch
            .iter()
            .flat_map(|s| s.values.iter().copied())
            .collect();
        let mask: Vec<u8> = batch
            .iter()
            .flat_map(|s| s.mask.iter().map(|known| u8::from(*known)))
            .collect();
        let mut end = self.steps;
        let offsets: Vec<u64> = batch
            .iter()
            .map(|sample| {
                end += sample.steps();
                end as u64
            })
            .collect();
        self.values.resize((end, self.channels))?;
        let rows = ArrayView2::from_shape((mask.len(), self.channels), &values)
            .map_err(|error| hdf5::Error::from(error.to_string()))?;
        self.values.write_slice(rows, (self.steps..end, ..))?;
        put(&self.mask, self.steps, &mask)?;
        put(&self.offsets, self.samples + 1, &offsets)?;
        let labels: Vec<u16> = batch.iter().map(|sample| sample.label as u16).collect();
        put(&self.labels, self.samples, &labels)?;
        if let Some(speaker) = &self.speaker {
            let speakers: Vec<u32> = batch
                .iter()
                .map(|sample| sample.speaker.unwrap_or_default())
                .collect();
            put(speaker, self.samples, &speakers)?;
        }
        self.samples += batch.len();
        self.steps = end;
        Ok(())
    }
}

fn growing<T: H5Type>(group: &Group, name: &str) -> hdf5::Result<Dataset> {
    let dataset = group.new_dataset::<T>().chunk(BATCH);
    dataset.shape(0..).create(name)
}

/// Stores `entries` after the first `count`.
fn put<T: H5Type>(dataset: &Dataset, count: usize, entries: &[T]) -> hdf5::Result<()> {
    dataset.resize(count + entries.len())?;
    dataset.write_slice(entries, count..count + entries.len())
}
