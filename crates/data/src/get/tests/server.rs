//! A server on this machine with prescribed answers.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// The server's behaviour for its next requests, in order.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// Sends the file, from the requested position.
    Whole,
    /// Announces the file, and sends only so many bytes.
    BrokenAfter(usize),
    /// Sends the whole file, ignoring the requested range.
    FromTheStart,
    /// Answers 404.
    NotFound,
    /// It is elsewhere.
    Redirect(&'static str),
    /// Gives the file without its length, and a megabyte of zeros after it.
    Endless,
}

/// A server on this machine that sends `content`; its address, and the `Range` of each request it received.
pub(super) fn serve(
    content: Vec<u8>,
    answers: Vec<Answer>,
) -> (&'static str, Arc<Mutex<Vec<Option<usize>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file.bin", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ranges = Arc::clone(&heard);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut start = None;
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_lowercase();
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    start = Some(range.trim_end_matches('-').parse().unwrap());
                }
                if line.is_empty() {
                    break;
                }
            }
            ranges.lock().unwrap().push(start);
            let from = start.unwrap_or(0);
            let all = content.len();
            let partial = format!(
                "206 Partial Content\r\nContent-Range: bytes {from}-{}/{all}",
                all - 1
            );
            let (status, body): (&str, &[u8]) = match answer {
                Answer::NotFound => ("404 Not Found", b"nothing"),
                Answer::Redirect(_) => ("302 Found", b"elsewhere"),
                Answer::Whole | Answer::BrokenAfter(_) if start.is_some() => {
                    (&partial, &content[from..])
                }
                Answer::FromTheStart | Answer::Whole | Answer::BrokenAfter(_) | Answer::Endless => {
                    ("200 OK", &content)
                }
            };
            let given = match answer {
                Answer::BrokenAfter(n) => &body[..n],
                _ => body,
            };
            let more = match answer {
                Answer::Redirect(to) => format!("Content-Length: {}\r\nLocation: {to}", body.len()),
                Answer::Endless => "Server: test".to_owned(),
                _ => format!("Content-Length: {}", body.len()),
            };
            let head = format!("HTTP/1.1 {status}\r\n{more}\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(given).unwrap();
            if matches!(answer, Answer::Endless) {
                // The client may have had enough.
                let _ = stream.write_all(&vec![0; 1 << 20]);
            }
        }
    });
    (url.leak(), heard)
}
