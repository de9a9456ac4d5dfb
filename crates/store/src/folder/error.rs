//! What can go wrong with a run's folder.

use std::io;
use std::path::PathBuf;

use saturn_cell::kernel::Isa;
use thiserror::Error;

use super::LARGEST;
use crate::operation::Operation;
use crate::owner::differences;
use crate::regular;

/// Errors of a run's folder.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder belongs to another scenario.
    #[error(
        "{}: contains another run (`{found}`){}\nhint: choose another folder with --out to keep both, or \
        remove this one",
        path.display(),
        below(differences)
    )]
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// The name of the run in it.
        found: String,
        /// The differences, one line per key.
        differences: Vec<String>,
    },
    /// The results in the folder were computed on other data.
    #[error(
        "{}: contains results on other data{}\nhint: choose another folder with --out to keep both{}",
        path.display(),
        below(differences),
        if *tested { ". Nets do not depend on the test file: copy the folder, remove `results/*.test.json` and \
                      `cells/*` from the copy, give the copy with --out, and nothing is trained again" } else { "" }
    )]
    OtherData {
        /// The folder.
        path: PathBuf,
        /// The differences, one line per file.
        differences: Vec<String>,
        /// Whether only the test file differs.
        tested: bool,
    },
    /// The results in the folder were computed on an instruction set with other bits.
    #[error(
        "{}: contains results of the instruction set `{there}`, and this process runs on `{now}`, which rounds differently\n\
        hint: resume on a machine that has `{there}`, with --isa {there}; choose another folder with --out; or allow a \
        mixture with --allow-mixed-isa",
        path.display()
    )]
    OtherIsa {
        /// The folder.
        path: PathBuf,
        /// The set of the results.
        there: String,
        /// The set of this process.
        now: Isa,
    },
    /// The file that identifies the folder's run cannot be read.
    #[error(
        "{}: is damaged: {source}\nhint: no other file identifies the run in this folder: choose another one \
         with --out; its finished trials can be read with --collect",
        path.display()
    )]
    DamagedOwner {
        /// The file.
        path: PathBuf,
        /// The parser's message.
        source: serde_json::Error,
    },
    /// There are files, but none of Saturn's.
    #[error(
        "{}: is not empty and contains no run\nhint: choose another folder with --out",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to resume.
    #[error("{}: contains no run to resume\nhint: check the path, or omit --resume to start one", path.display())]
    NothingToResume {
        /// The folder.
        path: PathBuf,
    },
    /// Another process uses the folder.
    #[error("{}: another saturn process is using this folder{}\nhint: wait for it, or choose another folder \
        with --out", path.display(), in_brackets(holder.as_deref()))]
    Busy {
        /// The folder.
        path: PathBuf,
        /// The process, if it is known.
        holder: Option<String>,
    },
    /// Another process has taken over.
    #[error(
        "{}: another saturn process has taken over, since this one had not been running for a minute\nhint: run the \
        same command again",
        path.display()
    )]
    Lost {
        /// The folder.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: cannot {what}: {source}\nhint: {}", path.display(), remedy(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The operation.
        what: Operation,
        /// The system's error.
        source: io::Error,
    },
    /// A file written by Saturn has unexpected contents.
    #[error("{}: is damaged: {source}\nhint: move it out of the folder; its contents will be computed again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The parser's message.
        source: serde_json::Error,
    },
}

impl FolderError {
    /// The same error, with the settings in which the folder's run differs from the scenario `now`, which has
    /// every default written out.
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
        match self {
            Self::Io { source, .. } => lasting.contains(&source.kind()),
            other => matches!(other, Self::Lost { .. }),
        }
    }
}

fn in_brackets(text: Option<&str>) -> String {
    text.map(|text| format!(" ({text})")).unwrap_or_default()
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
