//! Everything that can be wrong with a recording file, one variant each.
//!
//! A message names the file, the dataset and the sample (by its index in the file) where they apply. After
//! `hint:` it says what to do next.

use std::path::PathBuf;

use crate::time_error::{MAX_TIME_S, TimeError};

/// An error of this crate. `index` is always the sample's index in the file, from 0.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be opened at all.
    #[error("{}: cannot be opened: {source}; hint: {}", path.display(), open_hint(source))]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file has no HDF5 signature.
    #[error(
        "{}: not an HDF5 file; hint: events are read from HDF5 in the layout of the Spiking \
         Heidelberg Digits; unpack the file if it is compressed, or download it again",
        path.display()
    )]
    NotHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// The file is shorter than its header states.
    #[error(
        "{}: truncated: it has {actual} of {expected} bytes; hint: copy or download it again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Length in bytes that the header promises.
        expected: u64,
        /// Length in bytes.
        actual: u64,
    },
    /// The structure of the file is broken where it was read.
    #[error(
        "{}: {}: damaged ({detail}); hint: copy or download the file again, or rewrite it with \
         `h5repack`",
        path.display(),
        place(dataset, *index)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The dataset, or `/`.
        dataset: String,
        /// The sample, where one was being read.
        index: Option<usize>,
        /// The reader's message.
        detail: String,
    },
    /// A group or dataset of the layout is missing.
    #[error(
        "{}: there is no dataset {dataset}; hint: the layout needs /spikes/times, /spikes/units \
         and /labels",
        path.display()
    )]
    MissingDataset {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
    },
    /// A dataset of the layout of frames is missing.
    #[error(
        "{}: there is no dataset {dataset}; hint: frames need /frames/values, /frames/offsets, \
         /frames/mask, /frames/dt_s and /labels",
        path.display()
    )]
    MissingFrames {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
    },
    /// A dataset has another type than the layout requires.
    #[error(
        "{}: {dataset} contains {found}; hint: it must contain {expected}",
        path.display()
    )]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
        /// The type found.
        found: String,
        /// The types that can be read.
        expected: &'static str,
    },
    /// A dataset is not a plain list.
    #[error(
        "{}: {dataset} has shape {shape:?}; hint: it must have one dimension (or N x 1), one entry a sample",
        path.display()
    )]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
        /// Its shape.
        shape: Vec<u64>,
    },
    /// A dataset claims more than the file can hold.
    #[error(
        "{}: {dataset} claims {elements} elements, but the file has only {file_bytes} bytes; \
         hint: the file is damaged, copy or download it again",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
        /// How many elements its header claims.
        elements: u64,
        /// Length of the file in bytes.
        file_bytes: u64,
    },
    /// Two datasets that must have one entry a sample have different lengths.
    #[error(
        "{}: {dataset} has {found} entries, but /spikes/times has {expected}; hint: each has one \
         entry a sample, write the file again",
        path.display()
    )]
    LengthsDiffer {
        /// The file.
        path: PathBuf,
        /// The dataset that differs.
        dataset: String,
        /// Its length.
        found: usize,
        /// Length of `/spikes/times`.
        expected: usize,
    },
    /// The times and units of one sample differ in number.
    #[error(
        "{}: sample {index}: /spikes/times has {times} events, /spikes/units {units}; hint: write \
         the sample again, or set on_bad_sample: skip",
        path.display()
    )]
    EventsDiffer {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// How many times.
        times: usize,
        /// How many units.
        units: usize,
    },
    /// A unit is not one of the channels.
    #[error(
        "{}: /spikes/units: sample {index}: unit {unit} is outside 0..{channels}; hint: raise \
         `channels` above the largest unit, or set on_bad_sample: skip",
        path.display()
    )]
    UnitOutOfRange {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// The unit.
        unit: i128,
        /// The number of channels given.
        channels: usize,
    },
    /// A time is NaN, infinite, negative, or later than any recording can be.
    #[error(
        "{}: /spikes/times: sample {index}: event {event} is at {time_s} s; hint: times are finite, \
         from 0 s to 31 days; {}correct them, or set on_bad_sample: skip",
        path.display(),
        if *time_s > MAX_TIME_S { "declare their unit where it is not seconds (`--times us`, or `data.times: us` in \
         a scenario), " } else { "" }
    )]
    BadTime {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// The event, in the order of the file.
        event: usize,
        /// Its time in seconds.
        time_s: f64,
    },
    /// Times that make no sample of these steps.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A label is negative or not one of the classes.
    #[error(
        "{}: /labels: sample {index}: label {label} is outside 0..{classes}; hint: raise `classes` \
         above the largest label, or set on_bad_sample: skip",
        path.display()
    )]
    LabelOutOfRange {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// The label.
        label: i128,
        /// How many classes there are.
        classes: usize,
    },
    /// A label or speaker is not a whole number.
    #[error(
        "{}: {dataset}: sample {index}: {found} is not a whole number; hint: labels are classes, counted from 0",
        path.display()
    )]
    NotWhole {
        /// The file.
        path: PathBuf,
        /// The dataset.
        dataset: String,
        /// The sample.
        index: usize,
        /// The stored value.
        found: f64,
    },
    /// A sample has no event.
    #[error(
        "{}: sample {index} has no events; hint: remove it, or set on_bad_sample: skip",
        path.display()
    )]
    EmptySample {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
    },
    /// A file has no sample.
    #[error("{}: it has no samples; hint: choose another file for this split", path.display())]
    EmptySplit {
        /// The file.
        path: PathBuf,
    },
    /// Every sample was skipped.
    #[error(
        "{}: all {skipped} samples are bad, the first because: {first}",
        path.display()
    )]
    NothingLeft {
        /// The file.
        path: PathBuf,
        /// How many samples were skipped.
        skipped: usize,
        /// Why the first was.
        first: Box<DataError>,
    },
    /// A file could not be written; what was written of it is removed.
    #[error(
        "{}: cannot be written: {detail}; hint: check that the disk has room and that the folder \
         may be written to",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of HDF5 or the system.
        detail: String,
    },
    /// A recording cannot be stored in the given file.
    #[error("{}: recording {position} cannot be stored: {detail}; hint: {hint}", path.display())]
    Unstorable {
        /// The file.
        path: PathBuf,
        /// Its place in the sequence that was to be written.
        position: usize,
        /// What does not fit.
        detail: String,
        /// What to do.
        hint: &'static str,
    },
    /// A key of the synthetic set is out of its range.
    #[error("synthetic: {field} is {found}; hint: it must be {expected}")]
    BadSpec {
        /// The key.
        field: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        expected: String,
    },
    /// A file of another format cannot be read from a place on.
    #[error("{}: byte {offset}: {detail}; hint: {hint}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where, in bytes from the start; of the unpacked data, where the file is compressed.
        offset: u64,
        /// The value found.
        detail: String,
        /// What to do.
        hint: &'static str,
    },
    /// A line of a text file cannot be read.
    #[error("{}: line {line}: {detail}; hint: {hint}", path.display())]
    MalformedLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The value found.
        detail: String,
        /// What to do.
        hint: &'static str,
    },
    /// A file or folder that a converter cannot use.
    #[error("{}: {detail}; hint: {hint}", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What is missing or wrong.
        detail: String,
        /// What to do.
        hint: &'static str,
    },
    /// A record among others cannot be converted; `--skip-bad` leaves it out.
    #[error("record {name}: {source}; or leave bad records out with --skip-bad")]
    BadRecord {
        /// The record.
        name: String,
        /// What is wrong with it.
        source: Box<DataError>,
    },
    /// An option of a converter is out of its range.
    #[error("{option} is {found}; hint: it must be {expected}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        expected: String,
    },
    /// The user stopped a converter; what was written of the file is removed.
    #[error("{}: stopped before it was complete; hint: run the same command again", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    /// Whether the error concerns one sample of an otherwise good file, which may be skipped.
    pub(crate) fn is_about_one_sample(&self) -> bool {
        matches!(
            self,
            Self::EventsDiffer { .. }
                | Self::UnitOutOfRange { .. }
                | Self::BadTime { .. }
                | Self::LabelOutOfRange { .. }
                | Self::EmptySample { .. }
                | Self::Damaged { index: Some(_), .. }
        )
    }
}

fn open_hint(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::NotFound => "check the path; it is relative to the current folder",
        std::io::ErrorKind::PermissionDenied => "check who may read it",
        _ => "check that it is a plain file that can be read",
    }
}

fn place(dataset: &str, index: Option<usize>) -> String {
    match index {
        Some(index) => format!("{dataset}: sample {index}"),
        None => dataset.to_owned(),
    }
}
