//! What a layer of adLIF neurons is configured by, and its ranges.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AdLif;
use crate::connections::{self, Connections};
use crate::decay::TimeConstants;
use crate::fan_in::FanInConfig;
use crate::firing::Firing;
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;

/// What a layer of adLIF neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in a scenario"
)]
pub struct AdLifConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0, default
    /// `[30, 150]`. Larger remembers longer.
    pub tau_mem_ms: TimeConstants,
    /// Time constant of the adaptation in ms, one number or a range to draw from; greater than 0, default
    /// `[100, 500]`. Larger oscillates more slowly.
    pub tau_adapt_ms: TimeConstants,
    /// Whether both time constants are learnt, one each a neuron, default true.
    pub learn_tau: bool,
    /// The largest a, no unit; initial ones are uniform in 0..`a_max`. At least 0, default 10, and below the
    /// limit (7) of the module. Larger oscillates faster, and answers steady input less.
    pub a_max: f64,
    /// The largest b, in units of the membrane; initial ones are uniform in 0..`b_max`. At least 0, default
    /// 20. Larger pauses longer after spikes.
    pub b_max: f64,
    /// Whether a and b are learnt, one each a neuron, default true.
    pub learn_adaptation: bool,
    /// Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    pub threshold: f64,
    /// What a spike does to the membrane, default `zero`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`.
    pub reset_gradient: ResetGradient,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the reverse
    /// pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate_cutoff: Option<f64>,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights (1 - alpha) W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1.5. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights (1 - alpha) W_r are normal with standard deviation `recurrent_scale /
    /// sqrt(K)`, where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5. Larger
    /// keeps activity going for longer.
    pub recurrent_scale: f64,
    /// Share of the recurrent connections that exist: each neuron reaches K = `density` H neurons, one or more,
    /// drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    #[serde(skip_serializing_if = "connections::is_complete")]
    pub density: f64,
    /// Seed of that draw where `density` is below 1, a whole number, default 0. The seed of a trial draws weights, not
    /// connections.
    #[serde(skip_serializing_if = "connections::is_first_seed")]
    pub connection_seed: u64,
}

impl Default for AdLifConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            tau_mem_ms: TimeConstants::Range([30.0, 150.0]),
            tau_adapt_ms: TimeConstants::Range([100.0, 500.0]),
            a_max: 10.0,
            b_max: 20.0,
            learn_adaptation: true,
            learn_tau: true,
            threshold: 1.0,
            spike_reset: SpikeReset::Zero,
            reset_gradient: ResetGradient::default(),
            surrogate: Surrogate::default(),
            surrogate_cutoff: None,
            bias: true,
            input_gain: 1.5,
            recurrent_scale: 0.5,
            density: 1.0,
            connection_seed: 0,
        }
    }
}

impl AdLifConfig {
    pub(super) fn fan_in(&self) -> FanInConfig {
        FanInConfig {
            hidden: self.hidden,
            recurrent: self.recurrent,
            bias: self.bias,
            input_gain: self.input_gain,
            recurrent_scale: self.recurrent_scale,
            connections: Connections {
                density: self.density,
                seed: self.connection_seed,
            },
        }
    }
}

impl CellConfig for AdLifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.tau_adapt_ms.check("tau_adapt_ms")?;
        self.surrogate.check()?;
        Firing::<f64>::check_cutoff(self.surrogate_cutoff)?;
        ConfigError::unless_at_least_zero("a_max", self.a_max)?;
        ConfigError::unless_at_least_zero("b_max", self.b_max)?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let learnt = usize::from(self.learn_tau) + usize::from(self.learn_adaptation);
        self.fan_in().size(inputs, 2 * learnt, 3)
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(AdLif::new(self, inputs, dt_ms, rng)?))
    }

    fn left_out(&self) -> Option<String> {
        self.surrogate.left_out(self.surrogate_cutoff?)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}
