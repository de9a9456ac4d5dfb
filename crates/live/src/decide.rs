//! From probabilities to decisions: the boundary-free detector of [`saturn_eval::detector`], live.
//!
//! ```text
//! (1) q_c(t) = mean of p_c over the last `window` steps
//! (2) class(t) = argmax_c q_c(t),  score(t) = max_c q_c(t)
//! (3) detected: the score has been at or over the threshold, with the same class, for `hold` steps
//! ```
//!
//! A *decision* is the detected class, or none.

use serde::{Deserialize, Serialize};

use saturn_eval::detector::{DetectorConfig, MovingMean};

/// The output at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// (2) The class with the largest mean probability.
    pub class: usize,
    /// (2) That probability.
    pub score: f64,
    /// (3) Whether it is detected.
    pub detected: bool,
}

impl Said {
    /// The class that is detected.
    pub fn decision(&self) -> Option<usize> {
        self.detected.then_some(self.class)
    }
}

/// The detector of a live stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decider {
    mean: MovingMean,
    hold: u64,
    threshold: f64,
    /// Steps for which the score has been high enough with this class.
    run: u64,
    class: usize,
}

impl Decider {
    /// For `classes` classes.
    pub fn new(config: &DetectorConfig, classes: usize, threshold: f64) -> Self {
        Self {
            mean: MovingMean::new(config.window, classes),
            hold: config.hold,
            threshold,
            run: 0,
            class: 0,
        }
    }

    /// Whether both use the same number of classes and steps in the same way.
    pub fn fits(&self, other: &Self) -> bool {
        self.mean.is_sound()
            && self.mean.shape() == other.mean.shape()
            && (self.hold, self.threshold) == (other.hold, other.threshold)
    }

    /// One step's probabilities `[C]`, or more of them, of which the first are those of the classes.
    pub fn observe(&mut self, probabilities: &[f32]) -> Said {
        let (class, score) = self.mean.push(probabilities);
        self.run = match (score >= self.threshold, class == self.class) {
            (false, _) => 0,
            (true, true) => self.run + 1,
            (true, false) => 1,
        };
        self.class = class;
        Said {
            class,
            score,
            detected: self.run >= self.hold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_detected_while_it_holds() {
        let config = DetectorConfig {
            window: 1,
            hold: 3,
            tolerance: 0,
        };
        let mut decider = Decider::new(&config, 2, 0.7);
        let said: Vec<Option<usize>> = [0.5, 0.8, 0.9, 0.75, 0.8, 0.2, 0.2, 0.1, 0.6, 0.2]
            .into_iter()
            .map(|p| decider.observe(&[p, 1.0 - p]).decision())
            .collect();
        let (left, right) = (Some(0), Some(1));
        let none = None;
        assert_eq!(
            said,
            [none, none, none, left, left, none, none, right, none, none]
        );
    }
}
