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

mod samples;

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::{Converted, Tally, Watch};
use crate::error::DataError;
use crate::recording::Recording;
use crate::write::{Cut, WriteMeta, try_write_events};
use samples::Samples;

/// Most classes that numbers imply: beyond it lies a column that was mistaken for another.
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

#[cfg(test)]
mod tests;
