//! A recurrent layer whose input alone decides how much the state may move.
//!
//! Each unit of a plain recurrent layer gets a gate g that reads the present input and nothing else. Where
//! the gate is open the unit takes its new value, where it is shut the unit holds what it has. A layer can
//! so learn to let no noise in, for any state: the baseline of training a layer to forget by itself. The gate
//! does not see the state, so it cannot tell an input that is new from one that was seen before; that is
//! what sets it apart from the update gate of [`crate::gru`].
//!
//! ```text
//! (1) g_t = sigmoid(W_g x_t + b_g)
//! (2) n_t = tanh(W_n x_t + b_n + U h_{t-1})
//! (3) h_t = (1 - g_t) h_{t-1} + g_t n_t
//! ```
//!
//! In silence (x = 0) every g is sigmoid(b_g), and h moves by that share towards n at each step: with
//! `gate_bias` far below 0 the state stays, and else it decays towards the fixed point of
//! h = tanh(b_n + U h), the faster the larger the bias is.
//!
//! | symbol   | field          | meaning                             | shape     |
//! |----------|----------------|-------------------------------------|-----------|
//! | x        |                | input, values or event counts       | `[I]`     |
//! | W_g, W_n | `weight_ih_l0` | input weights, one above the other  | `[2H, I]` |
//! | U        | `weight_hh_l0` | recurrent weights                   | `[H, H]`  |
//! | b_g, b_n | `bias_ih_l0`   | offsets, one above the other        | `[2H]`    |
//! | g        | drive `g`      | gate, in (0, 1)                     | `[H]`     |
//! | n        | drive          | candidate, in (-1, 1)               | `[H]`     |
//! | h        | state `h`      | activity, in (-1, 1)                | `[H]`     |
//!
//! **Source.** The update gate of Cho et al. 2014, equation 7, without its recurrent weights and without a
//! reset gate, over the layer of Elman 1990; where g = 1 it is [`crate::rnn`] to the bit. **Departures.**
//! From both, as said; no library has the cell. Weights and offsets start uniform in ±1/sqrt(H), but b_g
//! at `gate_bias`, and U orthogonal times `recurrent_gain`, as in [`crate::rnn`]. Under n active channels with
//! counts of 1 the sums of W start at about ±sqrt(n / (3 H)): with 128 units on 700 channels of which 2-13 %
//! are active, ±0.2 to ±0.5, so that g starts in 0.2 to 0.4, open enough to learn.

use saturn_cell::elementary::{sigmoid, tanh};
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, Kind, Lane, Params, Real, Size, Step, blocks,
    blocks_mut, init,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recurrent::{Recurrent, Units};

/// What an input-gated recurrent layer is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputGatedRnnConfig {
    /// Number of units H; at least 1, default 128.
    pub hidden: usize,
    /// What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
    /// 1 the layer starts by forgetting as its gates open; larger remembers longer, and above 1 the layer
    /// may never forget.
    pub recurrent_gain: f64,
    /// The gates' offset at the start, which is learnt from there; any finite number, default -1. In
    /// silence the state moves by the share sigmoid(`gate_bias`) at each step: 0.0025 for -6 (it stays),
    /// 0.27 for -1, 0.5 for 0, 0.95 for 3 (a plain recurrent layer). Far below 0 the gates learn slowly.
    pub gate_bias: f64,
}

impl Default for InputGatedRnnConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent_gain: 0.9,
            gate_bias: -1.0,
        }
    }
}

impl CellConfig for InputGatedRnnConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        ConfigError::unless_at_least_zero("recurrent_gain", self.recurrent_gain)?;
        let bias = self.gate_bias;
        ConfigError::unless(bias.is_finite(), "gate_bias", bias, "finite")
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: 2 * (h * inputs) + h * h + 2 * h,
            copies: 2 * (h * h),
            drive: 2 * h,
            state: h,
            output: h,
            drawing: init::orthogonal_cost(h),
            scratch: 3 * (h * h),
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(InputGatedRnn::new(self, inputs, dt_ms, rng)?))
    }
}

/// An input-gated recurrent layer of H units. The state is h `[H]`; the drive `[2H]` is, after `advance`, g and
/// n, each `[H]`.
///
/// Parameters: `weight_ih_l0 [2H, I]`, `weight_hh_l0 [H, H]`, `bias_ih_l0 [2H, 1]`.
pub type InputGatedRnn<R> = Recurrent<R, InputGatedUnits>;

/// (1) to (3), the sums being added up.
#[derive(Clone, Debug)]
pub struct InputGatedUnits;

impl<R: Real> Units<R> for InputGatedUnits {
    type Config = InputGatedRnnConfig;
    const NAME: &'static str = "input_gated_rnn";
    const OWN: std::ops::Range<usize> = 1..2;
    const GATES: &'static [(&'static str, usize)] = &[("g", 0)];

    fn hidden(config: &InputGatedRnnConfig) -> usize {
        config.hidden
    }

    fn draw(config: &InputGatedRnnConfig, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R> {
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(2 * h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let mut bias = init::uniform(2 * h, 1, bound, rng);
        bias.as_mut_slice()[..h].fill(R::of(config.gate_bias));
        Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent)
            .with("bias_ih_l0", Kind::Bias, bias)
    }

    fn new(_config: &InputGatedRnnConfig, _params: &Params<R>) -> Self {
        Self
    }
}

impl<R: Real> Step<R> for InputGatedUnits {
    /// (1) to (3)
    #[inline(always)]
    fn step(&self, drive: &mut [R], h: &[R], h_next: &mut [R]) {
        let [g, n] = blocks_mut(drive);
        for g in &mut *g {
            *g = sigmoid(*g); // (1)
        }
        for n in &mut *n {
            *n = tanh(*n); // (2)
        }
        each([h_next], [g, n, h], |_, [g, n, h]| {
            [(R::one() - g) * h + g * n] // (3)
        });
    }

    /// (3)ᵀ, with the slopes of (1) and (2): the drive's adjoint, and what reaches the state before past n.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        _grad: &mut Params<R>,
    ) {
        let ([g, n], [d_g, d_n]) = (blocks(at.drive), blocks_mut(d_drive));
        let one = R::one();
        each([d_g, d_n, adj], [g, n, at.prev], |[.., adj], [g, n, h]| {
            let d_n = adj * g * (one - n * n);
            [adj * (n - h) * g * (one - g), d_n, adj * (one - g)]
        });
    }
}

#[cfg(test)]
mod tests;
