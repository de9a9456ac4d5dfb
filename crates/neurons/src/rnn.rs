//! The plain recurrent layer (RNN, Elman network).
//!
//! Each unit squashes the sum of its input and of what all units of the layer were one step before. There
//! is no gate: how long the layer remembers is in the recurrent weights alone.
//!
//! ```text
//! (1) d_t = W x_t + b + U h_{t-1}
//! (2) h_t = tanh(d_t)
//! ```
//!
//! | symbol | field          | meaning                       | shape    |
//! |--------|----------------|-------------------------------|----------|
//! | x      |                | input, values or event counts | `[I]`    |
//! | W      | `weight_ih_l0` | input weights                 | `[H, I]` |
//! | U      | `weight_hh_l0` | recurrent weights             | `[H, H]` |
//! | b      | `bias_ih_l0`   | offset                        | `[H]`    |
//! | h      | state `h`      | activity, in (-1, 1)          | `[H]`    |
//!
//! **Source.** Elman 1990; PyTorch's `nn.RNN(nonlinearity="tanh")` in names and shapes. **Departures.**
//! PyTorch has two biases that only ever act as their sum; there is one here, so weights that come from
//! PyTorch load with b = `bias_ih_l0` + `bias_hh_l0`, and go to it with `bias_hh_l0` = 0. U starts
//! orthogonal times `recurrent_gain` (Saxe, McClelland & Ganguli 2014), where PyTorch draws it as it does
//! W: uniform in ±1/sqrt(H), as here. Under n active channels with counts of 1, d then starts at about
//! ±sqrt(n / (3 H)): with 128 units on 700 channels of which 2-13 % are active, ±0.2 to ±0.5, alive and
//! not saturated.

use saturn_cell::elementary::tanh;
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, Kind, Lane, Params, Real, Size, Step, init,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recurrent::{Recurrent, Units};

/// What a plain recurrent layer is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RnnConfig {
    /// Number of units H; at least 1, default 128.
    pub hidden: usize,
    /// What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
    /// 1 the layer starts by forgetting, in about 1 / (1 - gain) steps; larger remembers longer, and
    /// above 1 the layer may never forget.
    pub recurrent_gain: f64,
    /// Whether each unit has an offset, default true.
    pub bias: bool,
}

impl Default for RnnConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent_gain: 0.9,
            bias: true,
        }
    }
}

impl CellConfig for RnnConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        ConfigError::unless_at_least_zero("recurrent_gain", self.recurrent_gain)
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: h * inputs + h * h + h.only_if(self.bias),
            copies: 2 * (h * h),
            drive: h,
            unread: h,
            state: h,
            output: h,
            drawing: init::orthogonal_cost(h),
            scratch: 3 * (h * h),
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Rnn::new(self, inputs, dt_ms, rng)?))
    }
}

/// A plain recurrent layer of H units. The state is h `[H]`; the drive is d `[H]`.
///
/// Parameters: `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, then, where configured, `bias_ih_l0 [H, 1]`.
pub type Rnn<R> = Recurrent<R, RnnUnits>;

/// (2)
#[derive(Clone, Debug)]
pub struct RnnUnits;

impl<R: Real> Units<R> for RnnUnits {
    type Config = RnnConfig;
    const NAME: &'static str = "rnn";
    const OWN: std::ops::Range<usize> = 0..1;
    const READS_DRIVE: bool = false;

    fn hidden(config: &RnnConfig) -> usize {
        config.hidden
    }

    fn draw(config: &RnnConfig, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R> {
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let params = Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent);
        if !config.bias {
            return params;
        }
        params.with("bias_ih_l0", Kind::Bias, init::uniform(h, 1, bound, rng))
    }

    fn new(_config: &RnnConfig, _params: &Params<R>) -> Self {
        Self
    }
}

impl<R: Real> Step<R> for RnnUnits {
    /// (2)
    #[inline(always)]
    fn step(&self, d: &mut [R], _h: &[R], h_next: &mut [R]) {
        each([h_next], [d], |_, [d]| [tanh(d)]); // (2)
    }

    /// (2)ᵀ: the adjoint of the state after the step is used up.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        delta: &mut [R],
        _grad: &mut Params<R>,
    ) {
        each([delta, adj], [at.next], |[_, adj], [h]| {
            [adj * (R::one() - h * h), R::zero()] // (2)ᵀ
        });
    }
}

#[cfg(test)]
mod tests;
