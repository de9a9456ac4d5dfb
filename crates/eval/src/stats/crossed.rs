//! Errors of accuracies and of their differences, over both seeds and recordings.
//!
//! A few seeds were trained, and each was evaluated on the same recordings. Another training would give
//! another result, and so would other recordings; an interval for *the method on such data* must cover both.
//! Seeds and recordings are crossed: a hard recording is hard for every seed, which the spread of the seeds
//! does not show.
//!
//! With r_sg correct predictions of n_sg segments of recording g by seed s, N_s = sum_g n_sg, S seeds and G
//! recordings:
//!
//! ```text
//! (1) A_s = sum_g r_sg / N_s,    A = mean_s A_s                        the accuracy
//! (2) e_sg = (r_sg - A_s n_sg) / (S N_s)                               contribution of (s, g) to A - E A (linearised)
//! (3) V_S = sum_s (A_s - A)^2 / (S (S - 1))                            seeds, with all their differences
//! (4) V_R = max(0, G / (G - 1) (sum_g (sum_s e_sg)^2 - sum_sg e_sg^2)) what seeds share: their recordings
//! (5) h^2 = t_{q, S-1}^2 V_S + t_{q, G-1}^2 V_R,                       h: the half-width, q = 0.975
//! ```
//!
//! V = V_S + V_R is the two-way clustered variance (Cameron, Gelbach and Miller: seeds plus recordings less
//! both) and that of Hillis for one modality of a multi-reader multi-case study, seeds being the readers:
//! MS(R) / S plus Cov2. Hillis takes Student's t with df = (S - 1) (V / V_S)^2. With three seeds this df is
//! an estimate from two degrees of freedom: where V_S comes out small by chance, both V and t do, and
//! intervals cover 88-94 % (`docs/statistics.md`). (5) gives each part the t of its own degrees of freedom
//! instead, as the modified large-sample intervals of Graybill and Wang do. It is Student's interval if only
//! seeds vary, and the cluster-robust one if only recordings do.
//!
//! An accuracy lies in 0..1, and near its ends a symmetric interval is wrong. So (5) sets an effective sample
//! size, and Wilson's score interval has the ends (Franco et al. find it the best of seven under clustering):
//!
//! ```text
//! (6) t = h / sqrt V,   n = min(A (1 - A) / V, segments);   n = G where A is 0 or 1, and t = t_{q, G-1}
//! (7) interval = (A + t^2 / 2n ± t sqrt(A (1 - A) / n + t^2 / 4n^2)) / (1 + t^2 / n)
//! ```
//!
//! so that an accuracy of 100 % on G = 206 recordings has the interval 98.1 to 100, and not 100 to 100.
//!
//! A difference is taken in pairs, by seed and recording: e_sg in (4) is that of one net less that of the
//! other, and A_s in (3) the difference of the two accuracies. If two networks hardly ever disagree, the
//! observed variance is too small; as in the interval of Bonett and Price, one recording is added to either
//! side:
//!
//! ```text
//! (8) V_R' = V_R + 2 / (G + 2)^2,   interval = D G / (G + 2) ± h, within -1..1
//! ```
//!
//! | available data | V_S | V_R | [`Basis`] |
//! |---|---|---|---|
//! | correct predictions by recording of two seeds or more | (3) | (4) | seeds and recordings |
//! | of one seed | none | (4) with S = 1 | recordings |
//! | of several seeds the accuracies with their errors over recordings | (3) | mean of the squared errors: as if every seed had its errors on the same recordings | seeds, and recordings at most |
//! | of several seeds the accuracies, or paired differences | (3) | none; a difference has at least the variance of (8) | seeds alone |
//!
//! Sources: S. L. Hillis, *A comparison of denominator degrees of freedom methods for multiple observer ROC
//! analysis*, Statistics in Medicine 26, 2007; B. D. Gallas, *One-shot estimate of MRMC variance: AUC*, Academic
//! Radiology 13, 2006; A. C. Cameron, J. B. Gelbach and D. L. Miller, *Robust inference with multiway clustering*,
//! Journal of Business & Economic Statistics 29, 2011; A. B. Owen, *The pigeonhole bootstrap*, Annals of Applied
//! Statistics 1, 2007; F. A. Graybill and C.-M. Wang, *Confidence intervals on nonnegative linear combinations of
//! variances*, JASA 75, 1980; C. Franco, R. J. A. Little, T. A. Louis and E. V. Slud, *Comparative study of
//! confidence intervals for proportions in complex sample surveys*, Journal of Survey Statistics and Methodology 7,
//! 2019; D. G. Bonett and R. M. Price, *Adjusted Wald confidence interval for a difference of binomial proportions
//! based on paired data*, Journal of Educational and Behavioral Statistics 37, 2012; E. Miller, *Adding error bars
//! to evals*, 2024.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::estimate::Estimate;
use super::tally::{ByRecording, Tally};

mod difference;
pub mod simulated;

pub use difference::{Difference, difference};

/// The quantile of a two-sided 95 % interval.
pub const TWO_SIDED: f64 = 0.975;
/// That of a one-sided 95 % bound.
pub const ONE_SIDED: f64 = 0.95;

/// What an interval holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// There is no interval.
    #[default]
    None,
    /// Seeds only.
    Seeds,
    /// Only the recordings of one seed.
    Recordings,
    /// Seeds, and recordings at their most.
    SeedsAndRecordingsAtMost,
    /// Seeds and recordings.
    SeedsAndRecordings,
}

impl Basis {
    /// As text.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "no interval",
            Self::Seeds => "seeds alone",
            Self::Recordings => "the recordings of one seed",
            Self::SeedsAndRecordingsAtMost => "seeds, and recordings at most",
            Self::SeedsAndRecordings => "seeds and recordings",
        }
    }
}

/// One seed's accuracy, with its data.
#[derive(Clone, Copy, Debug)]
pub struct Seed<'a> {
    /// The accuracy, 0..1.
    pub value: f64,
    /// Its standard error over recordings.
    pub standard_error: Option<f64>,
    /// G, recordings.
    pub recordings: usize,
    /// Segments.
    pub segments: u64,
    /// Correct predictions by recording; empty if they were not stored.
    pub tallies: &'a ByRecording,
}

impl<'a> Seed<'a> {
    /// An estimate of one seed with its correct predictions by recording.
    pub fn new(estimate: &Estimate, segments: u64, tallies: &'a ByRecording) -> Self {
        Self {
            value: estimate.value,
            standard_error: estimate.standard_error,
            recordings: estimate.units,
            segments,
            tallies,
        }
    }
}

/// A variance in its parts, with their degrees of freedom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Parts {
    /// (3).
    seeds: f64,
    /// S - 1.
    seeds_freedom: usize,
    /// (4).
    recordings: f64,
    /// G - 1.
    recordings_freedom: usize,
}

impl Parts {
    fn variance(&self) -> f64 {
        self.seeds + self.recordings
    }

    /// (5) at quantile `q`.
    fn half_width(&self, q: f64) -> f64 {
        let part = |variance: f64, freedom| {
            if variance > 0.0 {
                quantile(q, freedom).powi(2) * variance
            } else {
                0.0
            }
        };
        let seeds = part(self.seeds, self.seeds_freedom);
        (seeds + part(self.recordings, self.recordings_freedom)).sqrt()
    }
}

/// Quantile `q` of Student's law: in closed form with the two degrees of freedom of three seeds, and with many by
/// the expansion from the normal law's (Abramowitz and Stegun 26.7.5), to 1e-6.
fn quantile(q: f64, freedom: usize) -> f64 {
    if freedom == 2 {
        return (2.0 * q - 1.0) * (0.5 / (q * (1.0 - q))).sqrt();
    }
    if freedom >= 50 {
        let (z, n) = (normal(q), freedom as f64);
        let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
        return z
            + (z3 + z) / (4.0 * n)
            + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
            + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n.powi(3));
    }
    // It fails only for zero degrees of freedom, which carry no information.
    StudentsT::new(0.0, 1.0, freedom as f64).map_or(f64::INFINITY, |law| law.inverse_cdf(q))
}

/// Quantile `q` of the normal law.
fn normal(q: f64) -> f64 {
    Normal::standard().inverse_cdf(q)
}

/// The mean of `values` and (3).
fn over_values(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let variance = if values.len() > 1 {
        squares / (n * (n - 1.0))
    } else {
        0.0
    };
    (mean, variance)
}

/// (2) of all seeds, a row a seed.
fn by_seed(seeds: &[Seed]) -> Vec<Vec<f64>> {
    let of = |seed: &Seed| {
        let mut out = Vec::new();
        influences(seed.tallies.tallies(), seeds.len(), &mut out);
        out
    };
    seeds.iter().map(of).collect()
}

/// (2) of one seed among S, recording by recording.
fn influences(tallies: &[Tally], seeds: usize, out: &mut Vec<f64>) {
    let mut all = Tally::default();
    for tally in tallies {
        all.merge(*tally);
    }
    let share = all.share().unwrap_or(0.0);
    let scale = 1.0 / (seeds as f64 * all.total.max(1) as f64);
    out.resize(out.len().max(tallies.len()), 0.0);
    for (e, tally) in out.iter_mut().zip(tallies) {
        *e += scale * (tally.right as f64 - share * tally.total as f64);
    }
}

/// (4) from (2) of each seed, and G; with a single seed its variance over recordings.
fn over_recordings(by_seed: &[Vec<f64>], recordings: usize) -> f64 {
    if recordings < 2 {
        return 0.0;
    }
    let most = by_seed.iter().map(Vec::len).max().unwrap_or(0);
    let (mut shared, mut own) = (0.0, 0.0);
    for g in 0..most {
        let here = by_seed.iter().map(|e| e.get(g).copied().unwrap_or(0.0));
        shared += here.clone().sum::<f64>().powi(2);
        own += here.map(|e| e * e).sum::<f64>();
    }
    let g = recordings as f64;
    let one = by_seed.len() == 1;
    g / (g - 1.0) * if one { shared } else { (shared - own).max(0.0) }
}

/// How many recordings any of `seeds` has seen.
fn seen<'a>(seeds: impl Iterator<Item = &'a ByRecording>) -> usize {
    let mut any: Vec<bool> = Vec::new();
    for tallies in seeds {
        let tallies = tallies.tallies();
        any.resize(any.len().max(tallies.len()), false);
        for (any, tally) in any.iter_mut().zip(tallies) {
            *any |= tally.total > 0;
        }
    }
    any.into_iter().filter(|seen| *seen).count()
}

/// The accuracy of one seed with its interval over recordings. `None` if nothing was counted.
pub fn of_recordings(tallies: &ByRecording) -> Option<Estimate> {
    let all = tallies.tally();
    let seed = Seed {
        value: all.share()?,
        standard_error: None,
        recordings: tallies.recordings(),
        segments: all.total,
        tallies,
    };
    accuracy(&[seed]).map(|(estimate, _)| estimate)
}

/// The mean of accuracies of seeds with their errors over recordings, of which no more is known.
pub fn of_estimates(estimates: &[Estimate]) -> Option<Estimate> {
    let none = ByRecording::new();
    let seeds: Vec<Seed> = (estimates.iter())
        .map(|estimate| Seed::new(estimate, 0, &none))
        .collect();
    accuracy(&seeds).map(|(estimate, _)| estimate)
}

/// The mean accuracy of `seeds` with its interval, and what that holds. `None` without a seed.
pub fn accuracy(seeds: &[Seed]) -> Option<(Estimate, Basis)> {
    if seeds.is_empty() {
        return None;
    }
    let values: Vec<f64> = seeds.iter().map(|seed| seed.value).collect();
    let (value, variance) = over_values(&values);
    let mut parts = Parts {
        seeds: variance,
        seeds_freedom: values.len() - 1,
        ..Parts::default()
    };
    let tallied = seeds.iter().all(|seed| !seed.tallies.is_empty());
    let errors: Option<Vec<f64>> = seeds.iter().map(|seed| seed.standard_error).collect();
    let recordings;
    let basis;
    if tallied {
        recordings = seen(seeds.iter().map(|seed| seed.tallies));
        parts.recordings = over_recordings(&by_seed(seeds), recordings);
        basis = match seeds.len() {
            1 => Basis::Recordings,
            _ => Basis::SeedsAndRecordings,
        };
    } else {
        recordings = seeds.iter().map(|seed| seed.recordings).min().unwrap_or(0);
        let squares = errors.as_ref().map(|errors| {
            let squares: f64 = errors.iter().map(|e| e * e).sum();
            squares / errors.len() as f64
        });
        parts.recordings = squares.unwrap_or(0.0);
        basis = match (seeds.len(), squares) {
            (1, Some(_)) => Basis::Recordings,
            (1, None) => Basis::None,
            (_, Some(_)) => Basis::SeedsAndRecordingsAtMost,
            (_, None) => Basis::Seeds,
        };
    }
    parts.recordings_freedom = recordings.saturating_sub(1);
    let units = match basis {
        Basis::SeedsAndRecordings | Basis::SeedsAndRecordingsAtMost | Basis::Seeds => seeds.len(),
        Basis::Recordings | Basis::None => recordings,
    };
    // One recording, or one seed of unknown error, leaves all open.
    let known = basis != Basis::None && (seeds.len() > 1 || recordings > 1);
    let segments: u64 = seeds.iter().map(|seed| seed.segments).sum();
    let estimate = Estimate {
        value,
        standard_error: known.then(|| parts.variance().sqrt()),
        interval: known.then(|| score(value, &parts, recordings, segments)),
        units,
    };
    Some((estimate, if known { basis } else { Basis::None }))
}

/// (6) and (7).
fn score(value: f64, parts: &Parts, recordings: usize, segments: u64) -> [f64; 2] {
    let (variance, spread) = (parts.variance(), value * (1.0 - value));
    let least = recordings.max(1) as f64;
    let (t, n) = if variance > 0.0 && spread > 0.0 {
        let n = spread / variance;
        let most = segments.max(1) as f64;
        let t = parts.half_width(TWO_SIDED) / variance.sqrt();
        (t, if segments > 0 { n.min(most) } else { n })
    } else {
        let t = quantile(TWO_SIDED, recordings.saturating_sub(1).max(1));
        (t, least)
    };
    if !t.is_finite() {
        return [0.0, 1.0];
    }
    let z = t * t / n;
    let middle = value + z / 2.0;
    let half = t * (spread / n + z / (4.0 * n)).sqrt();
    let ends = [(middle - half) / (1.0 + z), (middle + half) / (1.0 + z)];
    // Rounding may leave 1 by a bit.
    ends.map(|end| end.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
