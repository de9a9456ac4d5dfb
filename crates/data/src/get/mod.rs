//! Data from their publishers: which there are, and how a file is fetched.
//!
//! A file is fetched to `NAME.part` beside its place, from where an earlier attempt stopped (HTTP range), checked
//! against what is known of its size and content, and renamed. Where nothing is known of its content, the SHA-256
//! of what came is written to `NAME.sha256` beside the file, and what comes later must have the same. One process
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
