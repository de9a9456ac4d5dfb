//! Long short-term memory (LSTM).
//!
//! A unit has a memory c next to its activity h. Three gates say how much of the candidate g is written to
//! the memory (i), how much of the memory is kept (f), and how much of it shows (o). What is kept passes
//! through no squashing, so a unit whose f stays at 1 keeps its memory for as long as it likes.
//!
//! ```text
//! (1) i_t = sigmoid(W_i x_t + b_i + U_i h_{t-1})
//! (2) f_t = sigmoid(W_f x_t + b_f + U_f h_{t-1})
//! (3) g_t = tanh(W_g x_t + b_g + U_g h_{t-1})
//! (4) o_t = sigmoid(W_o x_t + b_o + U_o h_{t-1})
//! (5) c_t = f_t c_{t-1} + i_t g_t
//! (6) h_t = o_t tanh(c_t)
//! ```
//!
//! | symbol             | field               | meaning                                  | shape     |
//! |--------------------|---------------------|------------------------------------------|-----------|
//! | x                  |                     | input, values or event counts            | `[I]`     |
//! | W_i, W_f, W_g, W_o | `weight_ih_l0`      | input weights, one above the other       | `[4H, I]` |
//! | U_i, U_f, U_g, U_o | `weight_hh_l0`      | recurrent weights, likewise              | `[4H, H]` |
//! | b_i, b_f, b_g, b_o | `bias_ih_l0`        | offsets, likewise                        | `[4H]`    |
//! | i, f, o            | drive `i`, `f`, `o` | gates, in (0, 1)                         | `[H]`     |
//! | g                  | drive               | candidate, in (-1, 1)                    | `[H]`     |
//! | h                  | state `h`           | activity, in (-1, 1)                     | `[H]`     |
//! | c                  | state `c`           | memory: no bound, at most 1 more a step  | `[H]`     |
//!
//! **Source.** Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber & Cummins 2000, in
//! the form of PyTorch's `nn.LSTM`, which has no peepholes. Names, shapes and order are PyTorch's.
//! **Departures.** PyTorch has two biases that only ever act as their sum; there is one here, so weights
//! that come from PyTorch load with b = `bias_ih_l0` + `bias_hh_l0`, and go to it with `bias_hh_l0` = 0.
//! All start uniform in ±1/sqrt(H), as there; then `forget_bias` is added to b_f, where PyTorch adds
//! nothing and so starts by forgetting half of its memory at every step. Under n active channels with
//! counts of 1 the sums start at about ±sqrt(n / (3 H)): with 128 units on 700 channels of which 2-13 % are
//! active, ±0.2 to ±0.5, so i and o start near 1/2 and f near sigmoid(1) = 0.73.

use saturn_cell::elementary::{sigmoid, tanh};
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, FieldKind, Kind, Lane, Params, Real, Size, Step, blocks,
    blocks_mut, init,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recurrent::{Recurrent, Units};

/// What a layer of long short-term memory is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LstmConfig {
    /// Number of units H; at least 1, default 128.
    pub hidden: usize,
    /// Added to the forget gates' offsets at the start; any finite number, default 1. Larger starts with a
    /// longer memory: of what a unit holds, sigmoid(`forget_bias`) is left after a step of silence, 0.5
    /// for 0, 0.73 for 1, 0.95 for 3.
    pub forget_bias: f64,
}

impl Default for LstmConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            forget_bias: 1.0,
        }
    }
}

impl CellConfig for LstmConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        let bias = self.forget_bias;
        ConfigError::unless(bias.is_finite(), "forget_bias", bias, "finite")
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: 4 * (h * inputs + h * h) + 4 * h,
            copies: 8 * (h * h),
            drive: 4 * h,
            state: 2 * h,
            output: h,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Lstm::new(self, inputs, dt_ms, rng)?))
    }
}

/// A layer of H units of long short-term memory.
///
/// The state is h, c, each `[H]`. The drive `[4H]` is, after `advance`, i, f, g, o, each `[H]`.
///
/// Parameters: `weight_ih_l0 [4H, I]`, `weight_hh_l0 [4H, H]`, `bias_ih_l0 [4H, 1]`.
pub type Lstm<R> = Recurrent<R, LstmUnits>;

/// (1) to (6), the sums being added up.
#[derive(Clone, Debug)]
pub struct LstmUnits;

impl<R: Real> Units<R> for LstmUnits {
    type Config = LstmConfig;
    const NAME: &'static str = "lstm";
    const STATE: &'static [(&'static str, FieldKind)] =
        &[("h", FieldKind::Tanh), ("c", FieldKind::Value)];
    const OWN: std::ops::Range<usize> = 0..4;
    const GATES: &'static [(&'static str, usize)] = &[("i", 0), ("f", 1), ("o", 3)];

    fn hidden(config: &LstmConfig) -> usize {
        config.hidden
    }

    fn draw(config: &LstmConfig, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R> {
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let mut draw = |columns| init::uniform(4 * h, columns, bound, rng);
        let (weight, recurrent, mut bias) = (draw(inputs), draw(h), draw(1));
        for b in &mut bias.as_mut_slice()[h..2 * h] {
            *b += R::of(config.forget_bias);
        }
        Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent)
            .with("bias_ih_l0", Kind::Bias, bias)
    }

    fn new(_config: &LstmConfig, _params: &Params<R>) -> Self {
        Self
    }
}

impl<R: Real> Step<R> for LstmUnits {
    /// (1) to (6)
    #[inline(always)]
    fn step(&self, drive: &mut [R], prev: &[R], next: &mut [R]) {
        let ([_, c], [h_next, c_next]) = (blocks(prev), blocks_mut(next));
        let [i, f, g, o] = blocks_mut(drive);
        for gates in [&mut *i, &mut *f, &mut *o] {
            for gate in gates {
                *gate = sigmoid(*gate); // (1), (2), (4)
            }
        }
        for g in &mut *g {
            *g = tanh(*g); // (3)
        }
        each([c_next], [f, c, i, g], |_, [f, c, i, g]| [f * c + i * g]); // (5)
        each([h_next], [o, c_next], |_, [o, c]| [o * tanh(c)]); // (6)
    }

    /// (6)ᵀ to (1)ᵀ: the drive's adjoint, and that of the memory before. The adjoint of h is used up.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        _grad: &mut Params<R>,
    ) {
        let ([i, f, g, o], [d_i, d_f, d_g, d_o]) = (blocks(at.drive), blocks_mut(d_drive));
        let ([_, c], [_, c_next]) = (blocks(at.prev), blocks(at.next));
        let ([d_h, d_c], one) = (blocks_mut(adj), R::one());
        // (6)ᵀ, with the slope of (4).
        each([d_o, d_c], [d_h, o, c_next], |[_, d_c], [d_h, o, c]| {
            let shown = tanh(c);
            let d_o = d_h * shown * o * (one - o);
            [d_o, d_c + d_h * o * (one - shown * shown)]
        });
        d_h.fill(R::zero());
        // (5)ᵀ, with the slopes of (1) and (3).
        each([d_i, d_g], [d_c, i, g], |_, [d_c, i, g]| {
            [d_c * g * i * (one - i), d_c * i * (one - g * g)]
        });
        // (5)ᵀ, with the slope of (2).
        each([d_f, d_c], [f, c], |[_, d_c], [f, c]| {
            [d_c * c * f * (one - f), d_c * f]
        });
    }
}

#[cfg(test)]
mod tests;
