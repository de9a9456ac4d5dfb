//! Slow, silent or many clients: none blocks others, is locked out, or fills the log.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::health::get;
use super::{Running, count, scratch, start};

const NET: &str = "out/lif.adaptive.1";

/// Sixty clients that send slowly, and sixty that never read their response: the next is answered all the
/// same.
#[test]
fn slow_clients_hold_up_nobody() {
    let mut running = start(NET, &["--metrics", "0", "--no-health"]);
    let address = running.metrics();
    let slow: Vec<TcpStream> = (0..120)
        .map(|k| {
            let mut client = TcpStream::connect(&address).unwrap();
            let part: &[u8] = if k % 2 == 0 {
                b"GET /metr"
            } else {
                b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"
            };
            // A client that was dropped to make room is acceptable.
            let _ = client.write_all(part);
            client
        })
        .collect();
    // All are still connected when these are answered, one after the other.
    for _ in 0..5 {
        let answer = get(&address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    drop(slow);
    assert_eq!(running.end(), 0, "{}", running.said);
}

/// A live run at the socket `path` with the maximum number of clients, which send nothing; one may be dropped
/// after `idle_s` seconds of silence.
fn full(path: &Path, idle_s: &str) -> (Running, Vec<UnixStream>) {
    let from = format!("unix:{}", path.display());
    let options = ["--from", &from, "--no-health", "--every", "1"];
    let idle = ["--client-idle-s", idle_s];
    let mut running = start(NET, &[&options[..], &idle].concat());
    running.wait_for(|line| line["kind"] == "start");
    let clients = (0..16).map(|_| UnixStream::connect(path).unwrap());
    (running, clients.collect())
}

#[test]
fn silent_clients_lock_nobody_out() {
    let path = scratch("clients/idle");
    let (mut running, _silent) = full(&path, "0");
    let mut late = UnixStream::connect(&path).unwrap();
    late.write_all(b"1000 1\n20001000 1\n").unwrap();
    running.wait_for(|line| line["kind"] == "decision");
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    assert!(
        running.said.contains("was replaced by another"),
        "{}",
        running.said
    );
}

/// Thousands of rejected connections are counted in few lines.
#[test]
fn those_turned_away_do_not_fill_the_log() {
    let path = scratch("clients/away");
    let (mut running, mut all) = full(&path, "3600");
    let began = Instant::now();
    for _ in 0..500 {
        let mut away = UnixStream::connect(&path).unwrap();
        // Its line is cut: it reads the end.
        away.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        assert_eq!(away.read(&mut [0]).unwrap_or(0), 0);
    }
    // One of those who are connected leaves, and there is room.
    drop(all.pop());
    let heard = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&heard);
    let next = std::thread::spawn(move || {
        while !done.load(Ordering::Relaxed) {
            let mut next = UnixStream::connect(&path).unwrap();
            next.set_read_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            // A client that is rejected, or whose bytes were not read before it left, tries again.
            let _ = next.write_all(b"1000 1\n20001000 1\n");
            let _ = next.read(&mut [0]);
        }
    });
    running.wait_for(|line| line["kind"] == "decision");
    heard.store(true, Ordering::Relaxed);
    next.join().unwrap();
    let seconds = began.elapsed().as_secs() + 2;
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    let told = running.said.matches("rejected").count() as u64;
    assert!((1..=seconds).contains(&told), "{told} lines in {seconds} s");
    assert!(count(running.last(), "taken") >= 1);
}
