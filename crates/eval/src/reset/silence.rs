//! A reset when the input falls silent, from the input alone.
//!
//! With n_t the events of step t (of a frame the energy, Σ x²), w the window and theta the threshold,
//!
//! ```text
//! (1) silent(t) = n_t + n_{t-1} + .. + n_{t-w+1} <= theta w        from step w - 1 on
//! (2) reset before step t  if silent(t) and not silent(t-1)
//! ```
//!
//! so that a silence triggers once, at its w-th step, and the state that builds up afterwards is kept. The
//! fill of a gap is part of the input: in a noise gap, theta must be above its rate.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Policy, PolicyConfig, PolicyError, Seen, recalled, remembered};

/// When the input counts as silent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Silence {
    /// Events a step (of frames the energy, Σ x²), in the mean of the window, up to which the input is
    /// silent; 0 or more, default 0. Larger: more counts as silence.
    pub threshold: f64,
    /// Steps of the window; 1 to 100,000, default 10. More: only longer silences count, and are answered
    /// later.
    pub window: u64,
}

/// The longest window, in steps.
const LONGEST: u64 = 100_000;

impl Default for Silence {
    fn default() -> Self {
        Self {
            threshold: 0.0,
            window: 10,
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { threshold, window } = self;
        write!(f, "silence_of_{window}_steps")?;
        if *threshold > 0.0 {
            write!(f, "_at_{threshold}")?;
        }
        Ok(())
    }
}

impl PolicyConfig for Silence {
    fn label(&self) -> String {
        let Self { threshold, window } = self;
        let at = if *threshold > 0.0 {
            format!(" at {threshold}")
        } else {
            String::new()
        };
        format!("reset after silence of {window} steps{at}")
    }

    fn check(&self) -> Result<(), PolicyError> {
        let threshold = self.threshold;
        let fits = threshold.is_finite() && threshold >= 0.0;
        PolicyError::unless(fits, "threshold", threshold, "0 or more")?;
        let fits = (1..=LONGEST).contains(&self.window);
        PolicyError::unless(fits, "window", self.window as f64, "1 to 100000")
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(Ear {
            most: self.threshold * self.window as f64,
            ring: vec![0.0; self.window as usize],
            sum: 0.0,
            silent: false,
        })
    }
}

struct Ear {
    /// Events of a window that is just silent.
    most: f64,
    /// Events of the last w steps.
    ring: Vec<f64>,
    sum: f64,
    silent: bool,
}

impl Policy for Ear {
    fn decide(&mut self, seen: &Seen) -> Action {
        let window = self.ring.len() as u64;
        let slot = (seen.step % window) as usize;
        self.sum += seen.input - std::mem::replace(&mut self.ring[slot], seen.input);
        if slot == 0 {
            // Recomputed once per round, so that rounding errors do not accumulate over a long stream.
            self.sum = self.ring.iter().sum();
        }
        let before = self.silent;
        self.silent = seen.step + 1 >= window && self.sum <= self.most; // (1)
        if self.silent && !before {
            Action::Reset // (2)
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&(&self.ring, self.sum, self.silent))
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|memory| {
            (self.ring, self.sum, self.silent) = memory;
            true
        })
    }
}
