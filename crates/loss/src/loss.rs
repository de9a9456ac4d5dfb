//! What every loss has in common: two terms, each a weighted mean over the steps of a batch.
//!
//! ```text
//! A = Σ w a,  B = Σ w b                        (1)   the denominators, with (a, b) = shares(m)
//! L_1 = (1/A) Σ w a F                          (2)
//! L_2 = (1/B) Σ w b G                          (3)
//! L   = v_1 L_1 + v_2 L_2                      (4)   weighed as in [`crate::weight`]
//! ```
//!
//! Every sum runs over all steps, lanes and shards of a batch; an empty sum divides to 0. With
//! [`Normalise::PerStep`] A and B are both Σ w, so that the commoner of the two kinds of steps weighs more.
//!
//! | symbol | field | what | shape |
//! |---|---|---|---|
//! | m | `mask` | 1 where the input is informative, 0 in a gap; soft between | `[T*B]` |
//! | w | `weight` | 0 on padding, else 1 | `[T*B]` |
//! | F, G | [`LossKind::column`] | what a step costs: the loss's own two terms, in nats | `[T*B]` |
//! | a, b | [`LossKind::shares`] | how far a step has a part in each term: m and 1 - m unless the loss says otherwise | |
//! | v | [`Balance`] | 1 and λ, or learnt | scalars |
//!
//! A loss is a configuration that implements [`LossKind`], and one line of `losses!` in
//! [`crate::config`]; `docs/a-new-loss.md` shows it step by step.

use std::ops::AddAssign;

use multiversion::multiversion;
use saturn_cell::{Real, View, ViewMut, column, column_mut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Balance, LossConfig, LossError, MaskConfig, MaskFault, Weight};

/// What a kind of loss says of itself.
pub trait LossKind {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If one is not; the error names it.
    fn check(&self) -> Result<(), LossError>;

    /// Where m comes from.
    fn mask(&self) -> &MaskConfig {
        &MaskConfig::Labels
    }

    /// What is done to m to see what a wrong mask costs.
    fn mask_error(&self) -> Option<MaskFault> {
        None
    }

    /// Outputs of the net beside those of the C classes.
    fn extra_outputs(&self) -> usize {
        0
    }

    /// λ.
    fn weight(&self) -> Weight {
        Weight::Fixed(0.0)
    }

    /// What the two sums are divided by.
    fn normalise(&self) -> Normalise {
        Normalise::Parts
    }

    /// (a, b): how far a step of mask `m` has a part in each of the terms.
    fn shares(&self, m: f64) -> [f64; 2] {
        [m, 1.0 - m]
    }

    /// [`StepTerms::scale`] times F and G, equations (2) and (3), of one step; their gradient, weighed by
    /// [`StepTerms::weight`], is written over `d_logits`. Both have one row an output.
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2];
}

/// One step, as a loss sees it.
#[derive(Clone, Copy, Debug)]
pub struct StepTerms<'a, R> {
    /// The logits, one an output.
    pub logits: &'a [R],
    /// Its class; not to be read unless the first scale is above 0.
    pub label: u32,
    /// w a / A and w b / B.
    pub scale: [f64; 2],
    /// v_1 w a / A and v_2 w b / B.
    pub weight: [f64; 2],
}

/// What the two sums of a loss are divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Each by its own number of steps.
    #[default]
    Parts,
    /// Both by the number of all steps.
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
    /// A = Σ w a, in steps.
    pub ce: f64,
    /// B = Σ w b, in steps.
    pub kl: f64,
    /// Σ w, in steps.
    pub steps: f64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.ce += other.ce;
        self.kl += other.kl;
        self.steps += other.steps;
    }
}

/// A loss in nats, or one shard's share of it; shares add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Parts {
    /// The first term, normalised: the cross-entropy.
    pub ce: f64,
    /// The second term, normalised, before its weight: the divergence of the adaptive loss, and so on. 0
    /// where the loss has none.
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loss(LossConfig);

impl Loss {
    /// The loss that `config` names.
    ///
    /// # Errors
    /// If a number is out of its range, that of a weight or of the mask.
    pub fn new(config: &LossConfig) -> Result<Self, LossError> {
        config.mask().check()?;
        if let Some(fault) = config.mask_error() {
            fault.check()?;
        }
        config.check()?;
        Ok(Self(config.clone()))
    }

    /// What its terms weigh when a share `progress` of the updates is done; see [`Weight::balance`].
    pub fn balance(&self, progress: f64, log_variances: [f64; 2]) -> Balance {
        self.0.weight().balance(progress, log_variances)
    }

    /// Whether what its terms weigh is learnt.
    pub fn learns_weight(&self) -> bool {
        self.0.weight().is_learned()
    }

    /// One shard's part of the denominators; add them over the shards of a batch.
    pub fn totals<R: Real>(&self, targets: &Targets<R>) -> Totals {
        self.0.totals(targets)
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
        balance: Balance,
        d_logits: ViewMut<R>,
    ) -> Parts {
        self.0
            .value_and_gradient(logits, targets, totals, balance, d_logits)
    }
}

/// [`Loss::totals`] of one kind of loss.
pub fn totals<R: Real>(kind: &impl LossKind, targets: &Targets<R>) -> Totals {
    let mut totals = Totals::default();
    for (m, w) in targets.mask.iter().zip(targets.weight) {
        let w = w.wide();
        let [a, b] = kind.shares(m.wide());
        totals.ce += w * a; // (1)
        totals.kl += w * b;
        totals.steps += w;
    }
    totals
}

/// [`Loss::value_and_gradient`] of one kind of loss.
pub fn value_and_gradient<R: Real>(
    kind: &impl LossKind,
    logits: View<R>,
    targets: &Targets<R>,
    totals: &Totals,
    balance: Balance,
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

    let over = |sum: f64| if sum > 0.0 { 1.0 / sum } else { 0.0 };
    let scale = match kind.normalise() {
        Normalise::Parts => [over(totals.ce), over(totals.kl)],
        Normalise::PerStep => [over(totals.steps); 2],
    };
    let mut parts = all_columns(kind, scale, balance, logits, targets, d_logits);
    parts.total = balance.ce * parts.ce + balance.kl * parts.kl; // (4)
    parts
}

/// The two terms, and the gradient, of all columns.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn all_columns<R: Real, K: LossKind>(
    kind: &K,
    scale: [f64; 2],
    balance: Balance,
    logits: View<R>,
    targets: &Targets<R>,
    mut d_logits: ViewMut<R>,
) -> Parts {
    let mut parts = Parts::default();
    for j in 0..logits.ncols() {
        let (m, w) = (targets.mask[j].wide(), targets.weight[j].wide());
        let d = column_mut(&mut d_logits, j);
        let [a, b] = if w > 0.0 { kind.shares(m) } else { [0.0; 2] };
        let scale = [scale[0] * w * a, scale[1] * w * b];
        if scale.iter().all(|scale| *scale <= 0.0) {
            d.fill(R::zero());
            continue;
        }
        let at = StepTerms {
            logits: column(&logits, j),
            label: targets.labels[j],
            scale,
            weight: [balance.ce * scale[0], balance.kl * scale[1]],
        };
        let [first, second] = kind.column(&at, d);
        parts.ce += first; // (2)
        parts.kl += second; // (3)
    }
    parts
}

#[cfg(test)]
mod tests;
