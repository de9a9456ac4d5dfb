//! The bar behind a [`super::Progress`]: indicatif's where the feature `terminal` is on, otherwise a counter.

use std::time::Duration;

#[cfg(feature = "terminal")]
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that may be hidden. Clones share their position.
#[derive(Clone)]
pub(super) struct Bar {
    #[cfg(feature = "terminal")]
    bar: ProgressBar,
    #[cfg(not(feature = "terminal"))]
    position: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

#[cfg(feature = "terminal")]
impl Bar {
    /// On standard error.
    pub(super) fn shown() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30.cyan/blue} {percent:>3} %  {elapsed} elapsed, {eta} left  {msg}{prefix}",
        ) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self { bar }
    }

    /// Shows nothing, and counts.
    pub(super) fn counting() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self { bar }
    }

    /// Shows nothing.
    pub(super) fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    pub(super) fn total(&self, units: u64) {
        self.bar.set_length(units);
        self.bar.set_position(0);
        self.bar.reset_eta();
    }

    pub(super) fn advance(&self, units: u64) {
        self.bar.inc(units);
    }

    pub(super) fn forget_pace(&self) {
        self.bar.reset_eta();
    }

    pub(super) fn message(&self) -> String {
        self.bar.message()
    }

    pub(super) fn set_message(&self, text: String) {
        self.bar.set_message(text);
    }

    pub(super) fn set_prefix(&self, text: String) {
        self.bar.set_prefix(text);
    }

    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(super) fn println(&self, text: &str) {
        self.bar.println(text);
    }

    pub(super) fn position(&self) -> u64 {
        self.bar.position()
    }

    pub(super) fn length(&self) -> u64 {
        self.bar.length().unwrap_or(0)
    }

    pub(super) fn left(&self) -> Duration {
        self.bar.eta()
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(not(feature = "terminal"))]
impl Bar {
    /// Without a terminal there is no bar.
    pub(super) fn shown() -> Self {
        Self::hidden()
    }

    /// Shows nothing, and counts.
    pub(super) fn counting() -> Self {
        Self::hidden()
    }

    /// Shows nothing.
    pub(super) fn hidden() -> Self {
        Self {
            position: std::sync::Arc::default(),
        }
    }

    pub(super) fn total(&self, _: u64) {}

    pub(super) fn advance(&self, units: u64) {
        self.position
            .fetch_add(units, std::sync::atomic::Ordering::Relaxed);
    }

    pub(super) fn forget_pace(&self) {}

    pub(super) fn message(&self) -> String {
        String::new()
    }

    pub(super) fn set_message(&self, _: String) {}

    pub(super) fn set_prefix(&self, _: String) {}

    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        write()
    }

    pub(super) fn println(&self, _: &str) {}

    pub(super) fn position(&self) -> u64 {
        self.position.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(super) fn length(&self) -> u64 {
        0
    }

    pub(super) fn left(&self) -> Duration {
        Duration::ZERO
    }

    pub(super) fn clear(&self) {}
}
