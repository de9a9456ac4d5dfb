//! Accuracy by stream position, in a bounded number of windows.
//!
//! A stream of known length is cut into windows, even or logarithmic; each counts the segments that end in
//! it. With p the share of correct predictions among the n of a window, r_g and n_g those of recording g, and
//! G the recordings seen in it:
//!
//! ```text
//! (1) v     = G/(G-1) sum_g (r_g - p n_g)^2 / n^2          variance of p, clustered by recording
//! (2) n_eff = min(n, p (1 - p) / v)                        effective number of independent segments
//! (3) (p + z^2/2n_eff ± z sqrt(p (1-p)/n_eff + z^2/4n_eff^2)) / (1 + z^2/n_eff),   z = 1.96
//! ```
//!
//! (3) is Wilson's interval, which stays within 0..1 and has a width even if all predictions are correct; there (1) is 0 and uninformative, and n_eff = G.
//!
//! Source: E. B. Wilson, Journal of the American Statistical Association 22, 1927; the effective number
//! after E. L. Korn and B. I. Graubard, Survey Methodology 24, 1998.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::estimate::ByRecording;

/// z of a 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// How a stream is cut into windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Spacing {
    /// Windows of one length (or as nearly as whole steps allow).
    #[default]
    Even,
    /// A first window of `first_steps`, then each longer than the last by one factor, to the end.
    Logarithmic {
        /// Steps of the first window; at least 1.
        first_steps: u64,
    },
}

impl Spacing {
    /// Where `windows` windows over `total_steps` steps end, ascending; fewer, where they would be shorter than a
    /// step.
    pub fn ends(self, total_steps: u64, windows: usize) -> Vec<u64> {
        let (total, n) = (total_steps.max(1), windows.max(1));
        let end = |k: usize| match self {
            Self::Even => (u128::from(total) * (k as u128 + 1) / n as u128) as u64,
            Self::Logarithmic { first_steps } => {
                let first = first_steps.clamp(1, total) as f64;
                let part = k as f64 / (n - 1).max(1) as f64;
                (first * (total as f64 / first).powf(part)).round() as u64
            }
        };
        let mut ends: Vec<u64> = (0..n - 1).map(end).collect();
        ends.push(total);
        ends.retain(|&e| e > 0);
        ends.dedup();
        ends
    }

    /// Whether windows are of one length.
    pub fn is_even(&self) -> bool {
        *self == Self::Even
    }
}

/// Counts correct predictions by window. Memory: 16 bytes per window and recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PositionCurve {
    /// The windows' ends, ascending; the last is the stream's.
    ends: Vec<u64>,
    windows: Vec<ByRecording>,
}

/// One window of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PositionWindow {
    /// Its first step.
    pub start: u64,
    /// The step after its last.
    pub end: u64,
    /// Segments that end in it and were answered rightly.
    pub right: u64,
    /// Segments that end in it.
    pub total: u64,
    /// The accuracy, 0..1; `None` without segments.
    pub accuracy: Option<f64>,
    /// The 95 % interval of the share, clustered by recording.
    pub interval: Option<[f64; 2]>,
}

impl PositionCurve {
    /// `windows` windows over `total_steps` steps; fewer, where windows would be shorter than a step.
    pub fn new(total_steps: u64, windows: usize, spacing: Spacing) -> Self {
        let ends = spacing.ends(total_steps, windows);
        Self {
            windows: vec![ByRecording::new(); ends.len()],
            ends,
        }
    }

    /// One segment that ended at `step`; segments that end after the known length count in the last window.
    pub fn add(&mut self, step: u64, recording: usize, right: bool) {
        let window = self.ends.partition_point(|&end| end <= step);
        self.windows[window.min(self.ends.len() - 1)].add(recording, right);
    }

    /// Adds what another lane has counted in the same windows.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.ends, other.ends, "the same windows");
        for (to, from) in self.windows.iter_mut().zip(&other.windows) {
            to.merge(from);
        }
    }

    /// The windows, in order.
    pub fn windows(&self) -> Vec<PositionWindow> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        (starts.zip(&self.ends).zip(&self.windows))
            .map(|((start, &end), counts)| {
                let tally = counts.tally();
                PositionWindow {
                    start,
                    end,
                    right: tally.right,
                    total: tally.total,
                    accuracy: tally.share(),
                    interval: interval(counts),
                }
            })
            .collect()
    }
}

/// The 95 % interval of the accuracy; `None` if nothing was counted.
pub(super) fn interval(counts: &ByRecording) -> Option<[f64; 2]> {
    let tally = counts.tally();
    let p = tally.share()?;
    Some(wilson(p, effective(counts, p, tally.total as f64)))
}

/// (1) and (2).
fn effective(counts: &ByRecording, p: f64, n: f64) -> f64 {
    let clusters = counts.recordings() as f64;
    let squares: f64 = (counts.tallies().iter())
        .map(|t| (t.right as f64 - p * t.total as f64).powi(2))
        .sum();
    let variance = clusters / (clusters - 1.0) * squares / (n * n);
    let worth = p * (1.0 - p) / variance;
    // No variance between recordings, or only one: the recordings count, not the segments.
    if worth.is_finite() {
        worth.clamp(1.0, n)
    } else {
        clusters
    }
}

/// (3).
fn wilson(p: f64, n: f64) -> [f64; 2] {
    let z2 = Z * Z / n;
    let middle = p + z2 / 2.0;
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    [
        ((middle - half) / (1.0 + z2)).max(0.0),
        ((middle + half) / (1.0 + z2)).min(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(curve: &PositionCurve) -> Vec<(u64, u64)> {
        curve.windows().iter().map(|w| (w.start, w.end)).collect()
    }

    #[test]
    fn windows_cover_the_stream_once() {
        let even = PositionCurve::new(10, 4, Spacing::Even);
        assert_eq!(bounds(&even), [(0, 2), (2, 5), (5, 7), (7, 10)]);
        let log = PositionCurve::new(100_000, 4, Spacing::Logarithmic { first_steps: 100 });
        let expected = [(0, 100), (100, 1_000), (1_000, 10_000), (10_000, 100_000)];
        assert_eq!(bounds(&log), expected);
        assert_eq!(
            bounds(&PositionCurve::new(2, 9, Spacing::Even)),
            [(0, 1), (1, 2)]
        );
        assert_eq!(bounds(&PositionCurve::new(0, 0, Spacing::Even)), [(0, 1)]);
    }

    #[test]
    fn segments_count_where_they_end() {
        let mut curve = PositionCurve::new(100, 2, Spacing::Even);
        for (step, right) in [(0, true), (49, false), (50, true), (99, true), (250, false)] {
            curve.add(step, 0, right);
        }
        let mut both = curve.clone();
        both.merge(&curve);
        let tallies: Vec<_> = both.windows().iter().map(|w| (w.right, w.total)).collect();
        assert_eq!(tallies, [(2, 4), (4, 6)]);
        let empty = PositionCurve::new(100, 2, Spacing::Even).windows()[0];
        assert_eq!((empty.accuracy, empty.interval), (None, None));
    }

    /// 81 of 263 give 0.2553 to 0.3662 (R. G. Newcombe, Statistics in Medicine 17, 1998, table I).
    #[test]
    fn single_segments_give_wilsons_interval() {
        let [low, high] = wilson(81.0 / 263.0, 263.0);
        assert!(
            (low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5,
            "{low} {high}"
        );
        let mut curve = PositionCurve::new(10, 1, Spacing::Even);
        for g in 0..263 {
            curve.add(3, g, g < 81);
        }
        let [l, h] = curve.windows()[0].interval.unwrap();
        assert!((l - low).abs() < 3e-4 && (h - high).abs() < 3e-4, "{l} {h}");
    }

    /// Each recording nine times, always with the same result, is worth no more than once.
    #[test]
    fn repeats_do_not_narrow_the_interval() {
        let mut once = PositionCurve::new(10, 1, Spacing::Even);
        let mut often = once.clone();
        for g in 0..80 {
            once.add(0, g, g % 4 > 0);
            (0..9).for_each(|_| often.add(0, g, g % 4 > 0));
        }
        let ends = |c: &PositionCurve| c.windows()[0].interval.unwrap();
        for (a, b) in ends(&once).into_iter().zip(ends(&often)) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn all_right_still_has_a_width() {
        let mut curve = PositionCurve::new(10, 1, Spacing::Even);
        for k in 0..1_000 {
            curve.add(0, k % 20, true);
        }
        // Closed form for p = 1: the lower end is n / (n + z^2), here with n = 20 recordings.
        let [low, high] = curve.windows()[0].interval.unwrap();
        assert!((low - 20.0 / (20.0 + Z * Z)).abs() < 1e-12 && (high - 1.0).abs() < 1e-12);
    }
}
