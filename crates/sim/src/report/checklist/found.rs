//! What was found for an item, stream by stream, and what becomes of it.

use super::{Item, NOTHING};
use crate::figures::scope::mean;
use saturn_eval::stats::estimate::one_sided;
use saturn_eval::stats::verdict::Verdict;

/// What was found on one stream.
pub struct Found<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The mean over seeds.
    pub value: f64,
    /// One-sided 95 % bounds, where there are any.
    pub bounds: Option<[f64; 2]>,
}

/// On which side of its limit a value must be.
#[derive(Clone, Copy)]
pub enum Limit {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
}

impl Limit {
    fn verdict(self, bounds: Option<[f64; 2]>) -> Verdict {
        match (self, bounds) {
            (_, None) => Verdict::NotShown,
            (Self::AtLeast(least), Some(bounds)) => Verdict::above(bounds, least),
            (Self::AtMost(most), Some(bounds)) => Verdict::below(bounds, most),
        }
    }

    /// Larger is worse.
    fn badness(self, found: &Found) -> f64 {
        let ends = found.bounds.unwrap_or([found.value; 2]);
        match self {
            Self::AtLeast(_) => -ends[0],
            Self::AtMost(_) => ends[1],
        }
    }
}

/// An item about every stream, written with the `words` for the worst one.
pub fn on_every(
    asked: String,
    all: &[Found],
    limit: Limit,
    words: impl Fn(&Found) -> String,
) -> Item {
    let rank = |found: &Found| (limit.verdict(found.bounds), limit.badness(found));
    let worst = all.iter().max_by(|a, b| {
        let ((of_a, bad_a), (of_b, bad_b)) = (rank(a), rank(b));
        of_a.cmp(&of_b).then(bad_a.total_cmp(&bad_b))
    });
    Item {
        asked,
        found: worst.map_or_else(|| NOTHING.to_owned(), words),
        verdict: worst.map_or(Verdict::NotShown, |worst| limit.verdict(worst.bounds)),
    }
}

/// The bounds as `from LOW to HIGH`, each end written by `number`.
pub fn within(found: &Found, number: impl Fn(f64) -> String) -> String {
    match found.bounds {
        Some([low, high]) => format!(
            "{} (bounds {} and {})",
            number(found.value),
            number(low),
            number(high)
        ),
        None => format!("{} (one seed: no bounds)", number(found.value)),
    }
}

/// The mean over seeds with its one-sided bounds; `None` without a value.
pub fn over_seeds<'a>(stream: &'a str, values: &[f64]) -> Option<Found<'a>> {
    Some(Found {
        stream,
        value: mean(values.iter().copied())?,
        bounds: one_sided(values),
    })
}
