//! What can go wrong with a live stream.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use saturn_store::operation::Operation;

/// An error of `saturn stream`, `saturn send` or `saturn view`.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The path contains no trained net.
    #[error("{}: {what}\nhint: {hint}", path.display())]
    Model {
        /// What was given.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        hint: String,
    },
    /// An option cannot be used so.
    #[error("{option}: {what}\nhint: {hint}")]
    Option {
        /// The option.
        option: &'static str,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// Reading, writing or opening failed.
    #[error("{place}: cannot {what}: {source}\nhint: {hint}")]
    Io {
        /// The file, the socket or the address.
        place: String,
        /// What was tried.
        what: Operation,
        /// The system's error.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// A file of ours has unexpected contents, or belongs to another net.
    #[error("{}: {what}\nhint: {hint}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// An input has ended, and no line or frame of it was one.
    #[error(
        "{place}: all of its {dropped} lines or frames are malformed, and none was accepted\nhint: lines \
         are `TIME_US UNIT` or frames (docs/live.md); a data file is sent with `saturn send FILE`"
    )]
    Unread {
        /// The input.
        place: String,
        /// Malformed lines or frames.
        dropped: u64,
    },
}

impl LiveError {
    /// An [`Self::Io`] about a file.
    pub fn file(
        path: &Path,
        what: Operation,
        hint: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let place = path.display().to_string();
        move |source| Self::Io {
            place,
            what,
            source,
            hint,
        }
    }
}
