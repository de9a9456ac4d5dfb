//! Drift: how far the distribution of each unit's state has moved since the stream's first window.
//!
//! A window keeps a sample of m = 512 states by reservoir (every state shown has the same chance to be
//! kept). With F_1 and F_w the empirical laws of one unit in the first window and in window w:
//!
//! ```text
//! (1) D = sup_x |F_1(x) - F_w(x)|                                two-sample Kolmogorov-Smirnov
//! (2) p = Q((sqrt N + 0.12 + 0.11 / sqrt N) D),   Q(l) = 2 sum_j (-1)^(j-1) exp(-2 j^2 l^2)
//! (3) N = 1 / (1/N_1 + 1/N_w)
//! ```
//!
//! The states of a lane are correlated in time, and n of them are worth fewer. With r the correlation of a
//! unit's value from one look to the next (at least 0), and a sample of m of n states:
//!
//! ```text
//! (4) n_eff = n (1 - r) / (1 + r)
//! (5) 1/N_w = 1/n_eff + 1/m - 1/n
//! ```
//!
//! (4) is exact for the mean of a first-order autoregressive process, and on the safe side for its law,
//! whose indicators are less correlated than its values. It does not see what is slower than a window. p
//! goes through Holm's correction over the units of a field in one window; windows are not corrected for.
//! A unit has *drifted* where the corrected p is below 0.05. The first window holds the start from rest, so
//! choose windows that are long compared with the memory of the network.
//!
//! | symbol | here | shape |
//! |---|---|---|
//! | m | [`KEPT`] | - |
//! | n | `Window::seen` | - |
//! | r | `Window::correlation` | one a unit |
//!
//! Cost: a pass over the state at the steps that the other instruments look at, and a sort of m values a
//! unit and window. Memory: 16 KiB a unit, for any length of the stream.
//!
//! Sources: (2) M. A. Stephens, Journal of the Royal Statistical Society B 32, 1970; (4) G. V. Bayley and
//! J. M. Hammersley, Supplement to the Journal of the Royal Statistical Society 8, 1946; the reservoir J. S.
//! Vitter, *Random sampling with a reservoir*, algorithm R, ACM Transactions on Mathematical Software 11, 1985.

mod ks;
#[cfg(test)]
mod tests;
mod window;

use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_cell::{FieldKind, Real, View};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Column, Definition, OnStates, Panel, Place};
use crate::stats::paired::holm;
use window::{Sample, Window};

/// m, states that a window keeps.
pub const KEPT: usize = 512;
/// A unit has drifted where the corrected p is below this.
pub const LEVEL: f64 = 0.05;

/// How far the units of a field have moved since the first window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftStats {
    /// Units that were compared: rows of the field, of complex numbers real and imaginary parts.
    pub units: usize,
    /// Share of units that have drifted, 0..1.
    pub drifted: f64,
    /// (1), the median over units.
    pub median: f64,
    /// (1), the largest.
    pub max: f64,
    /// (3), the median over units: how many independent states the comparison rests on.
    pub effective: f64,
}

/// One unit compared.
#[derive(Clone, Copy, Debug)]
struct Compared {
    /// (1).
    distance: f64,
    /// (2).
    p: f64,
    /// (3).
    size: f64,
}

/// Collects one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drift {
    rng: ChaCha8Rng,
    first: Option<Sample>,
    now: Window,
}

impl Drift {
    /// For a field of this kind with so many rows; `None` for spikes, whose law is their rate. `index`
    /// tells the fields of a net apart, so that each has random numbers of its own.
    pub fn new(kind: FieldKind, units: usize, seed: u64, index: u64) -> Option<Self> {
        (kind != FieldKind::Spikes).then(|| Self {
            rng: generator(seed, "drift", index),
            first: None,
            now: Window::new(units),
        })
    }

    /// Closes the window and compares each unit with the first.
    fn compare(&mut self) -> Option<Vec<Compared>> {
        let sample = self.now.close()?;
        let Some(first) = &self.first else {
            self.first = Some(sample);
            return None;
        };
        let each = |(a, b): (&window::Unit, &window::Unit)| {
            let distance = ks::distance(&a.sorted, &b.sorted);
            let size = 1.0 / (1.0 / a.effective + 1.0 / b.effective);
            Compared {
                distance,
                p: ks::p_value(distance, size),
                size,
            }
        };
        Some(first.units.iter().zip(&sample.units).map(each).collect())
    }
}

impl OnStates for Drift {
    type Stats = DriftStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "drift since the first window",
        columns: &[
            Column::number("drifted, %", 1, |d| Some(100.0 * d.drifted)),
            Column::number("distance", 3, |d| Some(d.median)),
            Column::number("largest", 3, |d| Some(d.max)),
        ],
        panels: &[
            Panel::line("units that drifted, %", |d| Some(100.0 * d.drifted)),
            Panel::band("drift (KS)", "median to largest", |d| {
                [d.median, d.median, d.max]
            }),
        ],
    };

    fn on(place: &Place) -> Option<Self> {
        let setting = place.setting;
        Self::new(
            place.field.kind,
            place.field.rows.len(),
            setting.seed,
            place.index(),
        )
    }

    /// The field's values `[units, B]` at one look. A lane with a value that is not finite is passed over.
    fn observe<R: Real>(&mut self, values: View<R>) {
        self.now.observe(&values, &mut self.rng);
    }

    /// Closes the window; `None` for the first one, which the others are compared with.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let compared = self.compare()?;
        let p: Vec<Option<f64>> = compared.iter().map(|c| Some(c.p)).collect();
        let drifted = (holm(&p).iter().flatten()).filter(|p| **p < LEVEL).count();
        let distances: Vec<f64> = compared.iter().map(|c| c.distance).collect();
        Some(DriftStats {
            units: compared.len(),
            drifted: drifted as f64 / compared.len() as f64,
            max: distances.iter().copied().fold(0.0, f64::max),
            median: median(distances)?,
            effective: median(compared.iter().map(|c| c.size).collect())?,
        })
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| f64::midpoint(values[(n - 1) / 2], values[n / 2]))
}
