//! Results by class: recalls, balanced accuracy, macro F1.
//!
//! If one class has most of the samples (nine beats in ten are normal), a network that always predicts it has
//! a high accuracy. Measures that weight every class equally show this:
//!
//! ```text
//! R_c = right_c / segments of c                      recall                (1)
//! B   = mean over c of R_c                           balanced accuracy     (2)
//! F_c = 2 right_c / (segments of c + predicted c)    F1                    (3)
//! F   = mean over c of F_c                           macro F1              (4)
//! ```
//!
//! over the classes with a segment. The prediction is from the probabilities summed over the segment.

use serde::{Deserialize, Serialize};

/// The confusion matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByClass {
    classes: usize,
    /// `[C, C]`: row c has the segments of class c, by prediction.
    counts: Vec<u64>,
}

impl ByClass {
    /// An empty matrix of `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    /// Counts one segment of class `label` with prediction `said`.
    pub fn add(&mut self, label: usize, said: usize) {
        self.counts[label * self.classes + said] += 1;
    }

    /// Counts all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (to, from) in self.counts.iter_mut().zip(&other.counts) {
            *to += from;
        }
    }

    /// Segments of class `c`.
    pub fn segments(&self, c: usize) -> u64 {
        self.counts[c * self.classes..(c + 1) * self.classes]
            .iter()
            .sum()
    }

    /// (1) of each class, `[C]`; `None` for one without a segment.
    pub fn recalls(&self) -> Vec<Option<f64>> {
        let recall = |c: usize| {
            let of = self.segments(c);
            (of > 0).then(|| self.right(c) as f64 / of as f64)
        };
        (0..self.classes).map(recall).collect()
    }

    /// (2); `None` without a segment.
    pub fn balanced(&self) -> Option<f64> {
        mean(self.recalls().into_iter().flatten())
    }

    /// (4); `None` without a segment.
    pub fn macro_f1(&self) -> Option<f64> {
        let heard = (0..self.classes).filter(|&c| self.segments(c) > 0);
        mean(heard.map(|c| {
            let said = self.counts.iter().skip(c).step_by(self.classes);
            let both = self.segments(c) + said.sum::<u64>();
            2.0 * self.right(c) as f64 / both as f64
        }))
    }

    fn right(&self, c: usize) -> u64 {
        self.counts[c * self.classes + c]
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class 0: 8 of 10 correct, 2 predicted as 1. Class 1: 1 of 2 correct, 1 predicted as 0. No segment of
    /// class 2.
    fn counted() -> ByClass {
        let mut counts = ByClass::new(3);
        for (label, said, times) in [(0, 0, 8), (0, 1, 2), (1, 1, 1), (1, 0, 1)] {
            for _ in 0..times {
                counts.add(label, said);
            }
        }
        counts
    }

    #[test]
    fn recalls_balanced_accuracy_and_f1_are_those_by_hand() {
        let counts = counted();
        assert_eq!(counts.recalls(), [Some(0.8), Some(0.5), None]);
        assert!((counts.balanced().unwrap() - 0.65).abs() < 1e-12);
        let by_hand = f64::midpoint(16.0 / 19.0, 2.0 / 5.0);
        assert!((counts.macro_f1().unwrap() - by_hand).abs() < 1e-12);
        assert_eq!(ByClass::new(3).balanced(), None);
        assert_eq!(ByClass::new(3).macro_f1(), None);
    }

    #[test]
    fn parts_add_up() {
        let mut twice = ByClass::default();
        twice.merge(&counted());
        twice.merge(&counted());
        assert_eq!(twice.segments(0), 20);
        assert_eq!(twice.recalls(), counted().recalls());
    }
}
