//! Membranes against their threshold: the mean and quantiles over the window's steps, lanes and
//! neurons. A membrane field is in units of the threshold, so 1 is where a neuron spikes, and a low
//! quantile far below 0 is a neuron driven away from it. Quantiles are good to 2.5 %.

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Definition, OnStates, Panel, Place};
use crate::instruments::histogram::{Histogram, Scale};

/// A membrane field, in units of the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MembraneStats {
    /// The mean.
    pub mean: f64,
    /// 5 % of the values lie below.
    pub q05: f64,
    /// The median.
    pub q50: f64,
    /// 95 % of the values lie below.
    pub q95: f64,
}

/// Collects one membrane field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Membrane {
    histogram: Histogram,
    sum: f64,
    finite: u64,
}

impl Default for Membrane {
    fn default() -> Self {
        Self::new()
    }
}

impl Membrane {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            histogram: Histogram::new(Scale::Signed),
            sum: 0.0,
            finite: 0,
        }
    }
}

impl OnStates for Membrane {
    type Stats = MembraneStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "membranes",
        columns: &[],
        panels: &[
            Panel::band("membrane, thresholds", "5 to 95 %", |m: &MembraneStats| {
                [m.q50, m.q05, m.q95]
            })
            .crossed(1.0, "threshold"),
        ],
    };

    fn on(place: &Place) -> Option<Self> {
        (place.field.kind == FieldKind::Membrane).then(Self::new)
    }

    /// The field's values of one lane at one step. What is not finite is passed over.
    fn lane<R: Real>(&mut self, values: &[R]) {
        for v in values.iter().map(|v| v.wide()).filter(|v| v.is_finite()) {
            self.histogram.add(v);
            self.sum += v;
            self.finite += 1;
        }
    }

    /// Closes the window.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let stats = MembraneStats {
            mean: self.sum / self.finite as f64,
            q05: self.histogram.quantile(0.05)?,
            q50: self.histogram.quantile(0.50)?,
            q95: self.histogram.quantile(0.95)?,
        };
        *self = Self::new();
        Some(stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_spread_from_minus_three_to_one() {
        let mut membrane = Membrane::new();
        for k in 0..4_000 {
            membrane.lane(&[f64::from(k) / 1_000.0 - 3.0, f64::NAN]);
        }
        let stats = membrane.take(10.0).unwrap();
        assert!((stats.mean + 1.0).abs() < 1e-3);
        for (found, exact) in [(stats.q05, -2.8), (stats.q50, -1.0), (stats.q95, 0.8)] {
            assert!(
                (found - exact).abs() < 0.025 * f64::abs(exact),
                "{found}, {exact}"
            );
        }
        assert_eq!(membrane.take(10.0), None);
    }
}
