//! A file appears whole or not at all: it is written beside its place (`NAME.part`), synced, and
//! renamed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Lets `write` fill `NAME.part` beside `path`, and puts it in the place of `path`. Where anything
/// fails, the part is removed and `path` is as it was.
pub(crate) fn write_beside<T>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let failed = |error: io::Error| DataError::Write {
        path: path.to_owned(),
        detail: error.to_string(),
    };

    // libhdf5 says less about a folder that is not there than the system does.
    fs::File::create(&part).map_err(failed)?;
    let written = write(&part).and_then(|value| {
        publish(&part, path).map_err(failed)?;
        Ok(value)
    });
    if written.is_err() {
        // The first error is the one to report, whether or not this succeeds.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Makes a finished file durable under its own name.
fn publish(part: &Path, path: &Path) -> io::Result<()> {
    fs::File::open(part)?.sync_all()?;
    fs::rename(part, path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::File::open(folder)?.sync_all()
}
