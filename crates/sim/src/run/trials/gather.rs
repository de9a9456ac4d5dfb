//! Trials of run folders, folders of trials and files of trials, gathered into one file.
//!
//! ```text
//! saturn pack results/words.jsonl.gz runs/words there/cells
//!     results/words.jsonl.gz                         the trials on the events that most are on
//!     results/words.events-1a2b3c4d.jsonl.gz         those on other events
//! ```
//!
//! Trials that the file has already stay in it. The same trials make the same bytes, in any order of the folders that are
//! named and whenever it is done: lines are sorted, and neither names of folders nor times are written.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use saturn_store::folder::{FolderError, write_beside};
use saturn_store::operation::Operation;
use saturn_store::regular;

use super::archive::{self, ArchiveError, MOST_LINES};
use super::{Finished, MOST, Shared, in_folder, with_aside};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// Trials in it.
    pub trials: usize,
    /// How many of them it did not have before.
    pub new: usize,
}

/// A trial with where it was found.
struct Trial {
    name: PathBuf,
    shared: Shared,
    line: Vec<u8>,
    from: String,
    new: bool,
}

/// Packs the trials in `from` into `file`, and into files next to it those on other events than most. Of two results
/// of one trial the one found last counts with `replace`; without it, they are an error.
pub fn pack(file: &Path, from: &[PathBuf], replace: bool) -> Result<Vec<Written>, ArchiveError> {
    if archive::stem(file).is_none() {
        return Err(ArchiveError::Name {
            path: file.to_owned(),
        });
    }
    let mut all: BTreeMap<PathBuf, Vec<Trial>> = BTreeMap::new();
    let mut files = Vec::new();
    if file.exists() {
        for trial in of_archive(file)? {
            put(
                &mut all,
                Trial {
                    new: false,
                    ..trial
                },
                replace,
            )?;
        }
        files = archive::with_aside(file);
    }
    for path in from {
        let found = if path.is_file() {
            of_archive(path)?
        } else {
            of_folder(path)?
        };
        if found.is_empty() {
            return Err(ArchiveError::Nothing { path: path.clone() });
        }
        for trial in found {
            put(&mut all, trial, replace)?;
        }
    }
    let mut groups: BTreeMap<String, Vec<Trial>> = BTreeMap::new();
    for trial in all.into_values().flatten() {
        let group = groups.entry(trial.shared.short()).or_default();
        group.push(trial);
    }
    // As in tables: known events come first, and of these the ones with most trials.
    let order = |(short, trials): &(&String, &Vec<Trial>)| {
        let old = trials.iter().all(|trial| trial.shared.events.is_none());
        (old, usize::MAX - trials.len(), (*short).clone())
    };
    let Some(main) = groups.iter().min_by_key(order).map(|(short, _)| short) else {
        return Err(ArchiveError::Nothing {
            path: file.to_owned(),
        });
    };
    let main = main.clone();
    let mut written = Vec::new();
    // The main one last: until then it has what it had.
    let (last, others): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(short, _)| *short == main);
    for (short, trials) in others.into_iter().chain(last) {
        let path = if short == main {
            file.to_owned()
        } else {
            archive::aside(file, &short)
        };
        write_beside(&path, &encode(&path, &trials)?)?;
        files.retain(|other| *other != path);
        written.push(Written {
            path,
            trials: trials.len(),
            new: trials.iter().filter(|trial| trial.new).count(),
        });
    }
    // A file of events that most trials are on by now: all it held has just been written to the main one.
    for path in files {
        std::fs::remove_file(&path).map_err(ArchiveError::io(&path, Operation::Remove))?;
    }
    written.reverse();
    Ok(written)
}

/// Adds a trial, unless it is known.
fn put(
    all: &mut BTreeMap<PathBuf, Vec<Trial>>,
    trial: Trial,
    replace: bool,
) -> Result<(), ArchiveError> {
    let of_place = all.entry(trial.name.clone()).or_default();
    let Some(known) = of_place.iter_mut().find(|t| t.shared == trial.shared) else {
        of_place.push(trial);
        // Several splits of one place.
        of_place.sort_by(|a, b| {
            a.shared
                .split
                .cmp(&b.shared.split)
                .then(a.line.cmp(&b.line))
        });
        return Ok(());
    };
    if known.line == trial.line {
        return Ok(());
    }
    if !replace {
        return Err(ArchiveError::Conflict {
            trial: trial.name.with_extension("").display().to_string(),
            here: known.from.clone(),
            there: trial.from,
        });
    }
    *known = trial;
    Ok(())
}

/// The trials of a file and of those next to it.
fn of_archive(path: &Path) -> Result<Vec<Trial>, ArchiveError> {
    let mut all = Vec::new();
    for path in archive::with_aside(path) {
        for line in archive::read(&path)? {
            all.push(Trial {
                name: line.trial.place().cell(),
                shared: line.trial.shared,
                line: line.bytes,
                from: format!("{}, line {}", path.display(), line.number),
                new: true,
            });
        }
    }
    Ok(all)
}

/// The trials of a folder, and of those on other events within it.
fn of_folder(path: &Path) -> Result<Vec<Trial>, ArchiveError> {
    let mut all = Vec::new();
    for folder in with_aside(&in_folder(path)) {
        let entries =
            std::fs::read_dir(&folder).map_err(ArchiveError::io(&folder, Operation::List))?;
        for entry in entries {
            let path = entry
                .map_err(ArchiveError::io(&folder, Operation::List))?
                .path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden || !path.is_file() || path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let bytes =
                regular::read(&path, MOST).map_err(ArchiveError::io(&path, Operation::Read))?;
            let trial = Finished::from_bytes(&bytes).map_err(|source| FolderError::Damaged {
                path: path.clone(),
                source,
            })?;
            all.push(Trial {
                name: trial.place().cell(),
                shared: trial.shared,
                line: one_line(&bytes),
                from: path.display().to_string(),
                new: true,
            });
        }
    }
    all.sort_by(|a, b| a.from.cmp(&b.from));
    Ok(all)
}

/// JSON in one line: a string holds no end of a line, so that every one that there is lies between values.
fn one_line(json: &[u8]) -> Vec<u8> {
    let space = |&byte: &u8| {
        if byte == b'\n' || byte == b'\r' {
            b' '
        } else {
            byte
        }
    };
    json.trim_ascii().iter().map(space).collect()
}

/// The bytes of the file at `path` with these trials.
fn encode(path: &Path, trials: &[Trial]) -> Result<Vec<u8>, ArchiveError> {
    let mut left = MOST_LINES;
    let failed = || ArchiveError::io(path, Operation::Encode);
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    for (k, trial) in trials.iter().enumerate() {
        left = left
            .checked_sub(trial.line.len() as u64)
            .ok_or_else(|| ArchiveError::TooLarge {
                path: path.to_owned(),
                line: k + 1,
            })?;
        encoder.write_all(&trial.line).map_err(failed())?;
        encoder.write_all(b"\n").map_err(failed())?;
    }
    encoder.finish().map_err(failed())
}
