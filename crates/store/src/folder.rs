//! A run's folder: one owner at a time, files written beside and renamed, finished results kept.
//!
//! ```text
//! scenario.yaml    the scenario with every default written out
//! manifest.json    version, seeds, machine, times, checksums of the inputs
//! metrics.jsonl    one line an epoch and an evaluation, as it happens
//! cells/           a file of at most 40 kB a finished net (see `cells`): tables and figures can be made of these
//! results/         one file a trained net and one an evaluation (see `place`); what is here is not done again
//! checkpoints/     what unfinished work goes on from (see `checkpoint`); empty when all is done
//! weights/         safetensors, with PyTorch's names and shapes where PyTorch has the cell
//! traces/          state traces, HDF5
//! health/          ranges of health of nets that have been streamed (see `live::health`)
//! figures/         SVG and PNG
//! analysis/        what `saturn analyse` finds of a net: JSON, SVG and PNG
//! summary.json     every figure of the matrix
//! report.html      to be read
//! apart/           summary, figures and report of trials on other events, a folder for each (see `apart`)
//! ```

mod leftovers;
mod metrics;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::deed::Deed;
use super::owner::{Files, Owner, differences};
use crate::regular;
use leftovers::sweep;

/// What can go wrong with a run's folder.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder belongs to another scenario.
    #[error(
        "{}: holds another run (`{found}`){}\nhint: choose another folder with --out to keep both, or remove this one",
        path.display(),
        below(differences)
    )]
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// The name of the run in it.
        found: String,
        /// What differs, a line a key.
        differences: Vec<String>,
    },
    /// The results in the folder are of other data.
    #[error(
        "{}: holds results on other data{}\nhint: choose another folder with --out to keep both{}",
        path.display(),
        below(differences),
        if *tested { ". Nets do not depend on the test file: copy the folder, remove `results/*.test.json` and \
                      `cells/*` from the copy, give the copy with --out, and nothing is trained again" } else { "" }
    )]
    OtherData {
        /// The folder.
        path: PathBuf,
        /// What differs, a line a file.
        differences: Vec<String>,
        /// Whether the test file alone differs.
        tested: bool,
    },
    /// The file that says whose folder it is cannot be read.
    #[error(
        "{}: is damaged: {source}\nhint: nothing else says which run is in this folder: choose another one with --out; \
         its finished cells can be read with --collect",
        path.display()
    )]
    DamagedOwner {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// There are files, but none of ours.
    #[error(
        "{}: is not empty and holds no run\nhint: choose another folder with --out",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to go on with.
    #[error("{}: holds no run to go on with\nhint: check the path, or leave out --resume to begin one", path.display())]
    NothingToResume {
        /// The folder.
        path: PathBuf,
    },
    /// Another process works in the folder.
    #[error("{}: another saturn is at work in this folder\nhint: wait for it, or choose another folder with --out", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: cannot {what}: {source}\nhint: {}", path.display(), remedy(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: Deed,
        /// What the system said.
        source: io::Error,
    },
    /// A file of ours does not hold what we wrote.
    #[error("{}: is damaged: {source}\nhint: move it out of the folder; what it held will be computed again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: serde_json::Error,
    },
}

impl FolderError {
    /// The same, with the settings in which the run in the folder differs from the scenario `now`, which has every
    /// default written out.
    #[must_use]
    pub fn with_differences(self, now: &str) -> Self {
        match self {
            Self::OtherRun { path, found, .. } => {
                let before = regular::read(&path.join("scenario.yaml"), LARGEST);
                let differences = before
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .map(|before| differences(&before, now));
                Self::OtherRun {
                    path,
                    found,
                    differences: differences.unwrap_or_default(),
                }
            }
            other => other,
        }
    }

    /// Whether every later write would fail in the same way.
    pub fn is_lasting(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let lasting = [FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
        matches!(self, Self::Io { source, .. } if lasting.contains(&source.kind()))
    }
}

/// Lines below a message, each indented.
fn below(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["\n  ", line]).collect()
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and run the same command again: finished results are kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to with --out"
        }
        _ => "check the path, then run the same command again: finished results are kept",
    }
}

/// The folders in a run's folder.
pub(super) const PARTS: [&str; 7] = [
    "cells",
    "results",
    "checkpoints",
    "weights",
    "traces",
    "figures",
    "health",
];

/// The largest file of ours that is read whole, bytes.
const LARGEST: u64 = 1 << 30;

/// An open run folder, locked for this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held as long as the folder is open.
    _lock: File,
    /// Whether other processes may hold it, too.
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

    /// Opens or creates `path` for the run called `name` whose scenario has the first of `fingerprints`, or had
    /// one of the others by earlier versions. A folder of the same scenario is gone on with; any other is
    /// refused. Several processes may hold a folder that they only add cells to, each opening it as `shared`.
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
        let mut data = Files::new();
        if path.exists() {
            match regular::read(&owner, LARGEST) {
                Ok(bytes) => {
                    let found = read_owner(&owner, &bytes)?;
                    if !fingerprints.contains(&found.fingerprint) {
                        return Err(FolderError::OtherRun {
                            path: path.to_owned(),
                            found: found.name,
                            differences: Vec::new(),
                        });
                    }
                    data = found.data;
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let mut entries = fs::read_dir(path).map_err(io_at(path, Deed::List))?;
                    if entries.next().is_some() {
                        return Err(FolderError::NotARun {
                            path: path.to_owned(),
                        });
                    }
                }
                Err(e) => return Err(io_at(&owner, Deed::Read)(e)),
            }
        }
        for sub in PARTS {
            let sub = path.join(sub);
            fs::create_dir_all(&sub).map_err(io_at(&sub, Deed::CreateFolder))?;
        }
        let lock_path = path.join(".lock");
        let lock = saturn_files::open_own(&lock_path).map_err(io_at(&lock_path, Deed::Create))?;
        let locked = if shared {
            lock.try_lock_shared()
        } else {
            lock.try_lock()
        };
        if locked.is_err() {
            return Err(FolderError::Busy {
                path: path.to_owned(),
            });
        }
        if !shared {
            sweep(path)?;
        }
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
            shared,
        };
        folder.write_json(
            Path::new("run.json"),
            &Owner {
                name: name.to_owned(),
                fingerprint: fingerprints.first().cloned().unwrap_or_default(),
                data,
            },
        )?;
        Ok(folder)
    }

    /// Notes that what is done from now on is done on `data`, unless there are results on others; `last` says
    /// whether on the test split.
    pub fn hold_data(&self, data: &Files, last: bool) -> Result<(), FolderError> {
        let path = self.path.join("run.json");
        let bytes = regular::read(&path, LARGEST).map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Deed::Read,
            source,
        })?;
        let mut owner = read_owner(&path, &bytes)?;
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
        // The test file of results that stay is the one that they were made of.
        if let (Some(test), true) = (kept, self.has_results(".test.json")?) {
            owner.data.insert("test".to_owned(), test);
        }
        self.write_json(Path::new("run.json"), &owner)
    }

    /// Whether there is a file of results whose name ends like this.
    fn has_results(&self, ending: &str) -> Result<bool, FolderError> {
        let path = self.path.join("results");
        let failed = |source| FolderError::Io {
            path: path.clone(),
            what: Deed::List,
            source,
        };
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if name.to_string_lossy().ends_with(ending) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An error unless `path` holds a run that can be gone on with.
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

    /// Writes `bytes` to `file` (relative to the folder): beside it, synced, renamed.
    pub fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        write_beside(&self.path.join(file), bytes)
    }

    /// Writes `value` as JSON to `file`.
    pub fn write_json(&self, file: &Path, value: &impl Serialize) -> Result<(), FolderError> {
        let path = self.path.join(file);
        let bytes = serde_json::to_vec(value).map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Deed::Encode,
            source: source.into(),
        })?;
        write_beside(&path, &bytes)
    }

    /// Removes `file`, which may have gone already.
    pub fn remove(&self, file: &Path) -> Result<(), FolderError> {
        let path = self.path.join(file);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(FolderError::Io {
                path,
                what: Deed::Remove,
                source,
            }),
            _ => Ok(()),
        }
    }

    /// Reads `file` as JSON; `None` where there is no such file.
    pub fn read_json<T: DeserializeOwned>(&self, file: &Path) -> Result<Option<T>, FolderError> {
        read_json(&self.path.join(file))
    }

    /// Takes the cell called `cell` for this process, as long as what is returned is held; `None` if another
    /// process has it. Only who shares a folder has to.
    pub fn claim(&self, cell: &Path) -> Result<Option<Claim>, FolderError> {
        if !self.shared {
            return Ok(Some(Claim { _lock: None }));
        }
        let path = self.path.join(cell);
        let failed = |source| FolderError::Io {
            path: path.clone(),
            what: Deed::Lock,
            source,
        };
        let file = saturn_files::open_own(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claim { _lock: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// A cell that is this process's.
#[derive(Debug)]
pub struct Claim {
    _lock: Option<File>,
}

/// What `run.json` says.
fn read_owner(path: &Path, bytes: &[u8]) -> Result<Owner, FolderError> {
    serde_json::from_slice(bytes).map_err(|source| FolderError::DamagedOwner {
        path: path.to_owned(),
        source,
    })
}

/// Reads JSON from `path`; `None` where there is no such file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FolderError> {
    match regular::read(path, LARGEST) {
        Ok(bytes) => parse(path, &bytes).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Io {
            path: path.to_owned(),
            what: Deed::Read,
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
        what: Deed::Write,
        source,
    })
}
