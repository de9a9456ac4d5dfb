//! Quantiles of a state: where the values of a field lie, over the window's steps, lanes and rows.
//!
//! Of a complex field they are those of the moduli. Fields of spikes have none. Each is good to 1 %
//! (`instruments/sketch.rs`); the ends are exact. Where [`super::norm`] says how large a state is, this says
//! whether all of it is or a few units are.
//!
//! It looks at the steps that the other instruments look at, one logarithm a value.

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Column, Definition, OnStates, Panel, Place};
use crate::instruments::sketch::Sketch;

/// Quantiles of the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateQuantiles {
    /// The least value.
    pub min: f64,
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
    /// The largest value.
    pub max: f64,
}

/// Collects one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quantiles {
    complex: bool,
    sketch: Sketch,
}

impl Quantiles {
    /// For a field of this kind; `None` for spikes.
    pub fn new(kind: FieldKind) -> Option<Self> {
        (kind != FieldKind::Spikes).then(|| Self {
            complex: matches!(kind, FieldKind::Complex | FieldKind::ComplexDrive),
            sketch: Sketch::default(),
        })
    }
}

impl OnStates for Quantiles {
    type Stats = StateQuantiles;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "quantiles",
        columns: &[
            Column::number("5 %", 2, |q| Some(q.q05)),
            Column::number("median", 2, |q| Some(q.q50)),
            Column::number("95 %", 2, |q| Some(q.q95)),
        ],
        panels: &[Panel::band("state", "5 to 95 %", |q| [q.q50, q.q05, q.q95])],
    };

    fn on(place: &Place) -> Option<Self> {
        Self::new(place.field.kind)
    }

    /// The field's values of one lane at one step. What is not finite is passed over.
    fn lane<R: Real>(&mut self, values: &[R]) {
        if self.complex {
            let (re, im) = values.split_at(values.len() / 2);
            for (a, b) in re.iter().zip(im) {
                self.sketch.add(a.wide().hypot(b.wide()));
            }
        } else {
            for v in values {
                self.sketch.add(v.wide());
            }
        }
    }

    /// Closes the window.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let sketch = std::mem::take(&mut self.sketch);
        Some(StateQuantiles {
            min: sketch.quantile(0.0)?,
            q05: sketch.quantile(0.05)?,
            q25: sketch.quantile(0.25)?,
            q50: sketch.quantile(0.50)?,
            q75: sketch.quantile(0.75)?,
            q95: sketch.quantile(0.95)?,
            max: sketch.quantile(1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Exp, Normal};

    use super::*;

    /// Values at the middles of n slices of equal probability, against the law's own quantiles.
    fn check(law: &impl ContinuousCDF<f64, f64>) {
        let n = 20_000;
        let mut quantiles = Quantiles::new(FieldKind::Value).unwrap();
        for k in 0..n {
            quantiles.lane(&[law.inverse_cdf((f64::from(k) + 0.5) / f64::from(n))]);
        }
        let q = quantiles.take(10.0).unwrap();
        for (found, p) in [
            (q.q05, 0.05),
            (q.q25, 0.25),
            (q.q50, 0.5),
            (q.q75, 0.75),
            (q.q95, 0.95),
        ] {
            let exact = law.inverse_cdf(p);
            assert!(
                (found - exact).abs() < 0.011 * exact.abs() + 1e-3,
                "{found}, {exact} at {p}"
            );
        }
    }

    #[test]
    fn quantiles_of_known_laws() {
        check(&Normal::new(0.0, 2.0).unwrap());
        check(&Normal::new(-3.0, 0.5).unwrap());
        check(&Exp::new(4.0).unwrap());
    }

    #[test]
    fn complex_numbers_count_by_their_moduli() {
        let mut quantiles = Quantiles::new(FieldKind::Complex).unwrap();
        quantiles.lane(&[3.0, f64::NAN, 4.0, 1.0]);
        let q = quantiles.take(10.0).unwrap();
        assert!((q.min - 5.0).abs() < 1e-12 && (q.max - 5.0).abs() < 1e-12);
        assert_eq!(quantiles.take(10.0), None);
        assert!(Quantiles::new(FieldKind::Spikes).is_none());
    }
}
