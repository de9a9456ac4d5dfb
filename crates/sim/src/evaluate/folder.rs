//! The folder of an evaluation: results of other data or other settings are never written over.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_files::Lock;
use serde::Serialize;
use serde_json::Value;

use super::settings::refused;
use saturn_store::folder::{FolderError, read_json, write_beside};
use saturn_store::operation::Operation;

/// What the evaluation in a folder is of.
const CLAIM: &str = "evaluation.json";
const HINT: &str = "choose another folder with --out";

/// A folder that is held for one evaluation.
pub struct EvaluationFolder {
    path: PathBuf,
    _lock: Lock,
}

impl EvaluationFolder {
    /// Holds `path` for the evaluation that `head` describes: a new or empty folder, or one with the same evaluation,
    /// complete or not, which is then done again.
    pub fn claim(path: &Path, head: &impl Serialize) -> Result<Self> {
        let head = serde_json::to_value(head)?;
        let claim = path.join(CLAIM);
        let taken = |what: &str| {
            let what = format!("{} {what}", path.display());
            Err(refused("--out", what, HINT).into())
        };
        match read_json::<Value>(&claim)? {
            Some(known) if known != head => {
                return taken("has an evaluation of other data, or with other settings");
            }
            None if path.join("run.json").exists() || path.join("scenario.yaml").exists() => {
                return taken("is the folder of a run");
            }
            None if has_files(path)? => return taken("has other files"),
            Some(_) | None => {}
        }
        let held = saturn_files::hold(path, || ControlFlow::Break(()));
        let Some(lock) = held.map_err(failed(path, Operation::CreateFolder))? else {
            let path = path.to_owned();
            let holder = None;
            return Err(FolderError::Busy { path, holder }.into());
        };
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        folder.write_json(CLAIM, &head)?;
        Ok(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `value` to the file called `name`.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(value)?;
        Ok(write_beside(&self.path.join(name), &bytes)?)
    }
}

/// Whether there is anything in `path` but a lock.
fn has_files(path: &Path) -> Result<bool> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(failed(path, Operation::List)(e).into()),
    };
    for entry in entries {
        if entry.map_err(failed(path, Operation::List))?.file_name() != ".lock" {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The error of `what` on `path`.
pub(super) fn failed(path: &Path, what: Operation) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { path, what, source }
}
