//! The softmax of a column, stable at any size of its logits.
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

use saturn_cell::{Real, View, ViewMut, column, column_mut, kernel};

/// log Z of `logits [C]`, equation (1), number by number.
#[cfg(test)]
pub fn log_normaliser<R: Real>(logits: &[R]) -> R {
    let mut top = logits[0];
    for &l in &logits[1..] {
        if l > top {
            top = l;
        }
    }
    let mut sum = R::zero();
    for &l in logits {
        sum += saturn_cell::elementary::exp(l - top);
    }
    top + sum.ln()
}

/// p of each column of `logits [C, n]`, equation (3), and its log Z, equation (1): sets `p [C, n]` and `log_z [n]`. All
/// exponentials of a kind are taken in one loop, since a column may be shorter than a register.
#[inline(always)]
pub fn probabilities<R: Real>(logits: &View<R>, p: &mut ViewMut<R>, log_z: &mut [R]) {
    for (j, log_z) in log_z.iter_mut().enumerate() {
        let (l, shifted) = (column(logits, j), column_mut(p, j));
        let mut top = l[0];
        for &l in &l[1..] {
            if l > top {
                top = l;
            }
        }
        for (to, &l) in shifted.iter_mut().zip(l) {
            *to = l - top;
        }
        *log_z = top;
    }
    kernel::exponentials(p);
    for (j, log_z) in log_z.iter_mut().enumerate() {
        let (l, p) = (column(logits, j), column_mut(p, j));
        let mut sum = R::zero();
        for &p in &*p {
            sum += p;
        }
        *log_z += sum.ln();
        for (to, &l) in p.iter_mut().zip(l) {
            *to = l - *log_z;
        }
    }
    kernel::exponentials(p);
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
    use nalgebra::DMatrix;
    use saturn_cell::elementary::exp;
    use saturn_cell::gradcheck::random;

    use super::*;

    /// Bit for bit what one column and one number after the other give, with and without gaps between columns.
    #[test]
    fn columns_together_have_the_bits_of_each_alone() {
        fn check<R: Real>() {
            let logits = random(21, 9, 3.0, 4).map(R::of);
            let mut room = DMatrix::zeros(30, 9);
            let mut with_gaps = room.rows_mut(5, 21);
            let mut without = DMatrix::zeros(21, 9);
            let mut log_z = [R::zero(); 9];
            probabilities(&logits.as_view(), &mut with_gaps.as_view_mut(), &mut log_z);
            probabilities(&logits.as_view(), &mut without.as_view_mut(), &mut log_z);
            assert_eq!(with_gaps, without);
            for (j, own) in logits.column_iter().enumerate() {
                let alone = log_normaliser(own.clone_owned().as_slice());
                assert_eq!(log_z[j], alone);
                assert_eq!(without.column(j), own.map(|l| exp(l - alone)));
            }
        }
        check::<f32>();
        check::<f64>();
    }

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
