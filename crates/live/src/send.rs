//! `saturn send`: a small client for testing live runs and for replaying recordings.
//!
//! It sends the recordings of an event file one after the other, with silence after each or the gaps of a run
//! before each, or noise at a given rate; in real time, faster, or unthrottled. Events of the same unit at
//! the same microsecond become one event with a count. Times are converted to microseconds by the rule of
//! [`saturn_data::steps`], so that the receiver, whose steps are whole microseconds, assigns each event to
//! the same step as when reading the file. Each recording is followed by a mark at its end or at the end of
//! its silence.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use rand_distr::{Distribution, Exp};
use saturn_cell::rng::generator;
use saturn_data::{EventFile, OnBadSample, ReadOptions, Recording, Steps, Times};

use super::LiveError;
use super::protocol::{Format, Item, frame, gathered};
use super::source::Source;
use saturn_store::operation::Operation;
use saturn_store::refuse_same_file;
use saturn_store::stderr::say;

/// What to send.
#[derive(Clone, Debug)]
pub enum What {
    /// The recordings of a file.
    File {
        /// HDF5 in the layout of the Spiking Heidelberg Digits.
        path: PathBuf,
        /// The most recordings.
        limit: Option<usize>,
        /// The run whose gaps precede each recording, and the seed of their random numbers.
        gaps_of: Option<(PathBuf, u64)>,
    },
    /// Poisson noise.
    Noise {
        /// Mean rate of a channel, Hz.
        rate_hz: f64,
        /// Duration.
        seconds: f64,
        /// Of this generator.
        seed: u64,
    },
}

/// How it is sent.
#[derive(Clone, Debug)]
pub struct SendOptions {
    /// What.
    pub what: What,
    /// I; with the gaps of a run that of the run, otherwise 700 by default.
    pub channels: Option<usize>,
    /// Meaning of the times of a file.
    pub times: Times,
    /// Where to.
    pub to: Source,
    /// Lines, or frames (also where any will do).
    pub format: Format,
    /// Times real time; `None` for as fast as it is taken.
    pub speed: Option<f64>,
    /// Silence after each recording, ms.
    pub gap_ms: f64,
    /// The time of the first recording's start, microseconds.
    pub start_us: u64,
}

/// Default number of channels.
const CHANNELS: usize = 700;
/// Events of a datagram, so that it fits into 1,400 bytes.
const DATAGRAM: usize = 64;
/// Events written in one call.
const BATCH: usize = 512;

/// The gaps of a run's own stream.
pub trait Gaps: Sized {
    /// Those of the run in the folder at `path`, or of the run of the network that `path` names, drawn with `seed`.
    fn of(path: &Path, seed: u64) -> Result<Self>;

    /// I of the run.
    fn channels(&self) -> usize;

    /// The start of the step after the one that contains `time_us`.
    fn after(&self, time_us: u64) -> u64;

    /// Hands a gap that begins at `from_us`, or with the next step, to `send`, step by step, as long as that
    /// returns true. Returns where it ends.
    fn draw(
        &mut self,
        from_us: u64,
        send: &mut dyn FnMut(Vec<Item>) -> Result<bool, LiveError>,
    ) -> Result<u64>;
}

/// Sends it, with gaps of the kind `G`; returns how many events that were.
pub fn send<G: Gaps>(options: &SendOptions, stop: &AtomicBool) -> Result<u64> {
    if let (What::File { path, .. }, Source::File(to)) = (&options.what, &options.to) {
        refuse_same_file("--to", path, to)?;
    }
    let mut sender = Sender::open(options)?;
    match &options.what {
        What::File {
            path,
            limit,
            gaps_of,
        } => {
            let gaps = gaps_of.as_ref().map(|(run, seed)| G::of(run, *seed));
            let mut gaps = gaps.transpose()?;
            let own = gaps.as_ref().map_or(CHANNELS, G::channels);
            let read = ReadOptions {
                channels: options.channels.unwrap_or(own),
                classes: None,
                on_bad_sample: OnBadSample::Error,
            };
            let file = EventFile::open_timed(path, &read, options.times)?;
            let micros = file.steps(1e-3);
            let mut start_us = options.start_us;
            for position in 0..limit.unwrap_or(usize::MAX).min(file.len()) {
                if let Some(gaps) = &mut gaps {
                    start_us = gaps.draw(start_us, &mut |items| {
                        for item in items {
                            sender.item(item, stop)?;
                        }
                        Ok(!sender.stopped)
                    })?;
                }
                let recording = file.read(position)?;
                let mut last_us = start_us;
                for item in items(&recording, &micros, start_us) {
                    last_us = item.time_us();
                    sender.item(item, stop)?;
                }
                start_us = if let Some(gaps) = &gaps {
                    gaps.after(last_us)
                } else {
                    let gap_us = (options.gap_ms * 1e3).round() as u64;
                    start_us + micros.of(recording.duration_s()) + gap_us + 1
                };
                sender.item(Item::Mark { time_us: start_us }, stop)?;
                if sender.stopped {
                    break;
                }
            }
        }
        &What::Noise {
            rate_hz,
            seconds,
            seed,
        } => {
            let channels = options.channels.unwrap_or(CHANNELS);
            let all_hz = rate_hz * channels as f64;
            let between = Exp::new(all_hz).map_err(|_| LiveError::Option {
                option: "--noise",
                what: format!("{rate_hz} is not a valid rate"),
                hint: "give a rate above 0, Hz a channel",
            })?;
            let mut rng = generator(seed, "send", 0);
            let unit = rand_distr::Uniform::new(0, channels as u32)?;
            let micros = Steps::new(1e-3);
            let mut t_s = between.sample(&mut rng);
            while t_s < seconds && !sender.stopped {
                let item = Item::Event {
                    time_us: options.start_us + micros.of(t_s),
                    unit: unit.sample(&mut rng),
                    count: 1,
                };
                sender.item(item, stop)?;
                t_s += between.sample(&mut rng);
            }
            let time_us = options.start_us + micros.of(seconds);
            sender.item(Item::Mark { time_us }, stop)?;
        }
    }
    sender.flush()?;
    Ok(sender.sent)
}

/// The events of a recording that begins at `start_us`; `micros` are steps of a microsecond.
pub fn items(recording: &Recording, micros: &Steps, start_us: u64) -> Vec<Item> {
    let events = recording
        .times_s
        .iter()
        .zip(&recording.units)
        .map(|(&t, &unit)| (start_us + micros.of(t), unit))
        .collect();
    gathered(events)
}

enum Line {
    Stream(BufWriter<Box<dyn Write>>),
    Datagrams(UdpSocket),
}

struct Sender<'a> {
    options: &'a SendOptions,
    line: Line,
    place: String,
    waiting: Vec<Item>,
    bytes: Vec<u8>,
    began: Instant,
    sent: u64,
    /// Whether the user or the other side has had enough.
    stopped: bool,
}

impl<'a> Sender<'a> {
    fn open(options: &'a SendOptions) -> Result<Self, LiveError> {
        let hint = "start `saturn stream` first, and send to the same place";
        let (line, place): (Line, String) = match &options.to {
            Source::Stdin => (stream(Box::new(io::stdout())), "standard output".into()),
            Source::File(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                let file =
                    file.map_err(LiveError::file(path, Operation::Write, "check the path"))?;
                let length = file.metadata().map_or(0, |found| found.len());
                if length > 0 {
                    say(&format!(
                        "{}: already has {length} bytes; the events are appended",
                        path.display()
                    ));
                }
                (stream(Box::new(file)), path.display().to_string())
            }
            Source::Unix(path) => {
                let socket =
                    connect(path).map_err(LiveError::file(path, Operation::Connect, hint))?;
                (stream(socket), path.display().to_string())
            }
            Source::Udp(address) => {
                let failed = |source| LiveError::Io {
                    place: format!("udp:{address}"),
                    what: Operation::Connect,
                    source,
                    hint,
                };
                let socket = UdpSocket::bind("127.0.0.1:0")
                    .or_else(|_| UdpSocket::bind("[::]:0"))
                    .map_err(failed)?;
                socket.connect(address).map_err(failed)?;
                (Line::Datagrams(socket), format!("udp:{address}"))
            }
        };
        Ok(Self {
            options,
            line,
            place,
            waiting: Vec::with_capacity(BATCH),
            bytes: Vec::new(),
            began: Instant::now(),
            sent: 0,
            stopped: false,
        })
    }

    /// Sends an item when its time has come.
    fn item(&mut self, item: Item, stop: &AtomicBool) -> Result<(), LiveError> {
        if self.stopped {
            return Ok(());
        }
        if let Some(speed) = self.options.speed {
            let after_us = item.time_us().saturating_sub(self.options.start_us);
            let due = self.began + Duration::from_secs_f64(after_us as f64 / 1e6 / speed);
            while Instant::now() < due {
                self.flush()?;
                if stop.load(Ordering::Relaxed) {
                    self.stopped = true;
                    return Ok(());
                }
                let left = due.saturating_duration_since(Instant::now());
                std::thread::sleep(left.min(Duration::from_millis(50)));
            }
        }
        self.waiting.push(item);
        let most = match self.line {
            Line::Stream(_) => BATCH,
            Line::Datagrams(_) => DATAGRAM,
        };
        if self.waiting.len() >= most {
            self.write()?;
            self.stopped |= stop.load(Ordering::Relaxed);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), LiveError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.bytes.clear();
        let events = self.waiting.iter();
        self.sent += events.filter(|i| matches!(i, Item::Event { .. })).count() as u64;
        if self.options.format == Format::Line {
            for item in &self.waiting {
                let line = match *item {
                    Item::Event {
                        time_us,
                        unit,
                        count: 1,
                    } => format!("{time_us} {unit}\n"),
                    Item::Event {
                        time_us,
                        unit,
                        count,
                    } => format!("{time_us} {unit} {count}\n"),
                    Item::Mark { time_us } => format!("{time_us}\n"),
                };
                self.bytes.extend_from_slice(line.as_bytes());
            }
        } else {
            frame::encode(&self.waiting, &mut self.bytes);
        }
        self.waiting.clear();
        let written = match &mut self.line {
            Line::Stream(out) => out.write_all(&self.bytes),
            Line::Datagrams(socket) => socket.send(&self.bytes).map(drop),
        };
        self.judge(written)
    }

    fn flush(&mut self) -> Result<(), LiveError> {
        self.write()?;
        match &mut self.line {
            Line::Stream(out) => {
                let flushed = out.flush();
                self.judge(flushed)
            }
            Line::Datagrams(_) => Ok(()),
        }
    }

    /// The receiver may close the connection at any time, and may not exist for datagrams.
    fn judge(&mut self, done: io::Result<()>) -> Result<(), LiveError> {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset};
        match done {
            Ok(()) => Ok(()),
            Err(e) if matches!(e.kind(), BrokenPipe | ConnectionReset) => {
                self.stopped = true;
                Ok(())
            }
            Err(source) => {
                let hint = if source.kind() == ConnectionRefused {
                    "there is no listener: start `saturn stream` first"
                } else {
                    "free some space, or send to another place"
                };
                Err(LiveError::Io {
                    place: self.place.clone(),
                    what: Operation::Write,
                    source,
                    hint,
                })
            }
        }
    }
}

fn stream(out: Box<dyn Write>) -> Line {
    Line::Stream(BufWriter::with_capacity(1 << 16, out))
}

#[cfg(unix)]
fn connect(path: &std::path::Path) -> io::Result<Box<dyn Write>> {
    Ok(Box::new(std::os::unix::net::UnixStream::connect(path)?))
}

#[cfg(not(unix))]
fn connect(_: &std::path::Path) -> io::Result<Box<dyn Write>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests;
