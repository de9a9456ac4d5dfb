//! One file, from its address to its place.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::contents;
use super::error::GetError;
use super::publishers::Item;
use super::receive::{WatchBytes, receive};
use crate::checksum::{Checksum, sha256};

/// Result of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The file already existed, and is complete.
    AlreadyThere,
    /// It came, and has its publisher's checksum.
    Checked,
    /// Downloaded; no checksum is known, so its own was written next to it.
    Recorded,
}

/// Fetches `item` into `folder`; `page` is where its publisher writes about it.
pub fn fetch(
    item: &Item,
    page: &str,
    folder: &Path,
    watch: WatchBytes,
) -> Result<Fetched, GetError> {
    let place = folder.join(item.file);
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |source| GetError::Disk { path, source }
    };
    fs::create_dir_all(folder).map_err(disk(folder))?;
    if place.is_file() {
        verify(item, &place, &place)?;
        return Ok(Fetched::AlreadyThere);
    }
    let part = beside(&place, "part");
    let mut file = saturn_files::open_own(&part).map_err(disk(&part))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(GetError::Busy { path: part }),
        Err(TryLockError::Error(error)) => return Err(disk(&part)(error)),
    }
    let came = keep(item, page, &mut file, &part, &place, watch);
    // An empty file cannot be resumed.
    if came.is_err() && file.metadata().is_ok_and(|found| found.len() == 0) {
        let _ = fs::remove_file(&part);
    }
    came
}

/// Fetches to `part`, checks, and renames to `place`.
fn keep(
    item: &Item,
    page: &str,
    file: &mut File,
    part: &Path,
    place: &Path,
    watch: WatchBytes,
) -> Result<Fetched, GetError> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |source| GetError::Disk { path, source }
    };
    receive(item, page, file, part, watch)?;
    let recorded = verify(item, part, place)?;
    file.sync_all().map_err(disk(part))?;
    fs::rename(part, place).map_err(disk(place))?;
    let Some(digits) = recorded else {
        return Ok(Fetched::Checked);
    };
    let record = beside(place, "sha256");
    let line = format!("{digits}  {}\n", item.file);
    saturn_files::replace_bytes(&record, line.as_bytes()).map_err(disk(&record))?;
    Ok(Fetched::Recorded)
}

/// Compares the file at `path`, whose target is `place`, with its known size and checksum, and removes it if
/// they differ. Returns its SHA-256 if no checksum is known.
fn verify(item: &Item, path: &Path, place: &Path) -> Result<Option<String>, GetError> {
    let disk = |source| GetError::Disk {
        path: path.to_owned(),
        source,
    };
    let changed = |what, found: String, expected: String| {
        fs::remove_file(path).map_err(disk)?;
        Err(GetError::Changed {
            path: place.to_owned(),
            what,
            found,
            expected,
        })
    };
    let size = fs::metadata(path).map_err(disk)?.len();
    if let Some(expected) = item.size
        && size != expected
    {
        return changed("size", size.to_string(), expected.to_string());
    }
    if let Some(checksum) = item.checksum {
        let found = checksum.of(path).map_err(disk)?;
        if found != checksum.digits() {
            let what = match checksum {
                Checksum::Md5(_) => "MD5",
                Checksum::Sha256(_) => "SHA-256",
            };
            return changed(what, found, checksum.digits().to_owned());
        }
        return Ok(None);
    }
    if let Some(known) = &item.contents {
        let expected = format!("{} of {} {}", known.sha256, known.files, known.what);
        return match contents::digest(path, known.chosen) {
            Ok((files, digits)) if files == known.files && digits == known.sha256 => Ok(None),
            Ok((files, digits)) => {
                let found = format!("{digits} of {files} {}", known.what);
                changed("SHA-256 of the files in it", found, expected)
            }
            Err(error) => changed(
                "content",
                format!("not a complete archive ({error})"),
                expected,
            ),
        };
    }
    let found = sha256(path).map_err(disk)?;
    match fs::read_to_string(beside(place, "sha256")) {
        Ok(record) => {
            let expected = record.split_whitespace().next().unwrap_or_default();
            if expected == found {
                Ok(Some(found))
            } else {
                changed("SHA-256", found, expected.to_owned())
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(found)),
        Err(source) => Err(disk(source)),
    }
}

/// `path` with `.ending` after its whole name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
