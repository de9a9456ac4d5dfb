//! Whether an output file is the input file.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The output file is the input file.
#[derive(Debug, Error)]
#[error("{what} {}: is the input file, and would be overwritten\nhint: choose another path", path.display())]
pub struct SameFile {
    /// The option or argument.
    what: &'static str,
    /// Its value.
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
