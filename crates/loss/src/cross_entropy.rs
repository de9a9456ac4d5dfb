//! Cross-entropy of one column: the negative log-likelihood of the step's class.
//!
//! ```text
//! CE = log Z - l_y                    (1)
//! dCE/dl_c = p_c - [c = y]            (1)ᵀ
//! ```
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | l | logits | `[C]` |
//! | y | the class | scalar |
//! | Z, p | see [`crate::softmax`] | scalar, `[C]` |
//!
//! As a loss it is the mean of (1) over informative steps; gaps cost nothing. The mean, with mask and
//! padding, is taken in [`crate::loss`].

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{LossError, LossKind, StepTerms};

/// Cross-entropy without options, as written in a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossEntropyConfig {}

impl LossKind for CrossEntropyConfig {
    fn check(&self) -> Result<(), LossError> {
        Ok(())
    }

    fn shares(&self, m: f64) -> [f64; 2] {
        [m, 0.0]
    }

    #[inline(always)]
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2] {
        let ce = value(at.logits, at.log_z, at.label).wide();
        let a = R::of(at.weight[0]);
        for (c, d) in d_logits.iter_mut().enumerate() {
            *d = a * slope(*d, c == at.label as usize); // (1)ᵀ
        }
        [at.scale[0] * ce, 0.0]
    }
}

/// CE in nats, equation (1), of `logits [C]` whose normaliser is `log_z`.
///
/// # Panics
/// If `label` is not below C.
pub fn value<R: Real>(logits: &[R], log_z: R, label: u32) -> R {
    let classes = logits.len();
    assert!(
        (label as usize) < classes,
        "label {label} is beyond {classes} classes"
    );
    log_z - logits[label as usize]
}

/// dCE/dl_c, equation (1)ᵀ, for a class of probability `p` that is or is not the label.
#[inline(always)]
pub fn slope<R: Real>(p: R, is_label: bool) -> R {
    if is_label { p - R::one() } else { p }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softmax::log_normaliser;
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

    #[test]
    fn a_uniform_output_costs_log_c() {
        let logits = [0.7_f64; 10];
        let ce = value(&logits, log_normaliser(&logits), 3);
        assert!((ce - 10.0_f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn the_gradient_is_p_minus_one_hot() {
        let logits = random(6, 1, 1.5, 2);
        let numeric = differences(&logits, 1e-5, |l| {
            value(l.as_slice(), log_normaliser(l.as_slice()), 4)
        });
        let log_z = log_normaliser(logits.as_slice());
        let analytic = DMatrix::from_fn(6, 1, |c, _| slope((logits[c] - log_z).exp(), c == 4));
        assert!(error(&analytic, &numeric) <= TOLERANCE);
    }

    #[test]
    #[should_panic(expected = "label 3 is beyond 3 classes")]
    fn a_label_beyond_the_classes_is_refused() {
        value(&[0.0_f64; 3], 3.0_f64.ln(), 3);
    }
}
