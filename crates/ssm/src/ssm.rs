//! A diagonal state-space model: `ssm`.
//!
//! P complex states, each a damped rotation, are driven by a matrix and read by a matrix. There is no
//! nonlinearity: memory fades at the rate |L_p| that each state has learnt, however long the stream.
//!
//! ```text
//! (1) w_t = B u_t,  s_t = D u_t          project: two products, or two gathers an event
//! (2) v_t = f w_t,  x_t = L x_{t-1} + v_t
//! (3) y_t = C x_t + s_t
//! ```
//!
//! The bound of the state follows from (2): |x_p| <= sup_t |v_p,t| / (1 - |L_p|).
//!
//! | symbol | where | shape |
//! |---|---|---|
//! | u, y | input, output | `[I, N]`, `[O, N]` |
//! | w, then v | drive field `v` | `[2P, N]` |
//! | s | the drive's last rows, if `skip` | `[O, N]` |
//! | x | state field `x` | `[2P, N]` |
//! | L, f, B, C | see [`crate::diagonal`], where the reverse is derived | |
//! | D | parameter, if `skip` | `[O, I]` |
//!
//! # Published models by their keys
//!
//! | model | keys of `ssm`, or of `ssm_block` for the model's layer |
//! |---|---|
//! | S5 with J blocks of size N | `init: s5, discretization: zoh, states: JN/2, frequencies: N/2, dt_min: 0.001, dt_max: 0.1, normalise: false` |
//! | S4D's eigenvalues | `init: s4d_lin`, `s4d_inv` or `s4d_real` |
//! | event-by-event S5 (Schöne et al. 2024), binned | those of S5 with `discretization: async`, see [`crate::discretize`] |
//! | the LRU | the cell [`crate::lru`]; in `ssm_block`, `dynamics: lru` |
//!
//! With its keys the cell is S5's system and the block S5's layer with a norm before it and its full GLU, as
//! golden numbers show; S5's D is the diagonal of ours. S4D runs one system of its own for every
//! channel, so its cells and ours share eigenvalues, steps and discretisation alone.
//!
//! Sources: Gu, Gupta, Goel & Ré 2022 (S4D); Smith, Warrington & Linderman 2023 (S5). Departure: D is a
//! whole matrix, since O need not be I.

#[cfg(test)]
mod tests;

use multiversion::multiversion;
use saturn_cell::init::normal;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Emit, Field, FieldKind, Input, Kind, Output,
    Params, Real, Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::continuous::Continuous;
use crate::diagonal::{B, C, Diagonal};
use crate::dynamics::{Dynamics, REFERENCE_DT_MS, append, matrices};
use crate::{Discretization, Init};

/// Position of D `[O, I]`, where there is one; the parameters of the dynamics come last.
pub const D: usize = 2;

/// A diagonal state-space model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SsmConfig {
    /// O, outputs; at least 1; default 96. More outputs read the same states in more ways.
    pub width: usize,
    /// P, complex states; at least 1; default 64. More states remember more at once.
    pub states: usize,
    /// How continuous dynamics become steps: `zoh` (default), `bilinear`, `dirac` or `async`.
    pub discretization: Discretization,
    /// The initial eigenvalues: `s4d_lin` (default), `s4d_inv`, `s4d_real` or `s5`.
    pub init: Init,
    /// How many different eigenvalues the states start from, at least 1; default 16. More reach higher
    /// frequencies, up to where bins fold them back; with `s4d_real`, faster decays.
    pub frequencies: usize,
    /// The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory
    /// is 1/(|Re λ| Δ) steps, 2/Δ but for `s4d_real`: less means longer.
    pub dt_min: f64,
    /// The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least `dt_min`; default 0.4. The shortest
    /// memory is 2/Δ steps: more means shorter.
    pub dt_max: f64,
    /// Whether only one of each conjugate pair of eigenvalues is kept; default true. Without it, half of
    /// the states start as mirror images of the others.
    pub conjugate: bool,
    /// Whether gains start so that every state has variance 1 under white input; default true. Without
    /// it they start at 1, which leaves all states small and slow ones smallest.
    pub normalise: bool,
    /// Whether the output also reads the input directly; default true.
    pub skip: bool,
}

impl Default for SsmConfig {
    fn default() -> Self {
        Self {
            width: 96,
            states: 64,
            discretization: Discretization::Zoh,
            init: Init::S4dLin,
            frequencies: 16,
            dt_min: 0.002,
            dt_max: 0.4,
            conjugate: true,
            normalise: true,
            skip: true,
        }
    }
}

impl CellConfig for SsmConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        self.dynamics().check()
    }

    fn size(&self, inputs: Count) -> Size {
        ssm_size(&self.dynamics(), inputs, self.width.into(), self.skip)
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Ssm::new(self, inputs, dt_ms, rng)?))
    }
}

impl SsmConfig {
    fn dynamics(&self) -> Dynamics {
        Dynamics::Continuous(Continuous {
            states: self.states,
            discretization: self.discretization,
            init: self.init,
            frequencies: self.frequencies,
            dt_min: self.dt_min,
            dt_max: self.dt_max,
            conjugate: self.conjugate,
            normalise: self.normalise,
        })
    }
}

/// How large a cell of `dynamics` is.
pub(crate) fn ssm_size(dynamics: &Dynamics, inputs: Count, outputs: Count, skip: bool) -> Size {
    let size = dynamics.size(inputs, outputs);
    Size {
        parameters: size.parameters + (outputs * inputs).only_if(skip),
        drive: size.drive + outputs.only_if(skip),
        ..size
    }
}

/// The cells `ssm` and `lru`.
#[derive(Clone, Debug)]
pub struct Ssm<R: Real> {
    name: &'static str,
    params: Params<R>,
    diagonal: Diagonal<R>,
    skip: bool,
}

impl<R: Real> Ssm<R> {
    /// A cell for `inputs` inputs at bins of `dt_ms`.
    pub fn new(
        config: &SsmConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let sizes = (inputs, config.width);
        Self::with_dynamics("ssm", config.dynamics(), sizes, config.skip, dt_ms, rng)
    }

    /// The cell `name` of checked dynamics, for (I, O) inputs and outputs.
    pub(crate) fn with_dynamics(
        name: &'static str,
        dynamics: Dynamics,
        (inputs, outputs): (usize, usize),
        skip: bool,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        let bins = bins(inputs, dt_ms)?;
        let learnt = dynamics.draw(bins, rng);
        let mut params = matrices(dynamics.states(), inputs, outputs, rng);
        if skip {
            let d = normal(outputs, inputs, 1.0 / (inputs as f64).sqrt(), rng);
            params = params.with("D", Kind::Weight, d);
        }
        let params = append(params, &learnt);
        Ok(Self {
            name,
            diagonal: Diagonal::new(dynamics, bins, &params),
            params,
            skip,
        })
    }

    /// 2P, the rows of v in the drive.
    fn complex_rows(&self) -> usize {
        2 * self.diagonal.states()
    }
}

/// `dt_ms` over the bin width that dynamics are given for, once inputs and `dt_ms` are checked.
pub(crate) fn bins(inputs: usize, dt_ms: f64) -> Result<f64, ConfigError> {
    ConfigError::unless_at_least_one("inputs", inputs)?;
    ConfigError::unless_positive("dt_ms", dt_ms)?;
    Ok(dt_ms / REFERENCE_DT_MS)
}

impl<R: Real> Cell<R> for Ssm<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn widths(&self) -> Widths {
        let output = self.params[C].nrows();
        Widths {
            input: self.params[B].ncols(),
            drive: self.complex_rows() + if self.skip { output } else { 0 },
            state: self.complex_rows(),
            output,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "x",
            rows: 0..self.complex_rows(),
            kind: FieldKind::Complex,
        }]
    }

    fn drive_fields(&self) -> Vec<Field> {
        vec![Field {
            name: "v",
            rows: 0..self.complex_rows(),
            kind: FieldKind::ComplexDrive,
        }]
    }

    fn moduli(&self) -> Option<Vec<R>> {
        Some(self.diagonal.moduli())
    }

    fn synapses(&self) -> Synapses {
        let w = self.widths();
        Synapses {
            per_input: w.drive,
            per_spike: 0,
            // The products with f and L take four multiplications a state each.
            always: 8 * self.diagonal.states() + w.output * w.state,
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.diagonal.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let (n, o) = (self.complex_rows(), self.params[C].nrows());
        kernel::fill_zero(&mut drive);
        x.apply(self.params[B].as_view(), drive.rows_mut(0, n)); // (1)
        if self.skip {
            x.apply(self.params[D].as_view(), drive.rows_mut(n, o)); // (1)
        }
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        scan(self, drive, prev, next); // (2)
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        _at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        scan_backward(self, adj, d_drive); // (2)ᵀ
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        mut dx: Option<ViewMut<R>>,
    ) {
        let (n, o) = (self.complex_rows(), self.params[C].nrows());
        let (v, d_w) = (at.drive.rows(0, n), d_drive.rows(0, n));
        self.diagonal
            .add_gradients(&self.params, &at.prev, &v, &d_w, grad); // (2)ᵀ
        x.apply_backward(d_w, grad[B].as_view_mut()); // (1)ᵀ
        if let Some(dx) = &mut dx {
            kernel::set_transpose_product(dx.as_view_mut(), self.params[B].as_view(), d_w);
        }
        if self.skip {
            let d_s = d_drive.rows(n, o);
            x.apply_backward(d_s, grad[D].as_view_mut()); // (1)ᵀ
            if let Some(dx) = &mut dx {
                kernel::add_transpose_product(dx.as_view_mut(), self.params[D].as_view(), d_s);
            }
        }
    }
}

impl<R: Real> Emit<R> for Ssm<R> {
    fn emit(&self, drive: ViewMut<R>, states: View<R>, mut y: ViewMut<R>) {
        let n = self.complex_rows();
        if self.skip {
            let o = y.nrows();
            kernel::copy(&mut y, &drive.rows(n, o)); // (3)
        } else {
            kernel::fill_zero(&mut y);
        }
        kernel::add_product(y, self.params[C].as_view(), states); // (3)
    }

    fn emit_backward(
        &self,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let n = self.complex_rows();
        if self.skip {
            kernel::copy(&mut d_drive.rows_mut(n, dy.nrows()), &dy); // (3)ᵀ
        }
        kernel::set_transpose_product(d_states, self.params[C].as_view(), dy); // (3)ᵀ
        kernel::add_product_by_transpose(grad[C].as_view_mut(), dy, at.next); // (3)ᵀ
    }
}

/// (2)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn scan<R: Real>(cell: &Ssm<R>, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let n = cell.complex_rows();
    for lane in 0..prev.ncols() {
        let w = &mut column_mut(&mut drive, lane)[..n];
        let x = column(&prev, lane);
        cell.diagonal.advance(w, x, column_mut(&mut next, lane)); // (2)
    }
}

/// (2)ᵀ
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn scan_backward<R: Real>(cell: &Ssm<R>, mut adj: ViewMut<R>, mut d_drive: ViewMut<R>) {
    let n = cell.complex_rows();
    for lane in 0..adj.ncols() {
        let d_w = &mut column_mut(&mut d_drive, lane)[..n];
        cell.diagonal
            .advance_backward(column_mut(&mut adj, lane), d_w); // (2)ᵀ
    }
}
