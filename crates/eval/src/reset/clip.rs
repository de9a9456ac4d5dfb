//! A state that is bounded: before each step, no value is further from 0 than c.
//!
//! Real values are cut at ±c; complex ones keep their phase and are cut at the modulus c. Spikes are
//! unchanged. This tests whether growth of the state harms a network on an endless stream.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Needs, Policy, PolicyConfig, PolicyError, Seen};

/// The bound, in the units of the state (tanh units reach 1, a membrane fires at its threshold); above 0.
/// Larger: less is clipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Clip(#[schemars(range(min = 0.0))] pub f64);

impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "clip_at_{}", self.0)
    }
}

impl PolicyConfig for Clip {
    fn check(&self) -> Result<(), PolicyError> {
        PolicyError::unless_positive("", self.0)
    }

    fn needs(&self) -> Needs {
        Needs {
            by_step: true,
            ..Needs::default()
        }
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(*self)
    }
}

impl Policy for Clip {
    fn decide(&mut self, _seen: &Seen) -> Action {
        Action::Clip(self.0)
    }
}
