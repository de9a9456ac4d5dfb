//! The mean of the last probabilities (1), and its largest entry (2).

use serde::{Deserialize, Serialize};

/// A ring of the last w probability vectors, with their sum.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MovingMean {
    classes: usize,
    /// `[C, w]`, one column a step.
    ring: Vec<f32>,
    /// `[C]`.
    sum: Vec<f64>,
    /// Columns filled, and the column that is written next.
    filled: usize,
    next: usize,
}

impl MovingMean {
    /// Empty: over `window` steps of `classes` probabilities.
    pub fn new(window: usize, classes: usize) -> Self {
        Self {
            classes,
            ring: vec![0.0; classes * window],
            sum: vec![0.0; classes],
            filled: 0,
            next: 0,
        }
    }

    /// Classes and steps.
    pub fn shape(&self) -> (usize, usize) {
        (self.classes, self.ring.len())
    }

    /// Whether data read from a file are valid.
    pub fn is_sound(&self) -> bool {
        let window = self.ring.len() / self.classes.max(1);
        self.ring.len() == window * self.classes
            && self.sum.len() == self.classes
            && self.filled <= window
            && self.next < window
    }

    /// Takes one step's probabilities; gives the class with the largest mean (the first of equals) and
    /// that mean.
    pub fn push(&mut self, probabilities: &[f32]) -> (usize, f64) {
        let c = self.classes;
        let window = self.ring.len() / c.max(1);
        let slot = &mut self.ring[self.next * c..(self.next + 1) * c];
        for ((sum, old), &new) in self.sum.iter_mut().zip(slot).zip(&probabilities[..c]) {
            *sum += f64::from(new) - f64::from(*old);
            *old = new;
        }
        self.filled = (self.filled + 1).min(window);
        self.next += 1;
        if self.next == window {
            self.next = 0;
            // Recomputed once per round, so that neither rounding errors accumulate over a long stream, nor a
            // NaN or infinite value persists.
            for (k, sum) in self.sum.iter_mut().enumerate() {
                *sum = self.ring[k..]
                    .iter()
                    .step_by(c)
                    .copied()
                    .map(f64::from)
                    .sum();
            }
        }
        let (mut class, mut largest) = (0, f64::NEG_INFINITY);
        for (k, &sum) in self.sum.iter().enumerate() {
            if sum > largest {
                (class, largest) = (k, sum);
            }
        }
        (class, largest / self.filled as f64)
    }
}
