//! What a window keeps of the states that it was shown.

use rand::RngExt;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Real, View, column};
use serde::{Deserialize, Serialize};

use super::KEPT;

/// A window under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    units: usize,
    /// The reservoir, state by state, `[units]` each.
    kept: Vec<f64>,
    /// n, states shown.
    pub seen: u64,
    /// The first state shown: moments are taken around it, so that they do not cancel.
    origin: Vec<f64>,
    moments: Vec<Moments>,
    /// Pairs of a state and the next of the same lane.
    pairs: u64,
    /// The last state of each lane, if it was finite, `[units]` each.
    last: Vec<f64>,
    known: Vec<bool>,
}

/// Sums of one unit, around the origin.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Moments {
    sum: f64,
    squares: f64,
    /// Over pairs: of both values, and of their product.
    both: f64,
    products: f64,
}

/// What is left of a closed window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sample {
    pub units: Vec<Unit>,
}

/// One unit of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unit {
    /// The values that were kept, ascending.
    pub sorted: Vec<f64>,
    /// (5): how many independent values they are worth.
    pub effective: f64,
}

impl Window {
    pub fn new(units: usize) -> Self {
        Self {
            units,
            kept: Vec::with_capacity(units * KEPT),
            seen: 0,
            origin: Vec::with_capacity(units),
            moments: vec![Moments::default(); units],
            pairs: 0,
            last: Vec::new(),
            known: Vec::new(),
        }
    }

    /// The values `[units, B]` at one look.
    pub fn observe<R: Real>(&mut self, values: &View<R>, rng: &mut ChaCha8Rng) {
        let (lanes, units) = (values.ncols(), self.units);
        self.last.resize(lanes * units, 0.0);
        self.known.resize(lanes, false);
        for lane in 0..lanes {
            let state = column(values, lane);
            let finite = state.iter().all(|v| v.wide().is_finite());
            if finite {
                self.add(lane, state, rng);
            }
            self.known[lane] = finite;
        }
    }

    fn add<R: Real>(&mut self, lane: usize, state: &[R], rng: &mut ChaCha8Rng) {
        let units = self.units;
        if self.origin.is_empty() {
            self.origin.extend(state.iter().map(|v| v.wide()));
        }
        let last = &mut self.last[lane * units..(lane + 1) * units];
        let paired = self.known[lane];
        self.pairs += u64::from(paired);
        let each = state.iter().zip(&self.origin).zip(last);
        for (((v, origin), last), sums) in each.zip(&mut self.moments) {
            let x = v.wide() - origin;
            sums.sum += x;
            sums.squares += x * x;
            if paired {
                let before = *last - origin;
                sums.both += x + before;
                sums.products += x * before;
            }
            *last = v.wide();
        }
        // Algorithm R: the n-th state takes a place with the chance m/n.
        self.seen += 1;
        if self.kept.len() < KEPT * units {
            self.kept.extend(state.iter().map(|v| v.wide()));
        } else {
            let place = rng.random_range(0..self.seen) as usize;
            if place < KEPT {
                let to = &mut self.kept[place * units..(place + 1) * units];
                to.iter_mut().zip(state).for_each(|(to, v)| *to = v.wide());
            }
        }
    }

    /// r of unit `i`, 0..1.
    fn correlation(&self, i: usize) -> f64 {
        let (n, pairs, sums) = (self.seen as f64, self.pairs as f64, &self.moments[i]);
        let mean = sums.sum / n;
        let variance = sums.squares / n - mean * mean;
        let covariance = sums.products / pairs - mean * sums.both / pairs + mean * mean;
        let r = covariance / variance;
        // A unit that does not move has no correlation, and nothing to tell.
        if r.is_finite() {
            r.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Ends the window, and begins the next; `None` if it was shown nothing.
    pub fn close(&mut self) -> Option<Sample> {
        let (n, units) = (self.seen as f64, self.units);
        if self.seen == 0 || units == 0 {
            return None;
        }
        let m = (self.kept.len() / units) as f64;
        let unit = |i: usize| {
            let r = self.correlation(i);
            // (4), and at least one state was seen.
            let worth = (n * (1.0 - r) / (1.0 + r)).max(1.0);
            let mut sorted: Vec<f64> = self.kept.iter().skip(i).step_by(units).copied().collect();
            sorted.sort_by(f64::total_cmp);
            Unit {
                sorted,
                effective: 1.0 / (1.0 / worth + 1.0 / m - 1.0 / n),
            }
        };
        let sample = Sample {
            units: (0..units).map(unit).collect(),
        };
        self.kept.clear();
        self.seen = 0;
        self.origin.clear();
        self.moments.fill(Moments::default());
        self.pairs = 0;
        self.known.fill(false);
        Some(sample)
    }
}
