//! Latency quantiles, in histograms of constant size (three significant digits, up to a hundred seconds).
//!
//! *Step*: from the beginning of a step of the net to the end of its decision. *Event*: from the moment at which the
//! newest event of a step was read to the decision of that step; it includes the wait for the step to be over.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A hundred seconds.
const LONGEST_NS: u64 = 100_000_000_000;

/// Quantiles, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many were measured.
    pub count: u64,
    /// The median.
    pub p50_us: f64,
    /// 90 % are shorter.
    pub p90_us: f64,
    /// 99 % are shorter.
    pub p99_us: f64,
    /// 99.9 % are shorter.
    pub p999_us: f64,
    /// The longest.
    pub max_us: f64,
}

/// Latencies since the start of the program.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        let made = Histogram::new_with_bounds(1, LONGEST_NS, 3);
        Self(made.expect("1, 10^11 and 3 are bounds of a histogram"))
    }
}

impl Latency {
    /// Records one latency; values above a hundred seconds are clamped.
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns.clamp(1, LONGEST_NS));
    }

    /// What was measured.
    pub fn quantiles(&self) -> Quantiles {
        let at = |q: f64| self.0.value_at_quantile(q) as f64 / 1e3;
        Quantiles {
            count: self.0.len(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max() as f64 / 1e3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_thousand_microseconds() {
        let mut latency = Latency::default();
        (1..=1000).for_each(|us| latency.record(us * 1_000));
        let q = latency.quantiles();
        assert_eq!(q.count, 1000);
        for (found, expected) in [(q.p50_us, 500.0), (q.p90_us, 900.0), (q.max_us, 1000.0)] {
            assert!((found - expected).abs() < 1.5, "{found} for {expected}");
        }
        latency.record(u64::MAX);
        assert!(latency.quantiles().max_us > 9.9e7);
    }
}
