//! Electrocardiograms in the WFDB format, as in the MIT-BIH Arrhythmia Database (Moody & Mark 2001, *The
//! impact of the MIT-BIH Arrhythmia Database*; the format after the *WFDB Applications Guide*, header(5),
//! signal(5), annot(5)). A record is three files:
//!
//! - `NAME.hea` says what the signals are;
//! - `NAME.dat` holds them in format 212 or 16;
//! - `NAME.atr` marks the beats.
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
//! A record is cut in the middle between one beat and the next, so that its samples, laid in a row, are the
//! whole record. A sample's label holds from `before_s` before the mark to `after_s` after it, within
//! the cut; the rest is gap. [`Form::Frames`] keeps all, with the gap in the mask. [`Form::Events`] keeps the
//! events where the label holds, or all of them with `whole`; `/extra/known_s` says where it holds,
//! `/extra/mark_s` where the mark is, and `/extra/start_s` where in the record the sample begins
//! ([`crate::Place`]). The speaker is the record.
//!
//! Events are changes of a lead by `delta_mv` (send on delta): with the level r, at first the first value,
//!
//! ```text
//! where x_t - r >= delta: an event on channel 2l, and r grows by delta       (1)
//! where r - x_t >= delta: an event on channel 2l + 1, and r falls by delta   (2)
//! ```
//!
//! until neither holds. An event's time is where the straight line from x_{t-1} to x_t crosses the new level.

mod annotation;
mod cut;
mod delta;
mod header;
mod signal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use super::split::{Division, number_groups};
use super::{Converted, Tally, Watch, entries, make_folder};
use crate::error::DataError;
use crate::frames::{FrameMeta, try_write_frames};
use crate::synthetic::Split;
use crate::write::{WriteMeta, try_write_events};
use annotation::Beat;
use header::Header;

/// Names of the classes.
pub const CLASSES: [&str; 5] = ["N", "S", "V", "F", "Q"];

/// What a beat becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Changes of each lead by `delta_mv` millivolts; with `whole`, those of the gaps too.
    Events {
        /// The change that makes an event, in millivolts.
        delta_mv: f64,
        /// Whether the events of the gaps are kept.
        whole: bool,
    },
    /// The leads in millivolts, a step a sample of the signal.
    Frames,
}

/// How to convert a folder of records.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbOptions {
    /// What a beat becomes.
    pub form: Form,
    /// From when before a beat's mark its label holds, in seconds.
    pub before_s: f64,
    /// Until when after a beat's mark its label holds, in seconds.
    pub after_s: f64,
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
        Ok(())
    }
}

/// A record of a folder: its header and its beats.
struct Record {
    header: Header,
    beats: Vec<Beat>,
    number: u32,
}

/// Converts the records in the folder `input` to `train.h5`, `valid.h5` and `test.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &WfdbOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    options.check()?;
    let mut records = Vec::new();
    for path in entries(input)? {
        if path.extension().is_some_and(|ending| ending == "hea") {
            let header = Header::read(&path)?;
            let beats = annotation::read(&path.with_extension("atr"), &header)?;
            records.push(Record {
                header,
                beats,
                number: 0,
            });
        }
    }
    let Some(first) = records.first() else {
        return Err(DataError::Unusable {
            path: input.to_owned(),
            detail: "there is no record in it".to_owned(),
            hint: "a record is three files: NAME.hea, NAME.dat and NAME.atr",
        });
    };
    let (leads, rate_hz) = (first.header.signals.len(), first.header.rate_hz);
    for Record { header, .. } in &records {
        if header.signals.len() != leads || (header.rate_hz - rate_hz).abs() > 1e-9 {
            return Err(DataError::Unusable {
                path: header.path.clone(),
                detail: format!(
                    "it has {} leads at {} Hz, and the first record {leads} at {rate_hz} Hz",
                    header.signals.len(),
                    header.rate_hz
                ),
                hint: "put records of another kind in a folder of their own",
            });
        }
    }
    let sizes: BTreeMap<String, usize> = records
        .iter()
        .map(|record| (record.header.name.clone(), record.beats.len()))
        .collect();
    let numbers = number_groups(sizes.keys());
    for record in &mut records {
        record.number = numbers[&record.header.name];
    }
    let splits = options.division.divide(input, &sizes)?;

    make_folder(output)?;
    let mut tally = Tally::new(watch, sizes.values().sum());
    let mut converted = Converted::default();
    let mut silent = 0;
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let of_split: Vec<&Record> = records
            .iter()
            .filter(|record| splits[&record.header.name] == split)
            .collect();
        let written = write(&path, &of_split, options, &mut tally, &mut silent)?;
        converted.files.push((path, written));
        let names: Vec<&str> = of_split.iter().map(|r| r.header.name.as_str()).collect();
        let notice = format!("{}: records {}", split.file_name(), names.join(", "));
        converted.notices.push(notice);
    }
    if silent > 0 {
        let notice = format!("{silent} beats make no event and were left out");
        converted.notices.push(notice);
    }
    Ok(converted)
}

/// Writes the beats of `records` to `path`; counts those without an event.
fn write(
    path: &Path,
    records: &[&Record],
    options: &WfdbOptions,
    tally: &mut Tally,
    silent: &mut usize,
) -> Result<usize, DataError> {
    let class_names: Vec<String> = CLASSES.map(String::from).to_vec();
    let leads = records.first().map_or(1, |r| r.header.signals.len());
    let names: Vec<&str> = records.first().map_or(Vec::new(), |record| {
        let signals = record.header.signals.iter();
        signals.map(|signal| signal.description.as_str()).collect()
    });
    let mut meta_info = vec![
        ("source".to_owned(), "WFDB records".to_owned()),
        ("leads".to_owned(), names.join(",")),
    ];
    // A record is in memory while its beats are written, and no other.
    let pieces = records.iter().flat_map(|record| {
        let pieces = signal::read(&record.header)
            .map(|leads| cut::Pieces::new(record.header.rate_hz, leads, record, options));
        let (pieces, error) = match pieces {
            Ok(pieces) => (Some(pieces), None),
            Err(error) => (None, Some(Err(error))),
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
                dt_s: records.first().map_or(1.0, |r| 1.0 / r.header.rate_hz),
                class_names,
                meta_info,
            };
            let frames = pieces.map(|piece| piece.map(cut::Piece::into_frames));
            try_write_frames(path, frames, &meta)
        }
        Form::Events { delta_mv, .. } => {
            meta_info.push(("delta_mv".to_owned(), delta_mv.to_string()));
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
            try_write_events(path, cuts, &meta)
        }
    }
}
