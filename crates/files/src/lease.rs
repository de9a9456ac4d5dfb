//! A lease: exclusive use of a piece of work among processes on any machines that share a file system.
//!
//! The system's file locks are not enough there: some file systems have none, and some keep them on one machine. A lease
//! is a file that appears whole under its name by `link`, which fails if the name exists, on network file systems too.
//! Its holder writes a counter into it every [`Timing::beat`]. A lease is taken over from a holder
//!
//! - that is known to be gone: same machine, and no process of that number and start time;
//! - or whose counter has not changed for [`Timing::patience`] by the clock of the process that waits. No clocks of two
//!   machines are compared.
//!
//! Of several that take over, one at a time may remove the old file. A holder that finds another file in place of its own
//! has lost its lease, and learns this at its next beat. So two processes can hold a lease at once only after one
//! of them was suspended, until that beat; what is done under a lease must therefore be safe to do twice: files are
//! written under a name of their own, then renamed.

mod holder;

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use holder::Holder;
use holder::counter;

/// Interval between looks at a lease that another process has.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a lease's file that are read; it has some hundred.
const LARGEST: u64 = 4_096;

/// How often a holder writes, and after what silence its lease is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two writes of the counter.
    pub beat: Duration,
    /// How long the counter may stay the same.
    pub patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(10),
            patience: Duration::from_mins(1),
        }
    }
}

/// A held lease; it ends when this value is dropped, or is taken over when the process is gone.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    own: Holder,
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
}

/// Acquires the lease at `path`, whose folder exists. `None` while its holder is alive: at once if that can be known,
/// otherwise as soon as its counter changes. `waiting` is called five times a second while that is not known, and may
/// give up, which also gives `None`. `lost` is called once, on another thread, if the lease is taken over.
pub fn acquire(
    path: &Path,
    timing: Timing,
    mut waiting: impl FnMut(&Holder) -> ControlFlow<()>,
    lost: impl FnOnce(&Holder) + Send + 'static,
) -> io::Result<Option<Lease>> {
    let own = Holder::this_process();
    loop {
        if let Some(file) = create(path, &own)? {
            return begin(path, own, file, timing, lost).map(Some);
        }
        // Else its holder has just ended.
        if let Some(found) = read(path)? {
            if is_alive(path, &found, timing, &mut waiting)? {
                return Ok(None);
            }
            remove_dead(path, &found, timing)?;
        }
    }
}

/// A holder that is alive of the leases at `paths`, which may take [`Timing::patience`] to know for all of them together;
/// `waiting` as in [`acquire`]. Leases of holders that are gone are removed.
pub fn any_alive(
    paths: &[PathBuf],
    timing: Timing,
    mut waiting: impl FnMut(&Holder) -> ControlFlow<()>,
) -> io::Result<Option<Holder>> {
    let mut silent = Vec::new();
    for path in paths {
        if let Some(text) = read(path)? {
            let found = Holder::parse(&text);
            match found.is_running() {
                Some(true) => return Ok(Some(found)),
                Some(false) => remove_dead(path, &text, timing)?,
                None => silent.push((path, text, found)),
            }
        }
    }
    let began = Instant::now();
    while began.elapsed() < timing.patience && !silent.is_empty() {
        thread::sleep(LOOK.min(timing.patience));
        let mut left = Vec::new();
        for (path, text, found) in silent {
            match read(path)? {
                Some(now) if now == text => left.push((path, text, found)),
                Some(now) => return Ok(Some(Holder::parse(&now))),
                None => {}
            }
        }
        silent = left;
        if let Some((_, _, found)) = silent.first()
            && waiting(found).is_break()
        {
            return Ok(Some(found.clone()));
        }
    }
    for (path, text, _) in silent {
        remove_dead(path, &text, timing)?;
    }
    Ok(None)
}

/// Creates the file, whole; `None` if it exists.
fn create(path: &Path, own: &Holder) -> io::Result<Option<File>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".tmp")
        .tempfile_in(folder)?;
    temporary.write_all(own.text().as_bytes())?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(path) {
        Ok(file) => Ok(Some(file)),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
            // A server may have done it, and answered a repeated request.
            let is_own = read(path)?.is_some_and(|text| Holder::parse(&text).is(own));
            if is_own {
                return File::options().write(true).open(path).map(Some);
            }
            Ok(None)
        }
        Err(refused) => Err(refused.error),
    }
}

/// The file's text; `None` if it does not exist.
fn read(path: &Path) -> io::Result<Option<String>> {
    use io::Read;
    match File::open(path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            file.take(LARGEST).read_to_end(&mut bytes)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whether the holder in `text` is alive, or `waiting` gave up before that was known.
fn is_alive(
    path: &Path,
    text: &str,
    timing: Timing,
    waiting: &mut impl FnMut(&Holder) -> ControlFlow<()>,
) -> io::Result<bool> {
    let found = Holder::parse(text);
    if let Some(alive) = found.is_running() {
        return Ok(alive);
    }
    let began = Instant::now();
    while began.elapsed() < timing.patience {
        if waiting(&found).is_break() {
            return Ok(true);
        }
        thread::sleep(LOOK.min(timing.patience));
        match read(path)? {
            Some(now) if now == text => {}
            // Another counter or another holder: somebody is alive. Gone: whoever waits begins again.
            Some(_) => return Ok(true),
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// Removes the file of a holder that is gone, unless it is another's by now. Of several processes that have waited for it,
/// one at a time does so: the one that has created the file next to it.
fn remove_dead(path: &Path, dead: &str, timing: Timing) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".taking");
    let taking = PathBuf::from(name);
    let began = Instant::now();
    loop {
        match File::options().write(true).create_new(true).open(&taking) {
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
        // Whoever created it takes no longer than a few calls, unless it was killed in between.
        if began.elapsed() < timing.patience {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        ignore_missing(fs::remove_file(&taking))?;
    }
    let same = read(path)?.is_some_and(|now| Holder::parse(&now).is(&Holder::parse(dead)));
    let removed = if same {
        ignore_missing(fs::remove_file(path))
    } else {
        Ok(())
    };
    ignore_missing(fs::remove_file(&taking))?;
    removed
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Starts to write the counter.
fn begin(
    path: &Path,
    own: Holder,
    mut file: File,
    timing: Timing,
    lost: impl FnOnce(&Holder) + Send + 'static,
) -> io::Result<Lease> {
    let (end, ended) = channel::<()>();
    let (watched, mine) = (path.to_owned(), own.clone());
    let beating = thread::Builder::new()
        .name("lease".to_owned())
        .spawn(move || {
            let mut beats = 0u64;
            loop {
                match ended.recv_timeout(timing.beat) {
                    Err(RecvTimeoutError::Timeout) => {}
                    _ => return,
                }
                beats += 1;
                let at = SeekFrom::Start(mine.text().len() as u64 - counter(0).len() as u64);
                // A server that does not answer now may do so at the next beat.
                let _ = file
                    .seek(at)
                    .and_then(|_| file.write_all(counter(beats).as_bytes()))
                    .and_then(|()| file.sync_all());
                let found = match read(&watched) {
                    Ok(Some(text)) => Holder::parse(&text),
                    Ok(None) => Holder::default(),
                    Err(_) => continue,
                };
                if !found.is(&mine) {
                    return lost(&found);
                }
            }
        })?;
    Ok(Lease {
        path: path.to_owned(),
        own,
        end: Some(end),
        beating: Some(beating),
    })
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.end.take();
        if let Some(beating) = self.beating.take() {
            // It does not panic.
            let _ = beating.join();
        }
        // A file that cannot be removed now is taken over later.
        if let Ok(Some(text)) = read(&self.path)
            && Holder::parse(&text).is(&self.own)
        {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
