//! A stuck or absent reader of the output, a full disk: the live run continues, or ends with its state.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use saturn_live::protocol::Format;

use crate::saturn::interrupt;

use super::{bench, bytes, count, hear, scratch, start, stream};

const NET: &str = "out/lif.adaptive.1";

/// Waits until `done`.
fn until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < end, "it does not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A counter of the metrics at `address`.
fn metric(address: &str, name: &str) -> f64 {
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let scrape = super::health::get(address, request);
    let mut lines = scrape.lines().filter_map(|line| line.split_once(' '));
    let value = lines
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.parse());
    value.unwrap().unwrap()
}

/// Events for so many steps that their lines fill every buffer on the way to a reader.
fn many() -> Vec<u8> {
    let lines = (0..6_000u64).map(|k| format!("{} {}\n", 10_000 * k, k % 16));
    lines.collect::<String>().into_bytes()
}

/// Standard output is not read. One interrupt ends the run with its state, and the unread output is written
/// when it resumes: no line is lost or repeated.
#[test]
fn a_stuck_reader_blocks_no_interrupt_and_loses_no_line() {
    let options = ["--every", "1", "--no-health"];
    let whole = hear(NET, &options, &many());
    let state = scratch("output/stuck.state");
    let file = scratch("output/many.txt");
    fs::write(&file, many()).unwrap();
    let (state_name, from) = (state.to_str().unwrap(), file.to_str().unwrap());
    let options = [
        &options[..],
        &["--state", state_name, "--from", from, "--metrics", "0"],
    ]
    .concat();
    let mut child = bench()
        .command(&[&["stream", NET], &options[..]].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let log = child.stderr.take().unwrap();
    // Without a reader the pipe fills up, and then the queue behind it.
    let mut log = BufReader::new(log);
    let mut said = String::new();
    while !said.contains("the stream waits") {
        assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
    }
    interrupt(&child);
    let mut status = None;
    until(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    log.read_to_string(&mut said).unwrap();
    assert!(
        status.unwrap().success() && said.contains("the output is not being read"),
        "{said}"
    );
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    // The pipe's contents up to its last whole line, then the output of the next run.
    let taken = &text[..=text.rfind('\n').unwrap()];
    let mut next = start(NET, &options);
    assert_eq!(next.end(), 0, "{}", next.said);
    let mut found: Vec<String> = taken.lines().map(str::to_owned).collect();
    found.extend(next.heard.iter().map(ToString::to_string));
    found.retain(|line| line.contains("\"kind\":\"decision\""));
    let expected = whole.texts();
    assert!(found.len() + 1 >= expected.len() && !found.is_empty());
    assert_eq!(found, expected[..found.len()]);
}

/// The folder of the state is missing when it is to be saved, and comes back later; then it is missing at the
/// end.
#[test]
fn a_state_that_cannot_be_saved_is_tried_again() {
    let folder = bench().path("output-gone");
    let state = folder.join("x.state");
    let options = [
        "--no-health",
        "--every",
        "1",
        "--metrics",
        "0",
        "--save-every-s",
        "0.05",
        "--state",
        state.to_str().unwrap(),
    ];
    let mut running = start(NET, &options);
    let address = running.metrics();
    let mut stdin = running.stdin();
    let failed = |line: &serde_json::Value| {
        let text = line["text"].as_str().unwrap_or_default();
        text.contains("the state was not saved") && text.contains("x.state")
    };
    stdin.write_all(b"1000 1\n2001000 1\n").unwrap();
    running.wait_for(failed);
    until(|| metric(&address, "saturn_stream_failed_saves_total") >= 1.0);
    // It still receives, and saves as soon as possible.
    stdin.write_all(b"4001000 1\n").unwrap();
    running.wait_for(|line| line["step"].as_u64() >= Some(300));
    fs::create_dir(&folder).unwrap();
    until(|| state.exists());
    running.interrupt();
    drop(stdin);
    assert_eq!(running.end(), 0, "{}", running.said);
    assert!(count(running.last(), "failed_saves") >= 1);
    fs::remove_dir_all(&folder).unwrap();
    let never = ["--no-health", "--state", state.to_str().unwrap()];
    let mut running = start(NET, &never);
    let mut stdin = running.stdin();
    stdin.write_all(b"1000 1\n").unwrap();
    drop(stdin);
    assert_eq!(running.end(), 1, "{}", running.said);
    assert!(
        running.said.contains("x.state: cannot write"),
        "{}",
        running.said
    );
    assert_eq!(running.last()["kind"], "end", "all else is written");
}

#[test]
fn an_unfinished_line_is_cut_when_the_output_is_opened_again() {
    let (out, state) = (scratch("output/lines.jsonl"), scratch("output/lines.state"));
    let name = out.to_str().unwrap();
    let options = [
        "--no-health",
        "--every",
        "1",
        "--out",
        name,
        "--state",
        state.to_str().unwrap(),
    ];
    hear(NET, &options, b"1000 1\n50000 1\n");
    let mut text = fs::read_to_string(&out).unwrap();
    let whole = text.lines().count();
    // A full disk ended the last line.
    text.push_str("{\"kind\":\"decision\",\"step\":7,\"ti");
    fs::write(&out, &text).unwrap();
    let running = hear(NET, &options, b"90000 1\n");
    assert!(running.said.contains("was unfinished"), "{}", running.said);
    let text = fs::read_to_string(&out).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() > whole && text.ends_with('\n'));
    let steps: Vec<u64> = lines
        .iter()
        .filter(|line| line["kind"] == "decision")
        .map(|line| line["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, (0..steps.len() as u64).collect::<Vec<_>>());
}

/// `saturn stream | head`: the end of the reader is the end of the stream, with its state and without an error.
#[test]
fn a_reader_who_leaves_ends_the_stream_with_its_state() {
    let state = scratch("output/head.state");
    let options = [
        "--no-health",
        "--every",
        "1",
        "--state",
        state.to_str().unwrap(),
    ];
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ends = |out: Stdio, code: i32, words: &str| {
        let mut child = bench()
            .command(&[&["stream", NET], &options[..]].concat())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may have ended before all is taken.
        let _ = stdin.write_all(&bytes(&stream(), Format::Line));
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let status = child.wait().unwrap();
        drop(stdin);
        assert!(said.contains(words) && !said.contains("panicked"), "{said}");
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(state.exists());
        fs::remove_file(&state).unwrap();
    };
    ends(writer.into(), 0, "the output is not being read");
    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        ends(full.into(), 1, "standard output: cannot write");
    }
}

/// If standard error cannot be written, nothing else changes.
#[test]
fn a_stream_needs_no_standard_error() {
    let input = bytes(&stream(), Format::Line);
    let options = ["--every", "7", "--no-health", "--state"];
    let expected = hear(NET, &["--every", "7", "--no-health"], &input).texts();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut broken: Vec<Stdio> = vec![writer.into()];
    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        broken.push(full.into());
    }
    for error in broken {
        let state = scratch("output/silent.state");
        let mut child = bench()
            .command(&[&["stream", NET], &options[..], &[state.to_str().unwrap()]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(error)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.clone();
        let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
        let mut text = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        writer.join().unwrap();
        assert!(child.wait().unwrap().success());
        let found: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("\"kind\":\"decision\""))
            .collect();
        assert!(found.len() + 1 >= expected.len(), "{} lines", found.len());
        assert_eq!(found, expected[..found.len()]);
        assert!(state.exists());
    }
}

/// A stuck reader does not block the run: a line that cannot be written is dropped.
#[test]
fn a_stuck_standard_error_holds_nothing_up() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // The pipe is full, and stays so until its reader goes.
    let full = std::thread::spawn(move || filler.write_all(&vec![b'x'; 1 << 22]).is_err());
    let mut child = bench()
        .command(&["stream", NET, "--no-health"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(writer)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"no line\n1000 1\n").unwrap();
    drop(stdin);
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert!(text.contains("\"kind\":\"end\""), "{text}");
    drop(reader);
    assert!(full.join().unwrap());
}
