//! Errors of downloads.

use std::io;
use std::path::PathBuf;

/// An error of [`super::fetch`].
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// No answer was received.
    #[error(
        "{url}: no answer: {detail}; hint: this needs the network; the bytes received are kept, and the \
        same command resumes from there"
    )]
    NoAnswer {
        /// The address.
        url: String,
        /// What was tried.
        detail: String,
    },
    /// The answer was not the file.
    #[error("{url}: the response was {status}; hint: see whether the file has moved, at {page}")]
    Status {
        /// The address.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// The publisher's page.
        page: String,
    },
    /// The answer was not encrypted, or would not be.
    #[error(
        "{url}: it is not served over HTTPS, so nothing was downloaded; hint: see whether the file has \
        moved, at {page}"
    )]
    NotEncrypted {
        /// The address.
        url: String,
        /// The publisher's page.
        page: String,
    },
    /// The server redirects to a host that is not the publisher's.
    #[error(
        "{url}: it redirects to {to}, and its publisher's hosts are {hosts}, so nothing was downloaded; \
         hint: see whether the file has moved, at {page}"
    )]
    Elsewhere {
        /// The address.
        url: String,
        /// Where it leads.
        to: String,
        /// The publisher's hosts.
        hosts: String,
        /// The publisher's page.
        page: String,
    },
    /// The server offers or sends more than the file can have.
    #[error(
        "{url}: at least {found} bytes were sent, and the file has at most {at_most}; nothing was kept; \
         hint: see whether the file has changed, at {page}"
    )]
    TooLarge {
        /// The address.
        url: String,
        /// Bytes announced or received.
        found: u64,
        /// Bytes that are taken at most.
        at_most: u64,
        /// The publisher's page.
        page: String,
    },
    /// Another process fetches the same file.
    #[error("{}: another process is downloading it; hint: wait until that one has finished", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The connection ended too early.
    #[error(
        "{url}: interrupted after {done} bytes{}; hint: run the same command again to resume",
        total.map_or_else(String::new, |total| format!(" of {total}"))
    )]
    BrokenOff {
        /// The address.
        url: String,
        /// Bytes received so far.
        done: u64,
        /// Bytes that there should be, where that is known.
        total: Option<u64>,
    },
    /// The file has another size or checksum than it should.
    #[error(
        "{}: its {what} is {found} and should be {expected}; hint: it was removed, so run the same command \
         again; if the message repeats, the publisher has changed the file",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// `size`, `MD5`, `SHA-256` or `content`.
        what: &'static str,
        /// The property.
        found: String,
        /// Its expected value.
        expected: String,
    },
    /// The disk refused.
    #[error("{}: cannot be written or read: {source}; hint: free some space, or give another `--out`", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The user asked to stop.
    #[error("{}: interrupted; hint: run the same command again to resume", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}
