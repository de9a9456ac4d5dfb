//! Calibration: whether a net that says 80 % is right in 80 % of the cases, overall and by stream position.
//!
//! A segment is answered by probabilities p over the classes (the mean over the known segment, or its last
//! step; outputs other than the classes are left out, and p sums to 1). With the confidence c = max p, r = 1
//! where the class of c is right, and segments in 15 even bins b of c:
//!
//! ```text
//! (1) ECE   = sum_b n_b / n |mean of r in b - mean of c in b|       expected calibration error, 0..1
//! (2) Brier = mean of sum_k (p_k - y_k)^2,  y one-hot               0..2
//! (3) noise = sum_b n_b / n sqrt(2 c_b (1 - c_b) / (pi n_b))        (1) of a net that is calibrated
//! ```
//!
//! (1) of few segments is never 0: chance alone gives (3), so it says something where it is well above that.
//! (2) counts being wrong and being unsure together: 0 is certain and right, 1 - 1/C says nothing.
//!
//! Cost: a pass over the classes a segment; 15 bins a window.
//!
//! Sources: (1) M. P. Naeini, G. Cooper and M. Hauskrecht, AAAI 2015, and C. Guo et al., *On calibration of
//! modern neural networks*, ICML 2017; (2) G. W. Brier, Monthly Weather Review 78, 1950; (3) is the mean of a
//! folded normal law in each bin.

use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Answer, Column, Definition, OnAnswers, Stream};

/// Bins of confidence.
pub const BINS: usize = 15;

/// Counts of one way to answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Counts {
    bins: [Bin; BINS],
    brier: f64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Bin {
    segments: u64,
    right: u64,
    confidence: f64,
}

impl Counts {
    /// One segment: what was said, not negative, of any sum, and the class.
    fn add(&mut self, said: impl Iterator<Item = f64> + Clone, label: usize) {
        let sum: f64 = said.clone().sum();
        let (mut top, mut class, mut brier) = (f64::NEG_INFINITY, 0, 0.0);
        for (k, p) in said.map(|p| p / sum).enumerate() {
            let y = if k == label { 1.0 } else { 0.0 };
            brier += (p - y) * (p - y);
            // The first of several, as everywhere.
            if p > top {
                (top, class) = (p, k);
            }
        }
        // A net that has left the numbers says nothing that could be calibrated.
        if !brier.is_finite() {
            return;
        }
        let bin = &mut self.bins[((top * BINS as f64) as usize).min(BINS - 1)];
        bin.segments += 1;
        bin.right += u64::from(class == label);
        bin.confidence += top;
        self.brier += brier;
    }

    fn merge(&mut self, other: &Self) {
        for (to, from) in self.bins.iter_mut().zip(&other.bins) {
            to.segments += from.segments;
            to.right += from.right;
            to.confidence += from.confidence;
        }
        self.brier += other.brier;
    }

    fn score(&self) -> Option<Score> {
        let n = self.bins.iter().map(|b| b.segments).sum::<u64>() as f64;
        let (mut ece, mut noise) = (0.0, 0.0);
        for b in self.bins.iter().filter(|b| b.segments > 0) {
            let m = b.segments as f64;
            ece += (b.right as f64 - b.confidence).abs() / n;
            let c = b.confidence / m;
            noise += m / n * (2.0 * (c * (1.0 - c)).max(0.0) / (std::f64::consts::PI * m)).sqrt();
        }
        (n > 0.0).then(|| Score {
            ece,
            brier: self.brier / n,
            noise,
        })
    }
}

/// Calibration of some segments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// (1), 0..1.
    pub ece: f64,
    /// (2), 0..2.
    pub brier: f64,
    /// (3), 0..1.
    pub noise: f64,
}

/// A bin of confidence that has segments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Mean confidence, 0..1.
    pub confidence: f64,
    /// Share of right answers, 0..1.
    pub accuracy: f64,
    /// Segments.
    pub segments: u64,
}

/// A window of stream position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationWindow {
    /// Its first step.
    pub start: u64,
    /// The step after its last.
    pub end: u64,
    /// By the probabilities over the segment; `None` without segments.
    pub summed: Option<Score>,
    /// By those of the last step.
    pub last: Option<Score>,
}

/// Calibration of one net on one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationReport {
    /// By the probabilities over the segment.
    pub summed: Option<Score>,
    /// By those of the last step.
    pub last: Option<Score>,
    /// Bins of the first, ascending.
    pub bins: Vec<Reliability>,
    /// By stream position.
    pub positions: Vec<CalibrationWindow>,
}

/// Counts segments by confidence, in even windows of a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Calibration {
    steps: u64,
    /// One a window: by the segment, and by its last step.
    windows: Vec<[Counts; 2]>,
}

impl Calibration {
    /// For a stream of `steps` steps in `windows` windows.
    pub fn new(steps: u64, windows: usize) -> Self {
        Self {
            steps: steps.max(1),
            windows: vec![Default::default(); windows.max(1)],
        }
    }

    /// A segment of class `label` that ended at `step`: its summed probabilities `[C]`, and those of its last
    /// step.
    pub fn add(&mut self, step: u64, label: usize, summed: &[f64], last: &[f32]) {
        let n = self.windows.len();
        let window = (u128::from(step) * n as u128 / u128::from(self.steps)) as usize;
        let [by_segment, by_last] = &mut self.windows[window.min(n - 1)];
        by_segment.add(summed.iter().copied(), label);
        by_last.add(last.iter().map(|&p| f64::from(p)), label);
    }
}

impl OnAnswers for Calibration {
    type Report = CalibrationReport;

    const DEFINITION: Definition<Self::Report> = Definition {
        title: "calibration",
        columns: &[
            Column::number("calibration error, %", 1, |r| Some(100.0 * r.summed?.ece)),
            Column::number("by chance, %", 1, |r| Some(100.0 * r.summed?.noise)),
            Column::number("Brier score", 3, |r| Some(r.summed?.brier)),
        ],
        panels: &[],
    };

    fn on(stream: &Stream) -> Self {
        Self::new(stream.steps, stream.windows)
    }

    fn segment(&mut self, answer: &Answer) {
        self.add(answer.step, answer.label, answer.summed, answer.last);
    }

    fn merge(&mut self, other: &Self) {
        assert_eq!(self.windows.len(), other.windows.len(), "the same windows");
        for (to, from) in self.windows.iter_mut().zip(&other.windows) {
            (0..2).for_each(|k| to[k].merge(&from[k]));
        }
    }

    fn report(&self, _stream: &Stream) -> Self::Report {
        let mut all: [Counts; 2] = Default::default();
        for window in &self.windows {
            (0..2).for_each(|k| all[k].merge(&window[k]));
        }
        let n = self.windows.len() as u128;
        // The first step of window k.
        let start = |k: usize| (u128::from(self.steps) * k as u128).div_ceil(n) as u64;
        let window = |(k, counts): (usize, &[Counts; 2])| CalibrationWindow {
            start: start(k),
            end: start(k + 1),
            summed: counts[0].score(),
            last: counts[1].score(),
        };
        let bins = all[0].bins.iter().filter(|b| b.segments > 0);
        let bins = bins.map(|b| Reliability {
            confidence: b.confidence / b.segments as f64,
            accuracy: b.right as f64 / b.segments as f64,
            segments: b.segments,
        });
        CalibrationReport {
            summed: all[0].score(),
            last: all[1].score(),
            bins: bins.collect(),
            positions: self.windows.iter().enumerate().map(window).collect(),
        }
    }

    /// Leaves the scores.
    fn thin(report: &mut Self::Report) {
        report.positions.clear();
        report.bins.clear();
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use saturn_cell::rng::generator;

    use super::*;

    /// It asks nothing of it.
    const STREAM: Stream = Stream {
        steps: 1,
        windows: 1,
        seed: 1,
    };

    /// Right in exactly the share that was said: 0. Brier of two classes is 2 p (1 - p).
    #[test]
    fn perfect_calibration_has_no_error() {
        let mut calibration = Calibration::new(1_000, 4);
        for k in 0..1_000u64 {
            let label = usize::from(k % 10 >= 7);
            calibration.add(k, label, &[1.4, 0.6], &[0.9, 0.1]);
        }
        let report = calibration.report(&STREAM);
        let summed = report.summed.unwrap();
        assert!(summed.ece < 1e-12, "{summed:?}");
        assert!((summed.brier - 2.0 * 0.7 * 0.3).abs() < 1e-12);
        // The last step says 90 % and is right in 70 %.
        assert!((report.last.unwrap().ece - 0.2).abs() < 1e-6);
        assert_eq!((report.bins.len(), report.bins[0].segments), (1, 1_000));
        let ends: Vec<_> = report.positions.iter().map(|w| (w.start, w.end)).collect();
        assert_eq!(ends, [(0, 250), (250, 500), (500, 750), (750, 1_000)]);
        assert!(
            report
                .positions
                .iter()
                .all(|w| w.summed.unwrap().ece < 0.02)
        );
    }

    /// Labels drawn from what was said: (1) is (3), and (2) the mean of 1 - sum p^2.
    #[test]
    fn a_calibrated_net_has_the_error_of_chance() {
        let mut rng = generator(5, "test", 0);
        let (mut ece, mut noise, mut brier, mut exact) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..100 {
            let mut calibration = Calibration::new(1, 1);
            for _ in 0..1_000 {
                let raw: [f64; 3] = std::array::from_fn(|_| rng.random::<f64>());
                let p = raw.map(|x| x / raw.iter().sum::<f64>());
                let u: f64 = rng.random();
                let label = usize::from(u > p[0]) + usize::from(u > p[0] + p[1]);
                calibration.add(0, label, &raw, &[1.0, 0.0, 0.0]);
                exact += (1.0 - p.iter().map(|p| p * p).sum::<f64>()) / 1e5;
            }
            let score = calibration.report(&STREAM).summed.unwrap();
            ece += score.ece / 100.0;
            noise += score.noise / 100.0;
            brier += score.brier / 100.0;
        }
        assert!((ece / noise - 1.0).abs() < 0.1, "{ece}, {noise}");
        assert!((brier / exact - 1.0).abs() < 0.01, "{brier}, {exact}");
    }

    #[test]
    fn certain_answers_by_hand() {
        let mut calibration = Calibration::new(10, 1);
        let mut other = calibration.clone();
        calibration.add(3, 0, &[1.0, 0.0], &[f32::NAN, 0.0]);
        other.add(99, 1, &[2.0, 0.0], &[0.0, 0.0]);
        calibration.merge(&other);
        let report = calibration.report(&STREAM);
        let score = report.summed.unwrap();
        assert!((score.ece - 0.5).abs() < 1e-12 && (score.brier - 1.0).abs() < 1e-12);
        assert!(score.noise.abs() < 1e-12);
        assert_eq!(report.last, None);
    }
}
