//! What a layer of windowed attention is made of.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WindowedAttention;

/// What a layer of windowed attention is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WindowedAttentionConfig {
    /// D, rows of queries, keys, values and of the output; at least 1 and a multiple of `heads`, default
    /// 32. Larger tells more inputs apart, at the price of more state.
    pub width: usize,
    /// M, heads; at least 1, default 4. More look back in more ways at once, each on fewer rows.
    pub heads: usize,
    /// L, how many steps are seen, the present one included; at least 1, default 32. Larger remembers for
    /// longer, at the price of more state; what is older is forgotten entirely.
    pub window: usize,
}

impl Default for WindowedAttentionConfig {
    fn default() -> Self {
        Self {
            width: 32,
            heads: 4,
            window: 32,
        }
    }
}

impl CellConfig for WindowedAttentionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        ConfigError::unless_at_least_one("heads", self.heads)?;
        ConfigError::unless_at_least_one("window", self.window)?;
        if !self.width.is_multiple_of(self.heads) {
            return Err(ConfigError::Mismatch {
                key: "width",
                value: self.width,
                allowed: format!("a multiple of `heads`, which is {}", self.heads),
            });
        }
        Ok(())
    }

    fn size(&self, inputs: Count) -> Size {
        let (d, window) = (Count::from(self.width), Count::from(self.window));
        let slots = window * self.heads.into();
        Size {
            parameters: 3 * (d * inputs) + d * d + 4 * d + slots,
            drive: 4 * d + slots,
            state: 2 * (d * window) + window,
            output: d,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(WindowedAttention::new(self, inputs, dt_ms, rng)?))
    }
}
