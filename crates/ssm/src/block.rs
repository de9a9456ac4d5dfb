//! A block of a deep state-space net: `ssm_block`.
//!
//! Norm, diagonal recurrence, GELU, GLU and a residual path. All that is not linear comes after the
//! recurrence, so time runs through the complex states alone and everything else is done for all columns
//! at once.
//!
//! ```text
//! (1) u_t = norm(x_t)                    with gain and bias              project
//! (2) w_t = B u_t
//! (3) v_t = f w_t,  h_t = L h_{t-1} + v_t                                 advance
//! (4) s_t = C h_t + d ∘ u_t                                              emit
//! (5) g_t = gelu(s_t)
//! (6) (a_t, c_t) = W g_t + b             without glu: a_t alone
//! (7) o_t = a_t ∘ σ(c_t)                 without glu: a_t
//! (8) y_t = x_t + o_t                    without residual: o_t
//! ```
//!
//! | symbol | where | shape |
//! |---|---|---|
//! | x, y | input, output | `[H, N]`, H = `width` |
//! | n, r | drive: normalised input and 1/σ, unless `norm: none` | `[H, N]`, `[1, N]` |
//! | u, s, g | drive | `[H, N]` |
//! | w, then v | drive field `v` | `[2P, N]` |
//! | a, σ(c) | drive; the latter is the field `gate` | `[H, N]` each |
//! | h | state field `x` | `[2P, N]` |
//! | L, f, B, C | see [`crate::diagonal`] | |
//! | d | parameter `D`, the skip of every unit to itself | `[H, 1]` |
//! | W, b | parameters `out.weight`, `out.bias`; the values' rows above the gates' | `[2H or H, H]` |
//! | gain, bias | parameters `norm.weight`, `norm.bias`, as the norm has them | `[H, 1]` |
//!
//! The drive's adjoint has the same rows: each holds the adjoint of what the drive holds there, but n's
//! and r's, which are only met at the end.
//!
//! Sources: Gu et al. 2022 (S4's block with GLU); Smith, Warrington & Linderman 2023 (S5, the norm first).

mod config;
mod kernels;
mod normalise;
#[cfg(test)]
mod tests;

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::init::{normal, uniform};
use saturn_cell::kernel::{Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig, ConfigError, Emit, Field, FieldKind, Input, Kind, Name, Output, Params, Real,
    Recorded, Synapses, View, ViewMut, Widths, advance_lanes, advance_lanes_backward, kernel,
};

use crate::Norm;
use crate::diagonal::{B, C, Diagonal};
use crate::dynamics::{append, matrices};
use crate::system::bins;
use kernels::{excite, excite_backward, gate, gate_backward};
use normalise::{normalise, normalise_backward};

pub use config::{BlockDynamics, SsmBlockConfig};

/// Position of d `[H, 1]`; the parameters of the dynamics come last.
pub const D: usize = 2;
/// Position of W `[2H, H]`, or `[H, H]` without `glu`.
pub const OUT_WEIGHT: usize = 3;
/// Position of b `[2H, 1]`, or `[H, 1]` without `glu`.
pub const OUT_BIAS: usize = 4;
/// Position of the norm's gain `[H, 1]`, unless `norm: none`.
pub const NORM_GAIN: usize = 5;
/// Position of the norm's bias `[H, 1]`, with `norm: layer`.
pub const NORM_BIAS: usize = 6;

/// The rows of the drive, in this order; those that a configuration does not need are empty.
#[derive(Clone, Debug)]
struct Rows {
    x: Range<usize>,
    n: Range<usize>,
    r: Range<usize>,
    u: Range<usize>,
    v: Range<usize>,
    s: Range<usize>,
    g: Range<usize>,
    /// a, and below it c or σ(c).
    o: Range<usize>,
}

impl Rows {
    fn new(config: &SsmBlockConfig) -> Self {
        let h = config.width;
        let mut end = 0;
        let mut next = |rows: usize, wanted: bool| {
            let start = end;
            end += if wanted { rows } else { 0 };
            start..end
        };
        Self {
            x: next(h, config.residual),
            n: next(h, config.norm.has_gain()),
            r: next(1, config.norm.has_gain()),
            u: next(h, true),
            v: next(2 * config.states, true),
            s: next(h, true),
            g: next(h, true),
            o: next(if config.glu { 2 * h } else { h }, true),
        }
    }
}

/// B, C and W, and their transposes for the reverse pass, laid out for products.
#[derive(Clone, Debug)]
struct Weights<R: Real> {
    b: Panels<R>,
    c: Panels<R>,
    out: Panels<R>,
    b_t: Transposed<R>,
    c_t: Transposed<R>,
    out_t: Transposed<R>,
}

impl<R: Real> Weights<R> {
    fn new(p: &Params<R>) -> Self {
        Self {
            b: Panels::of(&p[B]),
            c: Panels::of(&p[C]),
            out: Panels::of(&p[OUT_WEIGHT]),
            b_t: Transposed::of(&p[B]),
            c_t: Transposed::of(&p[C]),
            out_t: Transposed::of(&p[OUT_WEIGHT]),
        }
    }

    fn refresh(&mut self, p: &Params<R>) {
        self.b.refresh(&p[B]);
        self.c.refresh(&p[C]);
        self.out.refresh(&p[OUT_WEIGHT]);
        self.b_t.refresh(&p[B]);
        self.c_t.refresh(&p[C]);
        self.out_t.refresh(&p[OUT_WEIGHT]);
    }
}

/// The cell `ssm_block`.
#[derive(Clone, Debug)]
pub struct SsmBlock<R: Real> {
    params: Params<R>,
    diagonal: Diagonal<R>,
    weights: Weights<R>,
    norm: Norm,
    glu: bool,
    residual: bool,
    width: usize,
    rows: Rows,
}

impl<R: Real> SsmBlock<R> {
    /// A block on `inputs` = `width` rows at bins of `dt_ms`.
    pub fn new(
        config: &SsmBlockConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let bins = bins(inputs, dt_ms)?;
        let h = config.width;
        if inputs != h {
            return Err(ConfigError::Mismatch {
                key: "width",
                value: h,
                allowed: format!("{inputs}, as many as the block's input has rows"),
            });
        }
        let outs = if config.glu { 2 * h } else { h };
        let bound = 1.0 / (h as f64).sqrt();
        let dynamics = config.dynamics();
        let learnt = dynamics.draw(bins, rng);
        let mut params = matrices(dynamics.states(), h, h, rng)
            .with("D", Kind::Bias, normal(h, 1, 1.0, rng))
            .with("out.weight", Kind::Weight, uniform(outs, h, bound, rng))
            .with("out.bias", Kind::Bias, DMatrix::zeros(outs, 1));
        if config.norm.has_gain() {
            let ones = DMatrix::from_element(h, 1, R::one());
            params = params.with("norm.weight", Kind::Bias, ones);
        }
        if config.norm.has_bias() {
            params = params.with("norm.bias", Kind::Bias, DMatrix::zeros(h, 1));
        }
        let params = append(params, &learnt);
        Ok(Self {
            diagonal: Diagonal::new(dynamics, bins, &params),
            weights: Weights::new(&params),
            params,
            norm: config.norm,
            glu: config.glu,
            residual: config.residual,
            width: h,
            rows: Rows::new(config),
        })
    }
}

impl<R: Real> Cell<R> for SsmBlock<R> {
    fn name(&self) -> &'static str {
        "ssm_block"
    }

    fn widths(&self) -> Widths {
        Widths {
            input: self.width,
            drive: self.rows.o.end,
            state: 2 * self.diagonal.states(),
            output: self.width,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "x".into(),
            rows: 0..2 * self.diagonal.states(),
            kind: FieldKind::Complex,
        }]
    }

    fn drive_fields(&self) -> Vec<Field> {
        let mut fields = vec![Field {
            name: "v".into(),
            rows: self.rows.v.clone(),
            kind: FieldKind::ComplexDrive,
        }];
        if self.glu {
            fields.push(Field {
                name: "gate".into(),
                rows: self.rows.o.start + self.width..self.rows.o.end,
                kind: FieldKind::Gate,
            });
        }
        fields
    }

    fn moduli(&self) -> Option<Vec<R>> {
        Some(self.diagonal.moduli())
    }

    fn synapses(&self) -> Synapses {
        // The norm makes every input dense. Products with f and L take four multiplications a state each.
        let matrices = [B, C, D, OUT_WEIGHT].map(|i| self.params[i].len());
        Synapses {
            per_input: 0,
            per_spike: 0,
            always: matrices.iter().sum::<usize>() + 8 * self.diagonal.states(),
        }
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        self.diagonal.constants()
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.diagonal.refresh(&self.params);
        self.weights.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let rows = &self.rows;
        normalise(self, x, drive.as_view_mut()); // (1)
        let (u, w) = drive.rows_range_pair_mut(rows.u.clone(), rows.v.clone());
        self.weights.b.set_product(w, u.as_view()); // (2)
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let w = drive.rows_range_mut(self.rows.v.clone());
        advance_lanes(&self.diagonal, w, prev, next); // (3)
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let d_w = d_drive.rows_range_mut(self.rows.v.clone());
        advance_lanes_backward(&self.diagonal, at, adj, d_w, grad); // (3)ᵀ
    }

    fn project_backward(
        &self,
        _x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let (rows, p) = (&self.rows, &self.params);
        let v = at.drive.rows_range(rows.v.clone());
        let d_w = d_drive.rows_range(rows.v.clone());
        self.diagonal.add_gradients(p, &at.prev, &v, &d_w, grad); // (3)ᵀ
        let u = at.drive.rows_range(rows.u.clone());
        kernel::add_product_by_transpose(grad[B].as_view_mut(), d_w, u); // (2)ᵀ
        let Some(mut dx) = dx else {
            return self.norm_gradients_alone(at, d_drive, grad);
        };
        self.weights.b_t.set_product(dx.as_view_mut(), d_w); // (2)ᵀ
        normalise_backward(self, at, d_drive, dx, grad); // (1)ᵀ, (8)ᵀ
    }
}

impl<R: Real> Emit<R> for SsmBlock<R> {
    fn emit(&self, mut drive: ViewMut<R>, states: View<R>, y: ViewMut<R>) {
        let (rows, p) = (&self.rows, &self.params);
        let s = drive.rows_range_mut(rows.s.clone());
        self.weights.c.set_product(s, states); // (4)
        excite(self, drive.as_view_mut()); // (4), (5)
        let (g, mut o) = drive.rows_range_pair_mut(rows.g.clone(), rows.o.clone());
        kernel::set_bias(&mut o, p[OUT_BIAS].as_slice()); // (6)
        self.weights.out.add_product(o, g.as_view()); // (6)
        gate(self, drive, y); // (7), (8)
    }

    fn emit_backward(
        &self,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let rows = &self.rows;
        gate_backward(self, at, dy, d_drive.as_view_mut()); // (8)ᵀ, (7)ᵀ
        let (d_g, d_o) = d_drive.rows_range_pair_mut(rows.g.clone(), rows.o.clone());
        let g = at.drive.rows_range(rows.g.clone());
        kernel::add_bias_backward(&d_o.as_view(), grad[OUT_BIAS].as_mut_slice()); // (6)ᵀ
        kernel::add_product_by_transpose(grad[OUT_WEIGHT].as_view_mut(), d_o.as_view(), g); // (6)ᵀ
        self.weights.out_t.set_product(d_g, d_o.as_view()); // (6)ᵀ
        excite_backward(self, at, d_drive.as_view_mut(), &mut *grad); // (5)ᵀ, (4)ᵀ
        let d_s = d_drive.rows_range(rows.s.clone());
        self.weights.c_t.set_product(d_states, d_s); // (4)ᵀ
        kernel::add_product_by_transpose(grad[C].as_view_mut(), d_s, at.next); // (4)ᵀ
    }
}
