//! A run's folder: one owner at a time, files replaced whole, finished results kept.
//!
//! ```text
//! scenario.yaml    the scenario with every default written out
//! manifest.json    version, seeds, machine, times, checksums of the inputs
//! metrics.jsonl    one line per epoch and evaluation, as it happens
//! metrics/         the same of trials that were done in parts, one file each, until they are merged into it
//! cells/           one file of at most 40 kB per finished trial (see `cells`); tables and figures can be made from these
//! results/         one file per trained net and one per evaluation (see `place`); existing results are not recomputed
//! checkpoints/     state of unfinished work (see `checkpoint`); empty when all is done
//! weights/         safetensors, with PyTorch's names and shapes where PyTorch has the cell
//! traces/          state traces, HDF5
//! health/          healthy ranges of nets that have run live (see `live::health`)
//! figures/         SVG and PNG
//! analysis/        results of `saturn analyse`: JSON, SVG and PNG
//! summary.json     every number of the comparison
//! report.html      the report
//! apart/           summary, figures and report of trials on other events, one folder each (see `apart`)
//! ```

mod error;
mod leftovers;
mod merge;
mod metrics;
mod users;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use saturn_cell::kernel::Isa;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::operation::Operation;
use super::owner::{Files, Owner};
use crate::regular;
pub use error::FolderError;
use leftovers::sweep;
use merge::merge;
pub use users::{Claim, Claimed};
use users::{Users, join};

/// The folders in a run's folder.
pub(super) const PARTS: [&str; 8] = [
    "cells",
    "results",
    "checkpoints",
    "weights",
    "traces",
    "figures",
    "health",
    "metrics",
];

/// The largest of our files that is read whole, bytes.
const LARGEST: u64 = 1 << 30;

/// An open run folder, locked for this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Set when another process has taken over the folder, or a trial, from this one.
    lost: Arc<AtomicBool>,
    /// The locks, for as long as the folder is open.
    _users: Users,
    /// Whether other processes may use it too.
    shared: bool,
}

impl Folder {
    /// [`Self::open_any`] with one fingerprint.
    pub fn open(
        path: &Path,
        name: &str,
        fingerprint: &str,
        shared: bool,
    ) -> Result<Self, FolderError> {
        Self::open_any(path, name, &[fingerprint.to_owned()], shared)
    }

    /// Opens or creates `path` for the run called `name` whose scenario has the first of `fingerprints`, or
    /// had one of the others in earlier versions. A folder of the same scenario is resumed; any other is
    /// rejected. With `shared`, several processes may open a folder to which they only add trials.
    pub fn open_any(
        path: &Path,
        name: &str,
        fingerprints: &[String],
        shared: bool,
    ) -> Result<Self, FolderError> {
        let io_at = |path: &Path, what| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, what, source }
        };
        let owner = path.join("run.json");
        let (mut data, mut isa) = (Files::new(), None);
        if path.exists() {
            let mut found = regular::read(&owner, LARGEST);
            let missing = |found: &io::Result<Vec<u8>>| matches!(found, Err(e) if e.kind() == io::ErrorKind::NotFound);
            // Another process may be creating the run at this moment, or have created it since.
            if missing(&found) && has_others(path).map_err(io_at(path, Operation::List))? {
                found = regular::read(&owner, LARGEST);
                if missing(&found) {
                    return Err(FolderError::NotARun {
                        path: path.to_owned(),
                    });
                }
            }
            match found {
                Ok(bytes) => {
                    let found = read_owner(&owner, &bytes)?;
                    if !fingerprints.contains(&found.fingerprint) {
                        return Err(FolderError::OtherRun {
                            path: path.to_owned(),
                            found: found.name,
                            differences: Vec::new(),
                        });
                    }
                    (data, isa) = (found.data, found.isa);
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(io_at(&owner, Operation::Read)(e)),
            }
        }
        for sub in PARTS {
            let sub = path.join(sub);
            fs::create_dir_all(&sub).map_err(io_at(&sub, Operation::CreateFolder))?;
        }
        let lost = Arc::default();
        let users = join(path, shared, &lost)?;
        if !shared {
            sweep(path)?;
            merge(path)?;
        }
        let folder = Self {
            path: path.to_owned(),
            lost,
            _users: users,
            shared,
        };
        folder.write_json(
            Path::new("run.json"),
            &Owner {
                name: name.to_owned(),
                fingerprint: fingerprints.first().cloned().unwrap_or_default(),
                data,
                isa,
            },
        )?;
        Ok(folder)
    }

    /// Records that work from now on uses `data`, unless there are results on other data; `last` is whether
    /// on the test split.
    pub fn hold_data(&self, data: &Files, last: bool) -> Result<(), FolderError> {
        let mut owner = self.owner()?;
        let any = self.has_results("")?;
        let tested = last && self.has_results(".test.json")?;
        let differences = owner.other_data(data, tested);
        if any && !differences.is_empty() {
            return Err(FolderError::OtherData {
                path: self.path.clone(),
                tested: owner.other_data(data, false).is_empty(),
                differences,
            });
        }
        let kept = owner.data.get("test").cloned();
        owner.data.clone_from(data);
        // If results exist, the test file is the one they were computed on.
        if let (Some(test), true) = (kept, self.has_results(".test.json")?) {
            owner.data.insert("test".to_owned(), test);
        }
        self.write_json(Path::new("run.json"), &owner)
    }

    /// Records that work from now on is done on the instruction set `isa`.
    ///
    /// # Errors
    /// If there are results or checkpoints on a set that gives other bits, unless they may be `mixed`.
    pub fn hold_isa(&self, isa: Isa, mixed: bool) -> Result<(), FolderError> {
        let mut owner = self.owner()?;
        if let Some(there) = owner.other_isa(isa) {
            if mixed {
                return Ok(());
            }
            if self.has_results("")?
                || self.has_files("checkpoints", |name| {
                    Path::new(name).extension().is_none_or(|end| end != "lease")
                })?
            {
                return Err(FolderError::OtherIsa {
                    path: self.path.clone(),
                    there: there.to_owned(),
                    now: isa,
                });
            }
        } else if owner.isa.is_some() {
            return Ok(());
        }
        owner.isa = Some(isa.name().to_owned());
        self.write_json(Path::new("run.json"), &owner)
    }

    fn owner(&self) -> Result<Owner, FolderError> {
        let path = self.path.join("run.json");
        let bytes = regular::read(&path, LARGEST).map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Operation::Read,
            source,
        })?;
        read_owner(&path, &bytes)
    }

    /// Whether a results file has a name with this suffix.
    fn has_results(&self, ending: &str) -> Result<bool, FolderError> {
        self.has_files("results", |name| name.ends_with(ending))
    }

    /// Whether the folder `part` has a file with such a name.
    fn has_files(&self, part: &str, such: impl Fn(&str) -> bool) -> Result<bool, FolderError> {
        let path = self.path.join(part);
        let failed = |source| FolderError::Io {
            path: path.clone(),
            what: Operation::List,
            source,
        };
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if such(&name.to_string_lossy()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An error unless `path` contains a run that can be resumed.
    pub fn must_exist(path: &Path) -> Result<(), FolderError> {
        if path.join("run.json").is_file() {
            return Ok(());
        }
        Err(FolderError::NothingToResume {
            path: path.to_owned(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `bytes` to `file` (relative to the folder) under a temporary name, synced, renamed.
    pub fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        self.check_held()?;
        write_beside(&self.path.join(file), bytes)
    }

    /// Writes `value` as JSON to `file`.
    pub fn write_json(&self, file: &Path, value: &impl Serialize) -> Result<(), FolderError> {
        self.check_held()?;
        let path = self.path.join(file);
        let bytes = serde_json::to_vec(value).map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Operation::Encode,
            source: source.into(),
        })?;
        write_beside(&path, &bytes)
    }

    /// Removes `file`; it may already be gone.
    pub fn remove(&self, file: &Path) -> Result<(), FolderError> {
        let path = self.path.join(file);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(FolderError::Io {
                path,
                what: Operation::Remove,
                source,
            }),
            _ => Ok(()),
        }
    }

    /// Reads `file` as JSON; `None` if it does not exist.
    pub fn read_json<T: DeserializeOwned>(&self, file: &Path) -> Result<Option<T>, FolderError> {
        read_json(&self.path.join(file))
    }

    /// An error if another process has taken over what this one was doing.
    fn check_held(&self) -> Result<(), FolderError> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(FolderError::Lost {
                path: self.path.clone(),
            });
        }
        Ok(())
    }
}

/// Whether a folder without `run.json` has anything but the empty folders and the locks of a run that is being created.
fn has_others(path: &Path) -> io::Result<bool> {
    let is_lock = |name: &str| name == ".lock" || name == ".lease" || name.starts_with(".tmp");
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let part = PARTS.contains(&&*name) && fs::read_dir(entry.path())?.next().is_none();
        if !part && !is_lock(&name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The contents of `run.json`.
fn read_owner(path: &Path, bytes: &[u8]) -> Result<Owner, FolderError> {
    serde_json::from_slice(bytes).map_err(|source| FolderError::DamagedOwner {
        path: path.to_owned(),
        source,
    })
}

/// Reads JSON from `path`; `None` if it does not exist.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FolderError> {
    match regular::read(path, LARGEST) {
        Ok(bytes) => parse(path, &bytes).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Io {
            path: path.to_owned(),
            what: Operation::Read,
            source,
        }),
    }
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, FolderError> {
    serde_json::from_slice(bytes).map_err(|source| FolderError::Damaged {
        path: path.to_owned(),
        source,
    })
}

/// Writes `bytes` to a temporary file, syncs it, and renames it to `path`.
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    saturn_files::replace_bytes(path, bytes).map_err(|source| FolderError::Io {
        path: path.to_owned(),
        what: Operation::Write,
        source,
    })
}
