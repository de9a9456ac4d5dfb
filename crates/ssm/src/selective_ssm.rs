//! A gated state-space model that selects: `selective_ssm`.
//!
//! As in other diagonal models, a unit has N states that fade and are read. Here the input decides, step by step,
//! how long a step is and so how much is forgotten, what goes in, and what is read. A long step forgets the past
//! and takes the present; a step of no length leaves the state as it is.
//!
//! ```text
//! (1) (u_t, δ_t, z_t, B_t, C_t) = W x_t + b           one product, or one gather an event
//! (2) Δ_i = softplus(δ_i)
//! (3) L_in = exp(Δ_i A_in),  f_in = (L_in - 1) / A_in      zoh
//!                            f_in = Δ_i                    euler
//! (4) h_in,t = L_in h_in,t-1 + f_in B_n,t u_i,t
//! (5) y_i = κ Re Σ_n C_n h_in + D_i u_i               κ = 1; 2 where states are complex
//! (6) o_i = y_i silu(z_i)                             without gate: y_i
//! ```
//!
//! | symbol | where | shape |
//! |---|---|---|
//! | x, o | input, output | `[I, N]`, `[H, N]`, H = `width` |
//! | u, δ then Δ, z, B, C | the drive's first rows; Δ is the drive field `delta`; z is there with `gate` | `[H]` each but B and C, `[N]`, or `[2N]` where complex, N = `states` |
//! | y | the drive's last rows | `[H, N]` |
//! | h | state field `h`; state n of unit i is row nH + i; imaginary parts, if any, below all real ones | `[HN]` or `[2HN]` |
//! | W, b | parameters `in_proj.weight`, `in_proj.bias`, rows in the order of (1) | `[3H + 2N, I]`, say |
//! | A | -exp(`A_log`), and where complex + i `A_im` | `[H, N]` |
//! | D | parameter `D` | `[H]` |
//!
//! B and C are shared by all units, Δ is each unit's own.
//!
//! # Reverse
//!
//! With h̄ what comes in at h_in,t, in the notation of [`crate::diagonal`]:
//!
//! ```text
//! (5)ᵀ h̄ += κ C* ȳ          C̄_n = κ Σ_i h* ȳ_i                 D̄_i = u_i ȳ_i
//! (4)ᵀ h̄_{t-1} = L* h̄      B̄_n = Σ_i f* u_i h̄                 ū_i = D_i ȳ_i + Re Σ_n (f B_n)* h̄
//! (3)ᵀ Δ̄_i = Re Σ_n (L A h_{t-1} + f_Δ B u)* h̄,   f_Δ = L; 1 for euler
//!      Ā_in = (L Δ h_{t-1} + f_A B u)* h̄,          f_A = (Δ L - f) / A; 0 for euler
//! (2)ᵀ δ̄_i = (1 - exp(-Δ_i)) Δ̄_i
//! ```
//!
//! # Where it starts
//!
//! W is normal; the bias of B and C is 1 (B and C of the unselective S4D-Real) and that of z is 1, so that a
//! silent input finds its states faded by A and its gate open; that of δ makes Δ log-uniform in
//! `dt_min..dt_max`. A_in is -(n + 1), and where complex -1/2 + iπn.
//!
//! Source: Gu & Dao 2023, equations 1 to 4, algorithm 2 and §3.4 (Mamba's S6 and its gate).
//!
//! **Departures.** Δ, B and C are linear in the cell's input and not in u, and there is no convolution before
//! them: so the input can be events, and all of (1) is one sparse gather. δ has a full matrix where theirs has a
//! low rank. B, C and z have biases, since events are sparse where their input is a dense, normalised stream. Their
//! published code steps the input by `euler`, the paper by `zoh`; the default is the paper's. Complex states have
//! complex B and C, of which real and imaginary part are linear in the input.

mod config;
mod kernels;
mod number;
#[cfg(test)]
mod tests;

use std::ops::Range;

use nalgebra::{Complex, DMatrix};
use saturn_cell::init::normal;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig, ConfigError, Emit, Field, FieldKind, Input, Kind, Name, Output, Params, Real,
    Recorded, Synapses, View, ViewMut, Widths, kernel,
};

use crate::continuous::log_steps;
use crate::system::bins;
use kernels::{lengthen, read, read_backward, scan, scan_backward};

pub use config::{SelectiveSsmConfig, SelectiveStep};

/// Position of W `[.., I]`.
pub const IN_WEIGHT: usize = 0;
/// Position of b `[.., 1]`.
pub const IN_BIAS: usize = 1;
/// Position of D `[H, 1]`.
pub const D: usize = 2;
/// Position of ln(-Re A) `[H, N]`.
pub const A_LOG: usize = 3;
/// Position of Im A `[H, N]`, where states are complex.
pub const A_IM: usize = 4;

/// The rows of the drive, in this order; z is empty without a gate.
#[derive(Clone, Debug)]
struct Rows {
    u: Range<usize>,
    delta: Range<usize>,
    z: Range<usize>,
    b: Range<usize>,
    c: Range<usize>,
    y: Range<usize>,
}

impl Rows {
    fn new(config: &SelectiveSsmConfig) -> Self {
        let (h, n) = (config.width, config.parts() * config.states);
        let mut end = 0;
        let mut next = |rows: usize| {
            let start = end;
            end += rows;
            start..end
        };
        Self {
            u: next(h),
            delta: next(h),
            z: next(if config.gate { h } else { 0 }),
            b: next(n),
            c: next(n),
            y: next(h),
        }
    }

    /// How many rows (1) sets.
    fn projected(&self) -> usize {
        self.y.start
    }
}

/// The cell `selective_ssm`.
#[derive(Clone, Debug)]
pub struct SelectiveSsm<R: Real> {
    config: SelectiveSsmConfig,
    params: Params<R>,
    rows: Rows,
    /// A and 1/A, laid out as h.
    poles: Vec<R>,
    inverse: Vec<R>,
}

impl<R: Real> SelectiveSsm<R> {
    /// A cell for `inputs` inputs at bins of `dt_ms`.
    pub fn new(
        config: &SelectiveSsmConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let bins = bins(inputs, dt_ms)?;
        let (rows, h, n) = (Rows::new(config), config.width, config.states);
        let sd = config.input_gain / (inputs as f64).sqrt();
        let weight = normal(rows.projected(), inputs, sd, rng);
        let mut bias = DMatrix::zeros(rows.projected(), 1);
        let log_steps = log_steps(config.dt_min, config.dt_max, h, rng);
        for (row, log_step) in rows.delta.clone().zip(&log_steps) {
            let delta = log_step.exp() * bins;
            bias[row] = R::of(delta.exp_m1().ln()); // the inverse of (2)
        }
        // The imaginary parts of B and C start at 0.
        for start in [rows.b.start, rows.c.start] {
            bias.rows_mut(start, n).fill(R::one());
        }
        bias.rows_mut(rows.z.start, rows.z.len()).fill(R::one());
        let re = |n: usize| {
            if config.complex { 0.5 } else { n as f64 + 1.0 }
        };
        let mut params = Params::new()
            .with("in_proj.weight", Kind::Weight, weight)
            .with("in_proj.bias", Kind::Bias, bias)
            .with("D", Kind::Bias, DMatrix::from_element(h, 1, R::one()))
            .with(
                "A_log",
                Kind::Dynamics,
                DMatrix::from_fn(h, n, |_, n| R::of(re(n).ln())),
            );
        if config.complex {
            let im = |n: usize| R::of(std::f64::consts::PI * n as f64);
            params = params.with("A_im", Kind::Dynamics, DMatrix::from_fn(h, n, |_, n| im(n)));
        }
        let mut cell = Self {
            config: config.clone(),
            params,
            poles: vec![R::zero(); config.parts() * h * n],
            inverse: vec![R::zero(); config.parts() * h * n],
            rows,
        };
        cell.derive();
        Ok(cell)
    }

    /// A and 1/A from what is learnt.
    fn derive(&mut self) {
        let half = self.config.width * self.config.states;
        for k in 0..half {
            let re = -self.params[A_LOG][k].exponential();
            self.poles[k] = re;
            if self.config.complex {
                let a = Complex::new(re.wide(), self.params[A_IM][k].wide());
                self.poles[half + k] = self.params[A_IM][k];
                let inverse = a.inv();
                self.inverse[k] = R::of(inverse.re);
                self.inverse[half + k] = R::of(inverse.im);
            } else {
                self.inverse[k] = R::one() / re;
            }
        }
    }
}

impl<R: Real> Cell<R> for SelectiveSsm<R> {
    fn name(&self) -> &'static str {
        "selective_ssm"
    }

    fn widths(&self) -> Widths {
        Widths {
            input: self.params[IN_WEIGHT].ncols(),
            drive: self.rows.y.end,
            state: self.poles.len(),
            output: self.config.width,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "h".into(),
            rows: 0..self.poles.len(),
            kind: if self.config.complex {
                FieldKind::Complex
            } else {
                FieldKind::Value
            },
        }]
    }

    fn drive_fields(&self) -> Vec<Field> {
        vec![Field {
            name: "delta".into(),
            rows: self.rows.delta.clone(),
            kind: FieldKind::Value,
        }]
    }

    fn synapses(&self) -> Synapses {
        let (h, n) = (self.config.width, self.config.states);
        Synapses {
            per_input: self.rows.projected(),
            per_spike: 0,
            // Products with L, B, f and C, then D and, where there is one, the gate.
            always: h * n * if self.config.complex { 12 } else { 4 } + h + self.rows.z.len(),
        }
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        vec![("A".into(), &self.poles), ("1 / A".into(), &self.inverse)]
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.derive();
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let mut projected = drive.rows_mut(0, self.rows.projected());
        kernel::set_bias(&mut projected, self.params[IN_BIAS].as_slice()); // (1)
        x.apply(self.params[IN_WEIGHT].as_view(), projected); // (1)
        lengthen(drive.rows_mut(self.rows.delta.start, self.config.width)); // (2)
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        // (3), (4)
        if self.config.complex {
            scan::<R, Complex<R>>(self, drive, prev, next);
        } else {
            scan::<R, R>(self, drive, prev, next);
        }
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        // (5)ᵀ for u, (4)ᵀ, (3)ᵀ, (2)ᵀ
        if self.config.complex {
            scan_backward::<R, Complex<R>>(self, at, adj, d_drive, grad);
        } else {
            scan_backward::<R, R>(self, at, adj, d_drive, grad);
        }
    }

    fn project_backward(
        &self,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let d = d_drive.rows(0, self.rows.projected());
        x.apply_backward(d, grad[IN_WEIGHT].as_view_mut()); // (1)ᵀ
        kernel::add_bias_backward(&d, grad[IN_BIAS].as_mut_slice()); // (1)ᵀ
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[IN_WEIGHT].as_view(), d); // (1)ᵀ
        }
    }
}

impl<R: Real> Emit<R> for SelectiveSsm<R> {
    fn emit(&self, drive: ViewMut<R>, states: View<R>, y: ViewMut<R>) {
        // (5), (6)
        if self.config.complex {
            read::<R, Complex<R>>(self, drive, states, y);
        } else {
            read::<R, R>(self, drive, states, y);
        }
    }

    fn emit_backward(
        &self,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        // (6)ᵀ, (5)ᵀ
        if self.config.complex {
            read_backward::<R, Complex<R>>(self, at, dy, d_states, d_drive, grad);
        } else {
            read_backward::<R, R>(self, at, dy, d_states, d_drive, grad);
        }
    }
}
