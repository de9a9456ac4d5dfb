//! Data from their publishers: the available sets, and how a file is fetched.
//!
//! A file is fetched to `NAME.part` in its folder, from where an earlier attempt stopped (HTTP range),
//! checked against its known size and checksum, and renamed. If no checksum is known, the SHA-256 of the
//! download is written to `NAME.sha256` next to the file, and later downloads must match it. One process
//! fetches a file at a time.

mod contents;
mod download;
mod error;
mod publishers;
mod receive;

#[cfg(test)]
mod tests;

pub use crate::checksum::Checksum;
pub use contents::Contents;
pub use download::{Fetched, fetch};
pub use error::GetError;
pub use publishers::{Item, SETS, Set, find};
pub use receive::WatchBytes;
