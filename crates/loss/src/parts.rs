//! Inputs and results of a loss: targets, denominators, terms. Symbols are those of [`crate::loss`].

use std::ops::AddAssign;

use serde::Serialize;

/// Targets of the logits `[C, T*B]`.
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
