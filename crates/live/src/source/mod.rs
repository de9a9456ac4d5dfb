//! Sources of events.
//!
//! | argument | input | end |
//! |---|---|---|
//! | `-` | standard input | its end |
//! | `FILE` | the file; with `--follow` also data appended to it | its end; none with `--follow` |
//! | `unix:PATH` | a socket with up to 16 clients; another replaces an idle one | none; with `--once` that of the first client |
//! | `udp:HOST:PORT` | datagrams, each of whole lines or frames | none |
//!
//! Each reader is a thread that decodes into the queue, checks some twenty times a second whether to stop,
//! and reports its position when it does, so that an interrupt loses nothing.

mod file;
mod socket;
mod udp;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use file::Resume;

use super::LiveError;
use super::protocol::Format;
use super::queue::Feeder;
use saturn_store::operation::Operation;

/// Time that a reader waits before it checks whether to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// A source of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// A Unix socket that is made here.
    Unix(PathBuf),
    /// An address for datagrams.
    Udp(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "-" {
            Ok(Self::Stdin)
        } else if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err("expected a path after `unix:`".to_owned());
            }
            Ok(Self::Unix(path.into()))
        } else if let Some(address) = text.strip_prefix("udp:") {
            address_of(address).map(Self::Udp)
        } else {
            Ok(Self::File(text.into()))
        }
    }
}

/// `HOST:PORT`, or only a port, which means this machine.
pub fn address_of(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
    match port.parse::<u16>() {
        Ok(_) if !host.is_empty() => Ok(format!("{host}:{port}")),
        _ => Err(format!("`{text}` is not HOST:PORT")),
    }
}

/// How a source is read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Where from.
    pub source: Source,
    /// The expected format.
    pub format: Format,
    /// I.
    pub channels: usize,
    /// Whether a file is read on when it grows.
    pub follow: bool,
    /// Whether a socket serves only one client.
    pub once: bool,
    /// Seconds of silence after which a client may be replaced by another.
    pub idle_s: f64,
    /// Where the file was left.
    pub resume: Option<Resume>,
}

impl Reading {
    /// Whether what comes too fast is dropped.
    pub fn drops(&self) -> bool {
        matches!(self.source, Source::Udp(_))
    }

    /// Opens the source and starts its reader. Returns a description of the source.
    pub fn start(self, feeder: Feeder) -> Result<String, LiveError> {
        match &self.source {
            Source::Stdin => file::start_stdin(&self, feeder),
            Source::File(path) => file::start(&self, path, feeder),
            Source::Unix(path) => socket::start(&self, path, feeder),
            Source::Udp(address) => udp::start(&self, address, feeder),
        }
    }
}

/// Starts a reader.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), LiveError> {
    let started = std::thread::Builder::new()
        .name(format!("read {name}"))
        .spawn(work);
    started.map(drop).map_err(|source| LiveError::Io {
        place: name.to_owned(),
        what: Operation::StartReader,
        source,
        hint: "this user has reached the system's limit of threads",
    })
}
