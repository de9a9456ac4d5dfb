//! Resets at random: a control that separates the effect of resets from that of their timing.

use std::fmt;

use rand::RngExt;
use saturn_cell::rng::{ChaCha8Rng, generator};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Policy, PolicyConfig, PolicyError, Seen, recalled, remembered};

/// Probability of a reset at a step: above 0, at most 1. Larger: more resets, one in 1 / p steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Random(#[schemars(range(min = 0.0, max = 1.0))] pub f64);

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "random_{}", self.0)
    }
}

impl PolicyConfig for Random {
    fn check(&self) -> Result<(), PolicyError> {
        let fits = self.0 > 0.0 && self.0 <= 1.0;
        PolicyError::unless(fits, "", self.0, "above 0 and at most 1")
    }

    fn build(&self, seed: u64, lane: u64) -> Box<dyn Policy> {
        Box::new(Dice {
            rng: generator(seed, "random resets", lane),
            probability: self.0,
        })
    }
}

struct Dice {
    rng: ChaCha8Rng,
    probability: f64,
}

impl Policy for Dice {
    fn decide(&mut self, _seen: &Seen) -> Action {
        if self.rng.random_bool(self.probability) {
            Action::Reset
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&self.rng)
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|rng| {
            self.rng = rng;
            true
        })
    }
}
