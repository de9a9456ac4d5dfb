//! Gates: how open they are. Quantiles over the window's steps, lanes and rows, from a fixed histogram
//! of 200 bins (so to 0.005).

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Definition, OnStates, Panel, Place};
use crate::instruments::histogram::{Histogram, Scale};

/// Quantiles of a gate's values, 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateQuantiles {
    /// 5 % of the values lie below.
    pub q05: f64,
    /// 25 % of the values lie below.
    pub q25: f64,
    /// The median.
    pub q50: f64,
    /// 75 % of the values lie below.
    pub q75: f64,
    /// 95 % of the values lie below.
    pub q95: f64,
}

/// Collects one gate field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gates(Histogram);

impl Default for Gates {
    fn default() -> Self {
        Self::new()
    }
}

impl Gates {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self(Histogram::new(Scale::Unit))
    }
}

impl OnStates for Gates {
    type Stats = GateQuantiles;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "gates",
        columns: &[],
        panels: &[Panel::band("gate", "quartiles", |g: &GateQuantiles| {
            [g.q50, g.q25, g.q75]
        })
        .over((0.0, 1.0))
        .by_field()],
    };

    fn on(place: &Place) -> Option<Self> {
        (place.field.kind == FieldKind::Gate).then(Self::new)
    }

    /// The field's values of one lane at one step.
    fn lane<R: Real>(&mut self, values: &[R]) {
        for v in values {
            self.0.add(v.wide());
        }
    }

    /// Closes the window.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let stats = GateQuantiles {
            q05: self.0.quantile(0.05)?,
            q25: self.0.quantile(0.25)?,
            q50: self.0.quantile(0.50)?,
            q75: self.0.quantile(0.75)?,
            q95: self.0.quantile(0.95)?,
        };
        self.0.clear();
        Some(stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_squares() {
        let mut gates = Gates::new();
        for k in 0..1_000 {
            gates.lane(&[((f64::from(k) + 0.5) / 1_000.0).powi(2)]);
        }
        let q = gates.take(10.0).unwrap();
        for (found, p) in [
            (q.q05, 0.05),
            (q.q25, 0.25),
            (q.q50, 0.5),
            (q.q75, 0.75),
            (q.q95, 0.95),
        ] {
            assert!((found - f64::powi(p, 2)).abs() < 0.005, "{found} for {p}");
        }
        assert_eq!(gates.take(10.0), None);
    }
}
