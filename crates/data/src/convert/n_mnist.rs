//! N-MNIST: digits seen by an event camera in three saccades (Orchard et al. 2015, *Converting static image
//! datasets to spiking neuromorphic datasets using saccades*).
//!
//! A file (`.bin`, or `.bs2`) is one recording, 5 bytes an event, in the order of time:
//!
//! | bits | contents |
//! |---|---|
//! | 0 to 7 | x, 0 to W - 1 |
//! | 8 to 15 | y, 0 to H - 1; 240 for an overflow of the clock (2^13 µs): no event; 8,192 µs are added to all later times |
//! | 16 | polarity: 1 brighter, 0 darker |
//! | 17 to 39 | time in microseconds, the highest bit first |
//!
//! The picture has W x H pixels, 34 x 34 in N-MNIST; others, such as N-Caltech101 by the same authors, use
//! the same bits. The event file has 2 W H channels: `(polarity * H + y) * W + x`. Recordings are
//!
//! - in folders named by class, `3/00002.bin`, in `Train` and `Test` or directly in the folder. Classes are
//!   numbers, or if one of the folders is not a number, the names in alphabetical order; or
//! - all in one folder, named in lists (`*.txt`: a line has a file's name without its extension and its
//!   class, `#` begins a comment); lists whose name begins with `test` are the test split.
//!
//! If there is no test split, one is drawn; the validation split is always drawn ([`Division`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::split::Division;
use super::{Converted, Tally, Watch, entries, open, sort_by_time};
use crate::error::DataError;
use crate::output::Output;
use crate::recording::Recording;
use crate::synthetic::Split;
use crate::write::{Cut, WriteMeta, stated, try_write_events};

/// Number of channels of N-MNIST's picture.
pub const CHANNELS: usize = Picture::N_MNIST.channels();
const CLASSES: usize = 10;
/// Largest number of a class.
const MOST_CLASSES: usize = 65_535;
const EVENT_BYTES: usize = 5;
/// The `y` of a clock overflow (2^13 microseconds).
const CLOCK_PASSED: u8 = 240;
const CLOCK_US: u64 = 1 << 13;
/// Largest recording in bytes: ten million events.
const MAX_BYTES: u64 = 50_000_000;

/// The size of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// W, pixels in a row; 1 to 256.
    pub width: u32,
    /// H, rows; 1 to 240.
    pub height: u32,
}

impl Picture {
    /// That of N-MNIST.
    pub const N_MNIST: Self = Self {
        width: 34,
        height: 34,
    };

    /// A channel for each pixel and polarity.
    pub const fn channels(self) -> usize {
        2 * (self.width * self.height) as usize
    }

    fn check(self) -> Result<(), DataError> {
        if (1..=256).contains(&self.width) && (1..=u32::from(CLOCK_PASSED)).contains(&self.height) {
            return Ok(());
        }
        Err(DataError::BadOption {
            option: "the size of the image",
            found: format!("{} x {}", self.width, self.height),
            expected: "from 1 x 1 to 256 x 240 pixels: x and y have a byte each, and y of 240 is the clock's"
                .to_owned(),
        })
    }
}

/// One recording, and where it lies.
struct Item {
    path: PathBuf,
    /// The name of its class.
    class: String,
    /// From a folder or list for testing.
    test: bool,
}

/// Converts the recordings in the folder `input` to `train.h5`, `valid.h5` and `test.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    picture: Picture,
    division: &Division,
    watch: Watch,
) -> Result<Converted, DataError> {
    picture.check()?;
    let items = find(input)?;
    let classes = classes(&items, picture);
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
        channels: picture.channels(),
        class_names: classes.clone(),
        meta_info: vec![
            ("source".to_owned(), "N-MNIST".to_owned()),
            (
                "channel".to_owned(),
                format!(
                    "(polarity * {} + y) * {} + x",
                    picture.height, picture.width
                ),
            ),
            stated(picture.channels()),
        ],
        ..WriteMeta::default()
    };
    let mut files = Output::in_folder(output)?;
    let mut tally = Tally::new(watch, items.len());
    let mut converted = Converted::default();
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let of_split = items
            .iter()
            .enumerate()
            .filter(|(_, item)| split_of(item) == split);
        let cuts = of_split.map(|(index, item)| {
            let (times_s, units) = read(&item.path, picture)?;
            tally.count(&path)?;
            Ok(Cut::from(Recording {
                times_s,
                units,
                label: label_of(&classes, &item.class),
                speaker: None,
                index,
            }))
        });
        let written = try_write_events(&mut files, &path, cuts, &meta)?;
        converted.files.push((path, written));
    }
    files.place()?;
    Ok(converted)
}

fn name_in(folder: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    inner.to_string_lossy().into_owned()
}

/// Times in seconds and channels of the recording at `path`, sorted by time.
pub fn read(path: &Path, picture: Picture) -> Result<(Vec<f64>, Vec<u32>), DataError> {
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
            "a recording has less than 50 MB: leave it out",
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
            "it is truncated, download it again",
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
        let Picture { width, height } = picture;
        if x >= width || y >= height {
            return Err(wrong(
                event * EVENT_BYTES,
                format!("an event is at ({x}, {y}), outside {width} x {height} pixels"),
                "give the size of the image, `--size 240x180`, or download a damaged recording again",
            ));
        }
        let polarity = u32::from(bytes[2] >> 7);
        let time_us = u64::from(u32::from_be_bytes([0, bytes[2] & 0x7f, bytes[3], bytes[4]]));
        times_s.push((elapsed_us + time_us) as f64 / 1e6);
        units.push((polarity * height + y) * width + x);
    }
    if units.is_empty() {
        let detail = "there is no event in it".to_owned();
        return Err(wrong(0, detail, "leave it out, or download it again"));
    }
    sort_by_time(&mut times_s, &mut units);
    Ok((times_s, units))
}

/// The name of each class: numbers up to the largest, ten at least of N-MNIST, or the names that there are.
fn classes(items: &[Item], picture: Picture) -> Vec<String> {
    let names: BTreeSet<&str> = items.iter().map(|item| item.class.as_str()).collect();
    let numbers: Option<Vec<usize>> = names.iter().map(|name| name.parse().ok()).collect();
    match numbers {
        Some(numbers) => {
            let least = if picture == Picture::N_MNIST {
                CLASSES
            } else {
                1
            };
            let largest = numbers.into_iter().max().unwrap_or(0);
            (0..least.max(largest + 1))
                .map(|class| class.to_string())
                .collect()
        }
        None => names.into_iter().map(str::to_owned).collect(),
    }
}

/// The place of a class among `classes`.
fn label_of(classes: &[String], class: &str) -> usize {
    let number: Option<usize> = class.parse().ok();
    let numbered = number.filter(|number| classes.get(*number) == Some(&number.to_string()));
    numbered.unwrap_or_else(|| classes.iter().position(|name| name == class).unwrap_or(0))
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
            hint: "recordings must be in folders of their classes (in Train and Test), or named in lists, *.txt",
        });
    }
    Ok(items)
}

/// Recordings in folders that are named by class.
fn find_classes(inside: &[PathBuf], test: bool, items: &mut Vec<Item>) -> Result<(), DataError> {
    for folder in inside.iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name.parse().is_ok_and(|label: usize| label > MOST_CLASSES) {
            continue;
        }
        let found = entries(folder)?;
        items.extend(
            found
                .into_iter()
                .filter(|path| ends_in(path, &["bin", "bs2"]))
                .map(|path| Item {
                    path,
                    class: name.clone().into_owned(),
                    test,
                }),
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
        if !class.parse().is_ok_and(|label: usize| label < CLASSES) {
            return Err(wrong(
                format!("the class is `{class}`"),
                "classes in a list are numbers from 0 to 9",
            ));
        }
        // A name with a folder in it could lead anywhere.
        let plain = stem
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let places = ["bs2", "bin"].map(|ending| folder.join(format!("{stem}.{ending}")));
        let found = places.into_iter().find(|place| plain && place.is_file());
        let path = found.ok_or_else(|| {
            let detail = format!("the list's folder has no recording `{stem}.bs2` or `{stem}.bin`");
            wrong(detail, "download it, or remove its line")
        })?;
        items.push(Item {
            path,
            class: class.to_owned(),
            test,
        });
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
