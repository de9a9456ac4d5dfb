//! Positive numbers of a layer that are learnt inside a range, each through a number without bounds.
//!
//! What is stored and learnt of a time constant or a period tau is rho, which is mapped into [low, high]:
//!
//! ```text
//! (1) tau = low (high / low)^sigmoid(rho)
//! (2) d ln tau / d rho = ln(high / low) sigmoid(rho) (1 - sigmoid(rho))
//! ```
//!
//! So no step of an optimiser can leave the range, and equal steps of rho are about equal ratios of tau.
//! The range is the configured one, widened threefold at both ends, so that numbers that start at its
//! ends can move either way.

use nalgebra::DMatrix;
use saturn_cell::elementary::sigmoid;
use saturn_cell::{ConfigError, Real, init, rng::ChaCha8Rng};

/// How far beyond its configured range a learnt number may go, as a factor.
const WIDENING: f64 = 3.0;

/// H positive numbers, inside one range.
#[derive(Clone, Debug)]
pub struct Bounded {
    range: [f64; 2],
    values: Vec<f64>,
}

impl Bounded {
    /// `count` numbers, drawn log-uniformly from `[low, high]`.
    pub fn draw([low, high]: [f64; 2], count: usize, rng: &mut ChaCha8Rng) -> Self {
        let spread = 0.5 * (high / low).ln();
        let places: DMatrix<f64> = init::uniform(count, 1, spread, rng);
        let middle = (low * high).sqrt();
        Self {
            range: [low / WIDENING, high * WIDENING],
            values: places.iter().map(|p| middle * p.exp()).collect(),
        }
    }

    /// The ends that no number passes.
    pub fn range(&self) -> [f64; 2] {
        self.range
    }

    /// tau `[H]`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Sets tau `[H]`, which must lie inside the range; `key` is their name in the scenario.
    pub fn set(&mut self, values: &[f64], key: &'static str) -> Result<(), ConfigError> {
        let [low, high] = self.range;
        if let Some(&value) = values.iter().find(|tau| !(low < **tau && **tau < high)) {
            return Err(ConfigError::OutOfRange {
                key,
                value,
                allowed: "inside the configured range, widened threefold at both ends",
            });
        }
        self.values.copy_from_slice(values);
        Ok(())
    }

    /// rho `[H, 1]`, the inverse of (1).
    pub fn logits<R: Real>(&self) -> DMatrix<R> {
        let logit = |tau: &f64| {
            let share = self.share(*tau);
            R::of((share / (1.0 - share)).ln())
        };
        DMatrix::from_iterator(self.values.len(), 1, self.values.iter().map(logit))
    }

    /// (1) Sets tau from rho `[H, 1]`.
    pub fn set_logits<R: Real>(&mut self, logits: &DMatrix<R>) {
        let [low, high] = self.range;
        for (tau, rho) in self.values.iter_mut().zip(logits) {
            *tau = low * (high / low).powf(sigmoid(rho.wide()));
        }
    }

    /// (2) for the number `tau`.
    pub fn log_slope(&self, tau: f64) -> f64 {
        let share = self.share(tau);
        self.log_ratio() * share * (1.0 - share)
    }

    /// Where `tau` lies between the ends of the range, on a logarithmic scale: sigmoid(rho).
    fn share(&self, tau: f64) -> f64 {
        (tau / self.range[0]).ln() / self.log_ratio()
    }

    fn log_ratio(&self) -> f64 {
        (self.range[1] / self.range[0]).ln()
    }
}
