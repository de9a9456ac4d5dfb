//! The layout shared by all state files.
//!
//! ```text
//! offset size
//!      0   16  kind of file and layout version: "saturn stream 1\n", "saturn resume 2\n"
//!     16    8  n, the length of the body
//!     24   32  SHA-256 of the body
//!     56    n  the body
//! ```
//!
//! The body of a checkpoint is postcard: the key of the stage, then its state.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The head's first bytes: fourteen that name the kind of file, a version digit, a newline.
pub type Magic = [u8; 16];

/// Bytes before the body.
pub const HEADER: usize = 56;
/// The head of a checkpoint.
pub const CHECKPOINT: &Magic = b"saturn resume 2\n";

/// Why a file is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is another kind of file.
    #[error("is not a {0}")]
    Foreign(&'static str),
    /// It was written in another layout.
    #[error("is of another version of saturn")]
    Version,
    /// Its length differs from the one in its header.
    #[error("is truncated or corrupt: its length does not match its header")]
    Torn,
    /// Its contents differ from what was written.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// It belongs to other settings, other data, or another trial.
    #[error("is of another scenario, other data or another version of saturn")]
    Other,
}

/// A whole file around `body`.
pub fn seal(magic: &Magic, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(magic);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&Sha256::digest(body));
    bytes.extend_from_slice(body);
    bytes
}

/// The body of a file of the kind `called`, if its whole head is valid.
pub fn open<'a>(magic: &Magic, called: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], Refused> {
    if bytes.len() < magic.len() || bytes[..14] != magic[..14] {
        return Err(Refused::Foreign(called));
    }
    if bytes[14..16] != magic[14..] {
        return Err(Refused::Version);
    }
    let header = bytes.get(..HEADER).ok_or(Refused::Torn)?;
    let length = header[16..24]
        .iter()
        .rev()
        .fold(0u64, |n, &b| n << 8 | u64::from(b));
    let body = &bytes[HEADER..];
    if body.len() as u64 != length {
        return Err(Refused::Torn);
    }
    if header[24..HEADER] != *Sha256::digest(body) {
        return Err(Refused::Damaged("its checksum does not match".to_owned()));
    }
    Ok(body)
}

/// The bytes of a checkpoint with `key`.
pub fn encode(key: &str, state: &impl Serialize) -> postcard::Result<Vec<u8>> {
    let body = postcard::to_extend(state, postcard::to_stdvec(key)?)?;
    Ok(seal(CHECKPOINT, &body))
}

/// The state in the bytes of a checkpoint with `key`.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Refused> {
    let body = open(CHECKPOINT, "checkpoint", bytes)?;
    let damaged = |e: postcard::Error| Refused::Damaged(e.to_string());
    let (found, state) = postcard::take_from_bytes::<String>(body).map_err(damaged)?;
    if found != key {
        return Err(Refused::Other);
    }
    postcard::from_bytes(state).map_err(damaged)
}
