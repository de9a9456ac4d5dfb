//! Trials on different events, each group with a summary, figures and a report of its own.
//!
//! ```text
//! summary.json, figures/, report.html         the trials on the events of this run
//! apart/NAME/summary.json, figures/, ..       those on other events; NAME is `Shared::short`
//! ```
//!
//! A mean over trials on different events is meaningless, and a difference between them includes the
//! difference of the events. So no table and no figure mixes them.

use std::fs;
use std::path::{Path, PathBuf};

use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;

/// The folder of other groups in a run's folder.
const APART: &str = "apart";

/// The folder of a group called `name`.
pub fn folder(run: &Path, name: &str) -> PathBuf {
    run.join(APART).join(name)
}

/// The folders of all groups in `run` that have a summary, in order of their names.
pub fn folders(run: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let apart = run.join(APART);
    let failed = |source| FolderError::Io {
        path: apart.clone(),
        what: Operation::List,
        source,
    };
    if !apart.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&apart).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join("summary.json").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what an earlier call has left of all groups.
pub fn clear(run: &Path) -> Result<(), FolderError> {
    let apart = run.join(APART);
    match fs::remove_dir_all(&apart) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(FolderError::Io {
            path: apart,
            what: Operation::Remove,
            source,
        }),
        _ => Ok(()),
    }
}
