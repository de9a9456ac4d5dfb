//! The configuration of `selective_ssm`.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SelectiveSsm;
use crate::continuous::check_steps;

/// How the input of a selective state-space model becomes steps; its states decay exactly in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectiveStep {
    /// Held during a step: f = (exp(ΔA) - 1) / A.
    #[default]
    Zoh,
    /// f = Δ, as in the published code.
    Euler,
}

/// A gated diagonal state-space model whose input decides what is forgotten, taken in and read.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SelectiveSsmConfig {
    /// H, units and outputs; at least 1; default 96.
    pub width: usize,
    /// N, states of each unit; at least 1; default 8. More remember over more lengths of time at once.
    pub states: usize,
    /// Whether states are complex, so that they also turn; default false.
    pub complex: bool,
    /// How the input becomes steps: `zoh` (default) or `euler`.
    pub discretization: SelectiveStep,
    /// Whether the output is gated by the input; default true.
    pub gate: bool,
    /// The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory is 1/Δ
    /// steps (2/Δ where complex): less means longer.
    pub dt_min: f64,
    /// The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least `dt_min`; default 0.2. More means shorter
    /// memories.
    pub dt_max: f64,
    /// Initial input weights are normal with standard deviation `input_gain / sqrt(I)`; at least 0, default 1.5.
    /// Larger selects more strongly.
    pub input_gain: f64,
}

impl Default for SelectiveSsmConfig {
    fn default() -> Self {
        Self {
            width: 96,
            states: 8,
            complex: false,
            discretization: SelectiveStep::default(),
            gate: true,
            dt_min: 0.002,
            dt_max: 0.2,
            input_gain: 1.5,
        }
    }
}

impl SelectiveSsmConfig {
    /// Real numbers a state.
    pub(super) fn parts(&self) -> usize {
        if self.complex { 2 } else { 1 }
    }
}

impl CellConfig for SelectiveSsmConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        ConfigError::unless_at_least_one("states", self.states)?;
        check_steps(self.dt_min, self.dt_max)?;
        ConfigError::unless_at_least_zero("input_gain", self.input_gain)
    }

    fn size(&self, inputs: Count) -> Size {
        let (h, n) = (Count::from(self.width), Count::from(self.states));
        let (poles, read) = (self.parts() * (h * n), 2 * (self.parts() * n));
        let projected = 2 * h + h.only_if(self.gate) + read;
        Size {
            parameters: projected * inputs + projected + h + poles,
            copies: 2 * poles,
            drive: projected + h,
            state: poles,
            output: h,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(SelectiveSsm::new(self, inputs, dt_ms, rng)?))
    }
}
