//! `saturn stream` and `saturn send`, the built program: every source, stop and resume, hostile input, health.

mod bits;
mod clients;
mod clocks;
mod docs;
mod gaps;
mod health;
mod hostile;
mod output;
mod refusals;
mod repeats;
mod resume;
mod silence;
mod sources;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use saturn_data::{EventFile, OnBadSample, ReadOptions};
use saturn_live::protocol::{Format, Item, frame};
use saturn_live::send::items;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, interrupt, succeeds};

/// A folder with a trained run in `out`, made once.
pub fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let bench = Bench::new();
        let scenario = SCENARIO.replace("steps: 2000", "steps: 1000");
        fs::write(bench.path("tiny.yaml"), scenario).unwrap();
        succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
        bench
    })
}

/// The recordings of the test split one after the other, with gaps: some ten seconds.
pub fn stream() -> Vec<Item> {
    let options = ReadOptions {
        channels: 16,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(bench().path("data/test.h5"), &options).unwrap();
    let micros = file.steps(1e-3);
    let (mut all, mut start_us) = (Vec::new(), 0);
    for position in 0..file.len() {
        let recording = file.read(position).unwrap();
        all.extend(items(&recording, &micros, start_us));
        start_us += 1_000 * (recording.duration_s() * 1e3) as u64 + 200_000;
        all.push(Item::Mark { time_us: start_us });
    }
    all
}

/// The stream, then every unit in every step for four seconds, then the stream again.
pub fn disturbed() -> Vec<Item> {
    let plain = stream();
    let end = plain.last().unwrap().time_us();
    let mut items = plain.clone();
    for step in 1..400u64 {
        items.extend((0..16).map(|unit| Item::Event {
            time_us: end + step * 10_000,
            unit,
            count: 9,
        }));
    }
    let later = end + 4_000_000;
    for repeat in 0..2 {
        let start = later + repeat * (end + 200_000);
        items.extend(plain.iter().map(|item| match *item {
            Item::Event {
                time_us,
                unit,
                count,
            } => Item::Event {
                time_us: start + time_us,
                unit,
                count,
            },
            Item::Mark { time_us } => Item::Mark {
                time_us: start + time_us,
            },
        }));
    }
    items
}

/// Items in bytes.
pub fn bytes(items: &[Item], format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    if format == Format::Binary {
        frame::encode(items, &mut bytes);
        return bytes;
    }
    for item in items {
        let line = match *item {
            Item::Event {
                time_us,
                unit,
                count,
            } => format!("{time_us} {unit} {count}\n"),
            Item::Mark { time_us } => format!("{time_us}\n"),
        };
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes
}

/// A running `saturn stream`. It is killed when the test is over.
pub struct Running {
    pub child: Child,
    lines: Receiver<String>,
    log: Receiver<String>,
    pub heard: Vec<Value>,
    pub said: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `saturn stream NET` in the folder of the run.
pub fn start(net: &str, options: &[&str]) -> Running {
    let mut command: Command = bench().command(&["stream", net]);
    let mut child = command
        .args(options)
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = reader(child.stdout.take().unwrap());
    let log = reader(child.stderr.take().unwrap());
    Running {
        child,
        lines: out,
        log,
        heard: Vec::new(),
        said: String::new(),
    }
}

fn reader(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Running {
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Waits for a line for which `is` is true.
    pub fn wait_for(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + Duration::from_mins(1);
        while Instant::now() < until {
            let Ok(line) = self.lines.recv_timeout(Duration::from_millis(100)) else {
                continue;
            };
            let value: Value = serde_json::from_str(&line).unwrap();
            self.heard.push(value.clone());
            if is(&value) {
                return value;
            }
        }
        let log: Vec<String> = self.log.try_iter().collect();
        panic!("no such line; {:?}\n{}", self.heard, log.join("\n"));
    }

    /// Where the metrics are.
    pub fn metrics(&mut self) -> String {
        let start = self.wait_for(|line| line["kind"] == "start");
        start["metrics"].as_str().unwrap().to_owned()
    }

    /// Sends an interrupt.
    pub fn interrupt(&self) {
        interrupt(&self.child);
    }

    /// Waits for its end; returns the exit code.
    pub fn end(&mut self) -> i32 {
        drop(self.child.stdin.take());
        let until = Instant::now() + Duration::from_mins(1);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.heard.push(serde_json::from_str(&line).unwrap());
        }
        while let Ok(line) = self.log.recv_timeout(Duration::from_secs(5)) {
            self.said.push_str(&line);
            self.said.push('\n');
        }
        assert!(!self.said.contains("panicked"), "{}", self.said);
        status.code().unwrap_or(-1)
    }

    /// Its decisions as they were written.
    pub fn texts(&self) -> Vec<String> {
        self.decisions().iter().map(ToString::to_string).collect()
    }

    /// A socket that sends to where it listens for datagrams.
    pub fn datagrams(&mut self) -> UdpSocket {
        let begun = self.wait_for(|line| line["kind"] == "start");
        let source = begun["source"].as_str().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .connect(source.split("udp:").nth(1).unwrap())
            .unwrap();
        socket
    }

    /// The lines of decisions, and those on health and the fallback.
    pub fn decisions(&self) -> Vec<&Value> {
        let kinds = ["decision", "health", "fallback"];
        let of = |line: &&Value| kinds.iter().any(|kind| line["kind"] == *kind);
        self.heard.iter().filter(of).collect()
    }

    /// The line of the end.
    pub fn last(&self) -> &Value {
        let last = self.heard.last().unwrap();
        assert_eq!(last["kind"], "end", "{}", self.said);
        last
    }
}

/// Runs a stream on `input` from standard input to its end.
pub fn hear(net: &str, options: &[&str], input: &[u8]) -> Running {
    ended(net, options, input, 0)
}

/// The same, for an input that cannot be read at all.
pub fn refused(net: &str, options: &[&str], input: &[u8]) -> Running {
    ended(net, options, input, 2)
}

fn ended(net: &str, options: &[&str], input: &[u8], expected: i32) -> Running {
    let mut running = start(net, options);
    let mut stdin = running.stdin();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // One that has had enough closes its end.
        let _ = std::io::Write::write_all(&mut stdin, &input);
    });
    let code = running.end();
    writer.join().unwrap();
    assert_eq!(code, expected, "{}", running.said);
    running
}

/// A path in a folder of its own in the folder of the run.
pub fn scratch(name: &str) -> PathBuf {
    let path = bench().path(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).unwrap();
    }
    if Path::new(&path).exists() {
        fs::remove_file(&path).unwrap();
    }
    path
}

/// `kind` of `counts` at the end.
pub fn count(last: &Value, kind: &str) -> u64 {
    last["counts"][kind].as_u64().unwrap()
}
