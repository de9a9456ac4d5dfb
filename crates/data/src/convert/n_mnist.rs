//! N-MNIST: digits seen by an event camera in three saccades (Orchard et al. 2015, *Converting static image
//! datasets to spiking neuromorphic datasets using saccades*).
//!
//! A file (`.bin`, or `.bs2`) is one recording, 5 bytes an event, in the order of time:
//!
//! | bits | holds |
//! |---|---|
//! | 0 to 7 | x, 0 to 33 |
//! | 8 to 15 | y, 0 to 33; 240 where the clock passed 2^13 µs: no event, 8,192 µs more for all that follow |
//! | 16 | polarity: 1 brighter, 0 darker |
//! | 17 to 39 | time in microseconds, the highest bit first |
//!
//! The event file has 2 x 34 x 34 channels: `(polarity * 34 + y) * 34 + x`. Recordings lie
//!
//! - in folders named by class, `3/00002.bin`, in `Train` and `Test` or directly in the folder; or
//! - side by side, named in lists (`*.txt`: a file's name without its ending and its class a line, `#` begins
//!   a comment); lists whose name begins with `test` are the test split.
//!
//! Where there is no test split one is drawn, and the validation split always is ([`Division`]).

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::split::Division;
use super::{Converted, Tally, Watch, entries, make_folder, open, sort_by_time};
use crate::error::DataError;
use crate::recording::Recording;
use crate::synthetic::Split;
use crate::write::{Cut, WriteMeta, try_write_events};

/// Side of the picture in pixels.
const SIDE: u32 = 34;
/// Number of channels.
pub const CHANNELS: usize = 2 * (SIDE * SIDE) as usize;
const CLASSES: usize = 10;
const EVENT_BYTES: usize = 5;
/// A `y` that says that the clock passed 2^13 microseconds.
const CLOCK_PASSED: u8 = 240;
const CLOCK_US: u64 = 1 << 13;
/// Largest recording in bytes: three saccades take 0.3 s, and 5 MB are a million events.
const MAX_BYTES: u64 = 5_000_000;

/// One recording, and where it lies.
struct Item {
    path: PathBuf,
    label: usize,
    /// From a folder or list for testing.
    test: bool,
}

/// Converts the recordings in the folder `input` to `train.h5`, `valid.h5` and `test.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    division: &Division,
    watch: Watch,
) -> Result<Converted, DataError> {
    let items = find(input)?;
    let drawn: BTreeMap<String, usize> = items
        .iter()
        .filter(|item| !item.test)
        .map(|item| (name_in(input, &item.path), 1))
        .collect();
    let has_test = items.iter().any(|item| item.test);
    let mut splits = division.divide(input, &drawn)?;
    if has_test {
        // What was drawn to test on is learnt from.
        for split in splits.values_mut().filter(|split| **split == Split::Test) {
            *split = Split::Train;
        }
    }
    let split_of = |item: &Item| match splits.get(&name_in(input, &item.path)) {
        Some(split) if !item.test => *split,
        _ => Split::Test,
    };
    let meta = WriteMeta {
        channels: CHANNELS,
        class_names: (0..CLASSES).map(|class| class.to_string()).collect(),
        meta_info: vec![
            ("source".to_owned(), "N-MNIST".to_owned()),
            (
                "channel".to_owned(),
                "(polarity * 34 + y) * 34 + x".to_owned(),
            ),
        ],
        ..WriteMeta::default()
    };
    make_folder(output)?;
    let mut tally = Tally::new(watch, items.len());
    let mut converted = Converted::default();
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let of_split = items
            .iter()
            .enumerate()
            .filter(|(_, item)| split_of(item) == split);
        let cuts = of_split.map(|(index, item)| {
            let (times_s, units) = read(&item.path)?;
            tally.count(&path)?;
            Ok(Cut::from(Recording {
                times_s,
                units,
                label: item.label,
                speaker: None,
                index,
            }))
        });
        let written = try_write_events(&path, cuts, &meta)?;
        converted.files.push((path, written));
    }
    Ok(converted)
}

fn name_in(folder: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    inner.to_string_lossy().into_owned()
}

/// Times in seconds and channels of the recording at `path`, sorted by time.
pub fn read(path: &Path) -> Result<(Vec<f64>, Vec<u32>), DataError> {
    let wrong = |offset: usize, detail: String, hint| DataError::Malformed {
        path: path.to_owned(),
        offset: offset as u64,
        detail,
        hint,
    };
    let (file, length) = open(path)?;
    if length > MAX_BYTES {
        let detail = format!("it has {length} bytes");
        return Err(wrong(
            0,
            detail,
            "an N-MNIST recording has less than 5 MB: take it out",
        ));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|source| DataError::Open {
            path: path.to_owned(),
            source,
        })?;
    let rest = bytes.len() % EVENT_BYTES;
    if rest > 0 {
        return Err(wrong(
            bytes.len() - rest,
            format!("{rest} bytes are left, and an event has 5"),
            "it is cut off, download it again",
        ));
    }
    let mut elapsed_us = 0;
    let (mut times_s, mut units) = (Vec::new(), Vec::new());
    for (event, bytes) in bytes.chunks_exact(EVENT_BYTES).enumerate() {
        let (x, y) = (u32::from(bytes[0]), u32::from(bytes[1]));
        if bytes[1] == CLOCK_PASSED {
            elapsed_us += CLOCK_US;
            continue;
        }
        if x >= SIDE || y >= SIDE {
            return Err(wrong(
                event * EVENT_BYTES,
                format!("an event lies at ({x}, {y}), outside of 34 x 34 pixels"),
                "it is no N-MNIST recording, or damaged: download it again",
            ));
        }
        let polarity = u32::from(bytes[2] >> 7);
        let time_us = u64::from(u32::from_be_bytes([0, bytes[2] & 0x7f, bytes[3], bytes[4]]));
        times_s.push((elapsed_us + time_us) as f64 / 1e6);
        units.push((polarity * SIDE + y) * SIDE + x);
    }
    if units.is_empty() {
        let detail = "there is no event in it".to_owned();
        return Err(wrong(0, detail, "take it out, or download it again"));
    }
    sort_by_time(&mut times_s, &mut units);
    Ok((times_s, units))
}

/// All recordings of a folder, in the order of their paths.
fn find(folder: &Path) -> Result<Vec<Item>, DataError> {
    let mut items = Vec::new();
    let inside = entries(folder)?;
    for (part, test) in [
        ("Train", false),
        ("train", false),
        ("Test", true),
        ("test", true),
    ] {
        let part = folder.join(part);
        if inside.contains(&part) && part.is_dir() {
            find_classes(&entries(&part)?, test, &mut items)?;
        }
    }
    if items.is_empty() {
        find_classes(&inside, false, &mut items)?;
    }
    if items.is_empty() {
        let lists = inside
            .iter()
            .filter(|path| ends_in(path, &["txt"]) && path.is_file());
        for list in lists {
            find_listed(folder, list, &mut items)?;
        }
    }
    if items.is_empty() {
        return Err(DataError::Unusable {
            path: folder.to_owned(),
            detail: "there is no recording in it".to_owned(),
            hint: "recordings lie in folders 0 to 9 (in Train and Test), or are named in lists, *.txt",
        });
    }
    Ok(items)
}

/// Recordings in folders that are named by class.
fn find_classes(inside: &[PathBuf], test: bool, items: &mut Vec<Item>) -> Result<(), DataError> {
    for folder in inside.iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let Some(label) = name.parse().ok().filter(|label| *label < CLASSES) else {
            continue;
        };
        let found = entries(folder)?;
        items.extend(
            found
                .into_iter()
                .filter(|path| ends_in(path, &["bin", "bs2"]))
                .map(|path| Item { path, label, test }),
        );
    }
    Ok(())
}

/// Recordings that the list at `path` names.
fn find_listed(folder: &Path, path: &Path, items: &mut Vec<Item>) -> Result<(), DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Open {
        path: path.to_owned(),
        source,
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let test = name.to_lowercase().starts_with("test");
    for (line, text) in String::from_utf8_lossy(&bytes).lines().enumerate() {
        let text = text.split('#').next().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let wrong = |detail: String, hint| DataError::MalformedLine {
            path: path.to_owned(),
            line: line as u64 + 1,
            detail,
            hint,
        };
        let (stem, class) = match words[..] {
            [] => continue,
            [stem, class] => (stem, class),
            _ => {
                let detail = format!("there are {} words", words.len());
                return Err(wrong(detail, "a line holds a file's name and its class"));
            }
        };
        let label = class.parse().ok().filter(|label| *label < CLASSES);
        let label = label.ok_or_else(|| {
            wrong(
                format!("the class is `{class}`"),
                "classes are numbers from 0 to 9",
            )
        })?;
        // A name with a folder in it could lead anywhere.
        let plain = stem
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let places = ["bs2", "bin"].map(|ending| folder.join(format!("{stem}.{ending}")));
        let found = places.into_iter().find(|place| plain && place.is_file());
        let path = found.ok_or_else(|| {
            let detail = format!("there is no recording `{stem}`, .bs2 or .bin, beside the list");
            wrong(detail, "download it, or take its line out")
        })?;
        items.push(Item { path, label, test });
    }
    Ok(())
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    endings
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
