//! How a net is streamed.

use std::path::PathBuf;

use super::LiveError;
use super::assemble::{AssembleConfig, Repeats};
use super::fallback::Fallback;
use super::protocol::Format;
use super::source::Source;
use saturn_eval::health::WatchConfig;

/// When steps close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pace {
    /// As soon as the timestamps of the events allow.
    #[default]
    Fast,
    /// Every `dt_ms` of wall clock, with or without events.
    Real,
}

/// The clock that times events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Stamp {
    /// The sender's timestamps.
    #[default]
    Sender,
    /// This machine's clock on arrival.
    Arrival,
}

/// All options of `saturn stream`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The trained net.
    pub model: PathBuf,
    /// Source of events.
    pub from: Source,
    /// Their format.
    pub format: Format,
    /// Whether a file is read on when it grows.
    pub follow: bool,
    /// Whether a socket serves only one client.
    pub once: bool,
    /// Seconds of silence after which a client of a socket may be replaced by another.
    pub idle_s: f64,
    /// When steps close.
    pub pace: Pace,
    /// The clock in use.
    pub stamp: Stamp,
    /// Milliseconds that an event may come late; none, or one step in real time, by default.
    pub reorder_ms: Option<f64>,
    /// Seconds that time may jump ahead.
    pub max_jump_s: f64,
    /// The most events of a step.
    pub max_events: usize,
    /// What several events of one unit at one microsecond are.
    pub repeats: Repeats,
    /// Bits of the sender's counter of microseconds, where it wraps.
    pub wrap_bits: Option<u32>,
    /// Consecutive dropped events after which the sender's clock is resynchronised; 0 for never.
    pub rebase_after: Option<u64>,
    /// The time at which the stream begins, on the sender's clock.
    pub origin_us: Option<u64>,
    /// Capacity of the input queue, messages.
    pub queue: usize,
    /// A line every so many steps, in addition to those at changes.
    pub every: Option<u64>,
    /// Whether the log on standard error is left out.
    pub quiet: bool,
    /// Where lines go; standard output by default.
    pub out: Option<PathBuf>,
    /// The detector's threshold; that of the net's run by default.
    pub threshold: Option<f64>,
    /// Steps of a window of health; none for no watch.
    pub health_window: Option<u64>,
    /// How strict the watch is.
    pub watch: WatchConfig,
    /// Action when health is out of range.
    pub fallback: Fallback,
    /// The file in which the run's state is saved.
    pub state: Option<PathBuf>,
    /// Seconds between two savings.
    pub save_every_s: f64,
    /// Where the metrics are served.
    pub metrics: Option<String>,
    /// Host names accepted in addition to this machine's.
    pub metrics_hosts: Vec<String>,
}

/// Steps that an event may come early in real time.
const EARLY: u64 = 32;
/// Consecutive dropped events after which the clock is resynchronised in real time.
const REBASE: u64 = 1_000;
/// The longest reorder window, steps.
const WIDEST: f64 = 4_096.0;

impl Options {
    /// How events become steps of `dt_ms` of a net of `channels` channels.
    pub fn assemble(&self, channels: usize, dt_ms: f64) -> Result<AssembleConfig, LiveError> {
        let real = self.pace == Pace::Real;
        let reorder_ms = self.reorder_ms.unwrap_or(if real { dt_ms } else { 0.0 });
        let window = (reorder_ms / dt_ms).ceil();
        if !(0.0..=WIDEST).contains(&window) {
            return Err(LiveError::Option {
                option: "--reorder-ms",
                what: format!("{reorder_ms} ms are {window} steps, and the maximum is {WIDEST}"),
                hint: "give a shorter time",
            });
        }
        Ok(AssembleConfig {
            channels,
            dt_ms,
            window: window as u64,
            early: if real { EARLY } else { 0 },
            most_ahead: ((self.max_jump_s * 1e3 / dt_ms).ceil() as u64).max(1),
            most_events: self.max_events,
            rebase_after: match (self.rebase_after, real) {
                (Some(0), _) | (None, false) => None,
                (Some(after), _) => Some(after),
                (None, true) => Some(REBASE),
            },
            repeats: self.repeats,
            // The time of arrival does not wrap.
            wrap_bits: self.wrap_bits.filter(|_| self.stamp == Stamp::Sender),
        })
    }
}
