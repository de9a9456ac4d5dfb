//! A small HTTP server that shows the status: `/metrics` to Prometheus, `/status` to `saturn view`.
//!
//! Clients are served concurrently by one thread that never blocks on any of them. Each has [`PATIENCE`] to
//! send its request of at most [`REQUEST`] bytes and again to read the response; beyond [`CLIENTS`] the
//! oldest connection is closed. So slow clients delay no one, and memory is bounded. The server listens only
//! on this machine unless another address is given, and only accepts requests for its own host names (see
//! `host`).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::LiveError;
use super::host::Hosts;
use super::metrics;
use super::status::Board;
use saturn_store::operation::Operation;

/// The longest request, bytes.
const REQUEST: usize = 4096;
/// The most headers of a request.
const HEADERS: usize = 64;
/// Time limit for sending a request, and again for reading the response.
const PATIENCE: Duration = Duration::from_secs(2);
/// Maximum number of concurrent clients.
const CLIENTS: usize = 64;
/// Interval between polls of the clients.
const LOOK: Duration = Duration::from_millis(10);

/// Listens at `address` until `stop`; returns the bound address. `names` are accepted host names in addition
/// to that of `address` and the ones always accepted.
pub fn start(
    address: &str,
    names: &[String],
    board: Board,
    stop: Arc<AtomicBool>,
) -> Result<SocketAddr, LiveError> {
    let failed = |source| LiveError::Io {
        place: address.to_owned(),
        what: Operation::Listen,
        source,
        hint: "choose a free port with --metrics; 0 chooses one",
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let hosts = Hosts::new(address, names);
    let work = move || {
        let mut clients = Vec::with_capacity(CLIENTS);
        while !stop.load(Ordering::Relaxed) {
            take_in(&listener, &mut clients);
            // What becomes of a client is its own matter.
            clients.retain_mut(|client: &mut Client| client.go_on(&board, &hosts).unwrap_or(false));
            std::thread::sleep(LOOK);
        }
    };
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    thread.spawn(work).map_err(failed)?;
    Ok(bound)
}

/// Takes in those who have connected.
fn take_in(listener: &TcpListener, clients: &mut Vec<Client>) {
    for _ in 0..CLIENTS {
        // No pending connection, or no free file descriptors: connected clients come first.
        let Ok((line, _)) = listener.accept() else {
            return;
        };
        if line.set_nonblocking(true).is_err() {
            continue;
        }
        if clients.len() == CLIENTS {
            clients.remove(0);
        }
        clients.push(Client {
            line,
            until: Instant::now() + PATIENCE,
            request: Vec::new(),
            answer: None,
        });
    }
}

/// A connected client.
struct Client {
    line: TcpStream,
    /// When its time is over.
    until: Instant,
    request: Vec<u8>,
    /// The response, and the number of bytes sent.
    answer: Option<(Vec<u8>, usize)>,
}

impl Client {
    /// Reads or writes what is possible now; returns whether the client is still connected.
    fn go_on(&mut self, board: &Board, hosts: &Hosts) -> io::Result<bool> {
        if self.answer.is_none() && !self.read(board, hosts)? {
            return Ok(false);
        }
        if let Some((bytes, taken)) = &mut self.answer {
            while *taken < bytes.len() {
                match self.line.write(&bytes[*taken..]) {
                    Ok(0) => return Ok(false),
                    Ok(n) => *taken += n,
                    Err(e) if waits(&e) => return Ok(Instant::now() < self.until),
                    Err(e) => return Err(e),
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads the request, and prepares the response once it is complete or invalid.
    fn read(&mut self, board: &Board, hosts: &Hosts) -> io::Result<bool> {
        let mut buffer = [0; 512];
        loop {
            let late = Instant::now() >= self.until;
            if late || self.request.len() + buffer.len() > REQUEST {
                self.answer(&Answer::plain("400 Bad Request", "no request\n"));
                return Ok(true);
            }
            match self.line.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => self.request.extend_from_slice(&buffer[..n]),
                Err(e) if waits(&e) => return Ok(true),
                Err(e) => return Err(e),
            }
            if let Some(answer) = Answer::to(&self.request, board, hosts) {
                self.answer(&answer);
                return Ok(true);
            }
        }
    }

    fn answer(&mut self, answer: &Answer) {
        self.until = Instant::now() + PATIENCE;
        self.answer = Some((answer.bytes(), 0));
    }
}

fn waits(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// A response.
struct Answer {
    code: &'static str,
    kind: &'static str,
    text: String,
}

impl Answer {
    fn plain(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code,
            kind: "text/plain; charset=utf-8",
            text: text.into(),
        }
    }

    /// The response to a request; `None` while it is incomplete.
    fn to(request: &[u8], board: &Board, hosts: &Hosts) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(request) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return None,
            Err(e) => return Some(Self::plain("400 Bad Request", format!("no request: {e}\n"))),
        }
        let named: Vec<&[u8]> = (parsed.headers.iter())
            .filter(|header| header.name.eq_ignore_ascii_case("host"))
            .map(|header| header.value)
            .collect();
        let host = match named[..] {
            [host] => std::str::from_utf8(host).ok(),
            // Before 1.1 it may be left out; a browser never does.
            [] if parsed.version == Some(0) => Some("localhost"),
            _ => None,
        };
        let Some(host) = host else {
            return Some(Self::plain(
                "400 Bad Request",
                "expected exactly one Host header\n",
            ));
        };
        if !hosts.has(host) {
            let text = "this host name is not accepted: use an address or localhost, or start `saturn \
                stream` with --metrics-host NAME\n";
            return Some(Self::plain("421 Misdirected Request", text));
        }
        if parsed.method != Some("GET") {
            return Some(Self::plain("405 Method Not Allowed", "GET only\n"));
        }
        let path = parsed.path.unwrap_or_default();
        Some(Self::of(path.split('?').next().unwrap_or(path), board))
    }

    fn of(path: &str, board: &Board) -> Self {
        let failed =
            |e: &dyn std::fmt::Display| Self::plain("500 Internal Server Error", format!("{e}\n"));
        match path {
            "/metrics" => metrics::text(&board.read()).map_or_else(
                |e| failed(&e),
                |text| Self {
                    code: "200 OK",
                    kind: metrics::CONTENT_TYPE,
                    text,
                },
            ),
            "/status" => serde_json::to_string(&board.read()).map_or_else(
                |e| failed(&e),
                |text| Self {
                    code: "200 OK",
                    kind: "application/json",
                    text,
                },
            ),
            _ => Self::plain(
                "404 Not Found",
                "the available paths are /metrics and /status\n",
            ),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { code, kind, text } = self;
        let length = text.len();
        format!(
            "HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}"
        )
        .into_bytes()
    }
}
