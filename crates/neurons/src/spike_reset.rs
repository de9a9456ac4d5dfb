//! Spike resets: what a spike does to the membrane of its own neuron in the next step.
//!
//! With r for what is left of the membrane v_{t-1} after a spike s_{t-1}, and theta for the threshold,
//!
//! ```text
//! (1) v_t = a r + (input) - k s_{t-1},   r = (1 - z s_{t-1}) v_{t-1}
//! ```
//!
//! | `spike_reset` | z | k     | what a spike leaves                          |
//! |---------------|---|-------|----------------------------------------------|
//! | `subtract`    | 0 | theta | what was above the threshold, and the leak   |
//! | `zero`        | 1 | 0     | nothing                                      |
//! | `none`        | 0 | 0     | everything: spikes read out a linear filter  |
//!
//! These are the delayed resets of snnTorch (`reset_delay=True`): the membrane that is recorded at a
//! spike is the one that crossed the threshold. A spike reset has nothing to do with a *state reset*,
//! which resets a whole network.
//!
//! In the reverse pass the s_{t-1} of (1) carries a gradient (`full`), or is a constant (`detached`), as in
//! snnTorch. Zenke & Vogels 2021 find that detached resets train better.

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a spiking neuron does to its membrane in the step after a spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpikeReset {
    /// Subtracts the threshold; what was above it stays.
    #[default]
    Subtract,
    /// Forgets the membrane potential.
    Zero,
    /// Does nothing.
    None,
}

impl SpikeReset {
    /// z and k of equation (1).
    pub fn factors(self, threshold: f64) -> (f64, f64) {
        match self {
            Self::Subtract => (0.0, threshold),
            Self::Zero => (1.0, 0.0),
            Self::None => (0.0, 0.0),
        }
    }
}

/// Whether the gradient passes through the spike reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetGradient {
    /// The reset is differentiated like everything else.
    Full,
    /// The spike of the reset is a constant to the reverse pass.
    #[default]
    Detached,
}

impl ResetGradient {
    /// What the gradient through the reset is multiplied by: 1 or 0.
    pub fn factor<R: Real>(self) -> R {
        match self {
            Self::Full => R::one(),
            Self::Detached => R::zero(),
        }
    }
}
