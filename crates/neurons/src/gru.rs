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

use saturn_cell::elementary::{sigmoid, tanh};
use saturn_cell::kernel::{self, each};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, Input, Kind, Lane, Params, Real, Recorded, Size, Step,
    View, ViewMut, blocks, blocks_mut, init,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recurrent::{B, Recurrent, U, Units, W};

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

/// Position of the offsets of the recurrent side among the parameters.
const C: usize = 3;

/// A layer of H gated recurrent units.
///
/// The state is h `[H]`. The drive `[4H]` is, after `advance`, r, z, m, n, each `[H]`: what U adds to is then
/// its first 3H rows, and r, z and n, which W adds to, its first 2H and its last H.
///
/// Parameters: `weight_ih_l0 [3H, I]`, `weight_hh_l0 [3H, H]`, `bias_ih_l0 [3H, 1]`, `bias_hh_l0 [3H, 1]`.
pub type Gru<R> = Recurrent<R, GruUnits>;

/// (1), (2), (4) and (5)
#[derive(Clone, Debug)]
pub struct GruUnits {
    /// H.
    hidden: usize,
}

impl<R: Real> Units<R> for GruUnits {
    type Config = GruConfig;
    const NAME: &'static str = "gru";
    const OWN: std::ops::Range<usize> = 0..3;
    const GATES: &'static [(&'static str, usize)] = &[("r", 0), ("z", 1)];

    fn hidden(config: &GruConfig) -> usize {
        config.hidden
    }

    fn draw(config: &GruConfig, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R> {
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let mut draw = |columns| init::uniform(3 * h, columns, bound, rng);
        Params::new()
            .with("weight_ih_l0", Kind::Weight, draw(inputs))
            .with("weight_hh_l0", Kind::Weight, draw(h))
            .with("bias_ih_l0", Kind::Bias, draw(1))
            .with("bias_hh_l0", Kind::Bias, draw(1))
    }

    fn new(config: &GruConfig, _params: &Params<R>) -> Self {
        Self {
            hidden: config.hidden,
        }
    }

    fn drive_rows(params: &Params<R>) -> usize {
        4 * params[U].ncols()
    }

    fn project(&self, params: &Params<R>, x: Input<R>, mut drive: ViewMut<R>) {
        let h = self.hidden;
        let (w, b) = (&params[W], params[B].as_slice());
        // (1), (2), (3): offsets of the recurrent side; `advance` adds the products.
        kernel::set_bias(&mut drive.rows_mut(0, 3 * h), params[C].as_slice());
        // (1), (2), (4): the input's side.
        kernel::add_bias(&mut drive.rows_mut(0, 2 * h), &b[..2 * h]);
        kernel::set_bias(&mut drive.rows_mut(3 * h, h), &b[2 * h..]);
        x.apply(w.rows(0, 2 * h), drive.rows_mut(0, 2 * h));
        x.apply(w.rows(2 * h, h), drive.rows_mut(3 * h, h));
    }

    fn project_backward(
        &self,
        params: &Params<R>,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let (h, w) = (self.hidden, &params[W]);
        let (gates, candidate) = (d_drive.rows(0, 2 * h), d_drive.rows(3 * h, h));
        // (1)ᵀ, (2)ᵀ, (3)ᵀ: offsets of the recurrent side.
        kernel::add_bias_backward(&d_drive.rows(0, 3 * h), grad[C].as_mut_slice());
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

impl<R: Real> Step<R> for GruUnits {
    /// (1), (2), (4), (5)
    #[inline(always)]
    fn step(&self, drive: &mut [R], h: &[R], h_next: &mut [R]) {
        for gate in &mut drive[..2 * h.len()] {
            *gate = sigmoid(*gate); // (1), (2)
        }
        let [r, z, m, n] = blocks_mut(drive);
        each([n], [r, m], |[n], [r, m]| [tanh(n + r * m)]); // (4)
        each([h_next], [n, z, h], |_, [n, z, h]| {
            [(R::one() - z) * n + z * h] // (5)
        });
    }

    /// (5)ᵀ and (4)ᵀ: the drive's adjoint, and what reaches the state before through z.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        _grad: &mut Params<R>,
    ) {
        let ([r, z, m, n], [d_r, d_z, d_m, d_n]) = (blocks(at.drive), blocks_mut(d_drive));
        let one = R::one();
        // (5)ᵀ, with the slope of (2) for z and that of (4) for n.
        each([d_z, d_n, adj], [z, n, at.prev], |[.., adj], [z, n, h]| {
            let d_n = adj * (one - z) * (one - n * n);
            [adj * (h - n) * z * (one - z), d_n, adj * z]
        });
        // (4)ᵀ, with the slope of (1) for r.
        each([d_r, d_m], [d_n, r, m], |_, [d_n, r, m]| {
            [d_n * m * r * (one - r), d_n * r]
        });
    }
}

#[cfg(test)]
mod tests;
