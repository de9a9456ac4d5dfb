//! A histogram of fixed bins: quantiles of any number of values in constant memory.
//!
//! Bins are even in u = f(v), with f the identity for values in 0..1 and asinh(v / 0.05) for signed
//! ones: fine around 0 and of constant relative width (2.5 %) far from it. A quantile is linear in u
//! within its bin, so it is off by one bin's width at most. Values beyond the ends count in the last
//! bin; what is not a number is passed over.

use serde::{Deserialize, Serialize};

/// Which values a histogram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scale {
    /// 0..1, in bins of 0.005.
    Unit,
    /// Any sign and size up to 11,000.
    Signed,
}

/// Near 0, bins of signed values are even on this scale.
const FINE: f64 = 0.05;

impl Scale {
    /// The range of u, and how many bins it has.
    fn range(self) -> (f64, f64, usize) {
        match self {
            Self::Unit => (0.0, 1.0, 200),
            Self::Signed => (-13.0, 13.0, 1_040),
        }
    }

    fn forward(self, v: f64) -> f64 {
        match self {
            Self::Unit => v,
            Self::Signed => (v / FINE).asinh(),
        }
    }

    fn back(self, u: f64) -> f64 {
        match self {
            Self::Unit => u,
            Self::Signed => FINE * u.sinh(),
        }
    }
}

/// Counts of values by bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Histogram {
    scale: Scale,
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn new(scale: Scale) -> Self {
        Self {
            scale,
            counts: vec![0; scale.range().2],
            total: 0,
        }
    }

    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let (low, high, bins) = self.scale.range();
        let place = (self.scale.forward(value) - low) / (high - low) * bins as f64;
        // The cast saturates at both ends.
        self.counts[(place as usize).min(bins - 1)] += 1;
        self.total += 1;
    }

    /// The value that a share `q` of all lies below; `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let (low, high, bins) = self.scale.range();
        let mut left = q * self.total as f64;
        let mut place = bins as f64;
        for (bin, &count) in self.counts.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && left <= count {
                place = bin as f64 + left / count;
                break;
            }
            left -= count;
        }
        Some(self.scale.back(low + place / bins as f64 * (high - low)))
    }

    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_even_values() {
        let mut histogram = Histogram::new(Scale::Unit);
        for k in 0..10_000 {
            histogram.add((f64::from(k) + 0.5) / 10_000.0);
        }
        for q in [0.05, 0.25, 0.5, 0.95, 1.0] {
            let found = histogram.quantile(q).unwrap();
            assert!((found - q).abs() < 1e-9, "{found} for {q}");
        }
    }

    /// Each quantile is a bin's width from the value at its place in the sorted list, at most.
    #[test]
    fn quantiles_of_signed_values_over_six_decades() {
        let mut histogram = Histogram::new(Scale::Signed);
        let mut values: Vec<f64> = (-999..1_000)
            .map(|k| f64::from(k).signum() * 10f64.powf(f64::from(k).abs() / 200.0 - 2.0))
            .collect();
        for &v in &values {
            histogram.add(v);
        }
        values.sort_by(f64::total_cmp);
        for q in [0.01, 0.05, 0.3, 0.5, 0.7, 0.95] {
            let exact = values[(q * 1_999.0) as usize];
            let found = histogram.quantile(q).unwrap();
            assert!(
                (found - exact).abs() < 0.03 * exact.abs() + 0.012,
                "{found}, {exact}"
            );
        }
    }

    #[test]
    fn ends_hold_what_is_beyond_and_nan_is_passed_over() {
        let mut histogram = Histogram::new(Scale::Unit);
        assert_eq!(histogram.quantile(0.5), None);
        for v in [f64::NAN, -3.0, 7.0, f64::INFINITY] {
            histogram.add(v);
        }
        assert!(histogram.quantile(0.3).unwrap() <= 0.005);
        assert!(histogram.quantile(0.4).unwrap() >= 0.995);
        histogram.clear();
        assert_eq!(histogram.quantile(0.5), None);
    }
}
