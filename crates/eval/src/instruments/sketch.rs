//! Quantiles of any number of values in constant memory: a DDSketch of 1 % relative error.
//!
//! A value v counts in the bin k = floor(ln |v| / ln gamma) of its sign, gamma = (1 + a) / (1 - a), and a
//! quantile is the middle of its bin: off by a |v| at most, a = 0.01. Magnitudes below 1e-9 are 0. Two
//! sketches add up bin by bin, so lanes and windows merge without loss, in any order to the same bits.
//!
//! Source: C. Masson, J. E. Rim and H. K. Lee, *DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees*, VLDB 2019.

use serde::{Deserialize, Serialize};
use sketches_ddsketch::{Config, DDSketch};

/// a, the relative error of a quantile.
pub const ERROR: f64 = 0.01;
/// Bins of one sign: those of eighteen decades, and the rest falls into the lowest.
const BINS: u32 = 2_048;
/// Magnitudes below this are 0.
const LEAST: f64 = 1e-9;

/// A sketch of a distribution.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sketch(DDSketch);

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Sketch of {} values", self.0.count())
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self(DDSketch::new(Config::new(ERROR, BINS, LEAST)))
    }
}

impl Sketch {
    /// Counts a value; what is not finite is passed over.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.0.add(value);
        }
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        // All have the same bins.
        let merged = self.0.merge(&other.0);
        debug_assert!(merged.is_ok(), "sketches of the same bins");
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.0.count() as u64
    }

    /// The value that a share `q`, 0..1, of all lies below; `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.0.quantile(q.clamp(0.0, 1.0)).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_over_eight_decades_and_both_signs() {
        let mut sketch = Sketch::default();
        let value = |k: i32| f64::from(k).signum() * 10f64.powf(f64::from(k).abs() / 125.0 - 4.0);
        (-999..1_000).for_each(|k| sketch.add(value(k)));
        sketch.add(f64::NAN);
        sketch.add(f64::INFINITY);
        assert_eq!(sketch.count(), 1_999);
        for q in [0.01, 0.2, 0.4, 0.6, 0.9, 1.0] {
            let exact = value((q * 1_998.0) as i32 - 999);
            let found = sketch.quantile(q).unwrap();
            assert!(
                (found - exact).abs() <= 1.001 * ERROR * exact.abs(),
                "{found}, {exact}"
            );
        }
        assert_eq!(Sketch::default().quantile(0.5), None);
    }

    #[test]
    fn a_stored_sketch_goes_on() {
        let mut sketch = Sketch::default();
        (1..100).for_each(|k| sketch.add(f64::from(k)));
        let text = serde_json::to_string(&sketch).unwrap();
        let mut other: Sketch = serde_json::from_str(&text).unwrap();
        for s in [&mut sketch, &mut other] {
            (100..1_000).for_each(|k| s.add(-f64::from(k)));
        }
        for q in [0.0, 0.3, 0.95] {
            assert_eq!(sketch.quantile(q), other.quantile(q));
        }
    }
}
