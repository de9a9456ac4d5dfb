//! A training regime: an arm of a comparison.

use saturn_loss::{LossConfig, SpikeRateConfig};
use saturn_network::Outputs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::changes::TrainKeys;
use saturn_eval::precision::PrecisionConfig;

/// A training regime. Every arm uses the same samples in every update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// The input of one update: `single`, `lead` or `concatenated` (default).
    pub streams: Streams,
    /// The loss: `cross_entropy` (default), `adaptive`, `nothing` or `entropy`.
    pub loss: LossConfig,
    /// The state that a net starts an update from: `rest` (default), `passed` on from the update before,
    /// `noise` or `fitted_noise`.
    #[serde(skip_serializing_if = "InitialState::is_rest")]
    pub initial_state: InitialState,
    /// Steps K after which gradients are truncated, while the state continues (truncated back-propagation
    /// through time); 1 to 1,000,000,000, default none. Larger: closer to the full gradient; equal at the
    /// length of the sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grad_detach: Option<usize>,
    /// Forward propagation through time: weights step within the stream; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fptt: Option<FpttConfig>,
    /// Costs for firing too much or too little, on every spiking layer; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike_rate: Option<SpikeRateConfig>,
    /// Quantisation-aware training: weights and states of low precision, straight-through gradients; default
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake_quant: Option<PrecisionConfig>,
    /// Changes to `train` in this arm; they take precedence over a model's changes.
    #[serde(skip_serializing_if = "TrainKeys::is_empty")]
    pub train: TrainKeys,
}

/// The input of one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Streams {
    /// One sample from the initial state: standard training.
    Single,
    /// One gap, then one sample.
    Lead,
    /// `stream.samples` samples with their gaps, one after the other.
    #[default]
    Concatenated,
}

/// The state that a lane starts an update from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialState {
    /// The initial state.
    #[default]
    Rest,
    /// Where another sequence of the update before ended.
    Passed(PassedConfig),
    /// Rest and normal noise.
    Noise(NoiseConfig),
    /// Normal noise with the mean and deviation that each unit's state has where sequences end.
    FittedNoise,
}

impl InitialState {
    fn is_rest(&self) -> bool {
        *self == Self::Rest
    }
}

/// States that are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassedConfig {
    /// Chance that a lane gets a state rather than rest; 0 to 1, default 1. Larger: trained less for a fresh
    /// start and more for never being reset.
    pub probability: f64,
}

impl Default for PassedConfig {
    fn default() -> Self {
        Self { probability: 1.0 }
    }
}

/// Noise on the initial state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseConfig {
    /// Its standard deviation, in the state's own units; 0 or more, default 1. Larger: further from rest.
    pub std: f64,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self { std: 1.0 }
    }
}

/// Forward propagation through time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FpttConfig {
    /// Steps from one update of the weights to the next, K; 1 to 1,000,000,000, default 20. Larger: fewer updates
    /// with longer gradients.
    pub every: usize,
    /// How strongly weights are held to their running mean; above 0, default 0.5. Larger: slower and
    /// steadier.
    pub alpha: f64,
}

impl Default for FpttConfig {
    fn default() -> Self {
        Self {
            every: 20,
            alpha: 0.5,
        }
    }
}

impl Arm {
    /// The outputs of a network of `classes` classes that is trained so.
    pub fn outputs(&self, classes: usize) -> Outputs {
        let extra = self.loss.extra_outputs();
        Outputs { classes, extra }
    }
}
