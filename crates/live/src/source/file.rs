//! Files, growing ones among them, named pipes and standard input.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{PATIENCE, Reading, spawn};
use crate::LiveError;
use crate::protocol::Decoder;
use crate::queue::{Feeder, Message};
use saturn_store::operation::Operation;

/// How long to wait for a file to grow.
const GROWTH: Duration = Duration::from_millis(20);
/// Bytes per read.
const CHUNK: usize = 1 << 16;

/// Where a file was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The file.
    pub path: PathBuf,
    /// Bytes of it that the network has received.
    pub position: u64,
    /// Lines or frames in them.
    pub lines: u64,
}

/// Standard input.
pub fn start_stdin(reading: &Reading, feeder: Feeder) -> Result<String, LiveError> {
    let decoder = Decoder::new(reading.format, reading.channels);
    spawn("standard input", move || {
        let pipe = Pipe(io::stdin().lock());
        read(pipe, decoder, feeder, 0, None);
    })?;
    Ok("standard input".to_owned())
}

/// The file at `path`.
pub fn start(reading: &Reading, path: &Path, mut feeder: Feeder) -> Result<String, LiveError> {
    let hint = "check the path; a file to follow must exist, and may be empty";
    let opening = LiveError::file(path, Operation::Open, hint);
    let found = fs::metadata(path).map_err(LiveError::file(path, Operation::Open, hint))?;
    let mut decoder = Decoder::new(reading.format, reading.channels);
    if !found.is_file() && !found.is_dir() {
        return start_pipe(path, decoder, feeder);
    }
    let mut file = File::open(path).map_err(opening)?;
    let mut begin = 0;
    if let Some(resume) = reading.resume.as_ref().filter(|r| r.path == path) {
        let length = file.metadata().map_or(0, |m| m.len());
        if resume.position <= length && file.seek(SeekFrom::Start(resume.position)).is_ok() {
            begin = resume.position;
            decoder = decoder.after(resume.lines);
        } else {
            feeder.say(Message::Note(format!(
                "{}: is shorter than at the last read, at byte {}: it is read from its beginning",
                path.display(),
                resume.position
            )));
        }
    }
    let followed = reading.follow.then(|| path.to_owned());
    spawn(&path.display().to_string(), move || {
        read(file, decoder, feeder, begin, followed.as_deref());
    })?;
    let from = if begin > 0 {
        format!(" from byte {begin} on")
    } else {
        String::new()
    };
    Ok(format!("{}{from}", path.display()))
}

/// An open that may block its reader.
trait Input: Read {
    /// Whether there is something to read, or an end; waits a little.
    fn ready(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Another file is to be read from now on.
    fn reopen(&mut self, _file: File) {}

    /// The length and identity of the file.
    fn identity(&self) -> Option<(u64, u64)> {
        None
    }
}

impl Input for File {
    fn reopen(&mut self, file: File) {
        *self = file;
    }

    fn identity(&self) -> Option<(u64, u64)> {
        self.metadata().ok().map(|m| identity(&m))
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    (
        metadata.len(),
        std::os::unix::fs::MetadataExt::ino(metadata),
    )
}

#[cfg(not(unix))]
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    (metadata.len(), 0)
}

/// A named pipe or a device. Opening it may block until there is a writer, so the reader thread does it.
fn start_pipe(path: &Path, decoder: Decoder, mut feeder: Feeder) -> Result<String, LiveError> {
    let place = path.display().to_string();
    let path = path.to_owned();
    spawn(&place, move || match File::open(&path) {
        Ok(file) => read(Pipe(file), decoder, feeder, 0, None),
        Err(e) => feeder.say(Message::Failed(format!(
            "{} cannot be opened: {e}",
            path.display()
        ))),
    })?;
    Ok(place)
}

/// Standard input, or a named pipe: polled before it is read, so that no read blocks for long.
struct Pipe<F>(F);

impl<F: Read> Read for Pipe<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// A source that can be polled.
#[cfg(unix)]
trait Asked: Read + std::os::fd::AsFd {}
#[cfg(unix)]
impl<F: Read + std::os::fd::AsFd> Asked for F {}
/// What cannot.
#[cfg(not(unix))]
trait Asked: Read {}
#[cfg(not(unix))]
impl<F: Read> Asked for F {}

impl<F: Asked> Input for Pipe<F> {
    #[cfg(unix)]
    fn ready(&self) -> io::Result<bool> {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(PATIENCE).unwrap_or(PollTimeout::ZERO);
        match poll(&mut fds, timeout) {
            Ok(ready) => Ok(ready > 0),
            Err(nix::errno::Errno::EINTR) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// Reads to the end, or until told to stop; continues with `followed` when that has grown.
fn read(
    mut input: impl Input,
    mut decoder: Decoder,
    mut feeder: Feeder,
    begin: u64,
    followed: Option<&Path>,
) {
    let mut buffer = vec![0; CHUNK];
    let mut position = begin;
    while !feeder.ends() {
        let some = match input.ready() {
            Ok(false) => continue,
            Ok(true) => input.read(&mut buffer),
            Err(e) => Err(e),
        };
        match some {
            Ok(0) => {
                let Some(path) = followed else {
                    decoder.finish(&mut feeder);
                    break;
                };
                std::thread::sleep(GROWTH);
                if let Some(file) = replaced(&input, path, position) {
                    decoder.finish(&mut feeder);
                    feeder.say(Message::Note(format!(
                        "{}: was truncated or replaced: it is read from its beginning",
                        path.display()
                    )));
                    input.reopen(file);
                    position = 0;
                }
            }
            Ok(n) => {
                feeder.arrived();
                decoder.feed(&buffer[..n], &mut feeder);
                position += n as u64;
                let whole = position.saturating_sub(decoder.waiting() as u64);
                feeder.say(Message::Position(whole, decoder.done()));
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                feeder.say(Message::Failed(format!("the input cannot be read: {e}")));
                return;
            }
        }
    }
    let whole = position.saturating_sub(decoder.waiting() as u64);
    feeder.say(Message::Position(whole, decoder.done()));
}

/// The file at `path`, if it is not the one that has been read up to `position`. A missing file may come
/// back.
fn replaced(input: &impl Input, path: &Path, position: u64) -> Option<File> {
    let (_, now) = input.identity()?;
    let file = File::open(path).ok()?;
    let (length, inode) = identity(&file.metadata().ok()?);
    (inode != now || length < position).then_some(file)
}
