//! An additional class "nothing", for the steps without a class.
//!
//! A baseline for the divergence: the network has C + 1 outputs, and a gap is labelled with the last one.
//!
//! ```text
//! L_1 = Σ w m CE(y) / Σ w                      (1)   the class, where the input is informative
//! L_2 = Σ w (1-m) CE(C) / Σ w                  (2)   "nothing", where it is not
//! L   = L_1 + λ L_2                            (3)
//! ```
//!
//! With λ = 1 that is plain cross-entropy over all steps. With `parts`, (1) and (2) are each divided by
//! the number of its own steps instead.
//!
//! The network's prediction in a sample is the class of the largest score among the first C; the probability
//! of "nothing" is lost to the classes, so a detector abstains where the network outputs "nothing".
//!
//! | symbol | field | what |
//! |---|---|---|
//! | y, C | | the step's class, 0 to C - 1; the class "nothing" |
//! | λ | `nothing_weight` | weight of the steps of gaps |
//! | m, w | | as in [`crate::loss`] |
//!
//! Source: the background class of keyword spotting and the blank of connectionist temporal
//! classification (A. Graves et al. 2006), here with a label for every step.

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    LossError, LossKind, MaskConfig, MaskFault, Normalise, StepTerms, Weight, cross_entropy,
};

/// Cross-entropy with a class "nothing", as written in a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NothingConfig {
    /// λ, the weight of the steps of gaps. Default 1, range 0 and above. Larger: more confident of "nothing"
    /// in gaps, and slower to name a class after one.
    pub nothing_weight: f64,
    /// Denominators of the sums: `per_step` (default), or `parts`.
    pub normalise: Normalise,
    /// Where the input is informative: `labels` (default), or estimated from the input.
    pub mask: MaskConfig,
    /// Error added to the mask, to measure its cost; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_error: Option<MaskFault>,
}

impl Default for NothingConfig {
    fn default() -> Self {
        Self {
            nothing_weight: 1.0,
            normalise: Normalise::PerStep,
            mask: MaskConfig::Labels,
            mask_error: None,
        }
    }
}

impl LossKind for NothingConfig {
    fn check(&self) -> Result<(), LossError> {
        LossError::unless_at_least_zero("nothing_weight", self.nothing_weight)
    }

    fn mask(&self) -> &MaskConfig {
        &self.mask
    }

    fn mask_error(&self) -> Option<MaskFault> {
        self.mask_error
    }

    fn extra_outputs(&self) -> usize {
        1
    }

    fn weight(&self) -> Weight {
        Weight::Fixed(self.nothing_weight)
    }

    fn normalise(&self) -> Normalise {
        self.normalise
    }

    #[inline(always)]
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2] {
        let (l, log_z) = (at.logits, at.log_z);
        let nothing = l.len() - 1;
        let mut terms = [0.0; 2];
        let mut label = usize::MAX;
        if at.scale[0] > 0.0 {
            label = at.label as usize;
            assert!(label < nothing, "label {label} is beyond {nothing} classes");
            terms[0] = at.scale[0] * cross_entropy::value(l, log_z, at.label).wide(); // (1)
        }
        if at.scale[1] > 0.0 {
            terms[1] = at.scale[1] * cross_entropy::value(l, log_z, nothing as u32).wide(); // (2)
        }
        let (a, b) = (R::of(at.weight[0]), R::of(at.weight[1]));
        for (c, d) in d_logits.iter_mut().enumerate() {
            let p = *d;
            let named = cross_entropy::slope(p, c == label);
            *d = a * named + b * cross_entropy::slope(p, c == nothing); // (3)ᵀ
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Loss, LossConfig, Targets};
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::random;

    fn loss(config: NothingConfig) -> Loss {
        Loss::new(&LossConfig::Nothing(config)).unwrap()
    }

    #[test]
    fn with_weight_one_it_is_cross_entropy_over_all_steps() {
        let logits = random(4, 5, 1.5, 1);
        let targets = Targets {
            labels: &[2, 0, 7, 1, 9],
            mask: &[1.0, 1.0, 0.0, 1.0, 0.0],
            weight: &[1.0; 5],
        };
        let loss = loss(NothingConfig::default());
        let totals = loss.totals(&targets);
        let mut d = DMatrix::zeros(4, 5);
        let balance = loss.balance(0.0, [0.0; 2]);
        let parts = loss.value_and_gradient(
            logits.as_view(),
            &targets,
            &totals,
            balance,
            d.as_view_mut(),
        );
        let labels = [2, 0, 3, 1, 3];
        let mut sum = 0.0;
        for (j, &label) in labels.iter().enumerate() {
            let z: f64 = logits.column(j).iter().map(|l| l.exp()).sum();
            sum += z.ln() - logits[(label, j)];
            for c in 0..4 {
                let p = logits[(c, j)].exp() / z;
                let expected = (p - f64::from(u8::from(c == label))) / 5.0;
                assert!((d[(c, j)] - expected).abs() < 1e-15);
            }
        }
        assert!((parts.total - sum / 5.0).abs() < 1e-14);
    }

    #[test]
    #[should_panic(expected = "label 3 is beyond 3 classes")]
    fn no_sample_is_labelled_nothing() {
        let loss = loss(NothingConfig::default());
        let targets = Targets {
            labels: &[3],
            mask: &[1.0],
            weight: &[1.0],
        };
        let totals = loss.totals(&targets);
        let mut d = DMatrix::zeros(4, 1);
        let balance = loss.balance(0.0, [0.0; 2]);
        let logits = DMatrix::<f64>::zeros(4, 1);
        loss.value_and_gradient(
            logits.as_view(),
            &targets,
            &totals,
            balance,
            d.as_view_mut(),
        );
    }

    #[test]
    fn a_negative_weight_is_refused() {
        let config = NothingConfig {
            nothing_weight: -2.0,
            ..NothingConfig::default()
        };
        let error = Loss::new(&LossConfig::Nothing(config)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`nothing_weight` is -2: it must be 0 or above"
        );
    }
}
