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

use multiversion::multiversion;
use saturn_cell::elementary::tanh;
use saturn_cell::kernel::{Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Kind, Output, Params,
    Real, Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut, init, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Positions of the parameters; the bias may be absent.
const W: usize = 0;
const U: usize = 1;
const BIAS: usize = 2;

/// A plain recurrent layer of H units. The state is h `[H]`; the drive is d `[H]`.
#[derive(Clone, Debug)]
pub struct Rnn<R: Real> {
    config: RnnConfig,
    inputs: usize,
    /// `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, then, where configured, `bias_ih_l0 [H, 1]`.
    params: Params<R>,
    /// The recurrent weights and their transpose, laid out for a product at every step.
    recurrent: Panels<R>,
    recurrent_t: Transposed<R>,
}

impl<R: Real> Rnn<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &RnnConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let mut params = Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent);
        if config.bias {
            params = params.with("bias_ih_l0", Kind::Bias, init::uniform(h, 1, bound, rng));
        }
        Ok(Self {
            config: config.clone(),
            inputs,
            recurrent: Panels::of(&params[U]),
            recurrent_t: Transposed::of(&params[U]),
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &RnnConfig {
        &self.config
    }
}

impl<R: Real> Cell<R> for Rnn<R> {
    fn name(&self) -> &'static str {
        "rnn"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.inputs,
            drive: h,
            state: h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "h",
            rows: 0..self.config.hidden,
            kind: FieldKind::Tanh,
        }]
    }

    fn synapses(&self) -> Synapses {
        let h = self.config.hidden;
        Synapses {
            per_input: h,
            per_spike: 0,
            always: h * h,
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.recurrent.refresh(&self.params[U]);
        self.recurrent_t.refresh(&self.params[U]);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        if self.config.bias {
            kernel::set_bias(&mut drive, self.params[BIAS].as_slice());
        } else {
            kernel::fill_zero(&mut drive);
        }
        x.apply(self.params[W].as_view(), drive); // (1), all but U
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        self.recurrent.add_product(drive.as_view_mut(), prev); // (1)
        squash(drive, next); // (2)
    }

    fn output(&self) -> Output<'_, R> {
        Output::Rows(0..self.config.hidden)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        squash_backward(at.next, adj.as_view_mut(), d_drive.as_view_mut()); // (2)ᵀ
        // (1)ᵀ for the state before.
        self.recurrent_t.add_product(adj, d_drive.as_view());
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        // (1)ᵀ
        x.apply_backward(d_drive, grad[W].as_view_mut());
        kernel::add_product_by_transpose(grad[U].as_view_mut(), d_drive, at.prev);
        if self.config.bias {
            kernel::add_bias_backward(&d_drive, grad[BIAS].as_mut_slice());
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive);
        }
    }
}

/// (2)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn squash<R: Real>(drive: ViewMut<R>, mut next: ViewMut<R>) {
    let drive: View<R> = drive.as_view();
    for lane in 0..drive.ncols() {
        let h_next = column_mut(&mut next, lane).iter_mut();
        for (h_next, &d) in h_next.zip(column(&drive, lane)) {
            *h_next = tanh(d); // (2)
        }
    }
}

/// (2)ᵀ: the drive's adjoint from that of the state after the step, which is used up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn squash_backward<R: Real>(next: View<R>, mut adj: ViewMut<R>, mut d_drive: ViewMut<R>) {
    for lane in 0..next.ncols() {
        let delta = column_mut(&mut d_drive, lane).iter_mut();
        let after = column_mut(&mut adj, lane)
            .iter_mut()
            .zip(column(&next, lane));
        for (delta, (adj, &h)) in delta.zip(after) {
            *delta = *adj * (R::one() - h * h); // (2)ᵀ
            *adj = R::zero();
        }
    }
}

#[cfg(test)]
mod tests;
