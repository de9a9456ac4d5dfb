//! A recurrent layer whose input alone decides how much the state may move.
//!
//! Each unit of a plain recurrent layer gets a gate g that reads the present input and nothing else. Where
//! the gate is open the unit takes its new value, where it is shut the unit holds what it has. A layer can
//! so learn to let no noise in, whatever it remembers: the rival of training a layer to forget by itself. The gate
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

use multiversion::multiversion;
use saturn_cell::elementary::{sigmoid, tanh};
use saturn_cell::kernel::{Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Kind, Output, Params,
    Real, Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut, init, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(InputGatedRnn::new(self, inputs, dt_ms, rng)?))
    }
}

/// Positions of the parameters.
const W: usize = 0;
const U: usize = 1;
const B: usize = 2;

/// An input-gated recurrent layer of H units. The state is h `[H]`; the drive `[2H]` is, after `advance`, g and
/// n, each `[H]`.
#[derive(Clone, Debug)]
pub struct InputGatedRnn<R: Real> {
    config: InputGatedRnnConfig,
    inputs: usize,
    /// `weight_ih_l0 [2H, I]`, `weight_hh_l0 [H, H]`, `bias_ih_l0 [2H, 1]`.
    params: Params<R>,
    /// The recurrent weights and their transpose, laid out for a product at every step.
    recurrent: Panels<R>,
    recurrent_t: Transposed<R>,
}

impl<R: Real> InputGatedRnn<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &InputGatedRnnConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(2 * h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let mut bias = init::uniform(2 * h, 1, bound, rng);
        bias.as_mut_slice()[..h].fill(R::of(config.gate_bias));
        let params = Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent)
            .with("bias_ih_l0", Kind::Bias, bias);
        Ok(Self {
            config: config.clone(),
            inputs,
            recurrent: Panels::of(&params[U]),
            recurrent_t: Transposed::of(&params[U]),
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &InputGatedRnnConfig {
        &self.config
    }
}

impl<R: Real> Cell<R> for InputGatedRnn<R> {
    fn name(&self) -> &'static str {
        "input_gated_rnn"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.inputs,
            drive: 2 * h,
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

    fn drive_fields(&self) -> Vec<Field> {
        vec![Field {
            name: "g",
            rows: 0..self.config.hidden,
            kind: FieldKind::Gate,
        }]
    }

    fn synapses(&self) -> Synapses {
        let h = self.config.hidden;
        Synapses {
            per_input: 2 * h,
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
        // (1), (2), all but U.
        kernel::set_bias(&mut drive, self.params[B].as_slice());
        x.apply(self.params[W].as_view(), drive);
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let h = self.config.hidden;
        self.recurrent.add_product(drive.rows_mut(h, h), prev); // (2)
        gate(drive, prev, next); // (1)-(3)
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
        let h = self.config.hidden;
        gate_backward(at, adj.as_view_mut(), d_drive.as_view_mut());
        // (2)ᵀ for the state before.
        self.recurrent_t.add_product(adj, d_drive.rows(h, h));
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let h = self.config.hidden;
        // (1)ᵀ, (2)ᵀ
        x.apply_backward(d_drive, grad[W].as_view_mut());
        kernel::add_product_by_transpose(grad[U].as_view_mut(), d_drive.rows(h, h), at.prev);
        kernel::add_bias_backward(&d_drive, grad[B].as_mut_slice());
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive);
        }
    }
}

/// (1)-(3), the recurrent side being added up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gate<R: Real>(mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let h = prev.nrows();
    for lane in 0..prev.ncols() {
        let (g, n) = column_mut(&mut drive, lane).split_at_mut(h);
        for g in &mut *g {
            *g = sigmoid(*g); // (1)
        }
        for n in &mut *n {
            *n = tanh(*n); // (2)
        }
        let pairs = g.iter().zip(n.iter().zip(column(&prev, lane)));
        for (h_next, (&g, (&n, &h))) in column_mut(&mut next, lane).iter_mut().zip(pairs) {
            *h_next = (R::one() - g) * h + g * n; // (3)
        }
    }
}

/// (3)ᵀ, with the slopes of (1) and (2): the drive's adjoint, and what reaches the state before past n.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gate_backward<R: Real>(at: Recorded<R>, mut adj: ViewMut<R>, mut d_drive: ViewMut<R>) {
    let (h, one) = (adj.nrows(), R::one());
    for lane in 0..at.prev.ncols() {
        let (g, n) = column(&at.drive, lane).split_at(h);
        let (d_g, d_n) = column_mut(&mut d_drive, lane).split_at_mut(h);
        let (adj, past) = (column_mut(&mut adj, lane), column(&at.prev, lane));
        for (d_g, (&adj, (&g, (&n, &h)))) in
            (d_g.iter_mut()).zip(adj.iter().zip(g.iter().zip(n.iter().zip(past))))
        {
            *d_g = adj * (n - h) * g * (one - g);
        }
        for ((d_n, adj), (&g, &n)) in d_n.iter_mut().zip(adj).zip(g.iter().zip(n)) {
            *d_n = *adj * g * (one - n * n);
            *adj *= one - g;
        }
    }
}

#[cfg(test)]
mod tests;
