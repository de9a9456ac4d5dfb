//! A Unix socket: clients connect and write; each client's bytes are decoded separately.
//!
//! The number of connections is limited. A further client replaces the one that has been idle for longest, if
//! that is at least `--client-idle-s`; otherwise it is rejected. So silent clients do not block others, and a
//! sensor with little to send keeps its connection as long as no other client needs it.

/// There are no Unix sockets.
#[cfg(not(unix))]
pub fn start(
    _: &super::Reading,
    path: &std::path::Path,
    _: crate::queue::Feeder,
) -> Result<String, crate::LiveError> {
    Err(crate::LiveError::Option {
        option: "--from",
        what: format!("`unix:{}`: this system has no Unix sockets", path.display()),
        hint: "use udp:HOST:PORT or standard input",
    })
}

#[cfg(unix)]
pub use with_sockets::start;

#[cfg(unix)]
mod with_sockets {
    use std::fs;
    use std::io::{self, ErrorKind, Read};
    use std::net::Shutdown;
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use super::super::{PATIENCE, Reading, spawn};
    use crate::LiveError;
    use crate::protocol::Decoder;
    use crate::queue::{Feeder, Message};
    use saturn_store::operation::Operation;

    /// Maximum number of concurrent clients.
    const CLIENTS: usize = 16;
    const HINT: &str = "choose a path in a folder that you may write to, of at most 100 bytes";

    /// A socket at `path`, which is taken away at the end.
    pub fn start(reading: &Reading, path: &Path, feeder: Feeder) -> Result<String, LiveError> {
        clear(path)?;
        let listener = UnixListener::bind(path)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(LiveError::file(path, Operation::MakeSocket, HINT))?;
        let (reading, place) = (reading.clone(), Place(path.to_owned()));
        spawn(&path.display().to_string(), move || {
            accept(&listener, &reading, feeder);
            drop(place);
        })?;
        Ok(format!("the socket {}", path.display()))
    }

    /// A socket's file.
    struct Place(PathBuf);

    impl Drop for Place {
        fn drop(&mut self) {
            // A connection that is already closed needs no closing.
            let _ = fs::remove_file(&self.0);
        }
    }

    /// Removes a socket without a listener, and nothing else.
    fn clear(path: &Path) -> Result<(), LiveError> {
        let taken = |what: &str| {
            Err(LiveError::Model {
                path: path.to_owned(),
                what: what.to_owned(),
                hint: "choose another path for the socket".to_owned(),
            })
        };
        match fs::symlink_metadata(path) {
            Err(_) => Ok(()),
            Ok(found) if !found.file_type().is_socket() => {
                taken("a file exists there that is not a socket")
            }
            Ok(_) if UnixStream::connect(path).is_ok() => taken("another program listens there"),
            Ok(_) => fs::remove_file(path).map_err(LiveError::file(path, Operation::Remove, HINT)),
        }
    }

    /// A client: when it last sent data, in ns after the source began, and its connection.
    struct Client {
        heard: Arc<AtomicU64>,
        line: UnixStream,
    }

    /// A client whose bytes are being processed: it is not idle, however long that takes.
    const BUSY: u64 = u64::MAX;

    /// The clients that are connected.
    struct Clients {
        all: Vec<Client>,
        began: Instant,
        idle: Duration,
        /// Rejected connections since the last report, and the time of that report.
        turned_away: u64,
        told: Option<Instant>,
    }

    impl Clients {
        /// Removes clients that have left, whose clocks are no longer needed.
        fn tidy(&mut self) {
            self.all
                .retain(|client| Arc::strong_count(&client.heard) > 1);
        }

        /// Makes room for one more by closing the connection of the client idle for longest, if it has been
        /// idle for long enough. Returns whether there is room.
        fn make_room(&mut self, feeder: &mut Feeder) -> bool {
            self.tidy();
            if self.all.len() < CLIENTS {
                return true;
            }
            let idlest = self.all.iter().enumerate();
            let idlest = idlest.min_by_key(|(_, client)| client.heard.load(Ordering::Relaxed));
            let now = self.began.elapsed();
            let Some((at, heard)) = idlest.map(|(at, c)| (at, c.heard.load(Ordering::Relaxed)))
            else {
                return false;
            };
            let idle = now.saturating_sub(Duration::from_nanos(heard));
            if heard == BUSY || idle < self.idle {
                return false;
            }
            // A client that has left needs no closing.
            let _ = self.all.swap_remove(at).line.shutdown(Shutdown::Both);
            feeder.say(Message::Note(format!(
                "a client that had been idle for {:.0} s was replaced by another",
                idle.as_secs_f64()
            )));
            true
        }

        /// Reports the number of rejected connections: the first at once, then at most once a second.
        fn tell(&mut self, feeder: &mut Feeder) {
            let is_time = |told: Instant| told.elapsed() >= Duration::from_secs(1);
            if self.turned_away > 0 && self.told.is_none_or(is_time) {
                let rejected = match std::mem::take(&mut self.turned_away) {
                    1 => "a connection was".to_owned(),
                    n => format!("{n} connections were"),
                };
                self.told = Some(Instant::now());
                feeder.say(Message::Note(format!(
                    "{rejected} rejected: {CLIENTS} clients are connected, and each sent data in the last {} s \
                    (--client-idle-s)",
                    self.idle.as_secs_f64()
                )));
            }
        }
    }

    fn accept(listener: &UnixListener, reading: &Reading, mut feeder: Feeder) {
        let began = Instant::now();
        let mut clients = Clients {
            all: Vec::with_capacity(CLIENTS),
            began,
            idle: Duration::from_secs_f64(reading.idle_s),
            turned_away: 0,
            told: None,
        };
        while !feeder.ends() {
            clients.tell(&mut feeder);
            match listener.accept() {
                Ok((client, _)) => {
                    let decoder = Decoder::new(reading.format, reading.channels);
                    if reading.once {
                        return serve(client, decoder, feeder, &AtomicU64::new(BUSY), began);
                    }
                    if !clients.make_room(&mut feeder) {
                        clients.turned_away += 1;
                        // So that a flood of connections does not occupy a core.
                        std::thread::sleep(PATIENCE / 50);
                        continue;
                    }
                    let line = match client.try_clone() {
                        Ok(line) => line,
                        Err(e) => {
                            feeder.say(Message::Note(format!("a client cannot be served: {e}")));
                            continue;
                        }
                    };
                    let now = began.elapsed().as_nanos() as u64;
                    let heard = Arc::new(AtomicU64::new(now));
                    let (theirs, clock) = (feeder.clone(), Arc::clone(&heard));
                    let started = spawn("a client", move || {
                        serve(client, decoder, theirs, &clock, began);
                    });
                    match started {
                        Ok(()) => clients.all.push(Client { heard, line }),
                        Err(e) => feeder.say(Message::Note(e.to_string())),
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(PATIENCE / 5),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // Too many files are open: some clients will leave.
                Err(e) if matches!(e.raw_os_error(), Some(23 | 24)) => {
                    clients.tidy();
                    clients.turned_away += 1;
                    std::thread::sleep(PATIENCE);
                }
                Err(e) => {
                    feeder.say(Message::Failed(format!("the socket takes no clients: {e}")));
                    return;
                }
            }
        }
    }

    /// Reads a client's bytes; `heard` is when it last sent data, on the clock that began at `began`.
    fn serve(
        mut client: UnixStream,
        mut decoder: Decoder,
        mut feeder: Feeder,
        heard: &AtomicU64,
        began: Instant,
    ) {
        let set = client
            .set_nonblocking(false)
            .and_then(|()| client.set_read_timeout(Some(PATIENCE)));
        if let Err(e) = set {
            feeder.say(Message::Note(format!("a client cannot be served: {e}")));
            return;
        }
        let mut buffer = vec![0; 1 << 16];
        while !feeder.ends() {
            match client.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    feeder.arrived();
                    heard.store(BUSY, Ordering::Relaxed);
                    decoder.feed(&buffer[..n], &mut feeder);
                    heard.store(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
                }
                Err(e) if waits(&e) => {}
                Err(e) => {
                    feeder.say(Message::Note(format!("a client was lost: {e}")));
                    break;
                }
            }
        }
        decoder.finish(&mut feeder);
    }

    /// Whether no data have arrived yet.
    fn waits(e: &io::Error) -> bool {
        use ErrorKind::{Interrupted, TimedOut, WouldBlock};
        matches!(e.kind(), WouldBlock | TimedOut | Interrupted)
    }
}
