//! The files of a conversion: each is written under a temporary name, and all are renamed when the last is
//! done ([`saturn_files::replace`]). If one fails, no file of the folder is changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use saturn_files::Together;

use crate::error::DataError;

/// Files that are renamed to their targets together.
#[derive(Debug, Default)]
pub(crate) struct Output {
    files: Together,
}

impl Output {
    /// For files in `folder`, which is created if it does not exist.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, DataError> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        Ok(Self::default())
    }

    /// Lets `write` fill a temporary file for `path`.
    pub(crate) fn write<T>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Path) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        self.files.write(path, write, failed(path))
    }

    /// Renames all files to their targets.
    pub(crate) fn place(self) -> Result<(), DataError> {
        let refused = |(path, error): (PathBuf, io::Error)| failed(&path)(error);
        self.files.place().map_err(refused)
    }
}

/// The error of a path that cannot be written.
fn failed(path: &Path) -> impl Fn(io::Error) -> DataError + use<> {
    let path = path.to_owned();
    move |error| DataError::Write {
        path: path.clone(),
        detail: error.to_string(),
    }
}
