//! Differences in pairs: (8), with bounds, p and verdict.

use serde::{Deserialize, Serialize};

use super::{
    Basis, ONE_SIDED, Parts, Seed, TWO_SIDED, influences, over_recordings, over_values, seen,
};
use crate::stats::estimate::Estimate;
use crate::stats::verdict::{MARGIN, Verdict};

/// A difference of two accuracies, paired by seed and, where both are known, by recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The difference with its two-sided 95 % interval, -1..1.
    pub estimate: Estimate,
    /// The one-sided 95 % bounds: lower and upper. Each alone has 95 %.
    pub bounds: Option<[f64; 2]>,
    /// The p value of no difference, two-sided, by the same errors.
    pub p_value: Option<f64>,
    /// The verdict of the bounds on a loss of at most [`MARGIN`].
    pub verdict: Option<Verdict>,
    /// The coverage of the interval and the bounds.
    pub basis: Basis,
}

/// The mean difference of `pairs`, one a seed. `None` without a pair.
pub fn difference(pairs: &[(Seed, Seed)]) -> Option<Difference> {
    if pairs.is_empty() {
        return None;
    }
    let values: Vec<f64> = pairs.iter().map(|(a, b)| a.value - b.value).collect();
    let (value, variance) = over_values(&values);
    let mut parts = Parts {
        seeds: variance,
        seeds_freedom: values.len() - 1,
        ..Parts::default()
    };
    let tallied = (pairs.iter()).all(|(a, b)| !a.tallies.is_empty() && !b.tallies.is_empty());
    let both = || pairs.iter().flat_map(|(a, b)| [a, b]);
    let recordings = if tallied {
        seen(both().map(|seed| seed.tallies))
    } else {
        both().map(|seed| seed.recordings).min().unwrap_or(0)
    };
    parts.recordings_freedom = recordings.saturating_sub(1);
    // (8).
    let g = recordings as f64;
    let doubt = if recordings > 1 {
        2.0 / (g + 2.0).powi(2)
    } else {
        0.0
    };
    let mut middle = value;
    let mut floor = Parts::default();
    let basis = if tallied && recordings > 1 {
        let by_seed: Vec<Vec<f64>> = (pairs.iter())
            .map(|(a, b)| {
                let (mut e, mut less) = (Vec::new(), Vec::new());
                influences(a.tallies.tallies(), pairs.len(), &mut e);
                influences(b.tallies.tallies(), pairs.len(), &mut less);
                e.resize(e.len().max(less.len()), 0.0);
                e.iter_mut().zip(less).for_each(|(e, less)| *e -= less);
                e
            })
            .collect();
        parts.recordings = over_recordings(&by_seed, recordings) + doubt;
        middle = value * g / (g + 2.0);
        match pairs.len() {
            1 => Basis::Recordings,
            _ => Basis::SeedsAndRecordings,
        }
    } else if pairs.len() > 1 {
        floor = Parts {
            recordings: doubt,
            recordings_freedom: parts.recordings_freedom,
            ..Parts::default()
        };
        Basis::Seeds
    } else {
        Basis::None
    };
    let units = if pairs.len() > 1 {
        pairs.len()
    } else {
        recordings
    };
    let half = |q: f64| parts.half_width(q).max(floor.half_width(q));
    let ends = |q: f64| [(middle - half(q)).max(-1.0), (middle + half(q)).min(1.0)];
    let known = basis != Basis::None;
    let bounds = known.then(|| ends(ONE_SIDED));
    let error = parts.variance().max(floor.variance()).sqrt();
    Some(Difference {
        estimate: Estimate {
            value,
            standard_error: known.then_some(error),
            interval: known.then(|| ends(TWO_SIDED)),
            units,
        },
        bounds,
        p_value: known.then(|| p_value(middle.abs(), half)),
        verdict: bounds.map(|bounds| Verdict::above(bounds, -MARGIN)),
        basis,
    })
}

/// The p at which the two-sided interval of 1 - p just reaches 0: where `half` is `distance`.
fn p_value(distance: f64, half: impl Fn(f64) -> f64) -> f64 {
    if distance == 0.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.5, 1.0 - 1e-12);
    if half(high) < distance {
        return 2.0 * (1.0 - high);
    }
    for _ in 0..60 {
        let q = f64::midpoint(low, high);
        if half(q) < distance {
            low = q;
        } else {
            high = q;
        }
    }
    2.0 * (1.0 - high)
}
