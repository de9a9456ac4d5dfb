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
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::LiveError;
use super::counts::Counts;
use super::latency::Quantiles;
use crate::say::say;

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
    out: BufWriter<Box<dyn Write>>,
    place: String,
    /// The last lines of the log, for the status.
    pub recent: VecDeque<String>,
    /// Whether the reader of standard output has gone.
    pub closed: bool,
}

impl Journal {
    /// How many lines of the log are kept.
    const RECENT: usize = 6;

    /// To standard output, or added to the file at `path`.
    pub fn open(path: Option<&Path>) -> Result<Self, LiveError> {
        let hint = "choose another file with --out";
        let (out, place): (Box<dyn Write>, String) = match path {
            None => (Box::new(io::stdout()), "standard output".to_owned()),
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                let file = file.map_err(LiveError::file(path, "write", hint))?;
                (Box::new(file), path.display().to_string())
            }
        };
        Ok(Self {
            out: BufWriter::new(out),
            place,
            recent: VecDeque::with_capacity(Self::RECENT),
            closed: false,
        })
    }

    /// Writes a line.
    pub fn write(&mut self, line: &Line) -> Result<(), LiveError> {
        let written = serde_json::to_writer(&mut self.out, line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        self.judge(written)
    }

    /// Hands on what has been written.
    pub fn flush(&mut self) -> Result<(), LiveError> {
        let flushed = self.out.flush();
        self.judge(flushed)
    }

    /// Says something in words.
    pub fn say(&mut self, text: &str) {
        say(text);
        if self.recent.len() == Self::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(text.to_owned());
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
                what: "write",
                source,
                hint: "free some space; with --state the same command goes on where it was",
            }),
        }
    }
}
