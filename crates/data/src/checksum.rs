//! Checksums of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "get")]
use md5::Md5;
use sha2::{Digest, Sha256};

#[cfg(feature = "get")]
/// A checksum in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// MD5: good against accidents, not against malice.
    Md5(&'static str),
    /// SHA-256.
    Sha256(&'static str),
}

#[cfg(feature = "get")]
impl Checksum {
    /// The digits.
    pub fn digits(&self) -> &'static str {
        match self {
            Self::Md5(digits) | Self::Sha256(digits) => digits,
        }
    }

    /// The same checksum of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> io::Result<String> {
        match self {
            Self::Md5(_) => digest::<Md5>(File::open(path)?),
            Self::Sha256(_) => sha256(path),
        }
    }
}

/// The SHA-256 of the file at `path`.
pub fn sha256(path: &Path) -> io::Result<String> {
    sha256_of(File::open(path)?)
}

/// The SHA-256 of all that `source` gives.
pub(crate) fn sha256_of(source: impl Read) -> io::Result<String> {
    digest::<Sha256>(source)
}

fn digest<D: Digest>(mut source: impl Read) -> io::Result<String> {
    let mut hasher = D::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = source.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    Ok(hex(&hasher.finalize()))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |b: u8| char::from_digit(u32::from(b), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}
