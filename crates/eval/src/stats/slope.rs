//! The slope of accuracy against stream position: does accuracy fall the longer a network runs?
//!
//! A least-squares line through the segments from number 100 on; the first 10 of each lane, in which the
//! state settles, are reported separately, and those between are in neither. With x the position of a segment
//! in 10^6 steps and y = 100 for a correct prediction, 0 for a wrong one (percentage points):
//!
//! ```text
//! (1) y_i = a + b x_i + e_i                                       b is the slope
//! (2) s_g = sum over segments i of recording g of (1, x_i)' e_i
//! (3) V   = c (X'X)^-1 (sum_g s_g s_g') (X'X)^-1,    c = G/(G-1) * (n-1)/(n-2)
//! ```
//!
//! (3) is the cluster-robust covariance, with the usual correction for few clusters: a long stream repeats recordings, and errors on the same recording are correlated. The interval takes
//! Student's t with G - 1 degrees of freedom.
//!
//! No segment needs to be stored: s_g is linear in a and b, so that five sums a recording (n, sum x, sum x^2,
//! sum y, sum xy) give it once the line is known.
//!
//! | symbol | here | unit |
//! |---|---|---|
//! | n | [`Slope::segments`] | segments |
//! | G | units of [`Slope::points_per_million_steps`] | recordings |
//! | b | [`Slope::points_per_million_steps`] | percentage points per 10^6 steps |
//!
//! Source: A. C. Cameron and D. L. Miller, *A Practitioner's Guide to Cluster-Robust Inference*, Journal
//! of Human Resources 50, 2015, equations 10 to 12.

use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, Tally, around};

/// Segments of each lane that are reported apart.
pub const FIRST: u64 = 10;
/// The first segment of each lane, counted from 0, that the line goes through.
pub const FROM: u64 = 100;

/// Steps in one unit of x.
const MILLION: f64 = 1e6;

/// The sums of one recording, or of all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    n: f64,
    x: f64,
    xx: f64,
    y: f64,
    xy: f64,
}

impl Sums {
    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.x += other.x;
        self.xx += other.xx;
        self.y += other.y;
        self.xy += other.xy;
    }
}

/// Collects the segments of one or more lanes. Memory: 40 bytes a recording.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SlopeFit {
    recordings: Vec<Sums>,
    first: Tally,
}

/// Accuracy against stream position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// b of (1) in percentage points per 10^6 steps, its error clustered by recording. `None` if fewer
    /// than three segments, or all at one position, are left.
    pub points_per_million_steps: Option<Estimate>,
    /// Correct predictions among the segments of the fit.
    pub accuracy: Option<f64>,
    /// Segments that the line goes through.
    pub segments: u64,
    /// The first segments of each lane.
    pub first_10: Tally,
}

impl SlopeFit {
    /// An empty fit.
    pub fn new() -> Self {
        Self::default()
    }

    /// One segment: its number in its lane, from 0; its step (the last, say); its recording; whether it was
    /// predicted correctly.
    pub fn add(&mut self, segment: u64, step: u64, recording: usize, right: bool) {
        if segment < FIRST {
            self.first.add(right);
        }
        if segment < FROM {
            return;
        }
        let (x, y) = (step as f64 / MILLION, if right { 100.0 } else { 0.0 });
        if self.recordings.len() <= recording {
            self.recordings.resize(recording + 1, Sums::default());
        }
        self.recordings[recording].merge(&Sums {
            n: 1.0,
            x,
            xx: x * x,
            y,
            xy: x * y,
        });
    }

    /// Adds what another lane has collected.
    pub fn merge(&mut self, other: &Self) {
        self.first.merge(other.first);
        if self.recordings.len() < other.recordings.len() {
            let longer = other.recordings.len();
            self.recordings.resize(longer, Sums::default());
        }
        for (to, from) in self.recordings.iter_mut().zip(&other.recordings) {
            to.merge(from);
        }
    }

    /// The line (1) with the errors of (3).
    pub fn slope(&self) -> Slope {
        let mut all = Sums::default();
        self.recordings.iter().for_each(|g| all.merge(g));
        Slope {
            points_per_million_steps: self.line(&all),
            accuracy: (all.n > 0.0).then(|| all.y / all.n / 100.0),
            segments: all.n as u64,
            first_10: self.first,
        }
    }

    fn line(&self, all: &Sums) -> Option<Estimate> {
        let (mean_x, mean_y) = (all.x / all.n, all.y / all.n);
        // With x around its mean, X'X is diagonal: n and sum (x - mean)^2.
        let spread = all.xx - all.n * mean_x * mean_x;
        // The comparison also rejects NaN.
        if all.n < 3.0 || spread.partial_cmp(&(1e-12 * all.xx)) != Some(std::cmp::Ordering::Greater)
        {
            return None;
        }
        let b = (all.xy - all.n * mean_x * mean_y) / spread;
        let a = mean_y - b * mean_x;
        // (2), the second entry with x around its mean: sum (x - mean) e.
        let scores = self.recordings.iter().filter(|g| g.n > 0.0).map(|g| {
            let constant = g.y - a * g.n - b * g.x;
            let linear = g.xy - a * g.x - b * g.xx;
            linear - mean_x * constant
        });
        let (clusters, squares) = scores.fold((0.0, 0.0), |(n, sum), s| (n + 1.0, sum + s * s));
        // (3), the entry of b.
        let standard_error = (clusters > 1.0).then(|| {
            let few = clusters / (clusters - 1.0) * (all.n - 1.0) / (all.n - 2.0);
            (few * squares).sqrt() / spread
        });
        Some(Estimate {
            value: b,
            standard_error,
            interval: standard_error.map(|se| around(b, se, clusters as usize - 1)),
            units: clusters as usize,
        })
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{Matrix2, Vector2};
    use rand::RngExt;
    use saturn_cell::rng::generator;

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    /// (segment, step, recording, correct) of a lane whose accuracy falls from 0.9 to 0.5.
    fn lane(seed: u64, segments: u64) -> Vec<(u64, u64, usize, bool)> {
        let mut rng = generator(seed, "slope", 0);
        (0..segments)
            .map(|i| {
                let recording = rng.random_range(0..40);
                let own = if recording % 4 == 0 { -0.2 } else { 0.05 };
                let p = 0.9 - 0.4 * i as f64 / segments as f64 + own;
                let step = 500 * i + rng.random_range(0..400);
                (i, step, recording, rng.random_range(0.0..1.0) < p)
            })
            .collect()
    }

    fn fit(lanes: &[Vec<(u64, u64, usize, bool)>]) -> SlopeFit {
        let mut all = SlopeFit::new();
        for lane in lanes {
            let mut one = SlopeFit::new();
            for &(segment, step, recording, right) in lane {
                one.add(segment, step, recording, right);
            }
            all.merge(&one);
        }
        all
    }

    /// (1) to (3) as they are written, with matrices.
    fn direct(lanes: &[Vec<(u64, u64, usize, bool)>]) -> (f64, f64) {
        let rows: Vec<(Vector2<f64>, f64, usize)> = (lanes.iter().flatten())
            .filter(|s| s.0 >= 100)
            .map(|s| {
                let y = if s.3 { 100.0 } else { 0.0 };
                (Vector2::new(1.0, s.1 as f64 / 1e6), y, s.2)
            })
            .collect();
        let xx: Matrix2<f64> = rows.iter().map(|(x, ..)| x * x.transpose()).sum();
        let xy: Vector2<f64> = rows.iter().map(|(x, y, _)| x * *y).sum();
        let inverse = xx.try_inverse().unwrap();
        let beta = inverse * xy;
        let mut scores = vec![Vector2::zeros(); 40];
        for (x, y, g) in &rows {
            scores[*g] += x * (y - x.dot(&beta));
        }
        let meat: Matrix2<f64> = scores.iter().map(|s| s * s.transpose()).sum();
        let (n, g) = (rows.len() as f64, 40.0);
        let v = inverse * meat * inverse * (g / (g - 1.0) * (n - 1.0) / (n - 2.0));
        (beta[1], v[(1, 1)].sqrt())
    }

    #[test]
    fn sums_equal_the_direct_computation() {
        let lanes = [lane(1, 3_000), lane(2, 2_000)];
        let slope = fit(&lanes).slope();
        let (b, error) = direct(&lanes);
        let found = slope.points_per_million_steps.unwrap();
        close(found.value, b);
        close(found.standard_error.unwrap(), error);
        assert_eq!((found.units, slope.segments), (40, 4_800));
        assert_eq!(slope.first_10.total, 20);
        // Down by 40 points over 1.5 and 1.0 million steps.
        let [low, high] = found.interval.unwrap();
        assert!(low < -26.0 && high > -41.0 && high < 0.0, "{low} to {high}");
    }

    #[test]
    fn an_exact_line_is_found_and_the_start_is_left_out() {
        let mut fit = SlopeFit::new();
        for i in 0..200u64 {
            // Wrong throughout the first 100; then correct at 4 of 4, 3 of 4 .. of each position.
            let (place, one) = ((i.max(100) - 100) / 20, i % 4);
            fit.add(i, place * 1_000_000, i as usize, i >= 100 && one >= place);
        }
        let slope = fit.slope();
        let b = slope.points_per_million_steps.unwrap();
        close(b.value, -25.0);
        assert_eq!((slope.accuracy, slope.segments), (Some(0.5), 100));
        assert_eq!(
            slope.first_10,
            Tally {
                right: 0,
                total: 10
            }
        );
        assert_eq!(b.units, 100);
    }

    #[test]
    fn too_little_has_no_slope() {
        let mut fit = SlopeFit::new();
        assert_eq!(fit.slope().points_per_million_steps, None);
        for i in 0..150 {
            fit.add(i, 70_000, 3, i % 2 == 0);
        }
        assert_eq!(fit.slope().points_per_million_steps, None, "one position");
        fit.add(150, 80_000, 3, true);
        let one = fit.slope().points_per_million_steps.unwrap();
        assert_eq!((one.standard_error, one.units), (None, 1));
    }
}
