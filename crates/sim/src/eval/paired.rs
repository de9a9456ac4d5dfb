//! Two ways of training compared over the same seeds, and many such comparisons at once.
//!
//! With a_i and b_i the accuracies of two nets that had seed i (the same samples in the same order, the same
//! streams), n seeds, and d_i = a_i - b_i:
//!
//! ```text
//! (1) d  = mean of d_i,   s = sd of d_i (over n - 1),   t = d / (s / sqrt n)
//! (2) interval: d ± t_{0.975, n-1} s / sqrt n
//! (3) p  = 2 P(T > |t|),  T of Student's law with n - 1 degrees of freedom
//! ```
//!
//! Of m comparisons some come out small by chance. Holm's correction holds the chance that any true null is
//! rejected at the level that the corrected values are read at, whatever the comparisons share. With the p
//! values in ascending order:
//!
//! ```text
//! (4) p'_(k) = max over j <= k of min(1, (m - j + 1) p_(j))
//! ```
//!
//! Three seeds leave two degrees of freedom, where |t| must pass 4.3 for p < 0.05: an interval that holds 0
//! shows that a difference was not found, not that there is none.
//!
//! Sources: Student, *The probable error of a mean*, Biometrika 6, 1908; S. Holm, *A simple sequentially
//! rejective multiple test procedure*, Scandinavian Journal of Statistics 6, 1979.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::bootstrap::{Estimate, over_seeds};

/// (1) to (3) for pairs `(a, b)`, one a seed: the difference, and p; no p of a single pair. `None` without
/// pairs.
pub fn paired(pairs: &[(f64, f64)]) -> Option<(Estimate, Option<f64>)> {
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
    let difference = over_seeds(&differences)?;
    let p = difference
        .standard_error
        .and_then(|se| two_sided(difference.value, se, pairs.len() - 1));
    Some((difference, p))
}

/// (3) for a value with its standard error. Differences that are all the same have no error: then p is 1
/// where they are 0, else 0.
fn two_sided(value: f64, standard_error: f64, freedom: usize) -> Option<f64> {
    if standard_error == 0.0 {
        return Some(if value == 0.0 { 1.0 } else { 0.0 });
    }
    let law = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
    let p = 2.0 * law.sf((value / standard_error).abs());
    p.is_finite().then_some(p)
}

/// (4): the corrected values, in the order of `p`. What is `None` is no comparison and stays out.
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = (p.iter().enumerate())
        .filter_map(|(k, p)| Some((k, (*p)?)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut corrected = vec![None; p.len()];
    let mut highest = 0.0f64;
    for (j, (k, p)) in order.iter().enumerate() {
        highest = highest.max((order.len() - j) as f64 * p).min(1.0);
        corrected[*k] = Some(highest);
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b} ± {tolerance}");
    }

    /// Student's own example: hours of sleep that two drugs give ten patients. Mean difference 1.58, its
    /// sd 1.23, t = 4.06 with 9 degrees of freedom, p = 0.00283.
    #[test]
    fn students_sleep() {
        let dextro = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let laevo = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = laevo.into_iter().zip(dextro).collect();
        let (difference, p) = paired(&pairs).unwrap();
        close(difference.value, 1.58, 1e-12);
        close(1.58 / difference.standard_error.unwrap(), 4.0621, 1e-4);
        close(p.unwrap(), 0.002_833, 1e-6);
        let [low, high] = difference.interval.unwrap();
        close(low, 0.700_114_2, 1e-6);
        close(high, 2.459_885_8, 1e-6);
    }

    /// Two degrees of freedom have a closed form, p = 1 - |t| / sqrt(2 + t^2). Differences 1, 2, 3 have
    /// t = 2 sqrt 3.
    #[test]
    fn three_seeds_by_hand() {
        let (difference, p) = paired(&[(2.0, 1.0), (4.0, 2.0), (6.0, 3.0)]).unwrap();
        close(difference.value, 2.0, 1e-12);
        let t = 2.0 * 3f64.sqrt();
        close(p.unwrap(), 1.0 - t / (2.0 + t * t).sqrt(), 1e-9);
        close(p.unwrap(), 0.074_179_9, 1e-6);
    }

    #[test]
    fn pairs_without_spread_and_without_company() {
        assert_eq!(paired(&[(1.0, 1.0), (2.0, 2.0)]).unwrap().1, Some(1.0));
        assert_eq!(paired(&[(2.0, 1.0), (3.0, 2.0)]).unwrap().1, Some(0.0));
        let (alone, p) = paired(&[(0.9, 0.8)]).unwrap();
        assert_eq!((alone.interval, p), (None, None));
        assert!(paired(&[]).is_none());
    }

    /// Four values by hand: 4 x 0.005 = 0.02; 3 x 0.01 = 0.03; 2 x 0.03 = 0.06; 0.04 is held at 0.06.
    #[test]
    fn holm_by_hand() {
        let p = [Some(0.01), Some(0.04), None, Some(0.03), Some(0.005)];
        let corrected = holm(&p);
        let expected = [Some(0.03), Some(0.06), None, Some(0.06), Some(0.02)];
        for (found, expected) in corrected.iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            if let (Some(found), Some(expected)) = (found, expected) {
                close(*found, expected, 1e-12);
            }
        }
        assert_eq!(holm(&[Some(0.7), Some(0.8)]), [Some(1.0), Some(1.0)]);
    }
}
