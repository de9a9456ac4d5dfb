//! A lead of a record: the counts of its converter, and the scale of a count.
//!
//! ```text
//! value = (count - BASELINE) / GAIN        in millivolts, or in the lead's own unit        (1)
//! ```
//!
//! Gain and baseline may change from one segment to the next, so a lead has a list of scales. A missing
//! sample takes the value before it; at the beginning, the first value that is not missing.

use num_rational::BigRational;

use super::decimal;
use super::format::MISSING;
use super::signal_line::Signal;

/// The scale of a count from a sample on.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) from: usize,
    /// Counts in a unit; above or below zero.
    pub(super) gain: BigRational,
    /// The same, as near as an f64 is.
    pub(super) gain_f64: f64,
    pub(super) baseline: i64,
}

impl Scale {
    fn value(&self, count: i32) -> f64 {
        (f64::from(count) - self.baseline as f64) / self.gain_f64
    }
}

/// A lead.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) name: String,
    /// Samples a frame.
    pub(super) per_frame: usize,
    /// Counts; [`MISSING`] if there is none.
    pub(super) counts: Vec<i32>,
    /// Ascending by `from`, the first at 0.
    pub(super) scales: Vec<Scale>,
}

impl Lead {
    /// The next samples, of `signal`.
    pub(super) fn push(&mut self, signal: &Signal, counts: &[i32]) {
        let same = |scale: &Scale| scale.gain == signal.gain && scale.baseline == signal.baseline;
        if !self.scales.last().is_some_and(same) {
            self.scales.push(Scale {
                // Missing samples before the first also need a scale.
                from: if self.scales.is_empty() {
                    0
                } else {
                    self.counts.len()
                },
                gain: signal.gain.clone(),
                gain_f64: decimal::to_f64(&signal.gain),
                baseline: signal.baseline,
            });
        }
        self.counts.extend(counts);
    }

    /// The samples that are not missing, with their places and scales.
    pub(super) fn present(&self) -> impl Iterator<Item = (usize, i32, &Scale)> {
        let ends = self.scales.iter().skip(1).map(|scale| scale.from);
        let ends = ends.chain([self.counts.len()]);
        self.scales.iter().zip(ends).flat_map(|(scale, end)| {
            let counts = self.counts[scale.from..end].iter().enumerate();
            counts
                .filter(|(_, count)| **count != MISSING)
                .map(move |(k, count)| (scale.from + k, *count, scale))
        })
    }

    /// `[frames]`: the value in each frame, the mean of its samples.
    pub(super) fn frames(&self) -> Vec<f32> {
        let mut values: Vec<f32> = Vec::with_capacity(self.counts.len() / self.per_frame);
        let mut before = self
            .present()
            .next()
            .map_or(0.0, |(_, c, scale)| scale.value(c));
        let mut present = self.present().peekable();
        for frame in 0..self.counts.len() / self.per_frame {
            let end = (frame + 1) * self.per_frame;
            let mut sum = 0.0;
            for sample in frame * self.per_frame..end {
                if let Some((_, count, scale)) = present.next_if(|(at, _, _)| *at == sample) {
                    before = scale.value(count);
                }
                sum += before;
            }
            values.push((sum / self.per_frame as f64) as f32);
        }
        values
    }
}
