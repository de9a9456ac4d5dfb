//! The common form of all losses: two terms, each a weighted mean over the steps of a batch.
//!
//! ```text
//! A = Σ w a,  B = Σ w b                        (1)   the denominators, with (a, b) = shares(m)
//! L_1 = (1/A) Σ w a F                          (2)
//! L_2 = (1/B) Σ w b G                          (3)
//! L   = v_1 L_1 + v_2 L_2                      (4)   weighted as in [`crate::weight`]
//! ```
//!
//! Every sum runs over all steps, lanes and shards of a batch; an empty sum divides to 0. With
//! [`crate::Normalise::PerStep`] A and B are both Σ w, so that the more frequent of the two kinds of steps
//! weighs more.
//!
//! | symbol | field | what | shape |
//! |---|---|---|---|
//! | m | `mask` | 1 where the input is informative, 0 in a gap; soft between | `[T*B]` |
//! | w | `weight` | 0 on padding, else 1 | `[T*B]` |
//! | F, G | [`crate::LossKind::column`] | cost of a step: the loss's two terms, in nats | `[T*B]` |
//! | a, b | [`crate::LossKind::shares`] | share of a step in each term: m and 1 - m unless the loss overrides it | |
//! | v | [`Balance`] | 1 and λ, or learnt | scalars |
//!
//! A loss is a configuration that implements [`crate::LossKind`], and one line of `losses!` in
//! [`crate::config`]; `docs/a-new-loss.md` shows it step by step.

use saturn_cell::{Real, View, ViewMut};

use crate::{Balance, LossConfig, LossError, Parts, Targets, Totals};

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

    /// What its terms weigh when a share `progress` of the updates is done; see [`crate::Weight::balance`].
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

#[cfg(test)]
mod tests;
