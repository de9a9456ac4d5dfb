//! How a net does on the validation set after an epoch.

use serde::{Deserialize, Serialize};

/// Accuracy and cross-entropy on the validation set.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Validation {
    /// Share of samples whose probabilities, summed over the segment, are highest for their class.
    pub summed: f64,
    /// Mean over classes of that share.
    #[serde(default)]
    pub balanced: f64,
    /// Share of samples predicted correctly at their last step.
    pub last: f64,
    /// Mean over samples of -log of the true class's share of the summed probabilities, nats.
    pub surprise: f64,
}

impl Validation {
    /// Better: higher accuracy or, if `balanced`, higher mean recall; among equals, lower loss.
    pub fn better_than(&self, other: &Self, balanced: bool) -> bool {
        let right = |v: &Self| if balanced { v.balanced } else { v.summed };
        (right(self), -self.surprise) > (right(other), -other.surprise)
    }
}
