//! The counts of a detector, and the choice of a threshold from them.

use serde::{Deserialize, Serialize};

/// The counts of a detector on one or more streams, under one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DetectorScore {
    /// The threshold, 0..1.
    pub threshold: f64,
    /// Segments whose heaviest detection has their class.
    pub right: u64,
    /// Segments whose heaviest detection has another class.
    pub substitutions: u64,
    /// Segments without a detection.
    pub misses: u64,
    /// Detections in no segment.
    pub false_alarms: u64,
    /// Detections of a segment in addition to the heaviest.
    pub extra: u64,
    /// Segments: correct, substitutions and misses.
    pub segments: u64,
    /// Steps observed, over all lanes.
    pub steps: u64,
}

impl DetectorScore {
    /// Adds another lane's counts under the same threshold.
    pub fn merge(&mut self, other: &Self) {
        self.right += other.right;
        self.substitutions += other.substitutions;
        self.misses += other.misses;
        self.false_alarms += other.false_alarms;
        self.extra += other.extra;
        self.segments += other.segments;
        self.steps += other.steps;
    }

    /// The share of segments answered rightly, 0..1; `None` without segments.
    pub fn accuracy(&self) -> Option<f64> {
        (self.segments > 0).then(|| self.right as f64 / self.segments as f64)
    }

    /// Correct detections minus false alarms, as a share of the segments: the criterion of [`choose`].
    pub fn net(&self) -> Option<f64> {
        let gain = self.right as f64 - self.false_alarms as f64;
        (self.segments > 0).then(|| gain / self.segments as f64)
    }

    /// False alarms in an hour of stream, for steps of `dt_ms`; `None` before the first step.
    pub fn false_alarms_per_hour(&self, dt_ms: f64) -> Option<f64> {
        let hours = self.steps as f64 * dt_ms / 3.6e6;
        (hours > 0.0).then(|| self.false_alarms as f64 / hours)
    }
}

/// Thresholds to choose from: 39 even ones strictly between chance (1 / C) and 1.
pub fn grid(classes: usize) -> Vec<f64> {
    let chance = 1.0 / classes.max(1) as f64;
    (1..40)
        .map(|k| chance + (1.0 - chance) * f64::from(k) / 40.0)
        .collect()
}

/// The score with the most correct detections minus false alarms; among equals the highest threshold. `None`
/// if there were no segments.
pub fn choose(scores: &[DetectorScore]) -> Option<&DetectorScore> {
    let gain = |s: &DetectorScore| s.right as i128 - s.false_alarms as i128;
    scores
        .iter()
        .filter(|s| s.segments > 0)
        .max_by(|a, b| (gain(a).cmp(&gain(b))).then(f64::total_cmp(&a.threshold, &b.threshold)))
}
