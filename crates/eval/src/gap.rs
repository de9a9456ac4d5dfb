//! Accuracy by the length of the gap before a sample, in bins of half an octave: how long a net may wait
//! before it has lost its footing, or found it again.
//!
//! ```text
//! (1) bin 0: no gap;   bin k: ceil(2^((k-1)/2)) to ceil(2^(k/2)) - 1 steps,   k = 1, 2, ..
//! ```
//!
//! The first sample of a lane has no sample before it and is left out. Intervals are those of
//! [`super::position`], clustered by recording.

use serde::{Deserialize, Serialize};

use super::position::interval;
use crate::stats::estimate::ByRecording;

/// Counts correct predictions by gap. Memory: 16 bytes per recording and bin in use.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GapCurve {
    bins: Vec<Bin>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Bin {
    counts: ByRecording,
    /// Sum of the gaps, steps.
    steps: u64,
}

/// Gaps of about one length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapBin {
    /// The shortest gap of the bin, steps.
    pub from: u64,
    /// The longest.
    pub to: u64,
    /// The mean of those that were met.
    pub mean_steps: f64,
    /// Samples after such a gap that were predicted correctly.
    pub right: u64,
    /// Samples after such a gap.
    pub total: u64,
    /// The accuracy, 0..1.
    pub accuracy: f64,
    /// The 95 % interval of the share, clustered by recording.
    pub interval: [f64; 2],
}

impl GapCurve {
    /// One sample after a gap of `steps` steps.
    pub fn add(&mut self, steps: u64, recording: usize, right: bool) {
        let k = bin(steps);
        if self.bins.len() <= k {
            self.bins.resize(k + 1, Bin::default());
        }
        self.bins[k].counts.add(recording, right);
        self.bins[k].steps += steps;
    }

    /// Adds what another lane has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.bins.len() < other.bins.len() {
            self.bins.resize(other.bins.len(), Bin::default());
        }
        for (to, from) in self.bins.iter_mut().zip(&other.bins) {
            to.counts.merge(&from.counts);
            to.steps += from.steps;
        }
    }

    /// The bins that were met, from the shortest gaps to the longest.
    pub fn bins(&self) -> Vec<GapBin> {
        (self.bins.iter().enumerate())
            .filter_map(|(k, bin)| {
                let tally = bin.counts.tally();
                let accuracy = tally.share()?;
                Some(GapBin {
                    from: first(k),
                    to: if k == 0 { 0 } else { first(k + 1) - 1 },
                    mean_steps: bin.steps as f64 / tally.total as f64,
                    right: tally.right,
                    total: tally.total,
                    accuracy,
                    interval: interval(&bin.counts)?,
                })
            })
            .collect()
    }
}

/// (1).
fn bin(steps: u64) -> usize {
    match steps {
        0 => 0,
        n => 1 + (2.0 * (n as f64).log2()).floor() as usize,
    }
}

/// The shortest gap of bin k.
fn first(k: usize) -> u64 {
    let Some(halves) = k.checked_sub(1) else {
        return 0;
    };
    let octave = 1u64 << (halves / 2);
    if halves.is_multiple_of(2) {
        octave
    } else {
        (octave as f64 * std::f64::consts::SQRT_2).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_lies_in_its_bin() {
        for steps in 0..5_000 {
            let mut curve = GapCurve::default();
            curve.add(steps, 0, true);
            let bins = curve.bins();
            assert_eq!(bins.len(), 1);
            assert!(bins[0].from <= steps && steps <= bins[0].to, "{bins:?}");
            assert!((bins[0].mean_steps - steps as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn bins_follow_each_other_and_lanes_add_up() {
        let (mut a, mut b) = (GapCurve::default(), GapCurve::default());
        for steps in 0..100 {
            let lane = if steps % 3 == 0 { &mut a } else { &mut b };
            lane.add(steps, (steps % 7) as usize, steps < 50);
        }
        a.merge(&b);
        let bins = a.bins();
        assert_eq!(bins.iter().map(|b| b.total).sum::<u64>(), 100);
        assert_eq!(bins.iter().map(|b| b.right).sum::<u64>(), 50);
        assert_eq!((bins[0].from, bins[0].to), (0, 0));
        for pair in bins.windows(2) {
            assert_eq!(pair[0].to + 1, pair[1].from);
        }
        // 46 to 63 are the thirteenth half octave; 46 to 49 were predicted correctly.
        let half = bins.iter().find(|b| b.from == 46).expect("met");
        assert_eq!((half.to, half.right, half.total), (63, 4, 18));
        assert!((half.mean_steps - 54.5).abs() < 1e-12);
        let [low, high] = half.interval;
        assert!(low < half.accuracy && half.accuracy < high);
    }
}
