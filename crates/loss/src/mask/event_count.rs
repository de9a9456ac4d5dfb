//! The simplest estimate: the input is informative where there are many events.
//!
//! ```text
//! n_t = Σ_i x_i,t                              (1)   events of one step, all channels
//! a_t = (1/w) Σ_{k<w} n_{t-k}                  (2)   the statistic, in events a step
//! ```
//!
//! At the start of a stream the mean runs over the steps that there are. It parts samples from silence; it
//! is blind to noise that has as many events as a sample, for which there is [`super::contrast`].
//!
//! | symbol | field | what | unit |
//! |---|---|---|---|
//! | w | `window` | steps that the mean runs over | steps |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_scale, check_window};
use crate::LossError;

/// A mask by event count, as a scenario writes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventCountConfig {
    /// Steps that the count is averaged over. Default 2, range 1 and above. Larger: steadier and later.
    pub window: usize,
    /// Steps that the mask stays up after the count fell. Default 0. Larger: bridges longer pauses inside
    /// a sample, and is late after its end.
    pub hangover: usize,
    /// Factor on the threshold after fitting it to training streams. Default 1, range above 0. Less: more
    /// steps count as informative.
    pub threshold_scale: f64,
}

impl Default for EventCountConfig {
    fn default() -> Self {
        Self {
            window: 2,
            hangover: 0,
            threshold_scale: 1.0,
        }
    }
}

impl EventCountConfig {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If the window is empty, or the scale not above 0.
    pub fn check(&self) -> Result<(), LossError> {
        check_window(self.window)?;
        check_scale(self.threshold_scale)
    }
}

/// The smoothed count of one lane.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCount {
    /// The last w counts, a ring.
    recent: Vec<f64>,
    /// Steps seen, up to w.
    filled: usize,
    next: usize,
}

impl EventCount {
    /// At the start of a stream.
    ///
    /// # Errors
    /// If the window is empty.
    pub fn new(config: &EventCountConfig) -> Result<Self, LossError> {
        config.check()?;
        Ok(Self {
            recent: vec![0.0; config.window],
            filled: 0,
            next: 0,
        })
    }

    /// Back to the start of a stream.
    pub fn clear(&mut self) {
        self.recent.fill(0.0);
        self.filled = 0;
        self.next = 0;
    }

    /// Takes in one step and returns the statistic, equation (2), in events a step.
    pub fn observe(&mut self, counts: &[f32]) -> f64 {
        self.recent[self.next] = counts.iter().map(|c| f64::from(*c)).sum(); // (1)
        self.next = (self.next + 1) % self.recent.len();
        self.filled = (self.filled + 1).min(self.recent.len());
        // Summed afresh: a running sum would drift on an endless stream.
        self.recent.iter().sum::<f64>() / self.filled as f64 // (2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_over_the_window() {
        let mut count = EventCount::new(&EventCountConfig {
            window: 3,
            ..EventCountConfig::default()
        })
        .unwrap();
        let seen: Vec<f64> = [&[6.0][..], &[], &[1.0, 2.0], &[3.0], &[]]
            .iter()
            .map(|counts| count.observe(counts))
            .collect();
        assert_eq!(seen, [6.0, 3.0, 3.0, 2.0, 2.0]);
        count.clear();
        assert_eq!(count.observe(&[4.0]), 4.0);
    }
}
