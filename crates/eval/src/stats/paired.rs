//! Multiple comparisons.
//!
//! Of m p values some are small by chance. Holm's correction keeps the probability that any true null is
//! rejected at the level for the corrected values, under any dependence of the comparisons. With the p values
//! in ascending order:
//!
//! ```text
//! (1) p'_(k) = max over j <= k of min(1, (m - j + 1) p_(j))
//! ```
//!
//! With three seeds |t| must exceed 4.3 for p < 0.05 if seeds vary: an interval that contains 0 means that no
//! difference was found, not that there is none. That needs a margin: see [`super::verdict`].
//!
//! Source: S. Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics
//! 6, 1979.

/// (1): the corrected values, in the order of `p`. `None` is not a comparison and is left out.
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

    /// Four values by effect: 4 x 0.005 = 0.02; 3 x 0.01 = 0.03; 2 x 0.03 = 0.06; 0.04 is held at 0.06.
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
