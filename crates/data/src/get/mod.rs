//! Data from their publishers: which there are, and how a file is fetched.
//!
//! A file is fetched to `NAME.part` beside its place, from where an earlier attempt stopped (HTTP range), checked
//! against its publisher's size and checksum, and renamed. Where the publisher gives no checksum, the SHA-256
//! of what came is written to `NAME.sha256` beside the file, and what comes later must have the same.

mod download;
mod error;
mod publishers;

#[cfg(test)]
mod tests;

pub use crate::checksum::Checksum;
pub use download::{Fetched, WatchBytes, fetch};
pub use error::GetError;
pub use publishers::{Item, SETS, Set, find};
