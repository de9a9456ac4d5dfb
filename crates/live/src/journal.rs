//! The log of a live run: one JSON object per line, and the same messages as text on standard error.
//!
//! | `kind` | when | contents |
//! |---|---|---|
//! | `start` | at the start | net, source, whether it resumes and at which step |
//! | `decision` | the detected class changes; with `--every N` also every N steps | `step`, `time_us`, `class` (null: none detected), `probability`; every N steps `likeliest` |
//! | `health` | a figure leaves or re-enters its range | `figure`, `value`, `limits`, `out` |
//! | `fallback` | the fallback begins, resets the state, or ends | `what` |
//! | `notice` | events are dropped, a clock is resynchronised, ... | `text` |
//! | `end` | at the end | steps, counts, latency quantiles |

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::LiveError;
use super::counts::Counts;
use super::latency::Quantiles;
use super::outlet::Outlet;
use super::unfinished;
use saturn_store::operation::Operation;
use saturn_store::stderr::{plain, say};

/// A line.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // A line is built, written and discarded.
pub enum Line<'a> {
    /// The stream begins.
    Start {
        /// `MODEL.ARM.SEED`.
        net: &'a str,
        /// Source of the events.
        source: &'a str,
        /// The first step of this run.
        step: u64,
        /// Whether it resumes from a saved state.
        resumed: bool,
        /// Where the metrics are.
        #[serde(skip_serializing_if = "Option::is_none")]
        metrics: Option<String>,
    },
    /// The network's output.
    Decision {
        /// The step.
        step: u64,
        /// The time at which the step begins, on the sender's clock.
        time_us: Option<u64>,
        /// The class that is detected.
        class: Option<&'a str>,
        /// The likeliest class, if output every so many steps is requested.
        #[serde(skip_serializing_if = "Option::is_none")]
        likeliest: Option<&'a str>,
        /// The mean probability of the likeliest class.
        probability: f64,
    },
    /// A figure of health.
    Health {
        /// The step.
        step: u64,
        /// Its name.
        figure: &'a str,
        /// Its value.
        value: f64,
        /// Its limits.
        limits: Option<[f64; 2]>,
        /// Whether it is out of them.
        out: bool,
        /// If it is out of range: the likely cause.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    },
    /// Action of the fallback.
    Fallback {
        /// The step.
        step: u64,
        /// `begins`, `reset` or `ends`.
        what: &'a str,
        /// Which one.
        fallback: &'a str,
    },
    /// Any other message.
    Notice {
        /// The step.
        step: u64,
        /// As text.
        text: &'a str,
    },
    /// The stream is over.
    End {
        /// Steps, over all resumptions.
        step: u64,
        /// Why.
        why: &'a str,
        /// Counts of all items.
        counts: Counts,
        /// Of the step.
        step_latency: Quantiles,
        /// Of the newest event.
        event_latency: Quantiles,
    },
}

/// Where lines go.
pub struct Journal {
    /// Lines that are not handed over yet.
    lines: Vec<u8>,
    outlet: Outlet,
    place: String,
    /// Set by an interrupt: stop waiting for the reader.
    stop: Arc<AtomicBool>,
    /// Whether the message that the stream waits for its reader was written.
    told: bool,
    /// The last lines of the log, for the status.
    pub recent: VecDeque<String>,
    /// Whether the reader of standard output has closed it.
    pub closed: bool,
    /// Whether standard error stays empty.
    quiet: bool,
}

impl Journal {
    /// Number of log lines kept.
    const RECENT: usize = 6;
    /// Bytes after which lines are handed over.
    const PAGE: usize = 8192;
    /// Time without reading after which a reader counts as stuck.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// To standard output, or appended to the file at `path`, whose last line is repaired first; messages on standard
    /// error are left out where it is `quiet`.
    pub fn open(
        path: Option<&Path>,
        stop: Arc<AtomicBool>,
        quiet: bool,
    ) -> Result<Self, LiveError> {
        let place = path.map_or("standard output".to_owned(), |p| p.display().to_string());
        let failed = |source| LiveError::Io {
            place: place.clone(),
            what: Operation::Write,
            source,
            hint: "choose another file with --out",
        };
        let mut news = None;
        let outlet = match path {
            None => Outlet::start(standard_output().map_err(failed)?),
            Some(path) => {
                if fs::metadata(path).is_ok_and(|found| found.is_file()) {
                    news = unfinished::mend(path).map_err(failed)?;
                }
                let file = OpenOptions::new().create(true).append(true).open(path);
                Outlet::start(file.map_err(failed)?)
            }
        };
        let outlet = outlet.map_err(failed)?;
        let mut journal = Self {
            lines: Vec::with_capacity(2 * Self::PAGE),
            outlet,
            place,
            stop,
            told: false,
            recent: VecDeque::with_capacity(Self::RECENT),
            closed: false,
            quiet,
        };
        if let Some(news) = news {
            journal.say(&news);
        }
        Ok(journal)
    }

    /// Writes a line.
    pub fn write(&mut self, line: &Line) -> Result<(), LiveError> {
        let begin = self.lines.len();
        let written = serde_json::to_writer(&mut self.lines, line).map_err(io::Error::from);
        self.judge(written)?;
        // JSON escapes only control characters below 32; terminals obey others, too.
        if let Ok(text) = std::str::from_utf8(&self.lines[begin..])
            && let std::borrow::Cow::Owned(text) = plain(text)
        {
            self.lines.truncate(begin);
            self.lines.extend_from_slice(text.as_bytes());
        }
        self.lines.push(b'\n');
        if self.lines.len() >= Self::PAGE {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands on what has been written. Waits for a reader who is behind, up to an interrupt.
    pub fn flush(&mut self) -> Result<(), LiveError> {
        let (stop, told, began) = (&self.stop, &mut self.told, Instant::now());
        let put = self.outlet.put(&self.lines, || {
            if !*told && began.elapsed() > Self::PATIENCE {
                *told = true;
                say("the output is not being read: the stream waits");
            }
            stop.load(Ordering::Relaxed)
        });
        self.lines.clear();
        self.judge(put)
    }

    /// Waits until the reader has read everything, or reads nothing for a while; returns what is unread.
    pub fn settle(&mut self) -> Result<Vec<u8>, LiveError> {
        self.flush()?;
        self.outlet.settle(Self::PATIENCE);
        // An error of writing that came up meanwhile.
        self.flush()?;
        Ok(self.outlet.unsaid())
    }

    /// The output that the reader has not read so far.
    pub fn unsaid(&mut self) -> Result<Vec<u8>, LiveError> {
        self.flush()?;
        Ok(self.outlet.unsaid())
    }

    /// Writes what an earlier stream could not get rid of.
    pub fn say_again(&mut self, unsaid: &[u8]) -> Result<(), LiveError> {
        self.lines.extend_from_slice(unsaid);
        self.flush()
    }

    /// Waits for the reader to read everything; after an interrupt only while it reads anything. Returns the
    /// rest.
    pub fn end(&mut self) -> Result<Vec<u8>, LiveError> {
        loop {
            let unsaid = self.settle()?;
            if unsaid.is_empty() || self.stop.load(Ordering::Relaxed) {
                return Ok(unsaid);
            }
        }
    }

    /// Writes a text message.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            say(text);
        }
        if self.recent.len() == Self::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(plain(text).into_owned());
    }

    /// Writes a notice to the journal and as text.
    pub fn notice(&mut self, step: u64, text: &str) -> Result<(), LiveError> {
        self.say(text);
        self.write(&Line::Notice { step, text })
    }

    /// A reader that has closed the output is not an error; anything else is.
    fn judge(&mut self, done: io::Result<()>) -> Result<(), LiveError> {
        match done {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(source) => Err(LiveError::Io {
                place: self.place.clone(),
                what: Operation::Write,
                source,
                hint: "free some space; with --state the same command resumes",
            }),
        }
    }
}

/// Standard output without a buffer of its own.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Standard output without a buffer of its own.
#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}
