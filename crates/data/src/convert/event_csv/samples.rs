//! Rows of text, gathered to samples.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::CsvOptions;
use super::columns::{Channel, Columns, HINT};
use super::number::{seconds, whole};
use crate::convert::{open, sort_by_time};
use crate::error::DataError;
use crate::length::{implausible, likely_unit, spoken};
use crate::printable::printable_name;
use crate::time_error::MAX_TIME_S;

/// Maximum number of channels: a larger one means that a column was mistaken for another.
const MOST: u64 = 1 << 24;
/// Bytes in which the first line is looked for.
const FIRST_LINE: u64 = 1 << 16;

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

/// The samples of a file, one after the other; ends at the first error.
pub(super) struct Samples {
    path: PathBuf,
    rows: csv::Reader<File>,
    columns: Columns,
    options: CsvOptions,
    /// The label of all samples, where rows have none.
    label: String,
    /// Whether cells may be parted by several separators.
    squeezed: bool,
    row: StringRecord,
    /// Whether `row` is read, and not yet part of a sample.
    held: bool,
    failed: bool,
}

impl Samples {
    pub(super) fn open(path: &Path, label: &str, options: &CsvOptions) -> Result<Self, DataError> {
        let (mut file, length) = open(path)?;
        if length == 0 {
            return Err(DataError::EmptySplit {
                path: path.to_owned(),
            });
        }
        let separator = match options.separator {
            Some(separator) => separator,
            None => separator_of(&mut file).map_err(|source| DataError::Open {
                path: path.to_owned(),
                source,
            })?,
        };
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .comment(Some(b'#'))
            .from_reader(file);
        let squeezed = separator == b' ';
        let mut row = StringRecord::new();
        let mut held = rows
            .read_record(&mut row)
            .map_err(|error| broken(path, &error))?;
        squeeze(&mut row, squeezed);
        let given = options.columns.as_ref();
        let columns = match given {
            Some(names) => Columns::of(names.iter().map(String::as_str), options.size),
            None => Columns::of(row.iter(), options.size),
        };
        let columns = columns.map_err(|detail| DataError::MalformedLine {
            path: path.to_owned(),
            line: row.position().map_or(1, csv::Position::line),
            detail,
            hint: HINT,
        })?;
        // Names in the first line, where they are given too, are passed over.
        let named = row
            .get(columns.time)
            .is_none_or(|time| time.trim().parse::<f64>().is_err());
        held &= given.is_some() && !named;
        Ok(Self {
            path: path.to_owned(),
            rows,
            columns,
            options: options.clone(),
            label: label.to_owned(),
            squeezed,
            row,
            held,
            failed: false,
        })
    }

    /// Number of channels, if the columns determine it.
    pub(super) fn channels(&self) -> Option<usize> {
        self.columns.channels()
    }

    /// Reads a row, where none is held; false at the end.
    fn hold(&mut self) -> Result<bool, DataError> {
        if !self.held {
            let read = self.rows.read_record(&mut self.row);
            self.held = read.map_err(|error| broken(&self.path, &error))?;
            squeeze(&mut self.row, self.squeezed);
        }
        if self.held && self.row.len() != self.columns.count {
            let (len, expected) = (self.row.len(), self.columns.count);
            let by = if self.options.columns.is_some() {
                "`--columns`"
            } else {
                "the first line"
            };
            return Err(self.wrong(
                format!("there are {len} columns, and {expected} in {by}"),
                "each row has every column: the file is truncated or damaged here, or has another separator \
                 (`--separator`)",
            ));
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
        let unit = self.columns.unit.or(self.options.times).unwrap_or_default();
        let time_s = seconds(text, unit)
            .filter(|time_s| (0.0..=MAX_TIME_S).contains(time_s))
            .ok_or_else(|| {
                self.wrong(
                    format!("the time is `{}`", printable_name(text)),
                    "times are finite numbers from 0 up, at most 31 days; their unit is in the column's name, or in \
                     `--times`",
                )
            })?;
        Ok((time_s, self.channel()?))
    }

    fn channel(&self) -> Result<u32, DataError> {
        let number = |column: usize, what: &str| {
            let text = self.text(column);
            whole(text).filter(|n| *n < MOST).ok_or_else(|| {
                self.wrong(
                    format!("the {what} is `{}`", printable_name(text)),
                    "units and pixels are whole numbers from 0 up, below 16,777,216",
                )
            })
        };
        match self.columns.channel {
            Channel::Unit(column) => Ok(number(column, "unit")? as u32),
            Channel::Pixel {
                x,
                y,
                polarity,
                size: (width, height),
            } => {
                let (x, y) = (number(x, "x")?, number(y, "y")?);
                if x >= u64::from(width) || y >= u64::from(height) {
                    return Err(self.wrong(
                        format!("an event is at ({x}, {y}), outside {width} x {height} pixels"),
                        "give the size of the image, `--size 34x34`",
                    ));
                }
                let brighter = match polarity.map(|column| self.text(column)) {
                    None | Some("0" | "-1" | "false" | "False") => 0,
                    Some("1" | "+1" | "true" | "True") => 1,
                    Some(other) => {
                        return Err(self.wrong(
                            format!("the polarity is `{}`", printable_name(other)),
                            "it is 1 or 0, 1 or -1, or true or false",
                        ));
                    }
                };
                Ok(((brighter * u64::from(height) + y) * u64::from(width) + x) as u32)
            }
        }
    }

    /// The name of the sample that the row which is held belongs to.
    fn name(&self) -> String {
        match self.columns.sample {
            Some(column) => self.text(column).to_owned(),
            None => self.path.to_string_lossy().into_owned(),
        }
    }

    fn label_of_row(&self) -> &str {
        self.columns
            .label
            .map_or(&self.label, |column| self.text(column))
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
            name: self.name(),
            line: self.row.position().map_or(1, csv::Position::line),
            label: self.label_of_row().to_owned(),
            speaker: speaker(self),
            times_s: Vec::new(),
            units: Vec::new(),
        };
        let stored = [Some(&sample.label), sample.speaker.as_ref()];
        if stored.iter().flatten().any(|name| name.contains('\0')) {
            return Err(self.wrong(
                "the label or speaker contains a NUL character".to_owned(),
                "the file is damaged here, copy it again",
            ));
        }
        if sample.name.is_empty() || sample.label.is_empty() {
            return Err(self.wrong(
                "the sample or its label has no name".to_owned(),
                "give each row both",
            ));
        }
        while self.hold()? && self.name() == sample.name {
            if self.label_of_row() != sample.label || speaker(self) != sample.speaker {
                return Err(self.wrong(
                    format!(
                        "sample `{}` changes its label or speaker",
                        printable_name(&sample.name)
                    ),
                    "a sample has one label and one speaker; name its parts differently",
                ));
            }
            let (time_s, unit) = self.event()?;
            sample.times_s.push(time_s);
            sample.units.push(unit);
            self.held = false;
        }
        sort_by_time(&mut sample.times_s, &mut sample.units);
        self.check_length(&sample)?;
        Ok(Some(sample))
    }

    /// A unit that is not declared must make samples of a plausible length.
    fn check_length(&self, sample: &Sample) -> Result<(), DataError> {
        let last_s = sample.times_s.last().copied().unwrap_or(0.0);
        let said = self.columns.unit.or(self.options.times).is_some();
        if said || !implausible(last_s, sample.times_s.len()) {
            return Ok(());
        }
        let detail = format!(
            "sample `{}`: {} events last {last_s} s ({}), longer than 1,000 s and than 5 s an event: are these {}?",
            printable_name(&sample.name),
            sample.times_s.len(),
            spoken(last_s),
            likely_unit(last_s).plural()
        );
        Err(sample.wrong(
            &self.path,
            detail,
            "declare the unit: `--times us`, `ms` or `s`",
        ))
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

/// Removes empty fields from a row whose separator is a space.
fn squeeze(row: &mut StringRecord, squeezed: bool) {
    if squeezed && row.iter().any(str::is_empty) {
        let position = row.position().cloned();
        *row = row.iter().filter(|cell| !cell.is_empty()).collect();
        row.set_position(position);
    }
}

/// The separator of a file's first line that is no comment: the first of tab, semicolon, bar and comma that is in it,
/// else a space.
fn separator_of(file: &mut File) -> std::io::Result<u8> {
    let mut reader = BufReader::new(file.by_ref().take(FIRST_LINE));
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 || !line.starts_with(b"#") {
            break;
        }
    }
    file.rewind()?;
    let found = [b'\t', b';', b'|', b',']
        .into_iter()
        .find(|known| line.contains(known));
    Ok(found.unwrap_or(if line.contains(&b' ') { b' ' } else { b',' }))
}

/// The row reader's error, in our wording.
fn broken(path: &Path, error: &csv::Error) -> DataError {
    let line = error.position().map_or(1, csv::Position::line);
    let (detail, hint) = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => (
            "it contains bytes that are not UTF-8 text".to_owned(),
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
