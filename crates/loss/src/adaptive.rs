//! The adaptive loss: name the class where the input is informative, and say "I do not know" where it is
//! not.
//!
//! A net that is never reset must let go of a sample once it is over. Cross-entropy alone never asks for
//! that; the divergence from the uniform distribution in the gaps does. `parts` weighs both terms by
//! their own number of steps, `per_step` lets the longer of samples and gaps weigh more:
//!
//! ```text
//! L_CE = Σ w m CE / Σ w m                      (1)   mean over informative steps
//! L_KL = Σ w (1-m) KL / Σ w (1-m)              (2)   mean over gaps
//! L    = L_CE + λ L_KL                         (3)   `parts`
//!
//! L    = Σ w (m CE + λ (1-m) KL) / Σ w         (4)   `per_step`
//! ```
//!
//! Every sum runs over all steps, lanes and shards of a batch; an empty sum divides to 0. Cross-entropy
//! alone is (1), which is also (3) with λ = 0.
//!
//! | symbol | field | what | shape |
//! |---|---|---|---|
//! | m | `mask` | 1 where the input is informative, 0 in a gap; soft between | `[T*B]` |
//! | w | `weight` | 0 on padding, else 1 | `[T*B]` |
//! | λ | `kl_weight` | weight of the divergence | scalar |
//! | CE | | [`crate::cross_entropy`], in nats | |
//! | KL | | [`crate::kl_uniform`], in nats | |
//!
//! Source: after B. Yin and F. Corradi, "Never Reset Again" (2024). The paper's form is known to us from
//! its abstract and from summaries alone; (1) to (4) are our reading of it.

use std::ops::AddAssign;

use multiversion::multiversion;
use saturn_cell::elementary::exp;
use saturn_cell::{Real, View, ViewMut, column, column_mut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::softmax::log_normaliser;
use crate::{Direction, LossError, MaskConfig, cross_entropy};

/// A loss, as a scenario names it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossConfig {
    /// Cross-entropy on informative steps; gaps cost nothing.
    #[default]
    CrossEntropy,
    /// Cross-entropy on informative steps and divergence from uniform in gaps.
    Adaptive(AdaptiveConfig),
}

impl LossConfig {
    /// The mask that this loss is trained on.
    pub fn mask(&self) -> &MaskConfig {
        match self {
            Self::CrossEntropy => &MaskConfig::Labels,
            Self::Adaptive(config) => &config.mask,
        }
    }
}

/// The adaptive loss, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveConfig {
    /// λ, the weight of the divergence in gaps. Default 1, range 0 and above. Larger: calmer outputs and
    /// faster forgetting in gaps, until the class suffers.
    pub kl_weight: f64,
    /// Which divergence: `from_uniform` (default) is KL(U || p), `to_uniform` KL(p || U).
    pub direction: Direction,
    /// What the sums are divided by: `parts` (default), or `per_step`.
    pub normalise: Normalise,
    /// Where the input is informative: `labels` (default), or estimated from the input.
    pub mask: MaskConfig,
}

impl Default for AdaptiveConfig {
    fn default() -> Self {
        Self {
            kl_weight: 1.0,
            direction: Direction::default(),
            normalise: Normalise::default(),
            mask: MaskConfig::default(),
        }
    }
}

/// What the two sums of the adaptive loss are divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Each by its own number of steps, equations (1) to (3).
    #[default]
    Parts,
    /// Both by the number of all steps, equation (4).
    PerStep,
}

/// What the logits `[C, T*B]` should have been.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a, R> {
    /// The class of each column `[T*B]`; not read where mask or weight is 0.
    pub labels: &'a [u32],
    /// m in 0..=1 `[T*B]`.
    pub mask: &'a [R],
    /// w `[T*B]`, 0 on padding.
    pub weight: &'a [R],
}

impl<R> Targets<'_, R> {
    /// Those of `n` columns from column `start` on.
    #[must_use]
    pub fn slice(&self, start: usize, n: usize) -> Self {
        let columns = start..start + n;
        Self {
            labels: &self.labels[columns.clone()],
            mask: &self.mask[columns.clone()],
            weight: &self.weight[columns],
        }
    }
}

/// The denominators. They need no logits, so that they are known, over all shards, before any gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Σ w m, in steps.
    pub ce: f64,
    /// Σ w (1-m), in steps.
    pub kl: f64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.ce += other.ce;
        self.kl += other.kl;
    }
}

/// A loss in nats, or one shard's share of it; shares add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Parts {
    /// The cross-entropy term, normalised.
    pub ce: f64,
    /// The divergence term, normalised, before its weight λ. 0 where the loss has none.
    pub kl: f64,
    /// The loss that is descended.
    pub total: f64,
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Self) {
        self.ce += other.ce;
        self.kl += other.kl;
        self.total += other.total;
    }
}

/// A checked loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Equation (1).
    CrossEntropy,
    /// Equation (3) or (4).
    Adaptive {
        /// λ, at least 0.
        kl_weight: f64,
        /// Which divergence.
        direction: Direction,
        /// What the sums are divided by.
        normalise: Normalise,
    },
}

impl Loss {
    /// The loss that `config` names.
    ///
    /// # Errors
    /// If the weight is negative or not finite, or the mask is out of its ranges.
    pub fn new(config: &LossConfig) -> Result<Self, LossError> {
        config.mask().check()?;
        match config {
            LossConfig::CrossEntropy => Ok(Self::CrossEntropy),
            LossConfig::Adaptive(adaptive) => {
                let kl_weight = adaptive.kl_weight;
                if !(kl_weight.is_finite() && kl_weight >= 0.0) {
                    return Err(LossError::OutOfRange {
                        key: "kl_weight",
                        value: kl_weight,
                        allowed: "0 or above",
                    });
                }
                Ok(Self::Adaptive {
                    kl_weight,
                    direction: adaptive.direction,
                    normalise: adaptive.normalise,
                })
            }
        }
    }

    /// One shard's part of the denominators; add them over the shards of a batch.
    pub fn totals<R: Real>(&self, targets: &Targets<R>) -> Totals {
        let mut totals = Totals::default();
        for (m, w) in targets.mask.iter().zip(targets.weight) {
            let (m, w) = (m.wide(), w.wide());
            totals.ce += w * m;
            totals.kl += w * (1.0 - m);
        }
        totals
    }

    /// This shard's share of the loss, and its gradient written over `d_logits [C, T*B]`.
    ///
    /// `logits [C, T*B]` and `targets` are the shard's, `totals` those of the whole batch. Allocates
    /// nothing.
    ///
    /// # Panics
    /// If the shapes differ, or a label that is read is not below C.
    pub fn value_and_gradient<R: Real>(
        &self,
        logits: View<R>,
        targets: &Targets<R>,
        totals: &Totals,
        d_logits: ViewMut<R>,
    ) -> Parts {
        let columns = logits.ncols();
        assert_eq!(
            logits.shape(),
            d_logits.shape(),
            "logits and their gradient"
        );
        assert_eq!(columns, targets.labels.len(), "logits and labels");
        assert_eq!(columns, targets.mask.len(), "logits and mask");
        assert_eq!(columns, targets.weight.len(), "logits and weight");

        let scales = self.scales(totals);
        let mut parts = all_columns(&scales, logits, targets, d_logits);
        parts.total = parts.ce + scales.weight * parts.kl; // (3), (4)
        parts
    }

    /// What one informative step and one step of a gap weigh.
    fn scales(&self, totals: &Totals) -> Scales {
        let over = |sum: f64| if sum > 0.0 { 1.0 / sum } else { 0.0 };
        match *self {
            Self::CrossEntropy => Scales {
                ce: over(totals.ce),
                kl: 0.0,
                weight: 0.0,
                direction: Direction::default(),
            },
            Self::Adaptive {
                kl_weight,
                direction,
                normalise,
            } => {
                let (ce, kl) = match normalise {
                    Normalise::Parts => (over(totals.ce), over(totals.kl)),
                    Normalise::PerStep => {
                        let each = over(totals.ce + totals.kl);
                        (each, each)
                    }
                };
                Scales {
                    ce,
                    kl,
                    weight: kl_weight,
                    direction,
                }
            }
        }
    }
}

/// One over the denominators, and the weight of the divergence.
struct Scales {
    ce: f64,
    kl: f64,
    weight: f64,
    direction: Direction,
}

/// The two terms, and the gradient, of all columns.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn all_columns<R: Real>(
    scales: &Scales,
    logits: View<R>,
    targets: &Targets<R>,
    mut d_logits: ViewMut<R>,
) -> Parts {
    let mut parts = Parts::default();
    for j in 0..logits.ncols() {
        let (m, w) = (targets.mask[j].wide(), targets.weight[j].wide());
        let (a, b) = (scales.ce * w * m, scales.kl * w * (1.0 - m));
        let d = column_mut(&mut d_logits, j);
        if a == 0.0 && b == 0.0 {
            d.fill(R::zero());
            continue;
        }
        let l = column(&logits, j);
        let log_z = log_normaliser(l);
        let mut label = usize::MAX;
        if a > 0.0 {
            label = targets.labels[j] as usize;
            parts.ce += a * cross_entropy::value(l, log_z, targets.labels[j]).wide(); // (1)
        }
        let mut shared = R::zero();
        if b > 0.0 {
            shared = scales.direction.shared(l, log_z);
            parts.kl += b * scales.direction.value(l, log_z).wide(); // (2)
        }
        let (a, b) = (R::of(a), R::of(scales.weight * b));
        for (c, d) in d.iter_mut().enumerate() {
            let log_p = l[c] - log_z;
            let p = exp(log_p);
            let ce = cross_entropy::slope(p, c == label);
            let kl = scales.direction.slope(p, log_p, shared);
            *d = a * ce + b * kl; // (3)ᵀ, (4)ᵀ
        }
    }
    parts
}

#[cfg(test)]
mod tests;
