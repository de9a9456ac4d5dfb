//! All finished trials of a scenario in one compressed file, `SCENARIO.jsonl.gz`.
//!
//! ```text
//! {"format":"saturn cell","version":2,"settings":"fb95..","split":"test",..,"cell":{"model":"gru",..}}
//! {"format":"saturn cell","version":2,"settings":"07c1..","split":"test",..,"cell":{"model":"gru",..}}
//! ```
//!
//! A line is what the small file of a trial holds, byte for byte (see [`super`]); lines are in the order of these
//! files' names, so that the same trials are the same bytes. Trials on other events than most are in files next to it
//! that are labelled so, `SCENARIO.old-binning-1a2b3c4d.jsonl.gz`, and are found with it.
//!
//! Gzip and not Zstandard: the trials of this repository, 14.3 MB, take 3.6 MB so and 2.6 MB with zstd at its highest
//! level, whose C library would add 28 s of processor time to a clean build; the encoders in Rust are behind gzip.
//!
//! A run only reads such a file: a trial that finishes is written to a folder, whole, and `saturn pack` gathers
//! folders and files into one (see [`super::gather`]).
//!
//! What a file claims is not believed: its bytes, those of a line and those of all lines are bounded, and a line is
//! read piece by piece until its end or its bound.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;
use saturn_store::regular;
use thiserror::Error;

use super::{Finished, MOST};

/// What the name of a file ends with.
pub const ENDING: &str = ".jsonl.gz";
/// The most bytes of a file.
const MOST_PACKED: u64 = 64 << 20;
/// The most bytes of all its lines.
pub(super) const MOST_LINES: u64 = 128 << 20;
/// What a gzip file begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// What the short names of events begin with: see `Shared::short`.
const SHORT: [&str; 2] = ["old-binning-", "events-"];

/// Why a file of trials cannot be read or written.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// Reading or writing failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is another kind of file.
    #[error(
        "{}: is not compressed by gzip\nhint: `saturn pack {} FOLDER` makes such a file of a folder of trials",
        path.display(), path.display()
    )]
    NotGzip {
        /// The file.
        path: PathBuf,
    },
    /// It ends too early, or was changed.
    #[error(
        "{}: is truncated or corrupt after line {line}: {source}\nhint: get an intact copy of it from where it came, or \
         name the run folders that it was packed from",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: usize,
        /// What the decoder said.
        source: io::Error,
    },
    /// A line without end.
    #[error(
        "{}: line {line} has more than {MOST} bytes, the most of a trial\nhint: get an intact copy of the file from where \
         it came, or name the run folders that it was packed from",
        path.display()
    )]
    LongLine {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// More than any scenario has.
    #[error(
        "{}: holds more than {MOST_LINES} bytes of trials (line {line})\nhint: pack fewer trials into one file, and name \
         several files",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The first line that is too much.
        line: usize,
    },
    /// A line that holds no trial.
    #[error(
        "{}: line {line} is not a trial: {source}\nhint: a line is what `cells/MODEL.ARM.SEED.json` of a run folder holds; \
         get an intact copy of the file from where it came, or name the run folders that it was packed from",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// Two lines for one place on the same events.
    #[error(
        "{}: line {line}: duplicate of line {before}, the trial {trial}\nhint: `saturn pack` keeps one of each; pack the \
         folders again that this file was made of",
        path.display()
    )]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The line with the same trial.
        before: usize,
        /// `MODEL.ARM.SEED`.
        trial: String,
    },
    /// What is packed has two results for one place on the same events.
    #[error(
        "{there}: another result of the trial {trial} is in {here}\nhint: leave out the one that is out of date, or let the \
         one named last count with --replace"
    )]
    Conflict {
        /// `MODEL.ARM.SEED`.
        trial: String,
        /// Where the first one is.
        here: String,
        /// Where the other one is.
        there: String,
    },
    /// There is nothing to pack.
    #[error("{}: holds no finished trial\nhint: name a run's folder, a folder of trials, or a file of `saturn pack`", path.display())]
    Nothing {
        /// Where trials were looked for.
        path: PathBuf,
    },
    /// A file of trials has another ending.
    #[error("{}: does not end with {ENDING}\nhint: name the file that trials are packed into SCENARIO{ENDING}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
}

impl ArchiveError {
    pub(super) fn io(path: &Path, what: Operation) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| FolderError::Io { path, what, source }.into()
    }
}

/// A trial as it is in a file.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its bytes, without the end of the line.
    pub bytes: Vec<u8>,
    /// What they hold.
    pub trial: Finished,
    /// Its number, from 1 on.
    pub number: usize,
}

impl Line {
    /// What no two lines have in common: the place, the data, the events and the split.
    fn key(&self) -> (PathBuf, String) {
        let shared = serde_json::to_string(&self.trial.shared).unwrap_or_default();
        (self.trial.place().cell(), shared)
    }
}

/// Whether `path` names a file of trials, be it there or not, and no folder of them.
pub fn is_archive(path: &Path) -> bool {
    path.is_file() || (!path.exists() && stem(path).is_some())
}

/// The name without [`ENDING`].
pub(super) fn stem(path: &Path) -> Option<&str> {
    let stem = path.file_name()?.to_str()?.strip_suffix(ENDING)?;
    (!stem.is_empty()).then_some(stem)
}

/// The file next to `path` of trials on the events called `short`.
pub(super) fn aside(path: &Path, short: &str) -> PathBuf {
    let stem = stem(path).unwrap_or_default();
    path.with_file_name(format!("{stem}.{short}{ENDING}"))
}

/// `path`, and the files of trials on other events next to it, in order.
pub fn with_aside(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    let Some(stem) = stem(path) else { return all };
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // A folder that cannot be read has no file to read either, which is said there.
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<OsString> = names.map(|entry| entry.file_name()).collect();
    names.retain(|name| {
        let rest = (name.to_str())
            .and_then(|name| name.strip_prefix(stem)?.strip_prefix('.'))
            .and_then(|rest| rest.strip_suffix(ENDING));
        rest.is_some_and(|rest| SHORT.iter().any(|short| rest.starts_with(short)))
    });
    names.sort();
    all.extend(names.into_iter().map(|name| path.with_file_name(name)));
    all
}

/// The trials of the file at `path`, and of those on other events next to it, each once.
pub fn read_all(path: &Path) -> Result<Vec<Line>, ArchiveError> {
    let mut all = Vec::new();
    let mut known = HashSet::new();
    for path in with_aside(path) {
        // A program that was killed while it packed may have left a trial in two files.
        all.extend(
            read(&path)?
                .into_iter()
                .filter(|line| known.insert(line.key())),
        );
    }
    Ok(all)
}

/// The trials of the file at `path` alone.
pub fn read(path: &Path) -> Result<Vec<Line>, ArchiveError> {
    let packed =
        regular::read(path, MOST_PACKED).map_err(ArchiveError::io(path, Operation::Read))?;
    if !packed.starts_with(&MAGIC) {
        return Err(ArchiveError::NotGzip {
            path: path.to_owned(),
        });
    }
    let mut lines = BufReader::new(MultiGzDecoder::new(&packed[..]));
    let mut all = Vec::new();
    let mut known = HashMap::new();
    let mut room = MOST_LINES;
    for number in 1.. {
        let Some(bytes) = next(&mut lines, path, number)? else {
            break;
        };
        room = room
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| ArchiveError::TooLarge {
                path: path.to_owned(),
                line: number,
            })?;
        let trial = Finished::from_bytes(&bytes).map_err(|source| ArchiveError::Line {
            path: path.to_owned(),
            line: number,
            source,
        })?;
        let line = Line {
            bytes,
            trial,
            number,
        };
        if let Some(before) = known.insert(line.key(), number) {
            return Err(ArchiveError::Duplicate {
                path: path.to_owned(),
                line: number,
                before,
                trial: line.trial.place().to_string(),
            });
        }
        all.push(line);
    }
    Ok(all)
}

/// The bytes of the line with this number; `None` after the last one.
fn next(
    lines: &mut impl BufRead,
    path: &Path,
    number: usize,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    let mut bytes = Vec::new();
    (lines.take(MOST + 1))
        .read_until(b'\n', &mut bytes)
        .map_err(|source| ArchiveError::Corrupt {
            path: path.to_owned(),
            line: number - 1,
            source,
        })?;
    match bytes.last() {
        None => return Ok(None),
        Some(b'\n') => drop(bytes.pop()),
        Some(_) if bytes.len() as u64 > MOST => {
            return Err(ArchiveError::LongLine {
                path: path.to_owned(),
                line: number,
            });
        }
        // The last line of a file may have no end.
        Some(_) => {}
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests;
