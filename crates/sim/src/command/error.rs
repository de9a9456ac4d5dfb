//! What can be wrong with a command that none of its parts knows.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of a command as a whole.
#[derive(Debug, Error)]
pub enum CommandError {
    /// A search without anything to vary.
    #[error(
        "there is nothing to search\nhint: name keys and ranges under `tune.search` in the scenario"
    )]
    NothingToSearch,
    /// No candidate of a search could be trained.
    #[error("every candidate failed\nhint: the reasons are above; narrow `tune.search`")]
    NothingFound,
    /// A run that has not ended.
    #[error("{}: contains no summary.json\nhint: run the scenario to its end first", run.display())]
    NoSummary {
        /// The run's folder.
        run: PathBuf,
    },
    /// An option names a folder that is none.
    #[error("{option} {}: {found}\nhint: give a folder of cells, or a run's folder", path.display())]
    NoFolder {
        /// The option.
        option: &'static str,
        /// What was given.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// What would be written is what is read.
    #[error("{what} {}: is the file that is read, and would be changed\nhint: choose another path", path.display())]
    SameFile {
        /// The option or argument.
        what: &'static str,
        /// What was given.
        path: PathBuf,
    },
}

/// An error if `out`, which `what` names, is the plain file `input` by any path or link.
pub fn refuse_same_file(what: &'static str, input: &Path, out: &Path) -> Result<(), CommandError> {
    let same = match (input.canonicalize(), out.canonicalize()) {
        (Ok(input), Ok(out)) => input == out && out.is_file(),
        // One of them does not exist.
        _ => false,
    };
    if same {
        let path = out.to_owned();
        return Err(CommandError::SameFile { what, path });
    }
    Ok(())
}

impl CommandError {
    /// What `option` names, `path`, is no folder.
    pub fn no_folder(option: &'static str, path: &Path) -> Self {
        let found = if path.exists() {
            "is not a folder"
        } else {
            "no such folder was found"
        };
        Self::NoFolder {
            option,
            path: path.to_owned(),
            found,
        }
    }
}
