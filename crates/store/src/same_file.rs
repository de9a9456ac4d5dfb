//! Whether a file that is to be written is the one that is read.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// What would be written is what is read.
#[derive(Debug, Error)]
#[error("{what} {}: is the file that is read, and would be changed\nhint: choose another path", path.display())]
pub struct SameFile {
    /// The option or argument.
    what: &'static str,
    /// What was given.
    path: PathBuf,
}

/// An error if `out`, which `what` names, is the plain file `input` by any path or link.
pub fn refuse_same_file(what: &'static str, input: &Path, out: &Path) -> Result<(), SameFile> {
    let same = match (input.canonicalize(), out.canonicalize()) {
        (Ok(input), Ok(out)) => input == out && out.is_file(),
        // One of them does not exist.
        _ => false,
    };
    if same {
        let path = out.to_owned();
        return Err(SameFile { what, path });
    }
    Ok(())
}
