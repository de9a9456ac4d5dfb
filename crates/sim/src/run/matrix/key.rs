//! What a result depends on, as a checksum: a result with another key is computed again.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A result with the key of what it depends on.
#[derive(Serialize, Deserialize)]
pub struct Keyed<T> {
    /// The checksum.
    pub key: String,
    /// The result.
    pub result: T,
}

/// The checksum of what a result depends on.
pub fn key(of: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(of).context("encoding a key")?;
    Ok(hex(&Sha256::digest(bytes)))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |b: u8| char::from_digit(u32::from(b), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}
