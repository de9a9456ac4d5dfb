//! Progress: a bar with the time left on a terminal, plain lines in a log.

mod bar;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bar::Bar;

use crate::grouped::grouped;
use crate::stderr::{plain, say};

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing: a part of the work whose whole reports.
    Nothing,
    /// Warnings and failures alone.
    Quiet,
    /// Progress and notices, too.
    #[default]
    Normal,
    /// In addition, a line for every piece of work as it begins.
    Verbose,
}

/// Shows the user the progress of the work, and reports an interrupt.
#[derive(Clone)]
pub struct Progress {
    bar: Bar,
    terminal: bool,
    detail: Detail,
    stop: Arc<AtomicBool>,
    pace: Arc<Mutex<Pace>>,
    /// Notices that another program takes in place of standard error.
    kept: Option<Arc<Mutex<Vec<Notice>>>>,
}

/// A line for the user, as another program takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is a warning or a failure.
    pub is_alert: bool,
    /// The line.
    pub text: String,
}

/// Speed of evaluations, in steps.
struct Pace {
    /// Steps since then.
    steps: u64,
    since: Instant,
    /// When a line was last written, if there is no bar.
    told: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            steps: 0,
            since: now,
            told: now,
        }
    }
}

/// Interval between measurements of the speed.
const LOOK: Duration = Duration::from_secs(2);
/// Interval between lines, if there is no bar.
const TELL: Duration = Duration::from_mins(1);

impl Progress {
    /// Progress on standard error; `stop` is set by an interrupt.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        Self::with_detail(stop, Detail::Normal)
    }

    /// Progress on standard error in so much detail.
    pub fn with_detail(stop: Arc<AtomicBool>, detail: Detail) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal && detail > Detail::Quiet {
            Bar::shown()
        } else {
            Bar::counting()
        };
        Self {
            bar,
            terminal,
            detail,
            stop,
            pace: Arc::default(),
            kept: None,
        }
    }

    /// Progress that shows nothing.
    pub fn quiet() -> Self {
        Self {
            bar: Bar::hidden(),
            terminal: true,
            detail: Detail::Nothing,
            stop: Arc::default(),
            pace: Arc::default(),
            kept: None,
        }
    }

    /// Progress for another program, which reads it with [`Self::done`] and [`Self::take_notices`]; `stop` is set by an
    /// interrupt.
    pub fn observed(stop: Arc<AtomicBool>) -> Self {
        Self {
            bar: Bar::counting(),
            terminal: false,
            detail: Detail::Normal,
            stop,
            pace: Arc::default(),
            kept: Some(Arc::default()),
        }
    }

    /// Completed units, all units (0 if not known), and the current work.
    pub fn done(&self) -> (u64, u64, String) {
        (self.bar.position(), self.bar.length(), self.bar.message())
    }

    /// The notices since the last call.
    pub fn take_notices(&self) -> Vec<Notice> {
        let kept = self.kept.as_ref().map(|kept| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *kept)
        });
        kept.unwrap_or_default()
    }

    /// Keeps a notice for another program; false if there is none.
    fn keep(&self, is_alert: bool, text: &str) -> bool {
        let Some(kept) = &self.kept else {
            return false;
        };
        let text = plain(text).into_owned();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Notice { is_alert, text });
        true
    }

    /// Progress of a part of the work: no output, the same interrupt.
    pub fn hidden(&self) -> Self {
        Self {
            stop: Arc::clone(&self.stop),
            ..Self::quiet()
        }
    }

    /// Sets the amount of work, in any unit.
    pub fn total(&self, units: u64) {
        self.bar.total(units);
    }

    /// Adds completed work.
    pub fn advance(&self, units: u64) {
        self.bar.advance(units);
    }

    /// Adds work completed in an earlier run; the estimate of the time left ignores it.
    pub fn skip(&self, units: u64) {
        if units > 0 {
            self.bar.advance(units);
            self.bar.forget_pace();
        }
    }

    /// Adds completed steps of an evaluation. Their rate is shown next to the bar, or in a line once a
    /// minute.
    pub fn steps(&self, steps: u64) {
        self.advance(steps);
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.steps += steps;
        let passed = pace.since.elapsed();
        if passed < LOOK {
            return;
        }
        let rate = pace.steps as f64 / passed.as_secs_f64();
        (pace.steps, pace.since) = (0, Instant::now());
        let said = format!(", {} steps/s", grouped(&format!("{rate:.0}")));
        if self.terminal {
            self.bar.set_prefix(said);
        } else if pace.told.elapsed() >= TELL {
            pace.told = Instant::now();
            self.line(&format!("{}{said}", self.bar.message()));
        }
    }

    /// Names the current work, next to the bar.
    pub fn doing(&self, what: &str) {
        if self.detail == Detail::Verbose {
            self.line(what);
        }
        self.bar.set_message(what.to_owned());
        self.bar.set_prefix(String::new());
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        (pace.steps, pace.since) = (0, Instant::now());
    }

    /// Runs code that writes to the terminal, with the bar hidden.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// A notice: a line that stays on screen.
    pub fn line(&self, text: &str) {
        if self.detail <= Detail::Quiet || self.keep(false, text) {
            return;
        }
        if self.terminal {
            self.bar.println(&plain(text));
        } else {
            let (done, all) = (self.bar.position(), self.bar.length());
            match (100 * done).checked_div(all) {
                Some(percent) => {
                    let left = self.bar.left().as_secs();
                    say(&format!("[{percent:>3} %, {left} s left] {text}"));
                }
                None => say(text),
            }
        }
    }

    /// A warning or a failure: a line that a quiet command has, too.
    pub fn alert(&self, text: &str) {
        if self.keep(true, text) {
            return;
        }
        match self.detail {
            Detail::Nothing => {}
            Detail::Quiet => say(text),
            Detail::Normal | Detail::Verbose => self.line(text),
        }
    }

    /// A line of results, without a prefix.
    pub fn result(&self, text: &str) {
        if self.detail <= Detail::Quiet || self.keep(false, text) {
            return;
        }
        if self.terminal {
            self.bar.println(&plain(text));
        } else {
            say(text);
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.clear();
    }

    /// The flag set by an interrupt.
    pub fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether the user asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_an_earlier_run_counts() {
        let progress = Progress::quiet();
        progress.total(100);
        progress.skip(40);
        progress.steps(10);
        assert_eq!(progress.bar.position(), 50);
    }
}
