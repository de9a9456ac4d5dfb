//! Pinned values: units at an end of their range, where they pass on neither signal nor gradient.
//!
//! A tanh unit is pinned where |h| > 0.95, a gate where it is < 0.05 or > 0.95. What is reported is the
//! share of pinned values over the window's steps, lanes and rows.

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Definition, OnStates, Place};

/// A tanh unit beyond this, in modulus, is pinned.
pub const TANH_END: f64 = 0.95;
/// A gate below this is pinned, and one above 1 less this.
pub const GATE_END: f64 = 0.05;

/// Counts pinned values of one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pinned {
    /// Values are pinned outside of these two.
    free: [f64; 2],
    outside: u64,
    seen: u64,
}

impl Pinned {
    /// For a tanh or gate field; other kinds are never pinned.
    pub fn new(kind: FieldKind) -> Option<Self> {
        let free = match kind {
            FieldKind::Tanh => [-TANH_END, TANH_END],
            FieldKind::Gate => [GATE_END, 1.0 - GATE_END],
            _ => return None,
        };
        Some(Self {
            free,
            outside: 0,
            seen: 0,
        })
    }
}

impl OnStates for Pinned {
    type Stats = f64;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "pinned units",
        columns: &[],
        panels: &[],
    };

    fn on(place: &Place) -> Option<Self> {
        Self::new(place.field.kind)
    }

    /// The field's values of one lane at one step.
    fn lane<R: Real>(&mut self, values: &[R]) {
        let [low, high] = self.free;
        let pinned = |v: &&R| v.wide() < low || v.wide() > high;
        self.outside += values.iter().filter(pinned).count() as u64;
        self.seen += values.len() as u64;
    }

    /// Closes the window: the share of pinned values, 0..1.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let (outside, seen) = (
            std::mem::take(&mut self.outside),
            std::mem::take(&mut self.seen),
        );
        (seen > 0).then(|| outside as f64 / seen as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(kind: FieldKind, values: &[f64]) -> Option<f64> {
        let mut pinned = Pinned::new(kind)?;
        pinned.lane(values);
        pinned.take(10.0)
    }

    #[test]
    fn ends_are_told_by_kind() {
        let values = [-0.96, -0.95, 0.0, 0.04, 0.06, 0.95, 0.951, 1.0];
        assert_eq!(share(FieldKind::Tanh, &values), Some(3.0 / 8.0));
        assert_eq!(share(FieldKind::Gate, &values), Some(6.0 / 8.0));
        assert_eq!(share(FieldKind::Value, &values), None);
        assert_eq!(share(FieldKind::Tanh, &[]), None);
    }
}
