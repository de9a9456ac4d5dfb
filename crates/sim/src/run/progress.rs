//! Progress: a bar with the time left on a terminal, plain lines in a log.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Tells the user how far the work is, and hears of an interrupt.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    terminal: bool,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// Progress on standard error; `stop` is set by an interrupt.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            Some(0),
            if terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30.cyan/blue} {percent:>3} %  {elapsed} gone, {eta} left  {msg}",
        ) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self {
            bar,
            terminal,
            stop,
        }
    }

    /// Progress that shows nothing, for tests.
    pub fn quiet() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            terminal: true,
            stop: Arc::default(),
        }
    }

    /// Progress of a part of the work: it shows nothing, and hears of the same interrupt.
    pub fn hidden(&self) -> Self {
        Self {
            stop: Arc::clone(&self.stop),
            ..Self::quiet()
        }
    }

    /// Sets the amount of work, in any unit.
    pub fn total(&self, units: u64) {
        self.bar.set_length(units);
        self.bar.set_position(0);
        self.bar.reset_eta();
    }

    /// So much work is done.
    pub fn advance(&self, units: u64) {
        self.bar.inc(units);
    }

    /// Names what is being done, beside the bar.
    pub fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// A line that stays.
    #[allow(clippy::print_stderr)] // Progress is the program's voice on standard error.
    pub fn line(&self, text: &str) {
        if self.terminal {
            self.bar.println(text);
        } else {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            match (100 * done).checked_div(all) {
                Some(percent) => {
                    let left = self.bar.eta().as_secs();
                    eprintln!("[{percent:>3} %, {left} s left] {text}");
                }
                None => eprintln!("{text}"),
            }
        }
    }

    /// A line of results, which stands for itself.
    #[allow(clippy::print_stderr)] // As above.
    pub fn result(&self, text: &str) {
        if self.terminal {
            self.bar.println(text);
        } else {
            eprintln!("{text}");
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// What an interrupt sets.
    pub fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether the user asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
