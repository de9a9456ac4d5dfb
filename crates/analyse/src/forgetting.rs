//! How fast the states after two pasts converge: the measured rate and the rate predicted by the exponents.
//!
//! ```text
//! (1) D(k)              distance of two pasts after k steps of the same gap (see `instruments::contraction`)
//! (2) ln D(k) ≈ c + r k  least squares over the second half of the lags at which D(k) > 1e-9 D(0)
//! (3) r ≈ max λ_1        over this layer and those below it, under the same kind of gap
//! ```
//!
//! (3) describes long times and small distances. The beginning of (1) may be steeper or flatter, and in a spiking network a spike that only one of the pasts has makes a difference that (3) does not include.

use serde::{Deserialize, Serialize};

use saturn_eval::instruments::contraction::ContractionCurve;

/// The distances of one layer's main field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    /// The field's name.
    pub field: String,
    /// k, steps.
    pub lags: Vec<usize>,
    /// (1) over D(0).
    pub left: Vec<f64>,
    /// r of (2), 1/step; `None` where fewer than eight lags are left.
    pub measured: Option<f64>,
    /// (3), 1/step; `None`: -∞, or not measured.
    pub foretold: Option<f64>,
}

/// Below this share of the first distance, differences are those of rounding.
const FLOOR: f64 = 1e-9;

impl Forgetting {
    /// Of a curve; `None` where the pasts did not differ.
    pub fn new(curve: &ContractionCurve, foretold: Option<f64>) -> Option<Self> {
        if curve.values.is_empty() {
            return None;
        }
        Some(Self {
            field: curve.field.clone(),
            lags: curve.lags.clone(),
            left: curve.values.clone(),
            measured: rate(&curve.lags, &curve.values),
            foretold,
        })
    }

    /// The remaining share at the last lag.
    pub fn last(&self) -> Option<(usize, f64)> {
        Some((*self.lags.last()?, *self.left.last()?))
    }
}

/// (2)
fn rate(lags: &[usize], left: &[f64]) -> Option<f64> {
    let above = left.iter().take_while(|d| **d > FLOOR).count();
    let points: Vec<(f64, f64)> = (above / 2..above)
        .map(|k| (lags[k] as f64, left[k].ln()))
        .collect();
    if points.len() < 8 {
        return None;
    }
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(a, b), p| (a + p.0 / n, b + p.1 / n));
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(xy, xx), p| {
        (xy + (p.0 - x) * (p.1 - y), xx + (p.0 - x).powi(2))
    });
    Some(xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_has_its_rate_and_rounding_is_left_out() {
        let lags: Vec<usize> = (0..400).collect();
        let falls = |k: &usize| (-0.1 * *k as f64).exp().max(1e-16);
        let left: Vec<f64> = lags.iter().map(falls).collect();
        assert!((rate(&lags, &left).unwrap() + 0.1).abs() < 1e-9);
        assert_eq!(rate(&lags[..10], &left[..10]), None);
        assert_eq!(rate(&[], &[]), None);
    }
}
