//! Events as rows of text (comma-separated values, RFC 4180), one event a row.
//!
//! The first line names the columns, in any order:
//!
//! | column | holds |
//! |---|---|
//! | `sample` | any name; the rows of a sample stand together |
//! | `time_s`, `time_ms` or `time_us` | time from the sample's start, in that unit |
//! | `unit` | channel, from 0 |
//! | `label` | class: a number from 0, or a name; the same in all rows of a sample |
//! | `speaker` (may be missing) | who or what was recorded: a number, or a name |
//!
//! ```text
//! sample,time_s,unit,label
//! a,0.010,3,left
//! a,0.012,1,left
//! b,0.005,0,right
//! ```
//!
//! Where every label is a number, it is the class; else the classes are the labels in alphabetical
//! order. The same holds for speakers, whose names go to `/extra/meta_info/speakers`. The file is read
//! twice, so that memory holds one batch of samples and not the file.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::{Converted, Tally, Watch, open};
use crate::error::{DataError, MAX_TIME_S};
use crate::recording::Recording;
use crate::write::{Cut, WriteMeta, try_write_events};

const HEADER_HINT: &str = "the first line names the columns: sample, time_s (or time_ms, time_us), unit, label, and speaker \
     where there is one";
/// Most channels, and classes that numbers imply: beyond it lies a column that was mistaken for another.
const MOST: u64 = 1 << 24;
const MOST_CLASSES: u64 = 65_536;

/// How to convert events in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// How many channels there are; without it, the largest unit plus one.
    pub channels: Option<usize>,
}

/// Converts the rows of `input` to the event file `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: CsvOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    let mut labels = BTreeSet::new();
    let mut speakers = BTreeSet::new();
    let mut seen = HashSet::new();
    let (mut count, mut largest) = (0, 0);
    for sample in Samples::open(input)? {
        let sample = sample?;
        largest = sample.units.iter().copied().fold(largest, u32::max);
        if !seen.insert(sample.name.clone()) {
            let detail = format!("sample `{}` appears again", sample.name);
            return Err(sample.wrong(
                input,
                detail,
                "rows of one sample stand together: sort them",
            ));
        }
        labels.insert(sample.label);
        speakers.extend(sample.speaker);
        count += 1;
    }
    if count == 0 {
        return Err(DataError::EmptySplit {
            path: input.to_owned(),
        });
    }
    let channels = options.channels.unwrap_or(largest as usize + 1);
    let labels = Names::new(labels);
    let speakers = Names::new(speakers);
    let class_names = labels.classes(input)?;

    let mut meta_info = vec![("source".to_owned(), "events in rows of text".to_owned())];
    if let Names::Words(names) = &speakers {
        meta_info.push(("speakers".to_owned(), names.join(",")));
    }
    let meta = WriteMeta {
        channels,
        class_names,
        meta_info,
        ..WriteMeta::default()
    };
    let mut tally = Tally::new(watch, count);
    let mut position = 0;
    let cuts = Samples::open(input)?.map(|sample| {
        let sample = sample?;
        if let Some(unit) = sample.units.iter().find(|unit| **unit as usize >= channels) {
            let detail = format!("unit {unit} is outside 0..{channels}");
            return Err(sample.wrong(input, detail, "raise the number of channels"));
        }
        let number = |names: &Names, name: &str| {
            names.number(name).ok_or_else(|| {
                let detail = format!("`{name}` was not there when the file was first read");
                sample.wrong(input, detail, "leave the file alone while it is read")
            })
        };
        let label = number(&labels, &sample.label)? as usize;
        let speaker = sample.speaker.as_deref();
        let speaker = speaker.map(|name| number(&speakers, name)).transpose()?;
        tally.count(output)?;
        position += 1;
        Ok(Cut::from(Recording {
            times_s: sample.times_s,
            units: sample.units,
            label,
            speaker,
            index: position - 1,
        }))
    });
    let written = try_write_events(output, cuts, &meta)?;
    Ok(Converted {
        files: vec![(output.to_owned(), written)],
        notices: Vec::new(),
    })
}

/// Names of classes or speakers: numbers stand for themselves.
enum Names {
    /// All are numbers; the largest.
    Numbers(u32),
    Words(Vec<String>),
}

impl Names {
    fn new(names: BTreeSet<String>) -> Self {
        let numbers: Option<Vec<u32>> = names.iter().map(|name| name.parse().ok()).collect();
        match numbers {
            Some(numbers) => Self::Numbers(numbers.into_iter().max().unwrap_or(0)),
            None => Self::Words(names.into_iter().collect()),
        }
    }

    fn number(&self, name: &str) -> Option<u32> {
        match self {
            Self::Numbers(_) => name.parse().ok(),
            Self::Words(names) => {
                let found = names.binary_search_by(|known| known.as_str().cmp(name));
                found.ok().map(|place| place as u32)
            }
        }
    }

    /// The name of each class.
    fn classes(&self, input: &Path) -> Result<Vec<String>, DataError> {
        let largest = match self {
            Self::Numbers(largest) => u64::from(*largest),
            Self::Words(names) => names.len() as u64 - 1,
        };
        if largest >= MOST_CLASSES {
            return Err(DataError::Unusable {
                path: input.to_owned(),
                detail: format!("its labels make {} classes", largest + 1),
                hint: "there may be up to 65,536; number them from 0",
            });
        }
        Ok(match self {
            Self::Numbers(_) => (0..=largest).map(|class| class.to_string()).collect(),
            Self::Words(names) => names.clone(),
        })
    }
}

/// The rows of one sample, sorted by time.
struct Sample {
    name: String,
    /// Its first line in the file.
    line: u64,
    label: String,
    speaker: Option<String>,
    times_s: Vec<f64>,
    units: Vec<u32>,
}

impl Sample {
    fn wrong(&self, path: &Path, detail: String, hint: &'static str) -> DataError {
        DataError::MalformedLine {
            path: path.to_owned(),
            line: self.line,
            detail,
            hint,
        }
    }
}

/// Where each column stands.
struct Columns {
    sample: usize,
    time: usize,
    /// Units of time in a second.
    per_second: f64,
    unit: usize,
    label: usize,
    speaker: Option<usize>,
}

impl Columns {
    /// From the first line; else what is wrong with it.
    fn of(header: &StringRecord) -> Result<Self, String> {
        let mut found = [None; 5];
        let mut per_second = 1.0;
        for (place, name) in header.iter().enumerate() {
            let column = match name.trim() {
                "sample" => 0,
                "time_s" | "time_ms" | "time_us" => {
                    per_second = match name.trim() {
                        "time_s" => 1.0,
                        "time_ms" => 1e3,
                        _ => 1e6,
                    };
                    1
                }
                "unit" => 2,
                "label" => 3,
                "speaker" => 4,
                other => return Err(format!("there is a column `{other}`")),
            };
            if found[column].replace(place).is_some() {
                return Err(format!("there are two columns `{}`", name.trim()));
            }
        }
        let need = |column: usize, name: &str| {
            found[column].ok_or_else(|| format!("there is no column `{name}`"))
        };
        Ok(Self {
            sample: need(0, "sample")?,
            time: need(1, "time_s")?,
            per_second,
            unit: need(2, "unit")?,
            label: need(3, "label")?,
            speaker: found[4],
        })
    }
}

/// The samples of a file, one after the other; ends at the first error.
struct Samples {
    path: PathBuf,
    rows: csv::Reader<File>,
    columns: Columns,
    row: StringRecord,
    /// Whether `row` is read, and not yet part of a sample.
    held: bool,
    failed: bool,
}

impl Samples {
    fn open(path: &Path) -> Result<Self, DataError> {
        let (file, length) = open(path)?;
        if length == 0 {
            return Err(DataError::EmptySplit {
                path: path.to_owned(),
            });
        }
        let mut rows = ReaderBuilder::new().has_headers(true).from_reader(file);
        let header = rows.headers().map_err(|error| broken(path, &error))?;
        let columns = Columns::of(header).map_err(|detail| DataError::MalformedLine {
            path: path.to_owned(),
            line: 1,
            detail,
            hint: HEADER_HINT,
        })?;
        Ok(Self {
            path: path.to_owned(),
            rows,
            columns,
            row: StringRecord::new(),
            held: false,
            failed: false,
        })
    }

    /// Reads a row, where none is held; false at the end.
    fn hold(&mut self) -> Result<bool, DataError> {
        if !self.held {
            let read = self.rows.read_record(&mut self.row);
            self.held = read.map_err(|error| broken(&self.path, &error))?;
        }
        Ok(self.held)
    }

    fn wrong(&self, detail: String, hint: &'static str) -> DataError {
        DataError::MalformedLine {
            path: self.path.clone(),
            line: self.row.position().map_or(1, csv::Position::line),
            detail,
            hint,
        }
    }

    fn text(&self, column: usize) -> &str {
        self.row.get(column).unwrap_or_default().trim()
    }

    /// Time in seconds and channel of the row that is held.
    fn event(&self) -> Result<(f64, u32), DataError> {
        let text = self.text(self.columns.time);
        let time: Option<f64> = text.parse().ok();
        let time_s = time
            .map(|time| time / self.columns.per_second)
            .filter(|time_s| (0.0..=MAX_TIME_S).contains(time_s))
            .ok_or_else(|| {
                self.wrong(
                    format!("the time is `{text}`"),
                    "times are finite numbers from 0 up, at most eleven days",
                )
            })?;
        let text = self.text(self.columns.unit);
        let unit = text.parse().ok().filter(|unit| u64::from(*unit) < MOST);
        let unit = unit.ok_or_else(|| {
            self.wrong(
                format!("the unit is `{text}`"),
                "units are whole numbers from 0 up, below 16,777,216",
            )
        })?;
        Ok((time_s, unit))
    }

    fn sample(&mut self) -> Result<Option<Sample>, DataError> {
        if !self.hold()? {
            return Ok(None);
        }
        let speaker = |samples: &Self| {
            let column = samples.columns.speaker?;
            Some(samples.text(column).to_owned())
        };
        let mut sample = Sample {
            name: self.text(self.columns.sample).to_owned(),
            line: self.row.position().map_or(1, csv::Position::line),
            label: self.text(self.columns.label).to_owned(),
            speaker: speaker(self),
            times_s: Vec::new(),
            units: Vec::new(),
        };
        let stored = [Some(&sample.label), sample.speaker.as_ref()];
        if stored.iter().flatten().any(|name| name.contains('\0')) {
            return Err(self.wrong(
                "the label or speaker holds the character NUL".to_owned(),
                "the file is damaged here, copy it again",
            ));
        }
        if sample.name.is_empty() || sample.label.is_empty() {
            return Err(self.wrong(
                "the sample or its label has no name".to_owned(),
                "give each row both",
            ));
        }
        while self.hold()? && self.text(self.columns.sample) == sample.name {
            if self.text(self.columns.label) != sample.label || speaker(self) != sample.speaker {
                return Err(self.wrong(
                    format!("sample `{}` changes its label or speaker", sample.name),
                    "a sample has one label and one speaker; give its parts names of their own",
                ));
            }
            let (time_s, unit) = self.event()?;
            sample.times_s.push(time_s);
            sample.units.push(unit);
            self.held = false;
        }
        super::sort_by_time(&mut sample.times_s, &mut sample.units);
        Ok(Some(sample))
    }
}

impl Iterator for Samples {
    type Item = Result<Sample, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let sample = self.sample();
        self.failed = sample.is_err();
        sample.transpose()
    }
}

/// What the reader of rows found, in words of ours.
fn broken(path: &Path, error: &csv::Error) -> DataError {
    let line = error.position().map_or(1, csv::Position::line);
    let (detail, hint) = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => (
            format!("there are {len} columns, and {expected_len} in the first line"),
            "the file is cut off or damaged here: each row has every column",
        ),
        csv::ErrorKind::Utf8 { .. } => (
            "there are bytes that are no UTF-8 text".to_owned(),
            "save the file as UTF-8 text; unpack it if it is compressed",
        ),
        _ => (error.to_string(), "copy the file again"),
    };
    DataError::MalformedLine {
        path: path.to_owned(),
        line,
        detail,
        hint,
    }
}

#[cfg(test)]
mod tests;
