//! One file, from its address to its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::GetError;
use super::publishers::Item;
use crate::checksum::{Checksum, sha256};

/// Hears how many bytes are there, and how many there will be if that is known; breaks off by
/// [`ControlFlow::Break`].
pub type WatchBytes<'a> = &'a mut dyn FnMut(u64, Option<u64>) -> ControlFlow<()>;

/// What a fetch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The file was there already, and is whole.
    AlreadyThere,
    /// It came, and has its publisher's checksum.
    Checked,
    /// It came; there is no checksum to compare it with, so its own was written beside it.
    Recorded,
}

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

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
    receive(item, page, &part, watch)?;
    let recorded = verify(item, &part, &place)?;
    let file = File::open(&part).map_err(disk(&part))?;
    file.sync_all().map_err(disk(&part))?;
    fs::rename(&part, &place).map_err(disk(&place))?;
    let Some(digits) = recorded else {
        return Ok(Fetched::Checked);
    };
    let record = beside(&place, "sha256");
    let line = format!("{digits}  {}\n", item.file);
    fs::write(&record, line).map_err(disk(&record))?;
    Ok(Fetched::Recorded)
}

/// Appends to `part` what of the file is not there yet.
fn receive(item: &Item, page: &str, part: &Path, watch: WatchBytes) -> Result<(), GetError> {
    let url = item.url.to_owned();
    let disk = |source| GetError::Disk {
        path: part.to_owned(),
        source,
    };
    let have = fs::metadata(part).map_or(0, |meta| meta.len());
    if have > 0 && Some(have) == item.size {
        return Ok(());
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .build()
        .into();
    let mut request = agent.get(item.url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let response = request.call().map_err(|error| GetError::NoAnswer {
        url: url.clone(),
        detail: error.to_string(),
    })?;
    let status = response.status().as_u16();
    let header = |name: &str| {
        response
            .headers()
            .get(name)?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    let length = header("content-length").and_then(|length| length.parse::<u64>().ok());
    let from = match status {
        200 => 0,
        206 if resumes_at(header("content-range").as_deref(), have) => have,
        // The part is not a beginning of the file that is there now: next time all of it comes.
        206 | 416 if have > 0 => {
            fs::remove_file(part).map_err(disk)?;
            return Err(GetError::BrokenOff {
                url,
                done: 0,
                total: item.size,
            });
        }
        _ => {
            return Err(GetError::Status {
                url,
                status,
                page: page.to_owned(),
            });
        }
    };
    let total = item.size.or(length.map(|length| from + length));
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .append(from > 0)
        .truncate(from == 0)
        .open(part)
        .map_err(disk)?;
    let mut body = response
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader();
    let mut buffer = vec![0; 1 << 16];
    let mut done = from;
    loop {
        if watch(done, total).is_break() {
            return Err(GetError::Stopped {
                path: part.to_owned(),
            });
        }
        let n = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(GetError::BrokenOff { url, done, total }),
        };
        file.write_all(&buffer[..n]).map_err(disk)?;
        done += n as u64;
    }
    if total.is_some_and(|total| done < total) {
        return Err(GetError::BrokenOff { url, done, total });
    }
    Ok(())
}

/// Whether a `Content-Range` such as `bytes 10-99/100` begins at `start`.
fn resumes_at(range: Option<&str>, start: u64) -> bool {
    range
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next())
        .and_then(|first| first.trim().parse::<u64>().ok())
        .is_some_and(|first| first == start)
}

/// Compares the file at `path`, whose place is `place`, with what is known of it, and removes it where it differs.
/// Its SHA-256, where there is nothing to compare it with.
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
