//! Penalties on firing rates: neurons that never fire do not learn, and neurons that always fire carry no
//! information and cost energy.
//!
//! ```text
//! r_h = Σ w s_h / Σ w                                        (1)   mean rate of neuron h
//! q_j = (1/H) Σ_h s_hj                                       (2)   mean rate of column j over neurons
//!
//! L = (1/H) Σ_h [ λ_lo max(0, r_lo - r_h)²                   (3)   no neuron is silent
//!               + λ_hi max(0, r_h - r_hi)² ]                 (4)   no neuron always fires
//!   + Σ_j w_j λ_st max(0, q_j - r_st)² / Σ w                 (5)   no step is a burst of all neurons
//!
//! dL/ds_hj = (w_j / Σ w) (2/H) [ -λ_lo max(0, r_lo - r_h) + λ_hi max(0, r_h - r_hi)
//!                                + λ_st max(0, q_j - r_st) ]       (3)ᵀ (4)ᵀ (5)ᵀ
//! ```
//!
//! | symbol | field | what | unit | shape |
//! |---|---|---|---|---|
//! | s | `spikes` | spikes (or relaxed spikes) | spikes a step | `[H, T*B]` |
//! | w | `weight` | 0 on padding, else 1 | | `[T*B]` |
//! | r_lo, r_hi, r_st | `rate_hz` | bounds; in hertz in a scenario, a step inside | Hz | scalar |
//! | λ_lo, λ_hi, λ_st | `weight` | weights of the bounds | | scalar |
//!
//! A rate is a sum over the batch inside a square, so it takes two passes: [`SpikeRate::observe`] every
//! shard into one [`RateTotals`], then [`SpikeRate::value`] once and [`SpikeRate::add_gradient`] for every
//! shard.

use saturn_cell::{Real, View, ViewMut, column, column_mut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LossError;

/// Penalties on spike rates, as written in a scenario. An omitted bound costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpikeRateConfig {
    /// Every neuron's mean rate is to be at least this.
    pub lower: Option<BoundConfig>,
    /// Every neuron's mean rate is to be at most this.
    pub upper: Option<BoundConfig>,
    /// The mean rate over the neurons is to be at most this in every step.
    pub step_upper: Option<BoundConfig>,
}

/// One bound on a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundConfig {
    /// The bound, in spikes a second; range 0 and above.
    pub rate_hz: f64,
    /// λ: the cost of being (one spike a step) beyond the bound. Default 1, range 0 and above.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// Checked penalties, with their bounds in spikes a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeRate {
    lower: Bound,
    upper: Bound,
    step_upper: Bound,
}

/// A bound in spikes a step; a weight of 0 is no bound.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bound {
    rate: f64,
    weight: f64,
}

/// The sums that rates are made of, over all shards of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateTotals {
    /// Σ w s `[H]`.
    spikes: Vec<f64>,
    /// Σ w.
    steps: f64,
    /// Σ w max(0, q - r_st)².
    bursts: f64,
}

impl RateTotals {
    /// Empty totals of `neurons` neurons.
    pub fn new(neurons: usize) -> Self {
        Self {
            spikes: vec![0.0; neurons],
            ..Self::default()
        }
    }

    /// Clears the totals and keeps the memory.
    pub fn clear(&mut self) {
        self.spikes.fill(0.0);
        self.steps = 0.0;
        self.bursts = 0.0;
    }

    /// Adds another shard's sums.
    pub fn add(&mut self, other: &Self) {
        assert_eq!(self.spikes.len(), other.spikes.len(), "neurons");
        for (a, b) in self.spikes.iter_mut().zip(&other.spikes) {
            *a += b;
        }
        self.steps += other.steps;
        self.bursts += other.bursts;
    }

    /// r_h in spikes a step, equation (1); 0 where no step was seen.
    pub fn rate(&self, neuron: usize) -> f64 {
        if self.steps > 0.0 {
            self.spikes[neuron] / self.steps
        } else {
            0.0
        }
    }

    /// The mean of r_h over all neurons, in spikes a step.
    pub fn mean_rate(&self) -> f64 {
        let neurons = self.spikes.len();
        (0..neurons).map(|h| self.rate(h)).sum::<f64>() / (neurons.max(1) as f64)
    }
}

impl SpikeRate {
    /// The penalties of `config` at steps of `dt_ms` milliseconds.
    ///
    /// # Errors
    /// If a rate or weight is negative or not finite, or the lower bound is above the upper one.
    pub fn new(config: &SpikeRateConfig, dt_ms: f64) -> Result<Self, LossError> {
        let bound = |config: Option<BoundConfig>| {
            let Some(BoundConfig { rate_hz, weight }) = config else {
                return Ok(Bound {
                    rate: 0.0,
                    weight: 0.0,
                });
            };
            for (key, value) in [("rate_hz", rate_hz), ("weight", weight)] {
                if !(value.is_finite() && value >= 0.0) {
                    return Err(LossError::OutOfRange {
                        key,
                        value,
                        allowed: "0 or above",
                    });
                }
            }
            Ok(Bound {
                rate: rate_hz * dt_ms / 1000.0,
                weight,
            })
        };
        if let (Some(lower), Some(upper)) = (config.lower, config.upper)
            && lower.rate_hz > upper.rate_hz
        {
            return Err(LossError::NoRate {
                lower_hz: lower.rate_hz,
                upper_hz: upper.rate_hz,
            });
        }
        Ok(Self {
            lower: bound(config.lower)?,
            upper: bound(config.upper)?,
            step_upper: bound(config.step_upper)?,
        })
    }

    /// Adds one shard's `spikes [H, T*B]` with `weight [T*B]` to `totals`.
    pub fn observe<R: Real>(&self, spikes: View<R>, weight: &[R], totals: &mut RateTotals) {
        assert_eq!(spikes.ncols(), weight.len(), "spikes and weight");
        assert_eq!(spikes.nrows(), totals.spikes.len(), "neurons");
        for (j, w) in weight.iter().enumerate() {
            let w = w.wide();
            if w == 0.0 {
                continue;
            }
            let s = column(&spikes, j);
            for (sum, s) in totals.spikes.iter_mut().zip(s) {
                *sum += w * s.wide(); // (1)
            }
            totals.steps += w;
            totals.bursts += w * self.burst(s).powi(2); // (5)
        }
    }

    /// L over the whole batch.
    pub fn value(&self, totals: &RateTotals) -> f64 {
        let neurons = totals.spikes.len();
        if totals.steps == 0.0 || neurons == 0 {
            return 0.0;
        }
        let mut sum = 0.0;
        for h in 0..neurons {
            let r = totals.rate(h);
            sum += self.lower.weight * (self.lower.rate - r).max(0.0).powi(2); // (3)
            sum += self.upper.weight * (r - self.upper.rate).max(0.0).powi(2); // (4)
        }
        sum / neurons as f64 + self.step_upper.weight * totals.bursts / totals.steps // (5)
    }

    /// Adds dL/ds of one shard to `d_spikes [H, T*B]`, given the whole batch's `totals`.
    pub fn add_gradient<R: Real>(
        &self,
        spikes: View<R>,
        weight: &[R],
        totals: &RateTotals,
        mut d_spikes: ViewMut<R>,
    ) {
        assert_eq!(
            spikes.shape(),
            d_spikes.shape(),
            "spikes and their gradient"
        );
        assert_eq!(spikes.ncols(), weight.len(), "spikes and weight");
        assert_eq!(spikes.nrows(), totals.spikes.len(), "neurons");
        for (j, w) in weight.iter().enumerate() {
            let w = w.wide();
            if w == 0.0 {
                continue;
            }
            let scale = w / totals.steps * 2.0 / spikes.nrows() as f64;
            let burst = self.step_upper.weight * self.burst(column(&spikes, j)); // (5)ᵀ
            for (h, d) in column_mut(&mut d_spikes, j).iter_mut().enumerate() {
                let r = totals.rate(h);
                let low = self.lower.weight * (self.lower.rate - r).max(0.0); // (3)ᵀ
                let high = self.upper.weight * (r - self.upper.rate).max(0.0); // (4)ᵀ
                *d += R::of(scale * (burst + high - low));
            }
        }
    }

    /// max(0, q_j - r_st) of one column `s [H]`, equation (2).
    fn burst<R: Real>(&self, s: &[R]) -> f64 {
        if self.step_upper.weight == 0.0 {
            return 0.0;
        }
        let sum: f64 = s.iter().map(|s| s.wide()).sum();
        (sum / s.len() as f64 - self.step_upper.rate).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

    const WEIGHT: [f64; 5] = [1.0, 1.0, 0.5, 0.0, 1.0];

    fn bound(rate_hz: f64, weight: f64) -> BoundConfig {
        BoundConfig { rate_hz, weight }
    }

    /// Bounds of 0.3, 0.6 and 0.55 spikes a step.
    fn penalties() -> SpikeRate {
        let config = SpikeRateConfig {
            lower: Some(bound(30.0, 2.0)),
            upper: Some(bound(60.0, 3.0)),
            step_upper: Some(bound(55.0, 0.7)),
        };
        SpikeRate::new(&config, 10.0).unwrap()
    }

    fn value(spikes: &DMatrix<f64>) -> f64 {
        let mut totals = RateTotals::new(spikes.nrows());
        penalties().observe(spikes.as_view(), &WEIGHT, &mut totals);
        penalties().value(&totals)
    }

    #[test]
    fn hand_computed() {
        // Rates 0, 1 and 3.5/7 = 0.5 over 3.5 steps: 0.3 too low, 0.4 too high, within.
        let spikes = DMatrix::from_row_slice(
            3,
            5,
            &[
                0.0, 0.0, 0.0, 9.0, 0.0, //
                1.0, 1.0, 1.0, 9.0, 1.0, //
                0.5, 0.5, 0.5, 9.0, 0.5,
            ],
        );
        let expected = (2.0 * 0.09 + 3.0 * 0.16) / 3.0; // every step's mean is 0.5, below 0.55
        assert!((value(&spikes) - expected).abs() < 1e-14);
    }

    #[test]
    fn gradient_is_exact_and_shards_sum_to_the_whole() {
        let spikes = random(6, 5, 0.4, 1).map(|z| 0.5 + z);
        let numeric = differences(&spikes, 1e-5, value);
        let mut totals = RateTotals::new(6);
        for (start, len) in [(0, 2), (2, 3)] {
            let mut shard = RateTotals::new(6);
            let weight = &WEIGHT[start..start + len];
            penalties().observe(spikes.columns(start, len), weight, &mut shard);
            totals.add(&shard);
        }
        assert!((penalties().value(&totals) - value(&spikes)).abs() < 1e-14);
        let mut analytic = DMatrix::zeros(6, 5);
        for (start, len) in [(0, 2), (2, 3)] {
            penalties().add_gradient(
                spikes.columns(start, len),
                &WEIGHT[start..start + len],
                &totals,
                analytic.columns_mut(start, len),
            );
        }
        assert!(analytic.norm() > 0.0);
        assert!(error(&analytic, &numeric) <= TOLERANCE);
        assert_eq!(analytic.column(3).norm(), 0.0, "padding");
    }

    #[test]
    fn no_bounds_cost_nothing() {
        let free = SpikeRate::new(&SpikeRateConfig::default(), 10.0).unwrap();
        let spikes = random(4, 5, 1.0, 2);
        let mut totals = RateTotals::new(4);
        free.observe(spikes.as_view(), &WEIGHT, &mut totals);
        let mut d = DMatrix::zeros(4, 5);
        free.add_gradient(spikes.as_view(), &WEIGHT, &totals, d.as_view_mut());
        assert_eq!((free.value(&totals), d.norm()), (0.0, 0.0));
        assert_eq!(free.value(&RateTotals::new(4)), 0.0);
    }

    #[test]
    fn bounds_that_no_rate_satisfies_are_refused() {
        let config = SpikeRateConfig {
            lower: Some(bound(20.0, 1.0)),
            upper: Some(bound(10.0, 1.0)),
            step_upper: None,
        };
        let error = SpikeRate::new(&config, 1.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`lower` is 20 Hz and `upper` is 10 Hz: no rate satisfies both"
        );
    }
}
