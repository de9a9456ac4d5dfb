//! A learnt soft mask: a small network that outputs the probability that the input is informative.
//!
//! It reads what the other masks read, at three time scales, and is fitted by logistic regression with one
//! hidden layer on training streams whose gaps are known:
//!
//! ```text
//! f_t = (log(1 + a_t), log(1 + c_t)) of each window        (1)   event count and contrast
//! z_t = (f_t - mean) / deviation                           (2)   over the steps of the fit
//! h_t = tanh(U z_t + c)                                    (3)
//! m_t = σ(v h_t + b)                                       (4)
//! L   = -(1/N) Σ_t y_t log m_t + (1 - y_t) log(1 - m_t)    (5)   y: the label mask
//! ```
//!
//! m_t is used directly, between 0 and 1: the adaptive loss weights the class by m_t and the divergence by
//! (1 - m_t), so that an ambiguous step contributes to both. The mask is fitted once, before the network trains,
//! on the training split only.
//!
//! | symbol | field | what | shape |
//! |---|---|---|---|
//! | f, z | | features, as they come and standardised | `[F]` |
//! | a, c | | [`super::event_count`] (2) and [`super::contrast`] (3) | |
//! | U, c | `theta` | weights and biases of the hidden units, H of them | `[H, F]`, `[H]` |
//! | v, b | `theta` | weights and bias of the output | `[H]`, scalar |

use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use saturn_cell::rng::generator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contrast, ContrastConfig, EventCount, EventCountConfig};
use crate::LossError;

/// Windows of the features, in steps.
const WINDOWS: [usize; 3] = [1, 4, 16];
/// F: two features a window.
const FEATURES: usize = 2 * WINDOWS.len();
/// Steps of one update of the fit.
const BATCH: usize = 256;
/// Adam's learning rate and memories.
const LEARNING_RATE: f64 = 0.01;
const MEMORY: [f64; 2] = [0.9, 0.999];

/// A learnt soft mask, as a scenario writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearnedConfig {
    /// Hidden units of the estimator. Default 8, range 1 and above. More: finer, and slower to fit.
    pub hidden: usize,
    /// Passes of the fit over its steps. Default 10, range 1 and above. More: closer to the labels.
    pub epochs: usize,
    /// Groups that the channels are joined into for the contrast. Default 20, range 2 and above.
    pub groups: usize,
}

impl Default for LearnedConfig {
    fn default() -> Self {
        Self {
            hidden: 8,
            epochs: 10,
            groups: 20,
        }
    }
}

impl LearnedConfig {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If one is not; the error names it.
    pub fn check(&self) -> Result<(), LossError> {
        for (key, value) in [("hidden", self.hidden), ("epochs", self.epochs)] {
            if value == 0 {
                return Err(LossError::OutOfRange {
                    key,
                    value: 0.0,
                    allowed: "1 or more",
                });
            }
        }
        self.contrast(1).check()
    }

    fn contrast(&self, window: usize) -> ContrastConfig {
        ContrastConfig {
            window,
            groups: self.groups,
            ..ContrastConfig::default()
        }
    }
}

/// The learnt mask of one lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    epochs: usize,
    counts: Vec<EventCount>,
    contrasts: Vec<Contrast>,
    mean: [f64; FEATURES],
    /// One over the deviation; 0 for a feature that does not vary.
    scale: [f64; FEATURES],
    net: Perceptron,
}

/// A step's features, equation (1).
pub type Features = [f64; FEATURES];

impl Learned {
    /// At the start of a stream, not fitted: its output is always 1/2. `rates [I]` are the channels' mean
    /// rates, in events a step.
    ///
    /// # Errors
    /// If a number is out of its range, or the rates are too sparse for a contrast.
    pub fn new(config: &LearnedConfig, rates: &[f64]) -> Result<Self, LossError> {
        config.check()?;
        let counts = WINDOWS.map(|window| {
            EventCount::new(&EventCountConfig {
                window,
                ..EventCountConfig::default()
            })
        });
        let contrasts = WINDOWS.map(|window| Contrast::new(&config.contrast(window), rates));
        Ok(Self {
            epochs: config.epochs,
            counts: counts.into_iter().collect::<Result<_, _>>()?,
            contrasts: contrasts.into_iter().collect::<Result<_, _>>()?,
            mean: [0.0; FEATURES],
            scale: [0.0; FEATURES],
            net: Perceptron::new(config.hidden),
        })
    }

    /// Back to the start of a stream; what was fitted stays.
    pub fn clear(&mut self) {
        self.counts.iter_mut().for_each(EventCount::clear);
        self.contrasts.iter_mut().for_each(Contrast::clear);
    }

    /// Takes in one step's `units` and their `counts`, and returns its features.
    pub fn features(&mut self, units: &[u32], counts: &[f32]) -> Features {
        let mut features = [0.0; FEATURES];
        let pairs = self.counts.iter_mut().zip(&mut self.contrasts);
        for (f, (count, contrast)) in features.chunks_exact_mut(2).zip(pairs) {
            f[0] = count.observe(counts).ln_1p(); // (1)
            f[1] = contrast.observe(units, counts).ln_1p();
        }
        features
    }

    /// Takes in one step and returns m, equation (4).
    pub fn observe(&mut self, units: &[u32], counts: &[f32]) -> f64 {
        let features = self.features(units, counts);
        self.net.mask(&self.standardise(&features))
    }

    fn standardise(&self, features: &Features) -> Features {
        std::array::from_fn(|i| (features[i] - self.mean[i]) * self.scale[i]) // (2)
    }

    /// Fits the mask to steps with their features and labels, which are of both kinds.
    pub fn fit(&mut self, steps: &[(Features, bool)]) {
        let n = steps.len() as f64;
        for i in 0..FEATURES {
            let mean = steps.iter().map(|(f, _)| f[i]).sum::<f64>() / n;
            let square = steps.iter().map(|(f, _)| (f[i] - mean).powi(2));
            let deviation = (square.sum::<f64>() / n).sqrt();
            self.mean[i] = mean;
            self.scale[i] = if deviation > 0.0 {
                1.0 / deviation
            } else {
                0.0
            };
        }
        let mut steps: Vec<(Features, bool)> = (steps.iter())
            .map(|(features, label)| (self.standardise(features), *label))
            .collect();
        let net = &mut self.net;
        let mut moments = [vec![0.0; net.theta.len()], vec![0.0; net.theta.len()]];
        let mut grad = vec![0.0; net.theta.len()];
        let mut updates = 0;
        for epoch in 0..self.epochs {
            steps.shuffle(&mut generator(0, "learned mask", epoch as u64));
            for batch in steps.chunks(BATCH) {
                updates += 1;
                net.loss(batch, &mut grad);
                let [b1, b2] = MEMORY;
                let unbias = MEMORY.map(|b| 1.0 / (1.0 - b.powi(updates)));
                let [first, second] = &mut moments;
                let pairs = first.iter_mut().zip(second).zip(&grad);
                for (theta, ((m, v), g)) in net.theta.iter_mut().zip(pairs) {
                    *m = b1 * *m + (1.0 - b1) * g;
                    *v = b2 * *v + (1.0 - b2) * g * g;
                    *theta -= LEARNING_RATE * *m * unbias[0] / ((*v * unbias[1]).sqrt() + 1e-8);
                }
            }
        }
    }
}

/// One hidden layer and one output, equations (3) and (4).
#[derive(Clone, Debug, PartialEq)]
struct Perceptron {
    hidden: usize,
    /// U `[H, F]` row by row, c `[H]`, v `[H]`, b.
    theta: Vec<f64>,
}

impl Perceptron {
    /// U random, the rest 0.
    fn new(hidden: usize) -> Self {
        let mut rng = generator(0, "learned mask", u64::MAX);
        let mut theta = vec![0.0; hidden * (FEATURES + 2) + 1];
        for u in &mut theta[..hidden * FEATURES] {
            let z: f64 = StandardNormal.sample(&mut rng);
            *u = z / (FEATURES as f64).sqrt();
        }
        Self { hidden, theta }
    }

    fn split(&self) -> (&[f64], &[f64], &[f64], f64) {
        let (u, rest) = self.theta.split_at(self.hidden * FEATURES);
        let (c, rest) = rest.split_at(self.hidden);
        let (v, b) = rest.split_at(self.hidden);
        (u, c, v, b[0])
    }

    /// h `[H]` of hidden unit after hidden unit, equation (3).
    fn hidden<'a>(&'a self, z: &'a Features) -> impl Iterator<Item = f64> + 'a {
        let (u, c, ..) = self.split();
        u.chunks_exact(FEATURES).zip(c).map(move |(u, c)| {
            let sum: f64 = u.iter().zip(z).map(|(u, z)| u * z).sum();
            (sum + c).tanh()
        })
    }

    /// The logit of m.
    fn logit(&self, z: &Features) -> f64 {
        let (_, _, v, b) = self.split();
        let sum: f64 = self.hidden(z).zip(v).map(|(h, v)| v * h).sum();
        sum + b
    }

    /// m, equation (4).
    fn mask(&self, z: &Features) -> f64 {
        1.0 / (1.0 + (-self.logit(z)).exp())
    }

    /// The loss (5) of standardised steps, its gradient written over `grad`.
    fn loss(&self, steps: &[(Features, bool)], grad: &mut [f64]) -> f64 {
        grad.fill(0.0);
        let n = steps.len() as f64;
        let (_, _, v, _) = self.split();
        let (gu, rest) = grad.split_at_mut(self.hidden * FEATURES);
        let (gc, rest) = rest.split_at_mut(self.hidden);
        let (gv, gb) = rest.split_at_mut(self.hidden);
        let mut loss = 0.0;
        for (z, label) in steps {
            let y = f64::from(u8::from(*label));
            let logit = self.logit(z);
            // -y log m - (1 - y) log(1 - m), without rounding to 0 at either end.
            loss += (logit.max(0.0) - y * logit + (-logit.abs()).exp().ln_1p()) / n; // (5)
            let d = (1.0 / (1.0 + (-logit).exp()) - y) / n; // (4)ᵀ, (5)ᵀ
            gb[0] += d;
            for (i, h) in self.hidden(z).enumerate() {
                gv[i] += d * h;
                let dh = d * v[i] * (1.0 - h * h); // (3)ᵀ
                gc[i] += dh;
                for (g, z) in gu[i * FEATURES..][..FEATURES].iter_mut().zip(z) {
                    *g += dh * z;
                }
            }
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

    fn steps(n: usize) -> Vec<(Features, bool)> {
        let z = random(FEATURES, n, 1.0, 3);
        (0..n)
            .map(|t| {
                let features: Features = std::array::from_fn(|i| z[(i, t)]);
                (features, features[0] * features[1] > 0.2)
            })
            .collect()
    }

    #[test]
    fn the_fit_has_exact_gradients() {
        let mut net = Perceptron::new(3);
        let theta = random(net.theta.len(), 1, 0.7, 4);
        let steps = steps(11);
        let mut unused = vec![0.0; net.theta.len()];
        let numeric = differences(&theta, 1e-5, |theta| {
            net.theta.copy_from_slice(theta.as_slice());
            net.loss(&steps, &mut unused)
        });
        net.theta.copy_from_slice(theta.as_slice());
        let mut analytic = DMatrix::zeros(theta.len(), 1);
        net.loss(&steps, analytic.as_mut_slice());
        assert!(analytic.iter().all(|g| *g != 0.0));
        let off = error(&analytic, &numeric);
        assert!(off <= TOLERANCE, "{off:.2e}");
    }

    #[test]
    fn it_learns_what_no_threshold_can_tell() {
        let mut mask = Learned::new(&LearnedConfig::default(), &[1.0; 40]).unwrap();
        // Half of the products of two features are above 0.2, independent of each single feature.
        let steps = steps(4_000);
        assert_eq!(mask.net.mask(&steps[0].0), 0.5, "before the fit");
        mask.epochs = 30;
        mask.fit(&steps);
        let right = steps.iter().filter(|(features, label)| {
            (mask.net.mask(&mask.standardise(features)) > 0.5) == *label
        });
        let share = right.count() as f64 / 4_000.0;
        assert!(share > 0.93, "{share}");
    }

    #[test]
    fn no_hidden_unit_is_refused() {
        let config = LearnedConfig {
            hidden: 0,
            ..LearnedConfig::default()
        };
        assert_eq!(
            Learned::new(&config, &[1.0; 4]).unwrap_err().to_string(),
            "`hidden` is 0: it must be 1 or more"
        );
    }
}
