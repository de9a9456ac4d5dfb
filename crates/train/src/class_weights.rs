//! Weights of classes that have few samples.
//!
//! ```text
//! w_c = n_c^-p  Σ n / Σ n^(1-p)          n_c samples of class c, p = `class_balance`
//! ```
//!
//! so that a step weighs 1 on average over samples; p = 0 weighs every sample the same, p = 1 every class.

use saturn_stream::Split;

/// The weight of each class, `[C]`; `None` where all are 1. A class without a sample has 0: none of its steps
/// comes up.
pub fn class_weights(split: &Split, balance: f64, classes: usize) -> Option<Vec<f64>> {
    if balance <= 0.0 {
        return None;
    }
    let mut counts = vec![0.0; classes];
    for i in 0..split.len() {
        counts[split.label(i)] += 1.0;
    }
    Some(weights(&counts, balance))
}

fn weights(counts: &[f64], balance: f64) -> Vec<f64> {
    let present = counts.iter().filter(|n| **n > 0.0);
    let all: f64 = counts.iter().sum();
    let scale = all / present.map(|n| n.powf(1.0 - balance)).sum::<f64>();
    let weight = |n: &f64| {
        if *n > 0.0 {
            n.powf(-balance) * scale
        } else {
            0.0
        }
    };
    counts.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::weights;

    #[test]
    fn a_sample_weighs_1_on_average_and_classes_the_same_at_1() {
        let counts = [900.0, 90.0, 0.0, 10.0];
        for balance in [0.25, 0.5, 1.0] {
            let w = weights(&counts, balance);
            let mean: f64 = w.iter().zip(&counts).map(|(w, n)| w * n).sum::<f64>() / 1_000.0;
            assert!((mean - 1.0).abs() < 1e-12);
            assert!(w[0] < w[1] && w[1] < w[3] && w[2].abs() < 1e-12);
        }
        let w = weights(&counts, 1.0);
        assert!((w[0] * 900.0 - w[3] * 10.0).abs() < 1e-9);
        let half = weights(&counts, 0.5);
        assert!((half[3] / half[1] - 3.0).abs() < 1e-12);
    }
}
