//! A small HTTP server that shows the status: `/metrics` to Prometheus, `/status` to `saturn view`.
//!
//! One client at a time, each with two seconds and four kilobytes to ask in, so that nobody can hold it up or make
//! it grow. It listens on this machine alone unless another address is given.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::LiveError;
use super::metrics;
use super::status::Board;

/// The longest request, bytes.
const REQUEST: usize = 4096;
/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens at `address` until `stop`; returns where.
pub fn start(address: &str, board: Board, stop: Arc<AtomicBool>) -> Result<SocketAddr, LiveError> {
    let failed = |source| LiveError::Io {
        place: address.to_owned(),
        what: "listen",
        source,
        hint: "choose a port that is free with --metrics; 0 is any that is",
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let work = move || {
        while !stop.load(Ordering::Relaxed) {
            match listener.accept() {
                // What becomes of a client is its own matter.
                Ok((client, _)) => drop(serve(client, &board)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    };
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    thread.spawn(work).map_err(failed)?;
    Ok(bound)
}

fn serve(mut client: TcpStream, board: &Board) -> std::io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_write_timeout(Some(PATIENCE))?;
    let until = Instant::now() + PATIENCE;
    let mut request = Vec::with_capacity(REQUEST);
    let mut buffer = [0; 512];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || request.len() + buffer.len() > REQUEST {
            return answer(&mut client, "400 Bad Request", "text/plain", "no request\n");
        }
        client.set_read_timeout(Some(left))?;
        match client.read(&mut buffer)? {
            0 => return Ok(()),
            n => request.extend_from_slice(&buffer[..n]),
        }
    }
    let line = String::from_utf8_lossy(&request);
    let mut words = line.split_whitespace();
    let path = match (words.next(), words.next()) {
        (Some("GET"), Some(path)) => path.split('?').next().unwrap_or(path),
        _ => {
            return answer(
                &mut client,
                "405 Method Not Allowed",
                "text/plain",
                "GET only\n",
            );
        }
    };
    match path {
        "/metrics" => {
            let text = metrics::text(&board.read()).map_err(Error::other)?;
            answer(&mut client, "200 OK", metrics::CONTENT_TYPE, &text)
        }
        "/status" => {
            let text = serde_json::to_string(&board.read()).map_err(Error::other)?;
            answer(&mut client, "200 OK", "application/json", &text)
        }
        _ => {
            let text = "there are /metrics and /status\n";
            answer(&mut client, "404 Not Found", "text/plain", text)
        }
    }
}

fn answer(client: &mut TcpStream, code: &str, kind: &str, text: &str) -> std::io::Result<()> {
    let length = text.len();
    write!(
        client,
        "HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )?;
    client.flush()
}
