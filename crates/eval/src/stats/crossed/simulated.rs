//! Simulated comparisons with known truth: the coverage of the intervals.
//!
//! Correct predictions by seed s and recording g, with effects of seeds, of recordings and of both on the
//! logit scale:
//!
//! ```text
//! (1) p_sg = 1 / (1 + exp(-(mu + a_s + b_g + c_sg))),  a ~ N(0, sd_a^2),  b ~ N(0, sd_b^2),  c ~ N(0, sd_c^2)
//! (2) r_sg ~ Binomial(n_sg, p_sg),  n_sg: N segments distributed over G recordings independently for each seed, as in streams
//! (3) the truth is E p_sg over seeds and recordings
//! ```
//!
//! mu is set so that (3) is the given rate. A second method has the same recordings with correlation rho of
//! b, and seeds of its own: the truth of the difference is that of the two rates.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use saturn_cell::rng::{ChaCha8Rng, generator};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    Difference, Seed, TWO_SIDED, accuracy, by_seed, difference, over_recordings, over_values, seen,
};
use crate::stats::estimate::Estimate;
use crate::stats::tally::ByRecording;

/// Standard deviations of the effects, on the logit scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effects {
    /// Of seeds.
    pub seeds: f64,
    /// Of recordings.
    pub recordings: f64,
    /// Of a seed on a recording.
    pub both: f64,
}

/// One made-up comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// (3), 0..1.
    pub rate: f64,
    /// The effects.
    pub effects: Effects,
    /// S.
    pub seeds: usize,
    /// G.
    pub recordings: usize,
    /// N, segments of each seed.
    pub segments: usize,
}

/// Correct predictions by recording of each seed.
pub type Answers = Vec<ByRecording>;

impl Setting {
    /// A comparison of the size that the project's own have: three seeds, 250 recordings, 425 segments.
    pub fn usual(rate: f64, [seeds, recordings, both]: [f64; 3]) -> Self {
        Self {
            rate,
            effects: Effects {
                seeds,
                recordings,
                both,
            },
            seeds: 3,
            recordings: 250,
            segments: 425,
        }
    }

    /// mu for `rate`, by bisection.
    fn mu(&self, rate: f64) -> f64 {
        let e = self.effects;
        let sd = (e.seeds.powi(2) + e.recordings.powi(2) + e.both.powi(2)).sqrt();
        let (mut low, mut high) = (-60.0, 60.0);
        for _ in 0..80 {
            let mu = f64::midpoint(low, high);
            if expected(mu, sd) < rate {
                low = mu;
            } else {
                high = mu;
            }
        }
        f64::midpoint(low, high)
    }

    /// Results of methods with these mu, whose recordings have correlation `rho`.
    fn draw(&self, mus: &[f64], rho: f64, rng: &mut ChaCha8Rng) -> Vec<Answers> {
        let e = self.effects;
        let normal = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
        let common: Vec<f64> = (0..self.recordings).map(|_| normal(rng)).collect();
        let heard: Vec<Vec<usize>> = (0..self.seeds)
            .map(|_| {
                let mut throw = |_: usize| rng.random_range(0..self.recordings);
                (0..self.segments).map(&mut throw).collect()
            })
            .collect();
        let mut all = Vec::new();
        for &mu in mus {
            let own: Vec<f64> = (0..self.recordings).map(|_| normal(rng)).collect();
            let b = |g: usize| {
                let mixed = rho.sqrt() * common[g] + (1.0 - rho).sqrt() * own[g];
                e.recordings * mixed
            };
            let mut answers = Answers::new();
            for heard in &heard {
                let a = e.seeds * normal(rng);
                let c: Vec<f64> = (0..self.recordings).map(|_| normal(rng)).collect();
                let mut counts = ByRecording::new();
                for &g in heard {
                    let p = logistic(mu + a + b(g) + e.both * c[g]);
                    counts.add(g, rng.random::<f64>() < p);
                }
                answers.push(counts);
            }
            all.push(answers);
        }
        all
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// E logistic(mu + sd z) over a standard normal z, by the trapezoidal rule.
fn expected(mu: f64, sd: f64) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for k in -400..=400 {
        let z = f64::from(k) / 50.0;
        let w = (-z * z / 2.0).exp();
        sum += w * logistic(mu + sd * z);
        weight += w;
    }
    sum / weight
}

/// The seeds of one method.
fn seeds(answers: &[ByRecording]) -> Vec<Seed<'_>> {
    answers.iter().filter_map(seed).collect()
}

fn seed(tallies: &ByRecording) -> Option<Seed<'_>> {
    let all = tallies.tally();
    Some(Seed {
        value: all.share()?,
        standard_error: None,
        recordings: tallies.recordings(),
        segments: all.total,
        tallies,
    })
}

/// How often an interval held the truth, and how wide it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Share of repetitions in which it did, 0..1.
    pub coverage: f64,
    /// Mean width.
    pub width: f64,
}

/// The quantity compared with the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compared {
    /// The interval of [`super::accuracy`].
    pub crossed: Held,
    /// Student's over seeds.
    pub student: Held,
    /// The percentile bootstrap over seeds.
    pub bootstrap: Held,
    /// Student's t with Hillis' degrees of freedom on the same variance, not on the scale of a rate.
    pub hillis: Held,
}

/// `repetitions` of `setting`.
pub fn coverage(setting: &Setting, repetitions: usize, seed: u64) -> Compared {
    let mut rng = generator(seed, "coverage", 0);
    let mut found = Compared::default();
    let n = repetitions as f64;
    let mu = setting.mu(setting.rate);
    for _ in 0..repetitions {
        let answers = setting.draw(&[mu], 1.0, &mut rng);
        let seeds = seeds(&answers[0]);
        let values: Vec<f64> = seeds.iter().map(|seed| seed.value).collect();
        let note = |held: &mut Held, interval: Option<[f64; 2]>| {
            let [low, high] = interval.unwrap_or([0.0, 1.0]);
            held.coverage += f64::from(u8::from(low <= setting.rate && setting.rate <= high)) / n;
            held.width += (high - low) / n;
        };
        let ours = accuracy(&seeds).and_then(|(estimate, _)| estimate.interval);
        note(&mut found.crossed, ours);
        note(&mut found.student, student(&values));
        note(&mut found.bootstrap, Some(resampled(&values)));
        note(&mut found.hillis, hillis(&seeds));
    }
    found
}

fn student(values: &[f64]) -> Option<[f64; 2]> {
    crate::stats::estimate::over_seeds(values)?.interval
}

/// Quantiles 2.5 % and 97.5 % of the mean of all resamples of `values`, of which there are n^n.
fn resampled(values: &[f64]) -> [f64; 2] {
    let n = values.len();
    let mut means = Vec::new();
    for mut code in 0..n.pow(n as u32) {
        let mut sum = 0.0;
        for _ in 0..n {
            sum += values[code % n];
            code /= n;
        }
        means.push(sum / n as f64);
    }
    means.sort_by(f64::total_cmp);
    let at = |q: f64| means[(q * (means.len() - 1) as f64).round() as usize];
    [at(0.025), at(0.975)]
}

/// The verdicts of a test of a margin on networks that are worse by exactly the margin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tested {
    /// The two-sided interval of the difference.
    pub crossed: Held,
    /// Share of repetitions in which the lower one-sided bound lies above the truth, which should be 5 %.
    pub error: f64,
    /// The same of Student's over the differences of seeds.
    pub student_error: f64,
}

/// `repetitions` of the difference between a method of `setting` and one whose rate is `margin` higher.
pub fn margin_test(
    setting: &Setting,
    margin: f64,
    rho: f64,
    repetitions: usize,
    seed: u64,
) -> Tested {
    let mut rng = generator(seed, "margin", 0);
    let mut found = Tested::default();
    let n = repetitions as f64;
    let truth = -margin;
    let one = |yes: bool| f64::from(u8::from(yes)) / n;
    let mus = [setting.rate, setting.rate + margin].map(|rate| setting.mu(rate));
    for _ in 0..repetitions {
        let arms = setting.draw(&mus, rho, &mut rng);
        let (a, b) = (seeds(&arms[0]), seeds(&arms[1]));
        let values: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a.value - b.value).collect();
        let pairs: Vec<(Seed, Seed)> = a.into_iter().zip(b).collect();
        if let Some(Difference {
            estimate:
                Estimate {
                    interval: Some([low, high]),
                    ..
                },
            bounds: Some(bounds),
            ..
        }) = difference(&pairs)
        {
            found.crossed.coverage += one(low <= truth && truth <= high);
            found.crossed.width += (high - low) / n;
            found.error += one(bounds[0] > truth);
        }
        let (mean, variance) = over_values(&values);
        let bound = mean - super::quantile(super::ONE_SIDED, values.len() - 1) * variance.sqrt();
        found.student_error += one(bound > truth);
    }
    found
}

/// The interval of Student's t with Hillis' degrees of freedom on (3) and (4), which the simulation compares.
fn hillis(seeds: &[Seed]) -> Option<[f64; 2]> {
    let values: Vec<f64> = seeds.iter().map(|seed| seed.value).collect();
    let (value, variance) = over_values(&values);
    let recordings = seen(seeds.iter().map(|seed| seed.tallies));
    let both = variance + over_recordings(&by_seed(seeds), recordings);
    let freedom = (values.len() - 1) as f64 * (both / variance.max(f64::MIN_POSITIVE)).powi(2);
    let most = recordings.saturating_sub(1) as f64;
    let law = StudentsT::new(0.0, 1.0, freedom.min(most).max(1.0)).ok()?;
    let half = law.inverse_cdf(TWO_SIDED) * both.sqrt();
    Some([value - half, value + half])
}
