//! What a recurrent layer with surprisal feedback is made of.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size, init};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SurprisalRnn;

/// What a recurrent layer with surprisal feedback is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SurprisalRnnConfig {
    /// Number of units H; at least 1, default 128.
    pub hidden: usize,
    /// What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
    /// 1 the layer starts by forgetting, in about 1 / (1 - gain) steps; larger remembers longer, and
    /// above 1 the layer may never forget.
    pub recurrent_gain: f64,
    /// What units take from the surprisal starts uniform within this and its negative; at least 0, default
    /// 1. Larger starts with units that heed the surprisal more; 0 starts as a plain recurrent layer.
    pub surprisal_gain: f64,
    /// What every channel is expected to count in a step at the start; above 0, default 0.03. Best near the
    /// mean of the data: larger finds silence surprising, smaller any event.
    pub start_rate: f64,
    /// Whether the gradient through the surprisal ends at the head, default false: the head still learns,
    /// but activity and input are then not shaped by what they do to the surprisal.
    pub detach_surprisal: bool,
}

impl Default for SurprisalRnnConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent_gain: 0.9,
            surprisal_gain: 1.0,
            start_rate: 0.03,
            detach_surprisal: false,
        }
    }
}

impl CellConfig for SurprisalRnnConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        ConfigError::unless_at_least_zero("recurrent_gain", self.recurrent_gain)?;
        ConfigError::unless_at_least_zero("surprisal_gain", self.surprisal_gain)?;
        ConfigError::unless_positive("start_rate", self.start_rate)
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: 2 * (h * inputs) + h * h + 2 * h + inputs,
            copies: 2 * (h * h + h * inputs),
            drive: 2 * h + inputs + 1.into(),
            state: h,
            output: h,
            drawing: init::orthogonal_cost(h),
            scratch: 3 * (h * h),
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(SurprisalRnn::new(self, inputs, dt_ms, rng)?))
    }
}
