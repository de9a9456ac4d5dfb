//! The size of a state: the root mean square over the window's steps, lanes and rows, of a complex
//! field that of the moduli. A state that grows without end shows here first, and so does one that has
//! left the numbers: the share of values that are not finite is next to it.

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Definition, OnStates, Place, Side};

/// The size of one field of a state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormStats {
    /// Root mean square of the finite values; 0 if there were none.
    pub rms: f64,
    /// Share of values that are infinite or no number, 0..1.
    pub not_finite: f64,
}

/// Collects one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Norm {
    /// 2 where two rows are one complex number.
    rows_per_value: f64,
    squares: f64,
    finite: u64,
    seen: u64,
}

impl Norm {
    /// For a field of this kind.
    pub fn new(kind: FieldKind) -> Self {
        let complex = matches!(kind, FieldKind::Complex | FieldKind::ComplexDrive);
        Self {
            rows_per_value: if complex { 2.0 } else { 1.0 },
            squares: 0.0,
            finite: 0,
            seen: 0,
        }
    }
}

/// Whole numbers up to here, and twice as far, are exact.
const WHOLE: f64 = (1u64 << 52) as f64;

/// How many of `values` are 1, if all others are 0, as spikes are.
fn ones<R: Real>(values: &[R]) -> Option<usize> {
    // The first tells most other fields.
    let spike = |v: &R| *v == R::one() || *v == R::zero();
    if !values.first().is_some_and(spike) {
        return None;
    }
    let (mut ones, mut spikes) = (0u32, 0u32);
    for v in values {
        ones += u32::from(*v == R::one());
        spikes += u32::from(*v == R::one()) + u32::from(*v == R::zero());
    }
    (spikes as usize == values.len()).then_some(ones as usize)
}

impl OnStates for Norm {
    type Stats = NormStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "norms",
        columns: &[],
        panels: &[],
    };

    fn on(place: &Place) -> Option<Self> {
        (place.side == Side::State).then(|| Self::new(place.field.kind))
    }

    /// The field's values of one lane at one step.
    fn lane<R: Real>(&mut self, values: &[R]) {
        self.seen += values.len() as u64;
        // Whole numbers add up without rounding, in any order.
        if self.squares < WHOLE
            && self.squares.fract() == 0.0
            && let Some(ones) = ones(values)
        {
            self.squares += ones as f64;
            self.finite += values.len() as u64;
            return;
        }
        for v in values.iter().map(|v| v.wide()).filter(|v| v.is_finite()) {
            self.squares += v * v;
            self.finite += 1;
        }
    }

    /// Closes the window.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let (finite, seen) = (self.finite as f64, self.seen as f64);
        let squares = self.squares * self.rows_per_value;
        (self.squares, self.finite, self.seen) = (0.0, 0, 0);
        (seen > 0.0).then(|| NormStats {
            rms: (squares / finite.max(1.0)).sqrt(),
            not_finite: 1.0 - finite / seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_numbers_count_by_their_moduli() {
        // Two complex numbers of modulus 5: real parts 3 and 4, imaginary parts 4 and 3.
        let values = [3.0, 4.0, 4.0, 3.0];
        for (kind, rms) in [
            (FieldKind::Complex, 5.0),
            (FieldKind::Value, 12.5f64.sqrt()),
        ] {
            let mut norm = Norm::new(kind);
            norm.lane(&values);
            norm.lane(&values);
            assert!((norm.take(10.0).unwrap().rms - rms).abs() < 1e-12);
            assert_eq!(norm.take(10.0), None);
        }
    }

    /// The way for spikes has the bits of the way for any numbers, also after them and before them.
    #[test]
    fn spikes_count_as_numbers_do() {
        let spikes: Vec<f32> = (0..300).map(|k| f32::from(u8::from(k % 7 == 0))).collect();
        let mixed: Vec<f32> = (0..300).map(|k| (k % 5) as f32 * 0.3).collect();
        let mut norm = Norm::new(FieldKind::Value);
        let (mut squares, mut n) = (0.0f64, 0);
        for values in [&spikes, &spikes, &mixed, &spikes, &mixed] {
            norm.lane(values);
            for v in values {
                squares += f64::from(*v) * f64::from(*v);
                n += 1;
            }
        }
        let rms = norm.take(10.0).unwrap().rms;
        assert_eq!(rms.to_bits(), (squares / f64::from(n)).sqrt().to_bits());
    }

    #[test]
    fn what_is_not_finite_is_told() {
        let mut norm = Norm::new(FieldKind::Value);
        norm.lane(&[2.0f32, f32::NAN, f32::INFINITY, -2.0]);
        let expected = NormStats {
            rms: 2.0,
            not_finite: 0.5,
        };
        assert_eq!(norm.take(10.0), Some(expected));
    }
}
