//! Output lines to a reader that may be slow, stuck or gone.
//!
//! A separate thread writes, in pieces that a pipe takes whole or not at all, so that the live run never
//! blocks in a system call: it reacts to an interrupt, and saves unread output in its state. Up to [`ROOM`]
//! bytes are queued; beyond that the writer waits, until an interrupt.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that may wait.
pub const ROOM: usize = 1 << 18;
/// Bytes written in one call (`PIPE_BUF` of Linux).
const PIECE: usize = 4096;
/// Time that a writer waits before it checks whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// The end of the queue for writing.
pub struct Outlet(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes that are not written yet.
    waiting: VecDeque<u8>,
    /// What has been written of the line that the next byte belongs to.
    begun: Vec<u8>,
    /// Bytes written in all.
    written: u64,
    error: Option<io::Error>,
    /// Writing has ended: an error occurred, or the other end was dropped.
    over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, LOOK);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Writes the queued lines until the end.
    fn write_to(&self, mut out: impl Write) {
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() && !state.over {
                state = self.wait(state);
            }
            if state.over {
                return;
            }
            piece.clear();
            piece.extend(state.waiting.iter().take(PIECE));
            drop(state);
            let done = match out.write(&piece) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(0),
                done => done,
            };
            let mut state = self.lock();
            match done {
                Ok(n) => state.take(n),
                Err(e) => (state.error, state.over) = (Some(e), true),
            }
            self.changed.notify_all();
        }
    }
}

impl State {
    /// The first `n` waiting bytes have been written.
    fn take(&mut self, n: usize) {
        self.written += n as u64;
        for byte in self.waiting.drain(..n) {
            if byte == b'\n' {
                self.begun.clear();
            } else {
                self.begun.push(byte);
            }
        }
    }
}

impl Outlet {
    /// Starts writing to `out`, which must not buffer.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("write".to_owned());
        thread.spawn(move || theirs.write_to(out))?;
        Ok(Self(shared))
    }

    /// Queues `bytes`. Waits for room, but not after `ends` is true. An error is a write error, returned
    /// once; afterwards everything is dropped.
    pub fn put(&self, bytes: &[u8], mut ends: impl FnMut() -> bool) -> io::Result<()> {
        let mut state = self.0.lock();
        while state.waiting.len() >= ROOM && !state.over && !ends() {
            state = self.0.wait(state);
        }
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        if !state.over {
            state.waiting.extend(bytes);
            self.0.changed.notify_all();
        }
        Ok(())
    }

    /// Waits until everything is written, an error occurs, or nothing has been written for `patience`.
    pub fn settle(&self, patience: Duration) {
        let mut state = self.0.lock();
        let mut last = (state.written, Instant::now());
        while !state.waiting.is_empty() && !state.over && last.1.elapsed() < patience {
            state = self.0.wait(state);
            if state.written != last.0 {
                last = (state.written, Instant::now());
            }
        }
    }

    /// The unread output, from the beginning of its first line.
    pub fn unsaid(&self) -> Vec<u8> {
        let state = self.0.lock();
        if state.waiting.is_empty() || state.over {
            return Vec::new();
        }
        state.begun.iter().chain(&state.waiting).copied().collect()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Reads a piece only on request.
    struct Stuck(Receiver<()>, SyncSender<Vec<u8>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_reader_holds_nobody_up_and_loses_nothing() {
        let ((go, gone), (said, heard)) = (sync_channel(8), sync_channel(8));
        let outlet = Outlet::start(Stuck(gone, said)).unwrap();
        let line = format!("{}\n", "x".repeat(2_999)).into_bytes();
        // More than fits: the last ones only because the end has come.
        for _ in 0..ROOM / 3_000 + 3 {
            outlet.put(&line, || true).unwrap();
        }
        let all = outlet.unsaid();
        assert_eq!(all.len(), (ROOM / 3_000 + 3) * 3_000);
        go.send(()).unwrap();
        let piece = heard.recv().unwrap();
        assert_eq!(piece.len(), PIECE);
        // One line and a part of the next are out: the rest begins with that line.
        while outlet.unsaid().len() == all.len() {
            std::thread::yield_now();
        }
        assert_eq!(outlet.unsaid(), all[3_000..]);
    }

    #[test]
    fn an_error_is_said_once() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let outlet = Outlet::start(Full).unwrap();
        outlet.put(b"a line\n", || false).unwrap();
        outlet.settle(Duration::from_mins(1));
        let error = outlet.put(b"another\n", || false).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        outlet.put(b"a third\n", || false).unwrap();
        assert!(outlet.unsaid().is_empty());
    }
}
