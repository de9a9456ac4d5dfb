//! The files that a conversion makes: each is written beside its place, and when all are done they are put there
//! ([`saturn_files::replace`]). Where one fails, no file of the folder is changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use saturn_files::Together;

use crate::error::DataError;

/// Files that are put in their places together.
#[derive(Debug, Default)]
pub(crate) struct Output {
    files: Together,
}

impl Output {
    /// For files in `folder`, which is made if it is not there.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, DataError> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        Ok(Self::default())
    }

    /// Lets `write` fill a file beside `path`.
    pub(crate) fn write<T>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Path) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        self.files.write(path, write, failed(path))
    }

    /// Puts all files in their places.
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
