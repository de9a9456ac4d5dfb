//! No reset at all: the condition under test.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Policy, PolicyConfig, Seen};

/// Never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Never {}

impl Never {
    /// The name of results without any reset.
    pub const NAME: &'static str = "none";
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

impl PolicyConfig for Never {
    fn label(&self) -> String {
        "never reset".to_owned()
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(*self)
    }

    fn has_settings(&self) -> bool {
        false
    }
}

impl Policy for Never {
    fn decide(&mut self, _seen: &Seen) -> Action {
        Action::Leave
    }
}
