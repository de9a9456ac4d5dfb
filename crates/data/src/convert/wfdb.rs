//! Electrocardiograms in the WFDB format, as in the MIT-BIH Arrhythmia Database (Moody & Mark 2001, *The
//! impact of the MIT-BIH Arrhythmia Database*; the format after the *WFDB Applications Guide*, header(5),
//! signal(5), annot(5)). A record is three files:
//!
//! - `NAME.hea` describes the signals (`header`, `signal_line`), or the segments that it consists of
//!   (`record`);
//! - `NAME.dat` contains them ([`format`]);
//! - `NAME.atr`, or another annotator's file, marks the beats (`annotation`).
//!
//! `docs/input-formats.md` lists what is read of each, and how other readers differ.
//!
//! A beat's class is its group after the AAMI (ANSI/AAMI EC57):
//!
//! | class | marks |
//! |---|---|
//! | N | normal `N`, bundle branch block `L` `R` `B`, escape `e` `j` `n` |
//! | S | supraventricular: `A`, `a`, `J`, `S` |
//! | V | ventricular: `V`, `E`, R on T `r` |
//! | F | fusion of ventricular and normal: `F` |
//! | Q | paced `/`, fusion of paced and normal `f`, not classified `Q`, `?` |
//!
//! A record is cut midway between consecutive beats, so that its samples, concatenated, are the whole record.
//! A sample's label is valid from `before_s` before the mark to `after_s` after it, within the cut; the rest
//! is gap. [`Form::Frames`] keeps all, with the gap in the mask. [`Form::Events`] keeps the events where the
//! label is valid, or all of them with `whole`; `/extra/known_s` is the interval of validity, `/extra/mark_s`
//! the mark, and `/extra/start_s` the start of the sample in the record ([`crate::Place`]). The speaker is
//! the record.
//!
//! A frame is the record's data of one time: one or more samples of each lead. Frames of dense data are the
//! record's, with the mean of a lead's samples; events are of the samples.
//!
//! Events are changes of a lead by `delta_mv` (send on delta): with the level r, at first the first value,
//!
//! ```text
//! where x_t - r >= delta: an event on channel 2l, and r grows by delta       (1)
//! where r - x_t >= delta: an event on channel 2l + 1, and r falls by delta   (2)
//! ```
//!
//! until neither holds, computed exactly (`delta`). An event's time is where the straight line from x_{t-1} to x_t
//! crosses the new level.

mod annotation;
mod choice;
mod cut;
mod decimal;
mod delta;
mod format;
mod header;
mod lead;
mod record;
mod signal;
mod signal_line;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::split::{Division, number_groups};
use super::{Converted, Tally, Watch, entries};
use crate::error::DataError;
use crate::frames::{FrameMeta, try_write_frames};
use crate::output::Output;
use crate::synthetic::Split;
use crate::write::{WriteMeta, stated, try_write_events};
use header::{Body, Header};
use record::Record;

/// Names of the classes.
pub const CLASSES: [&str; 5] = ["N", "S", "V", "F", "Q"];

/// Conversion of a beat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Changes of each lead by `delta_mv` millivolts; with `whole`, those of the gaps too.
    Events {
        /// The change of an event, in millivolts.
        delta_mv: f64,
        /// Whether the events of the gaps are kept.
        whole: bool,
    },
    /// The leads in millivolts (or their own unit, where they are chosen by name), a step a frame of the record.
    Frames,
}

/// How to convert a folder of records.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbOptions {
    /// Conversion of a beat.
    pub form: Form,
    /// From when before a beat's mark its label holds, in seconds.
    pub before_s: f64,
    /// Until when after a beat's mark its label holds, in seconds.
    pub after_s: f64,
    /// Leads to convert, by name or by number from 0; if empty, all that are in volts.
    pub leads: Vec<String>,
    /// Ending of the files of marks.
    pub annotator: String,
    /// Whether records that cannot be converted are left out.
    pub skip_bad: bool,
    /// How records are split.
    pub division: Division,
}

impl Default for WfdbOptions {
    fn default() -> Self {
        Self {
            form: Form::Events {
                delta_mv: 0.1,
                whole: false,
            },
            before_s: 0.25,
            after_s: 0.45,
            leads: Vec::new(),
            annotator: "atr".to_owned(),
            skip_bad: false,
            division: Division::default(),
        }
    }
}

impl WfdbOptions {
    fn check(&self) -> Result<(), DataError> {
        let bad = |option, found: f64, expected: &str| {
            Err(DataError::BadOption {
                option,
                found: found.to_string(),
                expected: expected.to_owned(),
            })
        };
        if let Form::Events { delta_mv, .. } = self.form
            && !(0.001..=10.0).contains(&delta_mv)
        {
            return bad("the change that makes an event", delta_mv, "0.001 to 10 mV");
        }
        for (option, time_s) in [
            ("the time before a beat", self.before_s),
            ("the time after a beat", self.after_s),
        ] {
            if !(time_s > 0.0 && time_s <= 10.0) {
                return bad(option, time_s, "above 0 and up to 10 s");
            }
        }
        let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if self.annotator.is_empty() || !self.annotator.bytes().all(sound) {
            return Err(DataError::BadOption {
                option: "the annotator",
                found: format!("`{}`", self.annotator),
                expected: "the ending of the files of marks, such as atr or qrs".to_owned(),
            });
        }
        Ok(())
    }
}

/// What is wrong with a record, with its name and the option that excludes it.
fn bad(name: &str, error: DataError) -> DataError {
    match error {
        DataError::Stopped { .. } | DataError::Write { .. } | DataError::BadRecord { .. } => error,
        source => DataError::BadRecord {
            name: name.to_owned(),
            source: Box::new(source),
        },
    }
}

/// The records of a folder in the order of their names, and what was left out.
fn records(
    input: &Path,
    options: &WfdbOptions,
    notices: &mut Vec<String>,
) -> Result<Vec<Record>, DataError> {
    let mut headers = Vec::new();
    let mut segments = BTreeSet::new();
    for path in entries(input)? {
        if path.extension().is_none_or(|ending| ending != "hea") {
            continue;
        }
        let header = Header::read(&path);
        if let Ok(Header {
            body: Body::Segments(of),
            ..
        }) = &header
        {
            segments.extend(of.iter().filter_map(|segment| segment.name.clone()));
        }
        let stem = path.file_stem().unwrap_or_default();
        headers.push((stem.to_string_lossy().into_owned(), header));
    }
    // A segment is no record of its own.
    headers.retain(|(name, _)| !segments.contains(name));
    if headers.is_empty() {
        return Err(DataError::Unusable {
            path: input.to_owned(),
            detail: "there is no record in it".to_owned(),
            hint: "a record is three files: NAME.hea, NAME.dat and NAME.atr",
        });
    }
    let found = headers.len();
    let mut records: Vec<Record> = Vec::new();
    let mut first_bad = None;
    for (name, header) in headers {
        let record = header
            .and_then(|header| Record::open(&header, options))
            .and_then(|record| same_kind(records.first(), record))
            // Its samples are read again when they are written: a record is in memory, and no other.
            .and_then(|record| {
                if options.skip_bad {
                    pieces(&record, options)?;
                }
                Ok(record)
            });
        match record.map_err(|error| bad(&name, error)) {
            Ok(record) => records.push(record),
            Err(error) if options.skip_bad => {
                notices.push(format!("left out: {error}"));
                first_bad.get_or_insert(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    if let (true, Some(first)) = (records.is_empty(), first_bad) {
        return Err(DataError::Unusable {
            path: input.to_owned(),
            detail: format!("all {found} records are bad, the first because: {first}"),
            hint: "download them again",
        });
    }
    Ok(records)
}

/// The record, if it is as the first one.
fn same_kind(first: Option<&Record>, record: Record) -> Result<Record, DataError> {
    let Some(first) = first else {
        return Ok(record);
    };
    if (record.leads.len(), &record.rate) == (first.leads.len(), &first.rate) {
        return Ok(record);
    }
    let of = |record: &Record| {
        let rate_hz = decimal::to_f64(&record.rate);
        format!("{} leads at {rate_hz} Hz", record.leads.len())
    };
    Err(DataError::Unusable {
        path: record.path.clone(),
        detail: format!("it has {}, and the first record {}", of(&record), of(first)),
        hint: "put records of another kind in a folder of their own, or choose leads that all have with --leads",
    })
}

/// The beats of a record, cut.
fn pieces(record: &Record, options: &WfdbOptions) -> Result<cut::Pieces, DataError> {
    cut::Pieces::new(&record.read()?, record, options)
}

/// Converts the records in the folder `input` to `train.h5`, `valid.h5` and `test.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &WfdbOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    options.check()?;
    let mut converted = Converted::default();
    let mut records = records(input, options, &mut converted.notices)?;
    for record in &records {
        let notices = record.notices.iter();
        let notices = notices.map(|notice| format!("record {}: {notice}", record.name));
        converted.notices.extend(notices);
    }
    let sizes: BTreeMap<String, usize> = records
        .iter()
        .map(|record| (record.name.clone(), record.beats.len()))
        .collect();
    let numbers = number_groups(sizes.keys());
    for record in &mut records {
        record.number = numbers[&record.name];
    }
    let splits = options.division.divide(input, &sizes)?;

    let mut files = Output::in_folder(output)?;
    let mut tally = Tally::new(watch, sizes.values().sum());
    let mut silent = 0;
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let of_split: Vec<&Record> = records
            .iter()
            .filter(|record| splits[&record.name] == split)
            .collect();
        let written = write(
            &mut files,
            &path,
            &of_split,
            options,
            &mut tally,
            &mut silent,
        )?;
        converted.files.push((path, written));
        let names: Vec<&str> = of_split.iter().map(|r| r.name.as_str()).collect();
        let notice = format!("{}: records {}", split.file_name(), names.join(", "));
        converted.notices.push(notice);
    }
    files.place()?;
    if silent > 0 {
        let notice = format!("{silent} beats produced no events and were left out");
        converted.notices.push(notice);
    }
    Ok(converted)
}

/// What is wrong with the record of the header at `path`.
fn unusable(path: &Path, detail: String, hint: &'static str) -> DataError {
    DataError::Unusable {
        path: path.to_owned(),
        detail,
        hint,
    }
}

/// Writes the beats of `records` to `path`; counts those without an event.
fn write(
    output: &mut Output,
    path: &Path,
    records: &[&Record],
    options: &WfdbOptions,
    tally: &mut Tally,
    silent: &mut usize,
) -> Result<usize, DataError> {
    let class_names: Vec<String> = CLASSES.map(String::from).to_vec();
    // Each split has a record.
    let Some(first) = records.first() else {
        return Ok(0);
    };
    let leads = first.leads.len();
    let names: Vec<&str> = first.leads.iter().map(|lead| lead.name.as_str()).collect();
    let units: Vec<&str> = first.leads.iter().map(record::Chosen::unit).collect();
    let mut meta_info = vec![
        ("source".to_owned(), "WFDB records".to_owned()),
        ("leads".to_owned(), names.join(",")),
        ("units".to_owned(), units.join(",")),
    ];
    // A record is in memory while its beats are written, and no other.
    let pieces = records.iter().flat_map(|record| {
        let (pieces, error) = match pieces(record, options) {
            Ok(pieces) => (Some(pieces), None),
            Err(error) => (None, Some(Err(bad(&record.name, error)))),
        };
        pieces.into_iter().flatten().map(Ok).chain(error)
    });
    let pieces = pieces.map(|piece| {
        let piece: cut::Piece = piece?;
        tally.count(path)?;
        Ok(piece)
    });
    match options.form {
        Form::Frames => {
            let meta = FrameMeta {
                channels: leads,
                dt_s: decimal::to_f64(&first.rate.recip()),
                class_names,
                meta_info,
            };
            let frames = pieces.map(|piece| piece.map(cut::Piece::into_frames));
            try_write_frames(output, path, frames, &meta)
        }
        Form::Events { delta_mv, .. } => {
            meta_info.push(("delta_mv".to_owned(), delta_mv.to_string()));
            meta_info.push(stated(2 * leads));
            let meta = WriteMeta {
                channels: 2 * leads,
                class_names,
                meta_info,
                ..WriteMeta::default()
            };
            let cuts = pieces.filter_map(|piece| match piece.map(cut::Piece::into_events) {
                Ok(cut) if cut.recording.is_empty() => {
                    *silent += 1;
                    None
                }
                other => Some(other),
            });
            try_write_events(output, path, cuts, &meta)
        }
    }
}
