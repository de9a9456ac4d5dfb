//! What can go wrong on the way from a publisher.

use std::io;
use std::path::PathBuf;

/// An error of [`super::fetch`].
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// There was no answer.
    #[error(
        "{url}: no answer: {detail}; hint: this needs the network; what has come already is kept, so that the \
         same command goes on from there"
    )]
    NoAnswer {
        /// The address.
        url: String,
        /// What was tried.
        detail: String,
    },
    /// The answer was not the file.
    #[error("{url}: the answer was {status}; hint: see whether the file has moved, at {page}")]
    Status {
        /// The address.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// The publisher's page.
        page: String,
    },
    /// The connection ended too early.
    #[error(
        "{url}: broken off after {done} bytes{}; hint: run the same command again, it goes on from there",
        total.map_or_else(String::new, |total| format!(" of {total}"))
    )]
    BrokenOff {
        /// The address.
        url: String,
        /// Bytes that are there now.
        done: u64,
        /// Bytes that there should be, where that is known.
        total: Option<u64>,
    },
    /// The file has another size or checksum than it should.
    #[error(
        "{}: its {what} is {found} and should be {expected}; hint: it was removed, so run the same command again; \
         if that says the same, the publisher has changed the file",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// `size`, `MD5` or `SHA-256`.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The disk refused.
    #[error("{}: cannot be written or read: {source}; hint: free some space, or give another `--out`", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user asked to stop.
    #[error("{}: interrupted; hint: run the same command again, it goes on from there", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}
