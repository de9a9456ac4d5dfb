//! The numbered checkpoints of one stage.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::{decode, encode};
use crate::deed::Deed;
use crate::folder::{FolderError, write_beside};

/// How often checkpoints are written, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Time from one to the next; 0 is at every opportunity.
    pub every: Duration,
    /// How many of a stage are kept, at least 1.
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

/// A stage of work that can be stopped and gone on with.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Where its checkpoints lie.
    pub folder: &'a Path,
    /// What their names begin with.
    pub name: &'a str,
    /// The checksum of all that its results depend on.
    pub key: &'a str,
    /// How often and how many.
    pub keeping: Keeping,
}

/// A stage's first checkpoint comes so early, so that a folder that cannot hold it is found out at once.
const FIRST: Duration = Duration::from_secs(1);
/// The largest file that is read, bytes.
const LARGEST: u64 = 1 << 32;
const ENDING: &str = ".ckpt";

/// Writes and finds the checkpoints of a stage.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    name: String,
    key: String,
    keeping: Keeping,
    /// The number of the last one.
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

    /// The newest sound checkpoint of this stage, if there is one. `say` hears of those that are refused.
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
            Some((path, _)) => format!("going on from {}", path.display()),
            None => "there is no other one, so this part of the run begins anew".to_owned(),
        };
        for line in refused {
            say(&format!("{line}\nhint: {hint}"));
        }
        Ok(taken.map(|(_, state)| state))
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Result<T, String>, FolderError> {
        let failed = |source| FolderError::Io {
            path: path.to_owned(),
            what: Deed::Read,
            source,
        };
        if fs::metadata(path).map_err(failed)?.len() > LARGEST {
            return Ok(Err("is no checkpoint: it is far too large".to_owned()));
        }
        let bytes = fs::read(path).map_err(failed)?;
        Ok(decode(&self.key, &bytes).map_err(|why| why.to_string()))
    }

    /// Whether the time for the next checkpoint has come.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Whether the stage has run for long enough that its end is worth keeping while others go on.
    pub fn is_worth_it(&self, ran: Duration) -> bool {
        ran >= self.keeping.every.min(FIRST)
    }

    /// Writes a checkpoint, and removes those that are too old.
    pub fn save(&mut self, state: &impl Serialize) -> Result<(), FolderError> {
        self.number += 1;
        let path = self.path(self.number);
        let bytes = encode(&self.key, state).map_err(|e| FolderError::Io {
            path: path.clone(),
            what: Deed::Encode,
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

    /// The numbers of the checkpoints that are there.
    fn numbers(&self) -> Result<Vec<u64>, FolderError> {
        let number = |name: &str| {
            let rest = name.strip_prefix(&self.name)?.strip_prefix('.')?;
            rest.strip_suffix(ENDING)?.parse().ok()
        };
        let names = names(&self.folder)?;
        Ok(names.iter().filter_map(|name| number(name)).collect())
    }
}

/// Removes every checkpoint in `folder` whose name begins with `name`: the stage has ended.
pub fn remove(folder: &Path, name: &str) -> Result<(), FolderError> {
    for file in names(folder)? {
        if file.starts_with(name) && file.ends_with(ENDING) {
            remove_file(&folder.join(file))?;
        }
    }
    Ok(())
}

/// The names of the files in `folder`; none where there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let failed = |source| FolderError::Io {
        path: folder.to_owned(),
        what: Deed::List,
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

/// Removes a file, which may have gone already.
fn remove_file(path: &Path) -> Result<(), FolderError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FolderError::Io {
            path: path.to_owned(),
            what: Deed::Remove,
            source: e,
        }),
        _ => Ok(()),
    }
}
