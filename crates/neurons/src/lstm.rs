//! Long short-term memory (LSTM).
//!
//! A unit has a memory c beside its activity h. Three gates say how much of the candidate g is written to
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

/// Positions of the parameters.
const W: usize = 0;
const U: usize = 1;
const B: usize = 2;

/// A layer of H units of long short-term memory.
///
/// The state is h, c, each `[H]`. The drive `[4H]` is, after `advance`, i, f, g, o, each `[H]`.
#[derive(Clone, Debug)]
pub struct Lstm<R: Real> {
    config: LstmConfig,
    inputs: usize,
    /// `weight_ih_l0 [4H, I]`, `weight_hh_l0 [4H, H]`, `bias_ih_l0 [4H, 1]`.
    params: Params<R>,
    /// The recurrent weights and their transpose, laid out for a product at every step.
    recurrent: Panels<R>,
    recurrent_t: Transposed<R>,
}

impl<R: Real> Lstm<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &LstmConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let mut draw = |columns| init::uniform(4 * h, columns, bound, rng);
        let (weight, recurrent, mut bias) = (draw(inputs), draw(h), draw(1));
        for b in &mut bias.as_mut_slice()[h..2 * h] {
            *b += R::of(config.forget_bias);
        }
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
    pub fn config(&self) -> &LstmConfig {
        &self.config
    }
}

impl<R: Real> Cell<R> for Lstm<R> {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.inputs,
            drive: 4 * h,
            state: 2 * h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let h = self.config.hidden;
        vec![
            Field {
                name: "h",
                rows: 0..h,
                kind: FieldKind::Tanh,
            },
            Field {
                name: "c",
                rows: h..2 * h,
                kind: FieldKind::Value,
            },
        ]
    }

    fn drive_fields(&self) -> Vec<Field> {
        let h = self.config.hidden;
        let gate = |name, rows| Field {
            name,
            rows,
            kind: FieldKind::Gate,
        };
        vec![
            gate("i", 0..h),
            gate("f", h..2 * h),
            gate("o", 3 * h..4 * h),
        ]
    }

    fn synapses(&self) -> Synapses {
        let h = self.config.hidden;
        Synapses {
            per_input: 4 * h,
            per_spike: 0,
            always: 4 * h * h,
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
        // (1)-(4), all but U.
        kernel::set_bias(&mut drive, self.params[B].as_slice());
        x.apply(self.params[W].as_view(), drive);
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let h = prev.rows(0, self.config.hidden);
        self.recurrent.add_product(drive.as_view_mut(), h); // (1)-(4)
        gates(drive, prev, next); // (1)-(6)
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
        gates_backward(at, adj.as_view_mut(), d_drive.as_view_mut());
        // (1)ᵀ-(4)ᵀ for the activity before.
        let d_h = adj.rows_mut(0, self.config.hidden);
        self.recurrent_t.set_product(d_h, d_drive.as_view());
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        // (1)ᵀ-(4)ᵀ
        let h = at.prev.rows(0, self.config.hidden);
        x.apply_backward(d_drive, grad[W].as_view_mut());
        kernel::add_product_by_transpose(grad[U].as_view_mut(), d_drive, h);
        kernel::add_bias_backward(&d_drive, grad[B].as_mut_slice());
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive);
        }
    }
}

/// (1)-(6), the recurrent side being added up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gates<R: Real>(mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let h = prev.nrows() / 2;
    for lane in 0..prev.ncols() {
        let (i_f, g_o) = column_mut(&mut drive, lane).split_at_mut(2 * h);
        let (g, o) = g_o.split_at_mut(h);
        for gate in &mut *i_f {
            *gate = sigmoid(*gate); // (1), (2)
        }
        for g in &mut *g {
            *g = tanh(*g); // (3)
        }
        for o in &mut *o {
            *o = sigmoid(*o); // (4)
        }
        let (i, f) = i_f.split_at(h);
        let (h_next, c_next) = column_mut(&mut next, lane).split_at_mut(h);
        let kept = f.iter().zip(&column(&prev, lane)[h..]);
        let new = i.iter().zip(&*g);
        for (c_next, ((&f, &c), (&i, &g))) in c_next.iter_mut().zip(kept.zip(new)) {
            *c_next = f * c + i * g; // (5)
        }
        for (h_next, (&o, &c)) in h_next.iter_mut().zip(o.iter().zip(&*c_next)) {
            *h_next = o * tanh(c); // (6)
        }
    }
}

/// (6)ᵀ to (1)ᵀ: the drive's adjoint, and that of the memory before. The adjoint of h is used up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gates_backward<R: Real>(at: Recorded<R>, mut adj: ViewMut<R>, mut d_drive: ViewMut<R>) {
    let (h, one) = (adj.nrows() / 2, R::one());
    for lane in 0..at.prev.ncols() {
        let (i_f, g_o) = column(&at.drive, lane).split_at(2 * h);
        let ((i, f), (g, o)) = (i_f.split_at(h), g_o.split_at(h));
        let (d_i_f, d_g_o) = column_mut(&mut d_drive, lane).split_at_mut(2 * h);
        let ((d_i, d_f), (d_g, d_o)) = (d_i_f.split_at_mut(h), d_g_o.split_at_mut(h));
        let (d_h, d_c) = column_mut(&mut adj, lane).split_at_mut(h);

        // (6)ᵀ, with the slope of (4).
        let after = o.iter().zip(&column(&at.next, lane)[h..]);
        for ((d_o, d_c), (&d_h, (&o, &c))) in
            (d_o.iter_mut().zip(&mut *d_c)).zip(d_h.iter().zip(after))
        {
            let shown = tanh(c);
            *d_o = d_h * shown * o * (one - o);
            *d_c += d_h * o * (one - shown * shown);
        }
        // (5)ᵀ, with the slopes of (1) and (3).
        let new = d_c.iter().zip(i.iter().zip(g));
        for ((d_i, d_g), (&d_c, (&i, &g))) in d_i.iter_mut().zip(d_g).zip(new) {
            *d_i = d_c * g * i * (one - i);
            *d_g = d_c * i * (one - g * g);
        }
        // (5)ᵀ, with the slope of (2).
        let kept = f.iter().zip(&column(&at.prev, lane)[h..]);
        for ((d_f, d_c), (&f, &c)) in d_f.iter_mut().zip(&mut *d_c).zip(kept) {
            *d_f = *d_c * c * f * (one - f);
            *d_c *= f;
        }
    }
}

#[cfg(test)]
mod tests;
