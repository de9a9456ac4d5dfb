//! What each loss of its own gives: its two terms, their shares of a step, and its settings. Symbols and equations are
//! those of [`crate::loss`].

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{LossError, MaskConfig, MaskFault, Weight};

/// Properties of a kind of loss.
pub trait LossKind {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If one is not; the error names it.
    fn check(&self) -> Result<(), LossError>;

    /// Source of m.
    fn mask(&self) -> &MaskConfig {
        &MaskConfig::Labels
    }

    /// Error added to m, to measure the cost of a wrong mask.
    fn mask_error(&self) -> Option<MaskFault> {
        None
    }

    /// Outputs of the network in addition to the C classes.
    fn extra_outputs(&self) -> usize {
        0
    }

    /// λ.
    fn weight(&self) -> Weight {
        Weight::Fixed(0.0)
    }

    /// Denominators of the two sums.
    fn normalise(&self) -> Normalise {
        Normalise::Parts
    }

    /// (a, b): how far a step of mask `m` has a part in each of the terms.
    fn shares(&self, m: f64) -> [f64; 2] {
        [m, 1.0 - m]
    }

    /// [`StepTerms::scale`] times F and G, equations (2) and (3), of one step; their gradient, weighed by
    /// [`StepTerms::weight`], is written over `d_logits`, which holds the probabilities p = exp(l - log Z). Both have one
    /// row an output.
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2];
}

/// One step, as a loss sees it.
#[derive(Clone, Copy, Debug)]
pub struct StepTerms<'a, R> {
    /// The logits, one an output.
    pub logits: &'a [R],
    /// log Z, their normaliser.
    pub log_z: R,
    /// Its class; not to be read unless the first scale is above 0.
    pub label: u32,
    /// w a / A and w b / B.
    pub scale: [f64; 2],
    /// v_1 w a / A and v_2 w b / B.
    pub weight: [f64; 2],
}

/// Denominators of the two sums of a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Each by its own number of steps.
    #[default]
    Parts,
    /// Both by the number of all steps.
    PerStep,
}
