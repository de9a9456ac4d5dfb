//! What can go wrong when a figure is drawn.

use std::path::{Path, PathBuf};

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// A file could not be written.
    #[error("{}: cannot write the figure: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The image could not be encoded.
    #[error("{}: cannot encode the figure: {reason}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// The encoder's error.
        reason: String,
    },
    /// A path has no file name to which `.svg` and `.png` could be added.
    #[error("{}: not a path for a figure: it ends without a name", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// Two arrays that belong together have different lengths.
    #[error("{figure}: {what} has {found} values, expected {expected}")]
    Shape {
        /// The type of figure.
        figure: &'static str,
        /// The array.
        what: String,
        /// Number of values required by the rest of the figure.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl PlotError {
    /// The file at `path` could not be written.
    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}

/// Checks the length of an array against the rest of a figure.
pub(crate) fn check_len(
    figure: &'static str,
    what: impl Into<String>,
    found: usize,
    expected: usize,
) -> Result<(), PlotError> {
    if found == expected {
        Ok(())
    } else {
        Err(PlotError::Shape {
            figure,
            what: what.into(),
            expected,
            found,
        })
    }
}
