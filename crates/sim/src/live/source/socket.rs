//! A Unix socket: clients connect and write; what each writes is decoded by itself.

/// There are no Unix sockets.
#[cfg(not(unix))]
pub fn start(
    _: &super::Reading,
    path: &std::path::Path,
    _: crate::live::queue::Feeder,
) -> Result<String, crate::live::LiveError> {
    Err(crate::live::LiveError::Option {
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
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{PATIENCE, Reading, spawn};
    use crate::live::LiveError;
    use crate::live::protocol::Decoder;
    use crate::live::queue::{Feeder, Message};

    /// The most clients at once.
    const CLIENTS: usize = 16;
    const HINT: &str = "choose a path in a folder that you may write to, of at most 100 bytes";

    /// A socket at `path`, which is taken away at the end.
    pub fn start(reading: &Reading, path: &Path, feeder: Feeder) -> Result<String, LiveError> {
        clear(path)?;
        let listener = UnixListener::bind(path)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(LiveError::file(path, "make a socket", HINT))?;
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
            Ok(_) => fs::remove_file(path).map_err(LiveError::file(path, "remove", HINT)),
        }
    }

    fn accept(listener: &UnixListener, reading: &Reading, mut feeder: Feeder) {
        let clients = Arc::new(AtomicUsize::new(0));
        while !feeder.ends() {
            match listener.accept() {
                Ok((client, _)) => {
                    if clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
                        clients.fetch_sub(1, Ordering::Relaxed);
                        feeder.say(Message::Note(format!(
                            "a client was turned away: {CLIENTS} are connected already"
                        )));
                        continue;
                    }
                    let decoder = Decoder::new(reading.format, reading.channels);
                    if reading.once {
                        return serve(client, decoder, feeder);
                    }
                    let (theirs, count) = (feeder.clone(), Arc::clone(&clients));
                    let started = spawn("a client", move || {
                        serve(client, decoder, theirs);
                        count.fetch_sub(1, Ordering::Relaxed);
                    });
                    if let Err(e) = started {
                        clients.fetch_sub(1, Ordering::Relaxed);
                        feeder.say(Message::Note(e.to_string()));
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(PATIENCE / 5),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    feeder.say(Message::Failed(format!("the socket takes no clients: {e}")));
                    return;
                }
            }
        }
    }

    fn serve(mut client: UnixStream, mut decoder: Decoder, mut feeder: Feeder) {
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
                    decoder.feed(&buffer[..n], &mut feeder);
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
