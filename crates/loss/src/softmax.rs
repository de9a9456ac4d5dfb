//! The softmax of one column, stable at any size of its logits.
//!
//! ```text
//! log Z = M + log Σ_c exp(l_c - M),  M = max_c l_c        (1)
//! log p_c = l_c - log Z                                   (2)
//! p_c = exp(log p_c)                                      (3)
//! ```
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | l | logits of one (step, lane) | `[C]` |
//! | p | probabilities | `[C]` |
//! | Z | the normaliser | scalar |

use saturn_cell::Real;
use saturn_cell::elementary::exp;

/// log Z of `logits [C]`, equation (1).
#[inline(always)]
pub fn log_normaliser<R: Real>(logits: &[R]) -> R {
    let mut top = logits[0];
    for &l in &logits[1..] {
        if l > top {
            top = l;
        }
    }
    let mut sum = R::zero();
    for &l in logits {
        sum += exp(l - top);
    }
    top + sum.ln()
}

/// p of `logits [C]`, equation (3), in single precision for the instruments: `[C]`.
pub fn softmax<R: Real>(logits: &[R], p: &mut [f32]) {
    let top = logits
        .iter()
        .fold(f64::NEG_INFINITY, |m, z| m.max(z.wide()));
    let mut sum = 0.0;
    for (p, z) in p.iter_mut().zip(logits) {
        *p = (z.wide() - top).exp() as f32;
        sum += *p;
    }
    for p in p {
        *p /= sum;
    }
}

/// The index of the largest value; the first among equals.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let logits = [0.3_f64, -1.2, 2.5];
        let log_z = log_normaliser(&logits);
        let sum: f64 = logits.iter().map(|l| (l - log_z).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-15);
    }

    #[test]
    fn huge_logits_stay_finite() {
        assert_eq!(log_normaliser(&[1e30_f32, 0.0]), 1e30);
        assert_eq!(log_normaliser(&[-1e4_f64, -1e4]), -1e4 + 2.0_f64.ln());
    }

    #[test]
    fn the_first_of_equals_is_the_largest() {
        assert_eq!(argmax(&[0.5, 2.0, 2.0, 1.0]), 1);
        let mut p = [0.0; 3];
        softmax(&[1e4_f64, 1e4, -1e4], &mut p);
        assert_eq!((p, argmax(&p)), ([0.5, 0.5, 0.0], 0));
    }
}
