//! The status of a live run, updated some ten times a second, for `saturn view` and Prometheus.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::latency::Quantiles;
use super::raster::Raster;

/// A figure of health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Its name.
    pub name: String,
    /// Its value in the last window; `None` before the first, and if it is not finite.
    pub value: Option<f64>,
    /// Its limits, if they are known.
    pub limits: Option<[f64; 2]>,
    /// Whether it raises the alarm.
    pub out: bool,
}

/// How a stream is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `MODEL.ARM.SEED`.
    pub place: String,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Source of the events.
    pub source: String,
    /// `fast` or `real`.
    pub pace: String,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// Steps done, over all resumptions.
    pub step: u64,
    /// Steps a second of wall clock of late.
    pub steps_per_second: f64,
    /// Seconds since the program started.
    pub uptime_s: f64,
    /// Messages in the queue, and its slots.
    pub queue: [u64; 2],
    /// The class that is detected.
    pub decision: Option<usize>,
    /// Number of decisions so far.
    pub decisions: u64,
    /// Probabilities of the classes at the last step.
    pub probabilities: Vec<f32>,
    /// Counts of all items.
    pub counts: Counts,
    /// Of the step.
    pub step_latency: Quantiles,
    /// Of the newest event.
    pub event_latency: Quantiles,
    /// Figures of health.
    pub health: Vec<Health>,
    /// Action when they are out of range, and whether it is active.
    pub fallback: String,
    /// Whether the fallback is at work.
    pub falls_back: bool,
    /// The input of the last steps.
    pub input: Raster,
    /// The first layer of the last steps.
    pub layer: Raster,
    /// The last lines of the log.
    pub log: Vec<String>,
}

/// The shared newest status.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Status>>);

impl Board {
    /// Changes the status.
    pub fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A copy of it.
    pub fn read(&self) -> Status {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
