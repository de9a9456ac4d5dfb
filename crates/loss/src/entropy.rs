//! Entropy regularisation: a penalty on confident outputs at every step, independent of the input. It needs
//! no mask.
//!
//! ```text
//! L_1 = Σ w m CE / Σ w m                       (1)   mean over the steps of samples
//! L_2 = Σ w (log C - H(p)) / Σ w               (2)   mean over all steps
//! L   = L_1 + β L_2                            (3)
//! ```
//!
//! log C - H(p) is KL(p || U), so (3) is cross-entropy less β times the entropy of the output, and the
//! constant β log C. It differs from the adaptive loss only in the domain of (2), which includes samples. The
//! other direction, KL(U || p), is label smoothing.
//!
//! | symbol | field | what |
//! |---|---|---|
//! | β | `entropy_weight` | weight of the confidence penalty |
//! | H(p) | | entropy of the output, in nats |
//! | m, w | | as in [`crate::loss`]; m is the label mask, which is 1 where there is a label to learn |
//!
//! Source: G. Pereyra, G. Tucker, J. Chorowski, Ł. Kaiser and G. Hinton, "Regularizing Neural Networks by
//! Penalizing Confident Output Distributions" (2017).

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adaptive::toward_uniform;
use crate::{Direction, LossError, LossKind, StepTerms, Weight};

/// Cross-entropy with a confidence (entropy) penalty, as written in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntropyConfig {
    /// β, the weight of the confidence penalty. Default 0.1, range 0 and above. Larger: less confident
    /// outputs, in samples too.
    pub entropy_weight: f64,
    /// Which divergence: `to_uniform` (default) is log C - H(p), `from_uniform` smooths labels.
    pub direction: Direction,
}

impl Default for EntropyConfig {
    fn default() -> Self {
        Self {
            entropy_weight: 0.1,
            direction: Direction::ToUniform,
        }
    }
}

impl LossKind for EntropyConfig {
    fn check(&self) -> Result<(), LossError> {
        LossError::unless_at_least_zero("entropy_weight", self.entropy_weight)
    }

    fn weight(&self) -> Weight {
        Weight::Fixed(self.entropy_weight)
    }

    fn shares(&self, m: f64) -> [f64; 2] {
        [m, 1.0]
    }

    #[inline(always)]
    fn column<R: Real>(&self, at: &StepTerms<R>, d_logits: &mut [R]) -> [f64; 2] {
        toward_uniform(self.direction, at, d_logits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Loss, LossConfig, Targets};
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::random;

    #[test]
    fn it_is_cross_entropy_less_the_mean_entropy() {
        let logits = random(3, 4, 1.5, 2);
        let targets = Targets {
            labels: &[2, 0, 7, 1],
            mask: &[1.0, 1.0, 0.0, 0.0],
            weight: &[1.0, 1.0, 1.0, 0.0],
        };
        let loss = Loss::new(&LossConfig::Entropy(EntropyConfig::default())).unwrap();
        let totals = loss.totals(&targets);
        let mut d = DMatrix::zeros(3, 4);
        let balance = loss.balance(0.5, [0.0; 2]);
        let parts = loss.value_and_gradient(
            logits.as_view(),
            &targets,
            &totals,
            balance,
            d.as_view_mut(),
        );
        let (mut ce, mut entropy) = (0.0, 0.0);
        for j in 0..3 {
            let z: f64 = logits.column(j).iter().map(|l| l.exp()).sum();
            let log_p = logits.column(j).map(|l| l - z.ln());
            entropy -= log_p.iter().map(|l| l.exp() * l).sum::<f64>();
            if j < 2 {
                ce -= log_p[[2, 0][j]];
            }
        }
        let expected = ce / 2.0 + 0.1 * (3.0_f64.ln() - entropy / 3.0);
        assert!((parts.total - expected).abs() < 1e-14);
        assert!(d.column(2).norm() > 0.0, "a gap has a gradient");
        assert_eq!(d.column(3).norm(), 0.0, "padding");
    }
}
