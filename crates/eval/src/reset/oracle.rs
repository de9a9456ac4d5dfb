//! A reset at each sample's first step: the reference, which is impossible in operation, since the boundaries
//! of samples are unknown.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Policy, PolicyConfig, Seen};

/// Known boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Oracle {}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("oracle")
    }
}

impl PolicyConfig for Oracle {
    fn label(&self) -> String {
        "oracle reset".to_owned()
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(*self)
    }

    fn has_settings(&self) -> bool {
        false
    }
}

impl Policy for Oracle {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.begins {
            Action::Reset
        } else {
            Action::Leave
        }
    }
}
