//! The adaptive loss: cross-entropy where the input is informative, and a uniform output where it is not.
//!
//! A network that is never reset must discard a sample once it has ended. Cross-entropy alone does not
//! require that; the divergence from the uniform distribution in the gaps does. `parts` weights both terms by
//! their own number of steps; with `per_step` the longer of samples and gaps weighs more:
//!
//! ```text
//! L_CE = Σ w m CE / Σ w m                      (1)   mean over informative steps
//! L_KL = Σ w (1-m) KL / Σ w (1-m)              (2)   mean over gaps
//! L    = L_CE + λ L_KL                         (3)   `parts`
//!
//! L    = Σ w (m CE + λ (1-m) KL) / Σ w         (4)   `per_step`
//! ```
//!
//! This is [`crate::loss`] with F = CE, G = KL, a = m and b = 1 - m. A soft mask shares a step between
//! the terms.
//!
//! | symbol | field | what | shape |
//! |---|---|---|---|
//! | m | `mask` | 1 where the input is informative, 0 in a gap; soft between | `[T*B]` |
//! | w | `weight` | 0 on padding, else 1 | `[T*B]` |
//! | λ | `kl_weight` | weight of the divergence: a number, a ramp or learnt, see [`crate::weight`] | scalar |
//! | CE | | [`crate::cross_entropy`], in nats | |
//! | KL | | [`crate::kl_uniform`], in nats | |
//!
//! Source: after B. Yin and F. Corradi, "Never Reset Again" (2024). We know the paper's form only from its
//! abstract and from summaries; (1) to (4) are our reading of it.

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Direction, LossError, LossKind, MaskConfig, MaskFault, Normalise, StepTerms, Weight,
    cross_entropy,
};

/// The adaptive loss, as a scenario writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveConfig {
    /// λ, the weight of the divergence in gaps: a number (default 1, range 0 and above),
    /// `{linear: {from: .., to: .., over: ..}}` over a share of the updates, or `learned`. Larger: calmer
    /// outputs and faster forgetting in gaps, until the class suffers.
    pub kl_weight: Weight,
    /// Which divergence: `from_uniform` (default) is KL(U || p), `to_uniform` KL(p || U).
    pub direction: Direction,
    /// What the sums are divided by: `parts` (default), or `per_step`.
    pub normalise: Normalise,
    /// Where the input is informative: `labels` (default), or estimated from the input.
    pub mask: MaskConfig,
    /// Error added to the mask, to measure its cost; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_error: Option<MaskFault>,
}

impl LossKind for AdaptiveConfig {
    fn check(&self) -> Result<(), LossError> {
        self.kl_weight.check()
    }

    fn mask(&self) -> &MaskConfig {
        &self.mask
    }

    fn mask_error(&self) -> Option<MaskFault> {
        self.mask_error
    }

    fn weight(&self) -> Weight {
        self.kl_weight
    }

    fn normalise(&self) -> Normalise {
        self.normalise
    }

    #[inline(always)]
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2] {
        toward_uniform(self.direction, at, d_logits)
    }
}

/// The column of a loss whose first term is the cross-entropy and whose second is the divergence.
#[inline(always)]
pub(crate) fn toward_uniform<R: Real>(
    direction: Direction,
    at: &StepTerms<R>,
    d_logits: &mut [R],
) -> [f64; 2] {
    let (l, log_z) = (at.logits, at.log_z);
    let mut terms = [0.0; 2];
    let mut label = usize::MAX;
    if at.scale[0] > 0.0 {
        label = at.label as usize;
        terms[0] = at.scale[0] * cross_entropy::value(l, log_z, at.label).wide(); // (1)
    }
    let mut shared = R::zero();
    if at.scale[1] > 0.0 {
        shared = direction.shared(l, log_z);
        terms[1] = at.scale[1] * direction.value(l, log_z).wide(); // (2)
    }
    let (a, b) = (R::of(at.weight[0]), R::of(at.weight[1]));
    for (c, d) in d_logits.iter_mut().enumerate() {
        let (log_p, p) = (l[c] - log_z, *d);
        let ce = cross_entropy::slope(p, c == label);
        let kl = direction.slope(p, log_p, shared);
        *d = a * ce + b * kl; // (3)ᵀ, (4)ᵀ
    }
    terms
}
