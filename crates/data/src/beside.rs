//! A data file appears whole or not at all ([`saturn_files::replace`]).

use std::path::Path;

use crate::error::DataError;

/// Lets `write` fill a temporary file, and puts it in the place of `path`. Where anything fails, the temporary file is
/// removed and `path` is as it was.
pub(crate) fn write_beside<T>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, DataError>,
) -> Result<T, DataError> {
    saturn_files::replace(path, write, |error| DataError::Write {
        path: path.to_owned(),
        detail: error.to_string(),
    })
}
