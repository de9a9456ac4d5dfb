//! The state of a diagonal cell against its bound: how much of the range that the input allows is used.
//!
//! A diagonal cell x_t = L x_{t-1} + v_t, with v_t = Bbar u_t and |L_p| < 1, can never leave
//!
//! ```text
//! (1) |x_p| <= sup_t |v_{p,t}| / (1 - |L_p|)
//! (2) use_p = |x_p| / (sup_t |v_{p,t}| / (1 - |L_p|))      0..1
//! ```
//!
//! The sup runs over all steps since the stream's start, for each lane and state. Over a window the
//! peak of (2) is kept for each p (over its steps and lanes), and the largest and the median over p are
//! reported. Near 1, the drive has pushed in one direction (at the state's own frequency) for longer
//! than the state remembers; a state that walks at random stays far below.
//!
//! | symbol | here | shape |
//! |---|---|---|
//! | v | the drive's `ComplexDrive` field | `[2P, B]`, real parts first |
//! | x | the state's `Complex` field | `[2P, B]`, real parts first |
//! | \|L_p\| | [`Cell::moduli`] | `[P]` |

use std::ops::Range;

use saturn_cell::{Cell, FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

/// A little less than 1: squares that are smaller by more than rounding.
const BELOW: f64 = 1.0 - 1e-9;

/// The peaks of (2) in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundUse {
    /// The largest over the states.
    pub max: f64,
    /// The median over the states.
    pub median: f64,
}

/// Collects one diagonal cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bound {
    state: Range<usize>,
    drive: Range<usize>,
    /// 1 - |L_p|, `[P]`.
    leak: Vec<f64>,
    /// sup |v| since the stream's start, `[P, B]`.
    sup: Vec<f64>,
    /// Peaks of (2) in the window, `[P]`.
    peak: Vec<f64>,
    seen: bool,
}

impl Bound {
    /// `None` unless the cell tells moduli, a complex state and its drive.
    pub fn new<R: Real>(cell: &dyn Cell<R>) -> Option<Self> {
        let leak: Vec<f64> = (cell.moduli()?.iter())
            .map(|l| (1.0 - l.wide()).max(0.0))
            .collect();
        let rows = |fields: Vec<saturn_cell::Field>, kind| {
            let fit = |f: &saturn_cell::Field| f.kind == kind && f.rows.len() == 2 * leak.len();
            fields.into_iter().find(fit).map(|field| field.rows)
        };
        Some(Self {
            state: rows(cell.fields(), FieldKind::Complex)?,
            drive: rows(cell.drive_fields(), FieldKind::ComplexDrive)?,
            sup: Vec::new(),
            peak: vec![0.0; leak.len()],
            seen: false,
            leak,
        })
    }

    /// A step's `drive [D, B]`; wanted at every step.
    pub fn track<R: Real>(&mut self, drive: View<R>) {
        let p = self.leak.len();
        if self.sup.is_empty() {
            self.sup = vec![0.0; p * drive.ncols()];
        }
        assert_eq!(self.sup.len(), p * drive.ncols(), "the same lanes");
        for (lane, sup) in self.sup.chunks_exact_mut(p.max(1)).enumerate() {
            let v = &column(&drive, lane)[self.drive.clone()];
            let (re, im) = v.split_at(p);
            for (sup, (re, im)) in sup.iter_mut().zip(re.iter().zip(im)) {
                let (re, im) = (re.wide(), im.wide());
                // Most are well below: their modulus is not needed.
                if re * re + im * im < BELOW * *sup * *sup {
                    continue;
                }
                *sup = sup.max(re.hypot(im));
            }
        }
    }

    /// A step's `state [S, B]`, after its drive.
    pub fn observe<R: Real>(&mut self, state: View<R>) {
        for (lane, sup) in self.sup.chunks_exact(self.leak.len().max(1)).enumerate() {
            let x = &column(&state, lane)[self.state.clone()];
            let bounds = sup.iter().zip(&self.leak);
            for ((peak, x), (sup, leak)) in self.peak.iter_mut().zip(moduli(x)).zip(bounds) {
                let used = x * leak / sup;
                // A drive that has always been 0 allows no range: 0 / 0 is passed over.
                if used.is_finite() {
                    *peak = peak.max(used);
                }
            }
        }
        self.seen = true;
    }

    /// Closes the window.
    pub fn take(&mut self) -> Option<BoundUse> {
        let mut peaks = self.peak.clone();
        self.peak.fill(0.0);
        if !std::mem::take(&mut self.seen) || peaks.is_empty() {
            return None;
        }
        peaks.sort_by(f64::total_cmp);
        let n = peaks.len();
        Some(BoundUse {
            max: peaks[n - 1],
            median: f64::midpoint(peaks[(n - 1) / 2], peaks[n / 2]),
        })
    }
}

/// |z_p| of complex numbers `[2P]`, real parts first.
fn moduli<R: Real>(z: &[R]) -> impl Iterator<Item = f64> {
    let (re, im) = z.split_at(z.len() / 2);
    re.iter().zip(im).map(|(a, b)| a.wide().hypot(b.wide()))
}

#[cfg(test)]
mod tests {
    use saturn_cell::view;

    use super::*;
    use crate::instruments::toy::{Toy, field};

    fn bound(moduli: &[f64]) -> Bound {
        let rows = 2 * moduli.len();
        let toy = Toy {
            state: vec![field("x", 0..rows, FieldKind::Complex)],
            drive: vec![field("v", 0..rows, FieldKind::ComplexDrive)],
            moduli: Some(moduli.to_vec()),
            ..Toy::default()
        };
        Bound::new(&toy).unwrap()
    }

    /// A drive that turns with the state adds up: |x_t| = (1 - |L|^t) / (1 - |L|), so (2) is 1 - |L|^t.
    #[test]
    fn a_drive_in_phase_reaches_the_bound() {
        let (moduli, angle, steps) = ([0.9, 0.5, 0.99], 0.3f64, 40);
        let mut bound = bound(&moduli);
        let mut size = [0.0; 3];
        for t in 1..=steps {
            let (sin, cos) = (f64::from(t) * angle).sin_cos();
            size.iter_mut()
                .zip(moduli)
                .for_each(|(x, l)| *x = l * *x + 2.0);
            let v = [
                2.0 * cos,
                2.0 * cos,
                2.0 * cos,
                2.0 * sin,
                2.0 * sin,
                2.0 * sin,
            ];
            let x: Vec<f64> = [cos, sin]
                .iter()
                .flat_map(|c| size.map(|s| s * c))
                .collect();
            bound.track(view(&v, 6, 1));
            bound.observe(view(&x, 6, 1));
        }
        let found = bound.take().unwrap();
        let exact = moduli.map(|l| 1.0 - f64::powi(l, steps));
        assert!((found.max - exact[1]).abs() < 1e-9);
        assert!((found.median - exact[0]).abs() < 1e-9);
    }

    /// The sup is the stream's, each lane its own, and outlives the window; the peak does not.
    #[test]
    fn the_sup_runs_on_and_the_peak_does_not() {
        let mut bound = bound(&[0.5]);
        bound.track(view(&[0.0, 4.0, 1.0, 0.0], 2, 2));
        assert_eq!(bound.take(), None);
        bound.observe(view(&[3.0, 0.0, 0.0, 0.0], 2, 2));
        assert_eq!(bound.take().map(|b| b.max), Some(3.0 / 8.0));
        bound.track(view(&[0.0, 1.0, 0.5, 0.0], 2, 2));
        bound.observe(view(&[1.0, 0.0, 0.0, 1.0], 2, 2));
        assert_eq!(bound.take().map(|b| b.max), Some(0.5));
    }

    #[test]
    fn without_drive_nothing_is_used() {
        let mut bound = bound(&[0.5, 1.0]);
        bound.track(view(&[0.0, 1.0, 0.0, 0.0], 4, 1));
        bound.observe(view(&[0.0, 1.0, 0.0, 0.0], 4, 1));
        let none = BoundUse {
            max: 0.0,
            median: 0.0,
        };
        assert_eq!(bound.take(), Some(none));
        assert!(Bound::new(&Toy::default()).is_none());
    }
}
