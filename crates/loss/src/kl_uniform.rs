//! The divergence between the output and the uniform distribution U: 0 for a uniform output, in nats.
//!
//! ```text
//! KL(U || p) = -(1/C) Σ_c log p_c - log C            (1)
//! d/dl_c     = p_c - 1/C                             (1)ᵀ
//!
//! KL(p || U) = Σ_c p_c log p_c + log C               (2)
//! d/dl_c     = p_c (log p_c - Σ_k p_k log p_k)       (2)ᵀ
//! ```
//!
//! (1) penalises a class of probability near 0 without bound, and its gradient does not vanish; (2) is at most log C, and its gradient vanishes where the output is confident (p near 0 or 1).
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | l | logits | `[C]` |
//! | log p | l - log Z, see [`crate::softmax`] | `[C]` |

use saturn_cell::Real;
use saturn_cell::elementary::exp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of the two divergences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// KL(U || p): from the uniform distribution to the output.
    #[default]
    FromUniform,
    /// KL(p || U): log C less the output's entropy.
    ToUniform,
}

impl Direction {
    /// The divergence in nats of `logits [C]` whose normaliser is `log_z`.
    pub fn value<R: Real>(self, logits: &[R], log_z: R) -> R {
        let classes = R::of(logits.len() as f64);
        match self {
            Self::FromUniform => {
                let mut sum = R::zero();
                for &l in logits {
                    sum += l - log_z;
                }
                -sum / classes - classes.ln() // (1)
            }
            Self::ToUniform => negative_entropy(logits, log_z) + classes.ln(), // (2)
        }
    }

    /// The part of the gradient that all classes share, to be handed to [`Self::slope`].
    pub fn shared<R: Real>(self, logits: &[R], log_z: R) -> R {
        match self {
            Self::FromUniform => R::one() / R::of(logits.len() as f64),
            Self::ToUniform => negative_entropy(logits, log_z),
        }
    }

    /// d/dl_c for a class of probability `p` = exp(`log_p`).
    #[inline(always)]
    pub fn slope<R: Real>(self, p: R, log_p: R, shared: R) -> R {
        match self {
            Self::FromUniform => p - shared,         // (1)ᵀ
            Self::ToUniform => p * (log_p - shared), // (2)ᵀ
        }
    }
}

/// Σ_c p_c log p_c.
fn negative_entropy<R: Real>(logits: &[R], log_z: R) -> R {
    let mut sum = R::zero();
    for &l in logits {
        let log_p = l - log_z;
        sum += exp(log_p) * log_p;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softmax::log_normaliser;
    use nalgebra::DMatrix;
    use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

    const BOTH: [Direction; 2] = [Direction::FromUniform, Direction::ToUniform];

    fn value(direction: Direction, l: &[f64]) -> f64 {
        direction.value(l, log_normaliser(l))
    }

    #[test]
    fn zero_at_uniform_and_positive_elsewhere() {
        for direction in BOTH {
            assert!(value(direction, &[-4.2; 7]).abs() < 1e-14);
            assert!(value(direction, &[0.0, 0.0, 1.0]) > 0.01);
        }
    }

    #[test]
    fn hand_computed() {
        // p = (3/4, 1/4): KL(U||p) = -(ln 3/4 + ln 1/4)/2 - ln 2, KL(p||U) = 3/4 ln 3/2 + 1/4 ln 1/2.
        let logits = [3.0_f64.ln(), 0.0];
        let from = value(Direction::FromUniform, &logits);
        assert!((from - (-0.5 * (0.75_f64.ln() + 0.25_f64.ln()) - 2.0_f64.ln())).abs() < 1e-14);
        let to = value(Direction::ToUniform, &logits);
        assert!((to - (0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln())).abs() < 1e-14);
    }

    #[test]
    fn to_uniform_is_bounded_by_log_c() {
        let certain = value(Direction::ToUniform, &[900.0, 0.0, 0.0, 0.0]);
        assert!((certain - 4.0_f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn gradients_are_exact() {
        let logits = random(5, 1, 1.5, 3);
        let log_z = log_normaliser(logits.as_slice());
        for direction in BOTH {
            let shared = direction.shared(logits.as_slice(), log_z);
            let analytic = DMatrix::from_fn(5, 1, |c, _| {
                let log_p = logits[c] - log_z;
                direction.slope(log_p.exp(), log_p, shared)
            });
            let numeric = differences(&logits, 1e-5, |l| value(direction, l.as_slice()));
            assert!(error(&analytic, &numeric) <= TOLERANCE, "{direction:?}");
        }
    }

    #[test]
    fn from_uniform_pulls_with_p_minus_one_over_c() {
        let shared = Direction::FromUniform.shared(&[0.0_f64; 8], 8.0_f64.ln());
        let slope = Direction::FromUniform.slope(0.6, 0.6_f64.ln(), shared);
        assert!((slope - (0.6 - 0.125)).abs() < 1e-15);
    }
}
