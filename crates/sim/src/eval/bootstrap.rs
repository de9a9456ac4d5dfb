//! Standard errors and intervals of an accuracy, clustered by recording.
//!
//! A long stream repeats few recordings, so its segments are not independent: a recording that is hard
//! once is hard every time. What is independent are the recordings, and these are what the bootstrap
//! draws, with replacement, each with all of its segments. The accuracy is a ratio estimator
//!
//! ```text
//! (1) A  = sum_g right_g / sum_g total_g                                over recordings g
//! (2) A* = (1) over G recordings drawn with replacement from the G      2,000 times
//! (3) standard error = sd of A*;  interval = quantiles 2.5 % and 97.5 % of A*
//! ```
//!
//! Two arms that were evaluated on the same stream are compared in pairs: (2) draws once for both, and
//! what is kept is A*_a - A*_b, so that what the arms share cancels.
//!
//! Between seeds there are few values and no clusters: there the mean and Student's t interval serve.
//!
//! | symbol | here | unit |
//! |---|---|---|
//! | G | recordings with at least one segment | - |
//! | right_g, total_g | [`Tally`] of a recording | segments |
//! | A | [`Estimate::value`] | share, 0..1 |
//!
//! Source: B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*, 1993, chapters 8 and 13
//! (percentile interval); the ratio estimator is that of cluster sampling (W. G. Cochran, *Sampling
//! Techniques*, 1977, chapter 6).

use rand::RngExt;
use saturn_cell::rng::generator;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub use super::tally::{ByRecording, Tally};

/// How many times the recordings are drawn again.
pub const RESAMPLES: usize = 2_000;

/// A number with what is known of its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error; `None` where a single cluster (or seed) leaves it open.
    pub standard_error: Option<f64>,
    /// The 95 % interval, lower and upper end; `None` as above.
    pub interval: Option<[f64; 2]>,
    /// How many independent units it rests on: recordings or seeds.
    pub units: usize,
}

impl ByRecording {
    /// (1) to (3): the accuracy, 0..1, with its standard error and interval; the same for the same
    /// `seed`. `None` if nothing was counted.
    pub fn accuracy(&self, seed: u64) -> Option<Estimate> {
        let seen: Vec<Tally> = self.tallies().iter().copied().filter(seen).collect();
        bootstrap(seen.len(), seed, |draw| ratio(&seen, draw))
    }

    /// This accuracy less that of `other`, another arm on the same recordings, -1..1, drawn in pairs.
    ///
    /// A recording that only one of the two has seen still counts for that one. `None` if either has
    /// counted nothing.
    pub fn difference(&self, other: &Self, seed: u64) -> Option<Estimate> {
        let at = |arm: &Self, g: usize| arm.tallies().get(g).copied().unwrap_or_default();
        let (a, b): (Vec<Tally>, Vec<Tally>) = (0..self.tallies().len().max(other.tallies().len()))
            .map(|g| (at(self, g), at(other, g)))
            .filter(|(a, b)| seen(a) || seen(b))
            .unzip();
        bootstrap(a.len(), seed, |draw| {
            Some(ratio(&a, draw)? - ratio(&b, draw)?)
        })
    }
}

/// The mean over seeds (or of differences between arms over seeds), with Student's t interval.
/// `None` if there are no values.
pub fn over_seeds(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let standard_error = (n > 1).then(|| (variance(values, mean) / n as f64).sqrt());
    Some(Estimate {
        value: mean,
        standard_error,
        interval: standard_error.map(|se| around(mean, se, n - 1)),
        units: n,
    })
}

/// The 95 % interval `value` ± t `standard_error`, t of Student's law with `freedom` degrees of freedom.
pub(super) fn around(value: f64, standard_error: f64, freedom: usize) -> [f64; 2] {
    // Only zero degrees of freedom fail, and they tell nothing of the value.
    let t = StudentsT::new(0.0, 1.0, freedom as f64)
        .map_or(f64::INFINITY, |law| law.inverse_cdf(0.975));
    [value - t * standard_error, value + t * standard_error]
}

fn seen(tally: &Tally) -> bool {
    tally.total > 0
}

/// (1) over the recordings that `draw` names.
fn ratio(tallies: &[Tally], draw: &[usize]) -> Option<f64> {
    let mut all = Tally::default();
    for &g in draw {
        all.merge(tallies[g]);
    }
    all.share()
}

/// (2) and (3) for `statistic`, a function of the numbers of the `clusters` drawn.
fn bootstrap(
    clusters: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<Estimate> {
    let mut draw: Vec<usize> = (0..clusters).collect();
    let value = statistic(&draw)?;
    if clusters < 2 {
        return Some(Estimate {
            value,
            standard_error: None,
            interval: None,
            units: clusters,
        });
    }
    let mut rng = generator(seed, "bootstrap", 0);
    let mut values = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        draw.fill_with(|| rng.random_range(0..clusters));
        // A draw may hold no segment of one of two arms; it tells nothing of their difference.
        values.extend(statistic(&draw));
    }
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(Estimate {
        value,
        standard_error: (values.len() > 1).then(|| variance(&values, mean).sqrt()),
        interval: (values.len() > 1).then(|| [quantile(&values, 0.025), quantile(&values, 0.975)]),
        units: clusters,
    })
}

/// The unbiased variance of two or more values around their mean.
fn variance(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// Quantile `q` of sorted values, linear between neighbours.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + part * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b} ± {tolerance}");
    }

    /// One segment a recording, so that the clusters are the segments: the binomial's standard error.
    #[test]
    fn single_segments_give_the_binomial_error() {
        let mut counts = ByRecording::new();
        for g in 0..400 {
            counts.add(g, g % 4 != 0);
        }
        let estimate = counts.accuracy(1).unwrap();
        let binomial = (0.75f64 * 0.25 / 400.0).sqrt();
        close(estimate.value, 0.75, 1e-12);
        close(estimate.standard_error.unwrap(), binomial, 0.06 * binomial);
        let [low, high] = estimate.interval.unwrap();
        close(low, 0.75 - 1.96 * binomial, 0.2 * binomial);
        close(high, 0.75 + 1.96 * binomial, 0.2 * binomial);
        assert_eq!(estimate.units, 400);
    }

    /// Each recording 50 times, always alike: the error does not fall, as it would for the segments.
    #[test]
    fn repeats_of_a_recording_tell_nothing_new() {
        let (mut once, mut often) = (ByRecording::new(), ByRecording::new());
        for g in 0..100 {
            once.add(g, g % 3 == 0);
            for _ in 0..50 {
                often.add(g, g % 3 == 0);
            }
        }
        let (once, often) = (once.accuracy(7).unwrap(), often.accuracy(7).unwrap());
        close(
            once.standard_error.unwrap(),
            often.standard_error.unwrap(),
            1e-12,
        );
        assert!(often.standard_error.unwrap() > 0.04);
    }

    /// Recordings of unequal length: the linearised error of a ratio, sum (r - A n)^2 / (sum n)^2.
    #[test]
    fn unequal_recordings_follow_the_ratio_estimator() {
        let mut counts = ByRecording::new();
        for g in 0..300usize {
            for k in 0..=(g % 7) {
                counts.add(g, (g * 13 + k * 5) % 11 < 6);
            }
        }
        let all = counts.tally();
        let share = all.share().unwrap();
        let squares: f64 = counts
            .tallies()
            .iter()
            .map(|t| (t.right as f64 - share * t.total as f64).powi(2))
            .sum();
        let linear = squares.sqrt() / all.total as f64;
        let estimate = counts.accuracy(3).unwrap();
        close(estimate.standard_error.unwrap(), linear, 0.06 * linear);
    }

    /// Arms that agree on all but every tenth recording differ by 0.1, with the error of that share:
    /// what they have in common has no part in it.
    #[test]
    fn pairs_cancel_what_arms_share() {
        let (mut a, mut b) = (ByRecording::new(), ByRecording::new());
        for g in 0..500 {
            let hard = g % 2 == 0;
            a.add(g, !hard || g % 10 == 0);
            b.add(g, !hard);
        }
        let estimate = a.difference(&b, 5).unwrap();
        let expected = (0.1f64 * 0.9 / 500.0).sqrt();
        close(estimate.value, 0.1, 1e-12);
        close(estimate.standard_error.unwrap(), expected, 0.06 * expected);
        assert_eq!(a.difference(&a, 5).unwrap().interval, Some([0.0, 0.0]));
        assert_eq!(a.difference(&ByRecording::new(), 5), None);
    }

    #[test]
    fn same_seed_same_bits_and_lanes_add_up() {
        let (mut one, mut two, mut both) = Default::default();
        for g in 0..60 {
            let lane: &mut ByRecording = if g % 2 == 0 { &mut one } else { &mut two };
            lane.add(g / 3, g % 5 < 3);
            ByRecording::add(&mut both, g / 3, g % 5 < 3);
        }
        one.merge(&two);
        assert_eq!(one, both);
        assert_eq!(one.accuracy(2), both.accuracy(2));
        assert_ne!(one.accuracy(2), both.accuracy(3));
    }

    /// t for 4 degrees of freedom is 2.776 (any table), and mean and error of 1..=5 are 3 and sqrt(1/2).
    #[test]
    fn seeds_take_the_t_interval() {
        let estimate = over_seeds(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        close(estimate.value, 3.0, 1e-12);
        close(estimate.standard_error.unwrap(), 0.5f64.sqrt(), 1e-12);
        close(
            estimate.interval.unwrap()[1],
            3.0 + 2.776_445 * 0.5f64.sqrt(),
            1e-5,
        );
    }

    #[test]
    fn one_unit_has_no_error_and_none_no_value() {
        let alone = over_seeds(&[0.5]).unwrap();
        assert_eq!((alone.value, alone.standard_error), (0.5, None));
        assert_eq!(over_seeds(&[]), None);
        let mut counts = ByRecording::new();
        assert_eq!(counts.accuracy(1), None);
        counts.add(3, true);
        let one = counts.accuracy(1).unwrap();
        assert_eq!((one.value, one.standard_error, one.units), (1.0, None, 1));
    }
}
