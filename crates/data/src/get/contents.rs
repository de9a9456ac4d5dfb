//! The files in an archive.
//!
//! A server that packs an archive for each request sends different bytes from one year to the next, but the
//! same files. So the SHA-256 is computed over the lines `SHA-256  NAME` of the files, sorted by name without
//! folder, as `sha256sum` prints them.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::checksum::{hex, sha256_of};
use sha2::{Digest, Sha256};

/// Most bytes that the files of an archive have, unpacked.
const MAX_UNPACKED: u64 = 1 << 33;

/// Known contents of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Contents {
    /// Description of the files.
    pub what: &'static str,
    /// Whether the hash is also of the file of this name.
    pub chosen: fn(&str) -> bool,
    /// How many files it is of.
    pub files: usize,
    /// The SHA-256 of their lines.
    pub sha256: &'static str,
}

/// Number of the chosen files of the archive at `path`, a `.tar.gz` or `.zip`, and the SHA-256 of their lines.
pub(super) fn digest(path: &Path, chosen: fn(&str) -> bool) -> io::Result<(usize, String)> {
    let mut file = BufReader::new(File::open(path)?);
    let mut start = [0; 2];
    file.read_exact(&mut start)?;
    file.rewind()?;
    let mut files = Vec::new();
    let mut left = MAX_UNPACKED;
    let mut take = |name: &str, source: &mut dyn Read, bytes: u64| -> io::Result<()> {
        let name = name.rsplit('/').next().unwrap_or(name);
        left = left
            .checked_sub(bytes)
            .ok_or_else(|| io::Error::other("its files are far too large"))?;
        if chosen(name) {
            files.push((name.to_owned(), sha256_of(source.take(bytes))?));
        }
        Ok(())
    };
    if start == *b"PK" {
        let mut archive = zip::ZipArchive::new(file).map_err(io::Error::other)?;
        for k in 0..archive.len() {
            let mut entry = archive.by_index(k).map_err(io::Error::other)?;
            if entry.is_file() {
                let name = entry.name().map_err(io::Error::other)?.into_owned();
                let bytes = entry.size();
                take(&name, &mut entry, bytes)?;
            }
        }
    } else {
        let unpacked = GzDecoder::new(file).take(MAX_UNPACKED);
        let mut archive = tar::Archive::new(unpacked);
        for entry in archive.entries()? {
            let mut entry = entry?;
            if entry.header().entry_type().is_file() {
                let name = entry.path()?.to_string_lossy().into_owned();
                let bytes = entry.size();
                take(&name, &mut entry, bytes)?;
            }
        }
    }
    files.sort();
    let mut lines = Sha256::new();
    for (name, digits) in &files {
        lines.update(format!("{digits}  {name}\n"));
    }
    Ok((files.len(), hex(&lines.finalize())))
}
