//! A Unix socket: clients connect and write; what each writes is decoded by itself.
//!
//! So many may be connected. One more takes the place of the client that has sent nothing for longest, if that is
//! `--client-idle-s` or more; otherwise it is turned away. So silent clients lock nobody out, and a sensor that has
//! little to send keeps its line as long as nobody needs it.

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
    use saturn_store::deed::Deed;

    /// The most clients at once.
    const CLIENTS: usize = 16;
    const HINT: &str = "choose a path in a folder that you may write to, of at most 100 bytes";

    /// A socket at `path`, which is taken away at the end.
    pub fn start(reading: &Reading, path: &Path, feeder: Feeder) -> Result<String, LiveError> {
        clear(path)?;
        let listener = UnixListener::bind(path)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(LiveError::file(path, Deed::MakeSocket, HINT))?;
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
            // What is gone already needs no taking away.
            let _ = fs::remove_file(&self.0);
        }
    }

    /// Takes a socket away that nobody listens at, and nothing else.
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
                taken("there is a file, and it is no socket")
            }
            Ok(_) if UnixStream::connect(path).is_ok() => taken("another program listens there"),
            Ok(_) => fs::remove_file(path).map_err(LiveError::file(path, Deed::Remove, HINT)),
        }
    }

    /// A client: when it was last heard of, in ns after the source began, and its line, to be cut.
    struct Client {
        heard: Arc<AtomicU64>,
        line: UnixStream,
    }

    /// A client whose bytes are being taken: it is not idle, however long that lasts.
    const BUSY: u64 = u64::MAX;

    /// The clients that are connected.
    struct Clients {
        all: Vec<Client>,
        began: Instant,
        idle: Duration,
        /// Those turned away since that was last told, and when it was.
        turned_away: u64,
        told: Instant,
    }

    impl Clients {
        /// Forgets those who have gone: nobody else holds their clock.
        fn tidy(&mut self) {
            self.all
                .retain(|client| Arc::strong_count(&client.heard) > 1);
        }

        /// Makes room for one more, by cutting the line of the one that has been idle for longest if it has been
        /// for long enough. Whether there is room.
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
            // One that has gone by itself needs no cutting.
            let _ = self.all.swap_remove(at).line.shutdown(Shutdown::Both);
            feeder.say(Message::Note(format!(
                "a client that had sent nothing for {:.0} s made room for another",
                idle.as_secs_f64()
            )));
            true
        }

        /// Tells how many were turned away, once a second at most.
        fn tell(&mut self, feeder: &mut Feeder) {
            if self.turned_away > 0 && self.told.elapsed() >= Duration::from_secs(1) {
                let n = std::mem::take(&mut self.turned_away);
                self.told = Instant::now();
                feeder.say(Message::Note(format!(
                    "{n} connections were turned away: {CLIENTS} clients are connected, and each sent something in the last {} s (--client-idle-s)",
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
            told: began,
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
                        // So that a flood of them does not take a core.
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
                // Too many files are open: some clients will go.
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

    /// Reads what a client writes; `heard` is when it was last heard of, `began` the beginning of that clock.
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

    /// Whether nothing has come yet.
    fn waits(e: &io::Error) -> bool {
        use ErrorKind::{Interrupted, TimedOut, WouldBlock};
        matches!(e.kind(), WouldBlock | TimedOut | Interrupted)
    }
}
