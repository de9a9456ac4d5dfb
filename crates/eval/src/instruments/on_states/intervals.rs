//! Inter-spike intervals: how regularly neurons fire.
//!
//! With d_1, d_2, .. the steps from spike to spike of one neuron, over the lanes of a window (an interval
//! counts in the window in which it ends):
//!
//! ```text
//! (1) mean   = mean of d over all intervals                       x dt_ms in ms
//! (2) CV     = mean over neurons of sd(d) / mean(d)               of those with 10 intervals or more
//! (3) bursts = share of intervals d <= max(10 ms, one step)
//! (4) quantiles of d over all intervals                           to 1 %
//! ```
//!
//! CV is 0 for a clock and 1 for a Poisson process; where each step has a spike with probability p,
//! intervals are geometric, with mean 1/p, CV sqrt(1 - p) and, at steps of 10 ms or more, bursts p. It is
//! taken neuron by neuron, for a layer whose neurons have different rates would look irregular at once.
//!
//! It wants every step, one pass over the spikes; memory is a last spike for each neuron and lane, three
//! sums a neuron, and one sketch.
//!
//! Source: F. Gabbiani and C. Koch, *Principles of spike train analysis*, in: Methods in Neuronal Modeling,
//! 1998 (CV); bursts as spikes of at most 10 ms distance after J. Csicsvari et al., Neuron 21, 1998 (6 ms
//! there).

use saturn_cell::{FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Column, Definition, OnStates, Panel, Place};
use crate::instruments::sketch::Sketch;

/// A neuron's CV is taken from so many intervals or more.
pub const FEWEST: u64 = 10;
/// Intervals up to this are part of a burst, ms.
pub const BURST_MS: f64 = 10.0;

/// The intervals of one field in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalStats {
    /// Intervals that ended in the window.
    pub intervals: u64,
    /// (1), ms.
    pub mean_ms: f64,
    /// (2); `None` where no neuron has enough intervals.
    pub cv: Option<f64>,
    /// Neurons behind (2).
    pub neurons: usize,
    /// (3), 0..1.
    pub bursts: f64,
    /// 5 % of the intervals are shorter, ms.
    pub q05_ms: f64,
    /// The median, ms.
    pub q50_ms: f64,
    /// 95 % of the intervals are shorter, ms.
    pub q95_ms: f64,
}

/// Collects the intervals of one spike field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intervals {
    dt_ms: f64,
    /// t, steps followed.
    step: u64,
    /// 1 + the step of the last spike, 0 for none, `[H, B]`.
    last: Vec<u64>,
    /// Of each neuron `[H]`: intervals, their sum and the sum of their squares, in steps.
    sums: Vec<[f64; 3]>,
    short: u64,
    sketch: Sketch,
}

impl Intervals {
    /// For `neurons` neurons on steps of `dt_ms`.
    pub fn new(neurons: usize, dt_ms: f64) -> Self {
        Self {
            dt_ms,
            step: 0,
            last: Vec::new(),
            sums: vec![[0.0; 3]; neurons],
            short: 0,
            sketch: Sketch::default(),
        }
    }
}

impl OnStates for Intervals {
    type Stats = IntervalStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "inter-spike intervals",
        columns: &[
            Column::number("interval, ms", 0, |i| Some(i.mean_ms)),
            Column::number("CV", 2, |i| i.cv),
            Column::number("in bursts, %", 1, |i| Some(100.0 * i.bursts)),
        ],
        panels: &[
            Panel::band("inter-spike interval, ms", "5 to 95 %", |i| {
                [i.q50_ms, i.q05_ms, i.q95_ms]
            }),
            Panel::line("variation of intervals (CV)", |i| i.cv),
            Panel::line("intervals in bursts, %", |i| Some(100.0 * i.bursts)),
        ],
    };

    fn on(place: &Place) -> Option<Self> {
        let spikes = place.field.kind == FieldKind::Spikes;
        spikes.then(|| Self::new(place.field.rows.len(), place.setting.dt_ms))
    }

    /// The spikes `[H, B]` of a step, 0 or 1; every step, in order.
    fn follow<R: Real>(&mut self, spikes: View<R>) {
        let neurons = self.sums.len();
        self.last.resize(neurons * spikes.ncols(), 0);
        self.step += 1;
        let burst = (BURST_MS / self.dt_ms).max(1.0);
        for (lane, last) in self.last.chunks_exact_mut(neurons.max(1)).enumerate() {
            let spikes = column(&spikes, lane);
            for ((spike, last), sums) in spikes.iter().zip(last).zip(&mut self.sums) {
                if spike.wide() <= 0.5 {
                    continue;
                }
                if *last > 0 {
                    let d = (self.step - *last) as f64;
                    sums[0] += 1.0;
                    sums[1] += d;
                    sums[2] += d * d;
                    self.short += u64::from(d <= burst);
                    self.sketch.add(d);
                }
                *last = self.step;
            }
        }
    }

    /// Closes the window; `None` without an interval. Last spikes stay known.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let n: f64 = self.sums.iter().map(|s| s[0]).sum();
        let steps: f64 = self.sums.iter().map(|s| s[1]).sum();
        let cv = |&[n, sum, squares]: &[f64; 3]| {
            let mean = sum / n;
            // Of whole numbers, so that a clock has 0 exactly.
            let variance = (squares - sum * mean).max(0.0) / (n - 1.0);
            variance.sqrt() / mean
        };
        let enough = |s: &&[f64; 3]| s[0] >= FEWEST as f64;
        let cvs: Vec<f64> = self.sums.iter().filter(enough).map(cv).collect();
        let (short, sketch) = (
            std::mem::take(&mut self.short),
            std::mem::take(&mut self.sketch),
        );
        self.sums.fill([0.0; 3]);
        let quantile = |q: f64| Some(self.dt_ms * sketch.quantile(q)?);
        Some(IntervalStats {
            intervals: n as u64,
            mean_ms: self.dt_ms * steps / n,
            cv: (!cvs.is_empty()).then(|| cvs.iter().sum::<f64>() / cvs.len() as f64),
            neurons: cvs.len(),
            bursts: short as f64 / n,
            q05_ms: quantile(0.05)?,
            q50_ms: quantile(0.50)?,
            q95_ms: quantile(0.95)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use saturn_cell::rng::generator;
    use saturn_cell::view;

    use super::*;

    /// Neurons that fire in each step with their own probability: intervals are geometric.
    #[test]
    fn bernoulli_trains_have_the_geometric_law() {
        let p = [0.05, 0.2, 0.45];
        for (i, &p) in p.iter().enumerate() {
            let mut rng = generator(3, "test", i as u64);
            let mut intervals = Intervals::new(4, 10.0);
            for _ in 0..40_000 {
                let spikes: [f32; 8] = std::array::from_fn(|_| f32::from(rng.random::<f64>() < p));
                intervals.follow(view(&spikes, 4, 2));
            }
            let found = intervals.take(10.0).unwrap();
            let near = |found: f64, exact: f64, relative: f64| {
                assert!(
                    (found / exact - 1.0).abs() < relative,
                    "{found}, {exact} at p = {p}"
                );
            };
            near(found.mean_ms, 10.0 / p, 0.02);
            near(found.cv.unwrap(), (1.0 - p).sqrt(), 0.02);
            near(found.bursts, p, 0.05);
            // The least d with P(D <= d) >= 1/2, and the sketch's error.
            let median = (0.5f64.ln() / (1.0 - p).ln() - 1e-9).ceil().max(1.0);
            near(found.q50_ms, 10.0 * median, 0.011);
            assert_eq!(found.neurons, 4);
        }
    }

    /// Layers of different rates are as regular as their neurons are.
    #[test]
    fn clocks_have_no_variation() {
        let mut intervals = Intervals::new(3, 1.0);
        for t in 0..2_000u32 {
            let every = |k| f64::from(u8::from(t.is_multiple_of(k)));
            intervals.follow(view(&[every(4), every(25), 0.0], 3, 1));
        }
        let found = intervals.take(10.0).unwrap();
        assert_eq!((found.cv, found.neurons), (Some(0.0), 2));
        // 499 intervals of 4 ms are within 10 ms, 79 of 25 ms are not.
        assert!((found.bursts - 499.0 / 578.0).abs() < 1e-12);
        assert!((found.mean_ms - (499.0 * 4.0 + 79.0 * 25.0) / 578.0).abs() < 1e-9);
        assert_eq!(intervals.take(10.0), None);
    }

    /// An interval over the end of a window belongs to the next, whole.
    #[test]
    fn windows_do_not_cut_intervals() {
        let mut intervals = Intervals::new(1, 10.0);
        for t in 0..30u32 {
            if t == 10 {
                assert_eq!(intervals.take(10.0), None);
            }
            intervals.follow(view(&[f32::from(u8::from(t == 5 || t == 25))], 1, 1));
        }
        let found = intervals.take(10.0).unwrap();
        assert_eq!((found.intervals, found.cv), (1, None));
        assert!((found.mean_ms - 200.0).abs() < 1e-9);
    }
}
