//! What a stream writes: one JSON object a line, and the same news in words on standard error.
//!
//! | `kind` | when | what it says |
//! |---|---|---|
//! | `start` | at the start | net, source, whether it resumes and at which step |
//! | `decision` | the detected class changes; with `--every N` also every N steps | `step`, `time_us`, `class` (null: none is detected), `probability`; every N steps `likeliest` |
//! | `health` | a figure leaves its range or comes back | `figure`, `value`, `limits`, `out` |
//! | `fallback` | the fallback begins, puts the state at rest, or ends | `what` |
//! | `notice` | something is dropped, a clock is taken anew, ... | `text` |
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
use saturn_store::deed::Deed;
use saturn_store::say::{plain, say};

/// A line.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // A line is made, written and gone.
pub enum Line<'a> {
    /// The stream begins.
    Start {
        /// `MODEL.ARM.SEED`.
        net: &'a str,
        /// Where the events come from.
        source: &'a str,
        /// The step that it goes on from.
        step: u64,
        /// Whether it goes on from a state that was saved.
        resumed: bool,
        /// Where the metrics are.
        #[serde(skip_serializing_if = "Option::is_none")]
        metrics: Option<String>,
    },
    /// What the net says.
    Decision {
        /// The step.
        step: u64,
        /// The time at which the step begins, on the sender's clock.
        time_us: Option<u64>,
        /// The class that is detected.
        class: Option<&'a str>,
        /// The likeliest class, where every so many steps are asked for.
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
        /// Where it is out: what the likely cause is.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    },
    /// What the fallback does.
    Fallback {
        /// The step.
        step: u64,
        /// `begins`, `reset` or `ends`.
        what: &'a str,
        /// Which one.
        fallback: &'a str,
    },
    /// Anything else.
    Notice {
        /// The step.
        step: u64,
        /// In words.
        text: &'a str,
    },
    /// The stream is over.
    End {
        /// Steps, over all resumptions.
        step: u64,
        /// Why.
        why: &'a str,
        /// What became of everything.
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
    /// Set by an interrupt: nobody waits for a reader any more.
    stop: Arc<AtomicBool>,
    /// Whether it has been said that the stream waits for its reader.
    told: bool,
    /// The last lines of the log, for the status.
    pub recent: VecDeque<String>,
    /// Whether the reader of standard output has gone.
    pub closed: bool,
    /// Whether standard error stays empty.
    quiet: bool,
}

impl Journal {
    /// How many lines of the log are kept.
    const RECENT: usize = 6;
    /// Bytes after which lines are handed over.
    const PAGE: usize = 8192;
    /// How long a reader may take nothing before it counts as stuck.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// To standard output, or added to the file at `path`, whose last line is mended first; the words on standard
    /// error are left out where it is `quiet`.
    pub fn open(
        path: Option<&Path>,
        stop: Arc<AtomicBool>,
        quiet: bool,
    ) -> Result<Self, LiveError> {
        let place = path.map_or("standard output".to_owned(), |p| p.display().to_string());
        let failed = |source| LiveError::Io {
            place: place.clone(),
            what: Deed::Write,
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
        // Of the control characters JSON escapes those below 32 alone, and terminals obey others, too.
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
                say("nobody reads the output: the stream waits");
            }
            stop.load(Ordering::Relaxed)
        });
        self.lines.clear();
        self.judge(put)
    }

    /// Waits until the reader has taken all, or takes nothing for a while; then what it has not taken.
    pub fn settle(&mut self) -> Result<Vec<u8>, LiveError> {
        self.flush()?;
        self.outlet.settle(Self::PATIENCE);
        // An error of writing that came up meanwhile.
        self.flush()?;
        Ok(self.outlet.unsaid())
    }

    /// What the reader has not taken by now.
    pub fn unsaid(&mut self) -> Result<Vec<u8>, LiveError> {
        self.flush()?;
        Ok(self.outlet.unsaid())
    }

    /// Writes what an earlier stream could not get rid of.
    pub fn say_again(&mut self, unsaid: &[u8]) -> Result<(), LiveError> {
        self.lines.extend_from_slice(unsaid);
        self.flush()
    }

    /// Waits for the reader to take all; after an interrupt only while it takes anything. Then what is left.
    pub fn end(&mut self) -> Result<Vec<u8>, LiveError> {
        loop {
            let unsaid = self.settle()?;
            if unsaid.is_empty() || self.stop.load(Ordering::Relaxed) {
                return Ok(unsaid);
            }
        }
    }

    /// Says something in words.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            say(text);
        }
        if self.recent.len() == Self::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(plain(text).into_owned());
    }

    /// Writes a notice, and says it.
    pub fn notice(&mut self, step: u64, text: &str) -> Result<(), LiveError> {
        self.say(text);
        self.write(&Line::Notice { step, text })
    }

    /// A reader who has seen enough is no error; anything else is.
    fn judge(&mut self, done: io::Result<()>) -> Result<(), LiveError> {
        match done {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(source) => Err(LiveError::Io {
                place: self.place.clone(),
                what: Deed::Write,
                source,
                hint: "free some space; with --state the same command goes on where it was",
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
