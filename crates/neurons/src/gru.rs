//! The gated recurrent unit (GRU).
//!
//! A unit keeps its activity, or replaces it by a candidate, as its update gate z says; the reset gate r
//! says how much of the layer's past the candidate sees. (This r is no state reset: it is learnt, and
//! hides the past from one candidate without erasing it.)
//!
//! ```text
//! (1) r_t = sigmoid(W_r x_t + b_r + U_r h_{t-1} + c_r)
//! (2) z_t = sigmoid(W_z x_t + b_z + U_z h_{t-1} + c_z)
//! (3) m_t = U_n h_{t-1} + c_n
//! (4) n_t = tanh(W_n x_t + b_n + r_t m_t)
//! (5) h_t = (1 - z_t) n_t + z_t h_{t-1}
//! ```
//!
//! | symbol        | field          | meaning                                  | shape     |
//! |---------------|----------------|------------------------------------------|-----------|
//! | x             |                | input, values or event counts            | `[I]`     |
//! | W_r, W_z, W_n | `weight_ih_l0` | input weights, one above the other       | `[3H, I]` |
//! | U_r, U_z, U_n | `weight_hh_l0` | recurrent weights, likewise              | `[3H, H]` |
//! | b_r, b_z, b_n | `bias_ih_l0`   | offsets, likewise                        | `[3H]`    |
//! | c_r, c_z, c_n | `bias_hh_l0`   | offsets of the recurrent side            | `[3H]`    |
//! | r, z          | drive `r`, `z` | gates, in (0, 1)                         | `[H]`     |
//! | m             | drive          | the layer's past, as a candidate sees it | `[H]`     |
//! | n             | drive          | candidate, in (-1, 1)                    | `[H]`     |
//! | h             | state `h`      | activity, in (-1, 1)                     | `[H]`     |
//!
//! **Source.** Cho et al. 2014, in the form of PyTorch's `nn.GRU`, where r multiplies the recurrent sum
//! with its offset (4), and z keeps where Cho's equation 7 also keeps. Names, shapes, order and
//! initialisation (all uniform in ±1/sqrt(H)) are PyTorch's, so weights load one to one. Under n active
//! channels with counts of 1 the sums start at about ±sqrt(n / (3 H)): with 128 units on 700 channels of
//! which 2-13 % are active, ±0.2 to ±0.5, so gates start near 1/2.

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

/// What a layer of gated recurrent units is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GruConfig {
    /// Number of units H; at least 1, default 128.
    pub hidden: usize,
}

impl Default for GruConfig {
    fn default() -> Self {
        Self { hidden: 128 }
    }
}

impl CellConfig for GruConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: 3 * (h * inputs + h * h) + 6 * h,
            copies: 6 * (h * h),
            drive: 4 * h,
            state: h,
            output: h,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Gru::new(self, inputs, dt_ms, rng)?))
    }
}

/// Positions of the parameters.
const W: usize = 0;
const U: usize = 1;
const B: usize = 2;
const C: usize = 3;

/// A layer of H gated recurrent units.
///
/// The state is h `[H]`. The drive `[4H]` is, after `advance`, r, z, m, n, each `[H]`: what U adds to is then
/// its first 3H rows, and r, z and n, which W adds to, its first 2H and its last H.
#[derive(Clone, Debug)]
pub struct Gru<R: Real> {
    config: GruConfig,
    inputs: usize,
    /// `weight_ih_l0 [3H, I]`, `weight_hh_l0 [3H, H]`, `bias_ih_l0 [3H, 1]`, `bias_hh_l0 [3H, 1]`.
    params: Params<R>,
    /// The recurrent weights and their transpose, laid out for a product at every step.
    recurrent: Panels<R>,
    recurrent_t: Transposed<R>,
}

impl<R: Real> Gru<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &GruConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let mut draw = |columns| init::uniform(3 * h, columns, bound, rng);
        let params = Params::new()
            .with("weight_ih_l0", Kind::Weight, draw(inputs))
            .with("weight_hh_l0", Kind::Weight, draw(h))
            .with("bias_ih_l0", Kind::Bias, draw(1))
            .with("bias_hh_l0", Kind::Bias, draw(1));
        Ok(Self {
            config: config.clone(),
            inputs,
            recurrent: Panels::of(&params[U]),
            recurrent_t: Transposed::of(&params[U]),
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &GruConfig {
        &self.config
    }
}

impl<R: Real> Cell<R> for Gru<R> {
    fn name(&self) -> &'static str {
        "gru"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.inputs,
            drive: 4 * h,
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
        let h = self.config.hidden;
        let gate = |name, rows| Field {
            name,
            rows,
            kind: FieldKind::Gate,
        };
        vec![gate("r", 0..h), gate("z", h..2 * h)]
    }

    fn synapses(&self) -> Synapses {
        let h = self.config.hidden;
        Synapses {
            per_input: 3 * h,
            per_spike: 0,
            always: 3 * h * h,
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
        let h = self.config.hidden;
        let (w, b) = (&self.params[W], self.params[B].as_slice());
        // (1), (2), (3): offsets of the recurrent side; `advance` adds the products.
        kernel::set_bias(&mut drive.rows_mut(0, 3 * h), self.params[C].as_slice());
        // (1), (2), (4): the input's side.
        kernel::add_bias(&mut drive.rows_mut(0, 2 * h), &b[..2 * h]);
        kernel::set_bias(&mut drive.rows_mut(3 * h, h), &b[2 * h..]);
        x.apply(w.rows(0, 2 * h), drive.rows_mut(0, 2 * h));
        x.apply(w.rows(2 * h, h), drive.rows_mut(3 * h, h));
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let h = self.config.hidden;
        // (1), (2), (3): the recurrent side.
        self.recurrent.add_product(drive.rows_mut(0, 3 * h), prev);
        gates(drive, prev, next); // (1)-(5)
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
        gates_backward(at, adj.as_view_mut(), d_drive.as_view_mut());
        // (1)ᵀ, (2)ᵀ, (3)ᵀ for the state before.
        let recurrent = d_drive.rows(0, 3 * h);
        self.recurrent_t.add_product(adj, recurrent);
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
        let w = &self.params[W];
        let recurrent = d_drive.rows(0, 3 * h);
        let (gates, candidate) = (d_drive.rows(0, 2 * h), d_drive.rows(3 * h, h));
        // (1)ᵀ, (2)ᵀ, (3)ᵀ: the recurrent side.
        kernel::add_product_by_transpose(grad[U].as_view_mut(), recurrent, at.prev);
        kernel::add_bias_backward(&recurrent, grad[C].as_mut_slice());
        // (1)ᵀ, (2)ᵀ, (4)ᵀ: the input's side.
        x.apply_backward(gates, grad[W].rows_mut(0, 2 * h));
        x.apply_backward(candidate, grad[W].rows_mut(2 * h, h));
        let (d_b_gates, d_b_candidate) = grad[B].as_mut_slice().split_at_mut(2 * h);
        kernel::add_bias_backward(&gates, d_b_gates);
        kernel::add_bias_backward(&candidate, d_b_candidate);
        if let Some(mut dx) = dx {
            kernel::set_transpose_product(dx.as_view_mut(), w.rows(0, 2 * h), gates);
            kernel::add_transpose_product(dx, w.rows(2 * h, h), candidate);
        }
    }
}

/// (1), (2), (4) and (5), the recurrent side being added up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gates<R: Real>(mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let h = prev.nrows();
    for lane in 0..prev.ncols() {
        let (gates, rest) = column_mut(&mut drive, lane).split_at_mut(2 * h);
        for gate in &mut *gates {
            *gate = sigmoid(*gate); // (1), (2)
        }
        let (r, z) = gates.split_at(h);
        let (m, n) = rest.split_at_mut(h);
        for (n, (&r, &m)) in n.iter_mut().zip(r.iter().zip(&*m)) {
            *n = tanh(*n + r * m); // (4)
        }
        let past = z.iter().zip(column(&prev, lane));
        let h_next = column_mut(&mut next, lane).iter_mut();
        for ((h_next, &n), (&z, &h)) in h_next.zip(&*n).zip(past) {
            *h_next = (R::one() - z) * n + z * h; // (5)
        }
    }
}

/// (5)ᵀ and (4)ᵀ: the drive's adjoint, and what reaches the state before through z.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn gates_backward<R: Real>(at: Recorded<R>, mut adj: ViewMut<R>, mut d_drive: ViewMut<R>) {
    let (h, one) = (adj.nrows(), R::one());
    for lane in 0..at.prev.ncols() {
        let (gates, rest) = column(&at.drive, lane).split_at(2 * h);
        let (r, z) = gates.split_at(h);
        let (m, n) = rest.split_at(h);
        let (d_gates, d_rest) = column_mut(&mut d_drive, lane).split_at_mut(2 * h);
        let (d_r, d_z) = d_gates.split_at_mut(h);
        let (d_m, d_n) = d_rest.split_at_mut(h);

        // (5)ᵀ, with the slope of (2) for z and that of (4) for n.
        let (adj, h) = (column_mut(&mut adj, lane), column(&at.prev, lane));
        for (d_z, (&adj, (&z, (&n, &h)))) in
            (d_z.iter_mut()).zip(adj.iter().zip(z.iter().zip(n.iter().zip(h))))
        {
            *d_z = adj * (h - n) * z * (one - z);
        }
        for (d_n, (&adj, (&z, &n))) in d_n.iter_mut().zip(adj.iter().zip(z.iter().zip(n))) {
            *d_n = adj * (one - z) * (one - n * n);
        }
        for (adj, &z) in adj.iter_mut().zip(z) {
            *adj *= z;
        }
        // (4)ᵀ, with the slope of (1) for r.
        let delta = d_r.iter_mut().zip(d_m).zip(d_n);
        for (((d_r, d_m), d_n), (&r, &m)) in delta.zip(r.iter().zip(m)) {
            *d_r = *d_n * m * r * (one - r);
            *d_m = *d_n * r;
        }
    }
}

#[cfg(test)]
mod tests;
