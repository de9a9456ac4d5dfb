//! Change points: whether, and where, accuracy changes along a stream.
//!
//! Predictions are counted in 256 even bins of stream position, r_i correct among n_i. For a change after bin
//! k, with R and N the sums on either side and h(R, N) = R ln(R/N) + (N - R) ln(1 - R/N):
//!
//! ```text
//! (1) G(k) = 2 (h(R_1, N_1) + h(R_2, N_2) - h(R, N))          twice the log-likelihood ratio
//! (2) k    = argmax G,   p = (1 + #{G* >= G(k)}) / (1 + 999)   G* the maximum over permuted bins
//! (3) {j : G(k) - G(j) <= x},   (1 - exp(-x/2))^2 = 0.95       95 % interval
//! ```
//!
//! The bins are permuted whole, so correlation within a bin does no harm. If p < 0.05, each side is searched
//! in turn, up to [`MOST`] changes; so the chance to find a change where there is none is 5 %. A slow drift
//! appears as one or more steps.
//!
//! Cost: 999 passes over the bins for each side that is searched. Memory: 256 counts.
//!
//! Sources: (1) D. V. Hinkley and E. A. Hinkley, *Inference about the change-point in a sequence of binomial
//! variables*, Biometrika 57, 1970; the search A. J. Scott and M. Knott, Biometrics 30, 1974; (3) D.
//! Siegmund, *Confidence sets in change-point problems*, International Statistical Review 56, 1988, whose law
//! is that of small changes, for bins that are independent.

#[cfg(test)]
mod tests;

use rand::seq::SliceRandom;
use saturn_cell::rng::{ChaCha8Rng, generator};
use serde::{Deserialize, Serialize};

use super::estimate::Tally;

/// Bins of stream position.
pub const BINS: usize = 256;
/// Changes that are searched for, at most.
pub const MOST: usize = 4;
/// Permutations of the test.
const PERMUTATIONS: usize = 999;
/// A change has p below this.
const LEVEL: f64 = 0.05;

/// Counts correct predictions by stream position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answers {
    steps: u64,
    bins: Vec<Tally>,
}

/// A change of accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangePoint {
    /// (2): the first step after the change.
    pub step: u64,
    /// (3): the first and the last step that may be that.
    pub interval: [u64; 2],
    /// Accuracy between the change before and this one, 0..1.
    pub before: f64,
    /// Accuracy between this change and the next, 0..1.
    pub after: f64,
    /// (2).
    pub p_value: f64,
}

/// The changes of one reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// In order; none where accuracy stays.
    pub changes: Vec<ChangePoint>,
    /// p of the first search, over the whole stream; `None` if there are too few predictions.
    pub p_value: Option<f64>,
}

impl Answers {
    /// For a stream of `steps` steps.
    pub fn new(steps: u64) -> Self {
        Self {
            steps: steps.max(1),
            bins: vec![Tally::default(); BINS],
        }
    }

    /// A prediction at `step`; one after the known length counts in the last bin.
    pub fn add(&mut self, step: u64, right: bool) {
        let bin = u128::from(step) * BINS as u128 / u128::from(self.steps);
        self.bins[(bin as usize).min(BINS - 1)].add(right);
    }

    /// Adds what another lane has counted on a stream of the same length.
    pub fn merge(&mut self, other: &Self) {
        for (to, from) in self.bins.iter_mut().zip(&other.bins) {
            to.merge(*from);
        }
    }

    /// The changes; the same for the same `seed`.
    pub fn changes(&self, seed: u64) -> Changes {
        // Bins without a prediction carry no information.
        let (places, tallies): (Vec<usize>, Vec<Tally>) = (self.bins.iter().enumerate())
            .filter(|(_, t)| t.total > 0)
            .unzip();
        let mut search = Search {
            tallies: &tallies,
            rng: generator(seed, "change points", 0),
            found: Vec::new(),
            scratch: Vec::new(),
        };
        let p_value = search.side(0, tallies.len());
        search.found.sort_by_key(|f| f.at);
        let step = |k: usize| {
            let bin = places.get(k).copied().unwrap_or(BINS);
            (u128::from(self.steps) * bin as u128).div_ceil(BINS as u128) as u64
        };
        let found = &search.found;
        let edge = |i: usize| found.get(i).map_or(tallies.len(), |f| f.at);
        let each = |(i, f): (usize, &Found)| {
            let start = if i == 0 { 0 } else { edge(i - 1) };
            let share = |side: &[Tally]| sum(side).share().unwrap_or(f64::NAN);
            ChangePoint {
                step: step(f.at),
                interval: [step(f.low), step(f.high)],
                before: share(&tallies[start..f.at]),
                after: share(&tallies[f.at..edge(i + 1)]),
                p_value: f.p,
            }
        };
        Changes {
            changes: found.iter().enumerate().map(each).collect(),
            p_value,
        }
    }
}

/// A change before bin `at`, with the ends of its interval.
struct Found {
    at: usize,
    low: usize,
    high: usize,
    p: f64,
}

struct Search<'a> {
    tallies: &'a [Tally],
    rng: ChaCha8Rng,
    found: Vec<Found>,
    scratch: Vec<Tally>,
}

impl Search<'_> {
    /// Searches bins `from..to`, then either side of the result. Returns p.
    fn side(&mut self, from: usize, to: usize) -> Option<f64> {
        let side = &self.tallies[from..to];
        let (at, largest) = best(side)?;
        self.scratch.clear();
        self.scratch.extend_from_slice(side);
        let mut reached = 0;
        for _ in 0..PERMUTATIONS {
            self.scratch.shuffle(&mut self.rng);
            // Equal but for rounding is equal.
            let other = best(&self.scratch).map_or(0.0, |(_, g)| g);
            reached += usize::from(other >= largest - 1e-9);
        }
        let p = (1 + reached) as f64 / (1 + PERMUTATIONS) as f64;
        if p < LEVEL && self.found.len() < MOST {
            // (3).
            let x = -2.0 * (1.0 - 0.95f64.sqrt()).ln();
            let within = |&(_, g): &(usize, f64)| largest - g <= x;
            let mut near = ratios(side).filter(within).map(|(k, _)| from + k);
            let low = near.next().unwrap_or(from + at);
            let high = near.last().unwrap_or(low);
            self.found.push(Found {
                at: from + at,
                low,
                high,
                p,
            });
            self.side(from, from + at);
            self.side(from + at, to);
        }
        Some(p)
    }
}

/// (1) for each change before bin k.
fn ratios(side: &[Tally]) -> impl Iterator<Item = (usize, f64)> + '_ {
    let all = sum(side);
    let whole = likelihood(all);
    let mut before = Tally::default();
    (1..side.len()).map(move |k| {
        before.merge(side[k - 1]);
        let after = Tally {
            right: all.right - before.right,
            total: all.total - before.total,
        };
        (k, 2.0 * (likelihood(before) + likelihood(after) - whole))
    })
}

/// The largest of (1) and its place; `None` with less than two bins.
fn best(side: &[Tally]) -> Option<(usize, f64)> {
    ratios(side).reduce(|a, b| if b.1 > a.1 { b } else { a })
}

fn sum(side: &[Tally]) -> Tally {
    side.iter().fold(Tally::default(), |mut all, t| {
        all.merge(*t);
        all
    })
}

/// h.
fn likelihood(t: Tally) -> f64 {
    let part = |count: u64| {
        let k = count as f64;
        if count == 0 {
            0.0
        } else {
            k * (k / t.total as f64).ln()
        }
    };
    part(t.right) + part(t.total - t.right)
}
