//! A decaying state: before each step, its difference from the initial state is multiplied by gamma.
//!
//! After k steps gamma^k of a past remains, in addition to the network's own forgetting; a memory of tau
//! steps is gamma = exp(-1 / tau). Spikes are unchanged: they are the output of one step, not a memory.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Needs, Policy, PolicyConfig, PolicyError, Seen};

/// Factor of the state before each step: above 0, at most 1. Larger: a longer memory; 1 is `none`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Decay(#[schemars(range(min = 0.0, max = 1.0))] pub f64);

impl fmt::Display for Decay {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "decay_{}", self.0)
    }
}

impl PolicyConfig for Decay {
    fn check(&self) -> Result<(), PolicyError> {
        let fits = self.0 > 0.0 && self.0 <= 1.0;
        PolicyError::unless(fits, "", self.0, "above 0 and at most 1")
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

impl Policy for Decay {
    fn decide(&mut self, _seen: &Seen) -> Action {
        Action::Scale(self.0)
    }
}
