//! Rows of text, gathered to samples.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use crate::convert::{open, sort_by_time};
use crate::error::{DataError, MAX_TIME_S};

const HEADER_HINT: &str = "the first line names the columns: sample, time_s (or time_ms, time_us), unit, label, and speaker \
     where there is one";
/// Most channels: beyond it lies a column that was mistaken for another.
const MOST: u64 = 1 << 24;

/// The rows of one sample, sorted by time.
pub(super) struct Sample {
    pub(super) name: String,
    /// Its first line in the file.
    line: u64,
    pub(super) label: String,
    pub(super) speaker: Option<String>,
    pub(super) times_s: Vec<f64>,
    pub(super) units: Vec<u32>,
}

impl Sample {
    /// What is wrong with it.
    pub(super) fn wrong(&self, path: &Path, detail: String, hint: &'static str) -> DataError {
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
pub(super) struct Samples {
    path: PathBuf,
    rows: csv::Reader<File>,
    columns: Columns,
    row: StringRecord,
    /// Whether `row` is read, and not yet part of a sample.
    held: bool,
    failed: bool,
}

impl Samples {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
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
        sort_by_time(&mut sample.times_s, &mut sample.units);
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
