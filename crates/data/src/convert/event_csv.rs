//! Events as rows of text, one event a row.
//!
//! The first line names the columns, in any order; otherwise [`CsvOptions::columns`] does:
//!
//! | column | contents |
//! |---|---|
//! | `sample` | any name; the rows of a sample are contiguous. Without this column a file is one sample |
//! | `time_s`, `time_ms` or `time_us` | time from the sample's start, in that unit |
//! | `t`, `time` or `timestamp` | the same in the unit of [`CsvOptions::times`], seconds if not given |
//! | `unit` | channel, from 0 |
//! | `x`, `y`, and `p` or `polarity` | pixel and polarity of a camera's event: the channel is `(p H + y) W + x` in a picture of W x H |
//! | `label` | class: a number from 0, or a name; the same in all rows of a sample |
//! | `speaker` (may be missing) | who or what was recorded: a number, or a name |
//! | `index`, `-`, or no name | ignored |
//!
//! ```text
//! sample,time_s,unit,label
//! a,0.010,3,left
//! a,0.012,1,left
//! b,0.005,0,right
//! ```
//!
//! Fields are separated by tabs, semicolons, bars, commas or spaces, as in the first line, and quoted as in
//! RFC 4180; a line that begins with `#` is a comment. If the input is a folder, its files are read one after
//! the other; files in a subfolder have its name as their label. A decimal is rounded once, to the f64
//! nearest to it in seconds.
//!
//! If every label is a number, it is the class; otherwise the classes are the labels in alphabetical order.
//! The same applies to speakers, whose names go to `/extra/meta_info/speakers`. The file is read twice, so
//! that memory holds one batch of samples and not the file.

mod columns;
mod number;
mod samples;

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::{Converted, Tally, Watch, entries};
use crate::error::DataError;
use crate::output::Output;
use crate::printable::printable_name;
use crate::recording::Recording;
use crate::steps::TimeUnit;
use crate::write::{Cut, WriteMeta, stated, try_write_events};
use samples::{Sample, Samples};

/// The label of samples that have none.
const NO_LABEL: &str = "0";
/// How the names of files end that are read in a folder.
const ENDINGS: [&str; 4] = ["csv", "tsv", "txt", "dat"];
/// Maximum number of classes from numbers: a larger one means that a column was mistaken for another.
const MOST_CLASSES: u64 = 65_536;

/// How to convert events in rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// How many channels there are; without it, those of the picture, or the largest unit plus one.
    pub channels: Option<usize>,
    /// Names of the columns; without them, the first line has them.
    pub columns: Option<Vec<String>>,
    /// The separator; without it, the one that the first line has.
    pub separator: Option<u8>,
    /// Unit of times whose column name does not state it.
    pub times: Option<TimeUnit>,
    /// Width and height of a camera's picture in pixels.
    pub size: Option<(u32, u32)>,
}

/// Converts the rows of `input` to the event file `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &CsvOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    let files = files(input)?;
    let all = || files.iter().flat_map(|file| samples_of(file, options));
    let mut labels = BTreeSet::new();
    let mut speakers = BTreeSet::new();
    let mut seen = HashSet::new();
    let (mut count, mut largest) = (0, 0);
    for sample in all() {
        let (path, sample) = sample?;
        largest = sample.units.iter().copied().fold(largest, u32::max);
        if !seen.insert(sample.name.clone()) {
            let detail = format!("sample `{}` appears again", printable_name(&sample.name));
            return Err(sample.wrong(
                path,
                detail,
                "rows of one sample must be contiguous: sort them",
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
    let pictured = Samples::open(&files[0].0, "", options)?.channels();
    let declared = options.channels.or(pictured);
    let channels = declared.unwrap_or(largest as usize + 1);
    let labels = Names::new(labels);
    let speakers = Names::new(speakers);
    let class_names = labels.classes(input)?;

    let mut meta_info = vec![("source".to_owned(), "events in rows of text".to_owned())];
    // There may be channels above the largest unit.
    meta_info.extend(declared.map(stated));
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
    let cuts = all().map(|sample| {
        let (path, sample) = sample?;
        if let Some(unit) = sample.units.iter().find(|unit| **unit as usize >= channels) {
            let detail = format!("unit {unit} is outside 0..{channels}");
            return Err(sample.wrong(path, detail, "raise the number of channels"));
        }
        let number = |names: &Names, name: &str| {
            names.number(name).ok_or_else(|| {
                let detail = format!(
                    "`{}` did not exist when the file was first read",
                    printable_name(name)
                );
                sample.wrong(path, detail, "do not change the file while it is read")
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
    let mut file = Output::default();
    let written = try_write_events(&mut file, output, cuts, &meta)?;
    file.place()?;
    Ok(Converted {
        files: vec![(output.to_owned(), written)],
        notices: Vec::new(),
    })
}

/// The samples of a file, each with the file's path; ends at the first error.
fn samples_of<'a>(
    (path, label): &'a (PathBuf, String),
    options: &CsvOptions,
) -> impl Iterator<Item = Result<(&'a Path, Sample), DataError>> + use<'a> {
    let (samples, failed) = match Samples::open(path, label, options) {
        Ok(samples) => (Some(samples), None),
        Err(error) => (None, Some(Err(error))),
    };
    let all = samples.into_iter().flatten().chain(failed);
    all.map(move |sample| Ok((path.as_path(), sample?)))
}

/// The files to read, each with the label of its samples where rows have none: a file, or the files of a folder and of
/// the folders in it.
fn files(input: &Path) -> Result<Vec<(PathBuf, String)>, DataError> {
    if !input.is_dir() {
        return Ok(vec![(input.to_owned(), NO_LABEL.to_owned())]);
    }
    let is_rows = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        path.is_file()
            && ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
    };
    let mut found = Vec::new();
    for path in entries(input)? {
        if path.is_dir() {
            let label = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let inside = entries(&path)?.into_iter().filter(is_rows);
            found.extend(inside.map(|path| (path, label.clone())));
        } else if is_rows(&path) {
            found.push((path, NO_LABEL.to_owned()));
        }
    }
    if found.is_empty() {
        return Err(DataError::Unusable {
            path: input.to_owned(),
            detail: "there are no rows of text in it".to_owned(),
            hint: "files end in .csv, .tsv, .txt or .dat; those of a class may be in a folder named after it",
        });
    }
    Ok(found)
}

/// Names of classes or speakers: numbers are their own class or speaker.
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
                detail: format!("its labels imply {} classes", largest + 1),
                hint: "there may be up to 65,536; number them from 0",
            });
        }
        Ok(match self {
            Self::Numbers(_) => (0..=largest).map(|class| class.to_string()).collect(),
            Self::Words(names) => names.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
