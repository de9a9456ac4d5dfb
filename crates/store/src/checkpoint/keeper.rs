//! The numbered checkpoints of one stage.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::{decode, encode};
use crate::folder::{FolderError, write_beside};
use crate::operation::Operation;

/// How often checkpoints are written, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Interval between checkpoints; 0 writes one at every opportunity.
    pub every: Duration,
    /// Number kept per stage, at least 1.
    pub keep: usize,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            every: Duration::from_mins(1),
            keep: 2,
        }
    }
}

/// A stage of work that can be stopped and resumed.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The folder of its checkpoints.
    pub folder: &'a Path,
    /// Prefix of their names.
    pub name: &'a str,
    /// Checksum of everything its results depend on.
    pub key: &'a str,
    /// Interval and number kept.
    pub keeping: Keeping,
}

/// The first checkpoint of a stage is written this early, so that a folder that cannot store it is noticed
/// soon.
const FIRST: Duration = Duration::from_secs(1);
/// Largest file that is read, bytes.
const LARGEST: u64 = 1 << 32;
const ENDING: &str = ".ckpt";

/// Writes and finds the checkpoints of a stage.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    name: String,
    key: String,
    keeping: Keeping,
    /// Number of the last one.
    number: u64,
    /// When the next one is due.
    due: Instant,
}

impl Keeper {
    /// For `stage`, or for part `part` of it.
    pub fn new(stage: Stage, part: &str) -> Self {
        Self {
            folder: stage.folder.to_owned(),
            name: format!("{}{part}", stage.name),
            key: stage.key.to_owned(),
            keeping: stage.keeping,
            number: 0,
            due: Instant::now() + stage.keeping.every.min(FIRST),
        }
    }

    /// The newest valid checkpoint of this stage, if any. `say` receives a line for each rejected one.
    pub fn load<T: DeserializeOwned>(
        &mut self,
        say: &dyn Fn(&str),
    ) -> Result<Option<T>, FolderError> {
        let mut found = self.numbers()?;
        found.sort_unstable();
        self.number = found.last().copied().unwrap_or(0);
        let mut refused = Vec::new();
        let mut taken = None;
        for number in found.into_iter().rev() {
            let path = self.path(number);
            match self.read(&path)? {
                Ok(state) => {
                    taken = Some((path, state));
                    break;
                }
                Err(why) => refused.push(format!("{}: {why}", path.display())),
            }
        }
        let hint = match &taken {
            Some((path, _)) => format!("resuming from {}", path.display()),
            None => "no earlier checkpoint exists, so this part of the run starts again".to_owned(),
        };
        for line in refused {
            say(&format!("{line}\nhint: {hint}"));
        }
        Ok(taken.map(|(_, state)| state))
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Result<T, String>, FolderError> {
        let failed = |source| FolderError::Io {
            path: path.to_owned(),
            what: Operation::Read,
            source,
        };
        let read = || -> io::Result<Option<Vec<u8>>> {
            if fs::metadata(path)?.len() > LARGEST {
                return Ok(None);
            }
            fs::read(path).map(Some)
        };
        let bytes = match read() {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Err("is not a checkpoint: it is far too large".to_owned())),
            // By a process that has lost its lease and does not know it yet.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Ok(Err("was removed by another process".to_owned()));
            }
            Err(e) => return Err(failed(e)),
        };
        Ok(decode(&self.key, &bytes).map_err(|why| why.to_string()))
    }

    /// Whether the next checkpoint is due.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Whether the stage has run for long enough that its final state is worth keeping while others run.
    pub fn is_worth_it(&self, ran: Duration) -> bool {
        ran >= self.keeping.every.min(FIRST)
    }

    /// Writes a checkpoint and removes the oldest beyond the limit.
    pub fn save(&mut self, state: &impl Serialize) -> Result<(), FolderError> {
        self.number += 1;
        let path = self.path(self.number);
        let bytes = encode(&self.key, state).map_err(|e| FolderError::Io {
            path: path.clone(),
            what: Operation::Encode,
            source: io::Error::other(e),
        })?;
        write_beside(&path, &bytes)?;
        let mut found = self.numbers()?;
        found.sort_unstable_by(|a, b| b.cmp(a));
        for old in found.into_iter().skip(self.keeping.keep.max(1)) {
            remove_file(&self.path(old))?;
        }
        self.due = Instant::now() + self.keeping.every;
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        let name = format!("{}.{number}{ENDING}", self.name);
        self.folder.join(name)
    }

    /// The numbers of the existing checkpoints.
    fn numbers(&self) -> Result<Vec<u64>, FolderError> {
        let number = |name: &str| {
            let rest = name.strip_prefix(&self.name)?.strip_prefix('.')?;
            rest.strip_suffix(ENDING)?.parse().ok()
        };
        let names = names(&self.folder)?;
        Ok(names.iter().filter_map(|name| number(name)).collect())
    }
}

/// Removes every checkpoint in `folder` whose name begins with `name`: the stage is complete.
pub fn remove(folder: &Path, name: &str) -> Result<(), FolderError> {
    for file in names(folder)? {
        if file.starts_with(name) && file.ends_with(ENDING) {
            remove_file(&folder.join(file))?;
        }
    }
    Ok(())
}

/// The names of the files in `folder`; empty if the folder does not exist.
fn names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let failed = |source| FolderError::Io {
        path: folder.to_owned(),
        what: Operation::List,
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.into_string());
    }
    Ok(names)
}

/// Removes a file; it may already be gone.
fn remove_file(path: &Path) -> Result<(), FolderError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FolderError::Io {
            path: path.to_owned(),
            what: Operation::Remove,
            source: e,
        }),
        _ => Ok(()),
    }
}
