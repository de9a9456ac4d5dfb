//! The same events from every source and in both forms give the same decisions.

use std::fs;
use std::io::Write;
use std::time::Duration;

use saturn_live::protocol::Format;
use serde_json::Value;

use super::{bench, bytes, count, hear, scratch, start, stream};
use crate::saturn::succeeds;

const NET: &str = "out/lif.adaptive.1";
const OPTIONS: [&str; 5] = ["--every", "7", "--threshold", "0.3", "--no-health"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&OPTIONS, more].concat()
}

/// The events on standard input.
fn expected() -> (Vec<String>, Value) {
    let running = hear(NET, &OPTIONS, &bytes(&stream(), Format::Line));
    (running.texts(), running.last().clone())
}

#[test]
fn standard_input_and_files_in_both_forms() {
    let (lines, last) = expected();
    let events = count(&last, "taken");
    assert!(events > 1_000 && lines.len() > 100, "{last}");
    let binary = hear(NET, &OPTIONS, &bytes(&stream(), Format::Binary));
    assert_eq!(binary.texts(), lines);
    let path = scratch("sources/whole.bin");
    fs::write(&path, bytes(&stream(), Format::Binary)).unwrap();
    let mut file = start(NET, &with(&["--from", path.to_str().unwrap()]));
    assert_eq!(file.end(), 0, "{}", file.said);
    assert_eq!(file.texts(), lines);
    assert_eq!(count(file.last(), "taken"), events);
    let latency = &file.last()["step_latency"];
    assert_eq!(latency["count"], file.last()["step"]);
    assert!(latency["p50_us"].as_f64() <= latency["p99_us"].as_f64());
}

/// A file that grows in pieces that do not end with lines, is replaced, and grows again.
#[test]
fn a_file_that_grows() {
    let (lines, last) = expected();
    let all = bytes(&stream(), Format::Line);
    let path = scratch("sources/grows.txt");
    fs::write(&path, "").unwrap();
    let options = with(&[
        "--from",
        path.to_str().unwrap(),
        "--follow",
        "--pace",
        "fast",
    ]);
    let mut running = start(NET, &options);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    for piece in all.chunks(all.len() / 7 + 1) {
        file.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
    // All but the last step, which is open until a later event arrives.
    let steps = last["step"].as_u64().unwrap();
    running.wait_for(|line| line["step"].as_u64().is_some_and(|step| step + 9 >= steps));
    fs::write(&path, "1 1\n").unwrap();
    running.wait_for(|line| {
        line["text"]
            .as_str()
            .is_some_and(|t| t.contains("truncated or replaced"))
    });
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    let found = running.texts();
    assert_eq!(found, lines[..found.len()]);
    assert!(lines.len() - found.len() < 3);
    assert_eq!(count(running.last(), "late"), 1);
}

#[test]
fn a_unix_socket_and_the_client() {
    let path = scratch("sources/socket");
    let to = format!("unix:{}", path.display());
    let mut running = start(NET, &with(&["--from", &to, "--once"]));
    running.wait_for(|line| line["kind"] == "start");
    let send = |to: &str| {
        let arguments = [
            "send",
            "data/test.h5",
            "--channels",
            "16",
            "--gap-ms",
            "200",
            "--to",
            to,
        ];
        succeeds(&bench().saturn(&arguments))
    };
    let sent = send(&to);
    assert!(sent.contains("events sent"), "{sent}");
    assert_eq!(running.end(), 0, "{}", running.said);
    assert!(!path.exists(), "the socket is taken away");
    // The same client into a file, and the file on standard input.
    let file = scratch("sources/sent.bin");
    send(file.to_str().unwrap());
    let other = hear(NET, &OPTIONS, &fs::read(&file).unwrap());
    assert_eq!(running.texts(), other.texts());
    assert!(count(running.last(), "taken") > 1_000);
    // Once more into the same file: a message reports that it is not empty.
    let added = send(file.to_str().unwrap());
    assert!(added.contains("the events are appended"), "{added}");
    // A file that is not a socket is left alone; a socket without a listener is taken over.
    fs::write(&path, "mine").unwrap();
    let mut refused = start(NET, &with(&["--from", &to]));
    assert_eq!(refused.end(), 2);
    assert!(
        refused.said.contains("that is not a socket"),
        "{}",
        refused.said
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    fs::remove_file(&path).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut again = start(NET, &with(&["--from", &to]));
    again.wait_for(|line| line["kind"] == "start");
    again.interrupt();
    assert_eq!(again.end(), 0, "{}", again.said);
}

/// Datagrams, every one of them twice and each pair of them swapped, within the reorder window.
#[test]
fn datagrams_out_of_order_and_twice() {
    let (lines, last) = expected();
    let options = with(&[
        "--from",
        "udp:127.0.0.1:0",
        "--reorder-ms",
        "2000",
        "--repeats",
        "once",
    ]);
    let mut running = start(NET, &options);
    let socket = running.datagrams();
    let items = stream();
    let datagrams: Vec<Vec<u8>> = items.chunks(40).map(|c| bytes(c, Format::Binary)).collect();
    socket.send(&datagrams[0]).unwrap();
    for pair in datagrams[1..].chunks(2) {
        for datagram in pair.iter().rev().chain(pair) {
            socket.send(datagram).unwrap();
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    // A mark three seconds later closes all that is open.
    let end = items.last().unwrap().time_us() + 3_000_000;
    socket.send(format!("{end}\n").as_bytes()).unwrap();
    let steps = last["step"].as_u64().unwrap();
    running.wait_for(|line| line["step"].as_u64().is_some_and(|step| step >= steps));
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    let found = running.texts();
    let common = found.len().min(lines.len());
    assert!(common + 2 > lines.len());
    assert_eq!(found[..common - 1], lines[..common - 1]);
    let end = running.last();
    assert_eq!(count(end, "taken"), count(&last, "taken"));
    assert!(
        count(end, "reordered") > 100 && count(end, "duplicates") > 100,
        "{end}"
    );
    assert_eq!((count(end, "late"), count(end, "flooded")), (0, 0));
}

/// A step every 10 ms of wall clock, with or without events; events sent in real time are in time.
#[test]
fn real_time_is_kept() {
    let options = [
        "--pace",
        "real",
        "--every",
        "1",
        "--no-health",
        "--reorder-ms",
        "250",
    ];
    let mut running = start(NET, &options);
    let mut stdin = running.stdin();
    let began = std::time::Instant::now();
    for k in 0..50u64 {
        writeln!(stdin, "{} {}", 1_000_000 + k * 20_000, k % 16).unwrap();
        stdin.flush().unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    running.wait_for(|line| line["step"].as_u64() >= Some(100));
    let elapsed = began.elapsed().as_secs_f64();
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    assert!(elapsed > 0.9, "a hundred steps of 10 ms in {elapsed} s");
    let last = running.last();
    let dropped = count(last, "late") + count(last, "ahead");
    assert!(
        count(last, "taken") + dropped == 50 && dropped < 25,
        "{last}"
    );
}

/// With the time of arrival the events' own times are ignored, even if they go back.
#[test]
fn the_time_of_arrival_can_count_instead() {
    let mut running = start(NET, &["--stamp", "arrival", "--no-health", "--every", "1"]);
    let mut stdin = running.stdin();
    // By the times that are sent it would be 90,000 steps, and two would be late.
    for (unit, time_us) in [900_000_000u64, 5, 7_000_000].into_iter().enumerate() {
        writeln!(stdin, "{time_us} {unit}").unwrap();
        stdin.flush().unwrap();
        std::thread::sleep(Duration::from_millis(40));
    }
    drop(stdin);
    assert_eq!(running.end(), 0, "{}", running.said);
    let last = running.last();
    let steps = last["step"].as_u64().unwrap();
    assert!((1..50_000).contains(&steps), "{last}");
    assert_eq!((count(last, "taken"), count(last, "late")), (3, 0));
}
