//! The two-sample Kolmogorov-Smirnov test.

/// (1): the largest distance of the empirical laws of two sorted samples.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut largest) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        // Past all values that are the same in both: the laws are compared where both have jumped.
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] <= x {
            i += 1;
        }
        while j < b.len() && b[j] <= x {
            j += 1;
        }
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

/// (2): the chance of a distance of `d` or more between samples that are worth `n` together.
pub fn p_value(d: f64, n: f64) -> f64 {
    let root = n.sqrt();
    let l = (root + 0.12 + 0.11 / root) * d;
    // Below this the series says 1 and converges slowly.
    if l < 0.2 {
        return 1.0;
    }
    let term = |j: i32| {
        let sign = if j % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(j * j) * l * l).exp()
    };
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        let a = [1.0, 2.0, 3.0, 4.0];
        for (b, d) in [
            (vec![1.0, 2.0, 3.0, 4.0], 0.0),
            (vec![5.0, 6.0], 1.0),
            (vec![2.5, 2.6], 0.5),
            (vec![1.0, 1.0, 1.0, 4.0], 0.5),
        ] {
            assert!((distance(&a, &b) - d).abs() < 1e-12, "{b:?}");
            assert!((distance(&b, &a) - d).abs() < 1e-12, "{b:?}");
        }
    }

    /// The critical values of Q: 1.358 at 5 % and 1.628 at 1 % (N. Smirnov, 1948).
    #[test]
    fn critical_values_of_a_large_sample() {
        let n: f64 = 1e8;
        for (l, p) in [(1.358_1, 0.05), (1.627_6, 0.01), (0.827_6, 0.5)] {
            let found = p_value(l / n.sqrt(), n);
            assert!((found - p).abs() < 2e-4, "{found}, {p}");
        }
        assert!((p_value(0.0, 10.0) - 1.0).abs() < 1e-12);
        assert!(p_value(1.0, 400.0) < 1e-300);
    }
}
