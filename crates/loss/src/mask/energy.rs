//! Energy: the input is informative where it is concentrated on few channels.
//!
//! ```text
//! a_i,t = (1/w) Σ_{k<w} x_i,t-k                (1)   each channel, smoothed
//! e_t   = Σ_i a_i,t²                           (2)   the statistic, in events² a step²
//! ```
//!
//! Of inputs with the same number of events, the one confined to fewer channels for longer has more energy:
//! so (2) detects a formant among noise with as many events, and [`super::event_count`] does not. A smaller
//! window makes (2) noisier, as a single event squared is 1 wherever it falls.
//!
//! At the start of a stream the mean runs over the steps so far.
//!
//! | symbol | field | what | unit |
//! |---|---|---|---|
//! | x | `units`, `counts` | events of a step | events |
//! | w | `window` | steps that the mean runs over | steps |

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_scale, check_window};
use crate::LossError;

/// A mask by energy, as a scenario writes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnergyConfig {
    /// Steps that each channel is averaged over. Default 4, range 1 and above. Larger: steadier and later.
    pub window: usize,
    /// Steps that the mask stays up after the energy fell. Default 0. Larger: bridges longer pauses inside
    /// a sample, and is late after its end.
    pub hangover: usize,
    /// Factor on the threshold after fitting it to training streams. Default 1, range above 0. Less: more
    /// steps count as informative.
    pub threshold_scale: f64,
}

impl Default for EnergyConfig {
    fn default() -> Self {
        Self {
            window: 4,
            hangover: 0,
            threshold_scale: 1.0,
        }
    }
}

impl EnergyConfig {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If the window is empty, or the scale not above 0.
    pub fn check(&self) -> Result<(), LossError> {
        check_window(self.window)?;
        check_scale(self.threshold_scale)
    }
}

/// The energy of one lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Energy {
    window: usize,
    /// The events of the last steps, at most w of them.
    recent: VecDeque<Vec<(u32, f32)>>,
    /// Sums by channel, all zero between steps.
    sums: Vec<f64>,
}

impl Energy {
    /// At the start of a stream.
    ///
    /// # Errors
    /// If the window is empty.
    pub fn new(config: &EnergyConfig) -> Result<Self, LossError> {
        config.check()?;
        Ok(Self {
            window: config.window,
            recent: VecDeque::new(),
            sums: Vec::new(),
        })
    }

    /// Back to the start of a stream.
    pub fn clear(&mut self) {
        self.recent.clear();
    }

    /// Takes in one step's `units` and their `counts`, and returns the statistic, equation (2).
    pub fn observe(&mut self, units: &[u32], counts: &[f32]) -> f64 {
        let mut now = if self.recent.len() == self.window {
            self.recent.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        now.clear();
        now.extend(units.iter().copied().zip(counts.iter().copied()));
        self.recent.push_back(now);
        // Summed afresh: running sums would drift on an endless stream.
        for &(unit, count) in self.recent.iter().flatten() {
            let unit = unit as usize;
            if unit >= self.sums.len() {
                self.sums.resize(unit + 1, 0.0);
            }
            self.sums[unit] += f64::from(count);
        }
        let steps = self.recent.len() as f64;
        let mut energy = 0.0;
        for &(unit, _) in self.recent.iter().flatten() {
            // Each channel once: its sum is cleared when it is read.
            let mean = std::mem::take(&mut self.sums[unit as usize]) / steps; // (1)
            energy += mean * mean; // (2)
        }
        energy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed() {
        let mut energy = Energy::new(&EnergyConfig {
            window: 2,
            ..EnergyConfig::default()
        })
        .unwrap();
        assert_eq!(energy.observe(&[0, 3], &[2.0, 1.0]), 5.0);
        // Means (1, 0, 0, 1.5): channel 3 continues.
        assert_eq!(energy.observe(&[3], &[2.0]), 1.0 + 2.25);
        assert_eq!(energy.observe(&[], &[]), 1.0);
        assert_eq!(energy.observe(&[], &[]), 0.0);
        energy.clear();
        assert_eq!(energy.observe(&[1], &[3.0]), 9.0);
    }

    #[test]
    fn the_same_events_in_fewer_channels_have_more_energy() {
        let config = EnergyConfig::default();
        let (mut narrow, mut wide) = (Energy::new(&config).unwrap(), Energy::new(&config).unwrap());
        for t in 0..8 {
            let n = narrow.observe(&[5], &[2.0]);
            let w = wide.observe(&[t, t + 20], &[1.0, 1.0]);
            assert!(n > w);
        }
    }
}
