//! The bytes of a file, from its publisher's server.
//!
//! - Requests use HTTPS, except where the publisher serves only HTTP.
//! - A server may redirect to the publisher's named hosts ([`Item::hosts`]) and to no others.
//! - At most the file's known or allowed size ([`Item::limit`]) is read, regardless of what the server
//!   announces or sends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use ureq::Body;
use ureq::http::{Response, Uri};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::error::GetError;
use super::publishers::Item;

/// Receives the number of bytes so far, and the total if known; [`ControlFlow::Break`] stops the download.
pub type WatchBytes<'a> = &'a mut dyn FnMut(u64, Option<u64>) -> ControlFlow<()>;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a server may redirect.
const MAX_REDIRECTS: usize = 5;

/// Appends the missing bytes of `item` to `part`, the file at `path`; `page` is where its publisher describes
/// it.
pub(super) fn receive(
    item: &Item,
    page: &str,
    part: &mut File,
    path: &Path,
    watch: WatchBytes,
) -> Result<(), GetError> {
    let url = item.url.to_owned();
    let disk = |source| GetError::Disk {
        path: path.to_owned(),
        source,
    };
    let mut have = part.metadata().map_err(disk)?.len();
    if have > 0 && Some(have) == item.size {
        return Ok(());
    }
    if have > item.limit() {
        part.set_len(0).map_err(disk)?;
        have = 0;
    }
    let response = ask(item, page, have)?;
    let status = response.status().as_u16();
    let length = header(&response, "content-length").and_then(|length| length.parse::<u64>().ok());
    let from = match status {
        200 => 0,
        206 if resumes_at(header(&response, "content-range"), have) => have,
        // The part is not a prefix of the server's current file: the next attempt fetches the whole file.
        206 | 416 if have > 0 => {
            part.set_len(0).map_err(disk)?;
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
    let too_large = |part: &mut File, found: u64| {
        part.set_len(0).map_err(disk)?;
        Err(GetError::TooLarge {
            url: url.clone(),
            found,
            at_most: item.limit(),
            page: page.to_owned(),
        })
    };
    let announced = length.map(|length| from.saturating_add(length));
    if let Some(announced) = announced.filter(|announced| *announced > item.limit()) {
        return too_large(part, announced);
    }
    let total = item.size.or(announced);
    part.set_len(from).map_err(disk)?;
    part.seek(SeekFrom::End(0)).map_err(disk)?;
    // One byte more than is taken shows that there are more.
    let room = (item.limit() - from).saturating_add(1);
    let body = response.into_body().into_with_config().limit(u64::MAX);
    let mut body = body.reader().take(room);
    let mut buffer = vec![0; 1 << 16];
    let mut done = from;
    loop {
        if watch(done, total).is_break() {
            return Err(GetError::Stopped {
                path: path.to_owned(),
            });
        }
        let n = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(GetError::BrokenOff { url, done, total }),
        };
        if done + n as u64 > item.limit() {
            return too_large(part, done + n as u64);
        }
        part.write_all(&buffer[..n]).map_err(disk)?;
        done += n as u64;
    }
    if total.is_some_and(|total| done < total) {
        return Err(GetError::BrokenOff { url, done, total });
    }
    Ok(())
}

/// The response of the server that has the file, from byte `have` on if that is not 0.
fn ask(item: &Item, page: &str, have: u64) -> Result<Response<Body>, GetError> {
    // The system's TLS and the certificates that it trusts.
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .build()
        .into();
    let no_answer = |detail: String| GetError::NoAnswer {
        url: item.url.to_owned(),
        detail,
    };
    let first: Uri = item
        .url
        .parse::<Uri>()
        .map_err(|error| no_answer(format!("{error}")))?;
    let own = first.host().unwrap_or_default().to_owned();
    let mut at = first;
    for _ in 0..=MAX_REDIRECTS {
        if at.scheme_str() != Some("https") && !item.plain_http {
            return Err(GetError::NotEncrypted {
                url: at.to_string(),
                page: page.to_owned(),
            });
        }
        let mut request = agent.get(&at);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let response = request
            .call()
            .map_err(|error| no_answer(error.to_string()))?;
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(response);
        }
        let Some(next) = header(&response, "location").and_then(|next| target(&at, next)) else {
            return Ok(response);
        };
        let host = next.host().unwrap_or_default();
        if host != own && !item.hosts.contains(&host) {
            return Err(GetError::Elsewhere {
                url: item.url.to_owned(),
                to: next.to_string(),
                hosts: [&[own.as_str()][..], item.hosts].concat().join(", "),
                page: page.to_owned(),
            });
        }
        at = next;
    }
    Err(no_answer(format!(
        "it redirects more than {MAX_REDIRECTS} times"
    )))
}

/// Where a redirect from `at` leads.
fn target(at: &Uri, location: &str) -> Option<Uri> {
    if let Some(path) = location
        .strip_prefix('/')
        .filter(|path| !path.starts_with('/'))
    {
        let authority = at.authority()?;
        return format!("{}://{authority}/{path}", at.scheme_str()?)
            .parse()
            .ok();
    }
    let next: Uri = location.parse().ok()?;
    next.host().is_some().then_some(next)
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Whether a `Content-Range` such as `bytes 10-99/100` begins at `start`.
fn resumes_at(range: Option<&str>, start: u64) -> bool {
    range
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next())
        .and_then(|first| first.trim().parse::<u64>().ok())
        .is_some_and(|first| first == start)
}
