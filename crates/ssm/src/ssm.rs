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

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Emit, Field, FieldKind, Input, Name, Output,
    Params, Real, Recorded, Size, Synapses, View, ViewMut, Widths, advance_lanes,
    advance_lanes_backward, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::continuous::Continuous;
use crate::diagonal::{B, C, Diagonal};
use crate::dynamics::{Dynamics, append};
use crate::system::{System, bins, draw};
use crate::{Discretization, Init};

pub use crate::system::D;

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
        let all = Continuous::default();
        Self {
            width: 96,
            states: all.states,
            discretization: all.discretization,
            init: all.init,
            frequencies: all.frequencies,
            dt_min: all.dt_min,
            dt_max: all.dt_max,
            conjugate: all.conjugate,
            normalise: all.normalise,
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
    system: System<R>,
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
        let (params, learnt) = draw(&dynamics, (inputs, outputs), skip, 1.0, bins, rng);
        let params = append(params, &learnt);
        let diagonal = Diagonal::new(dynamics, bins, &params);
        Ok(Self {
            name,
            system: System { diagonal, skip },
            params,
        })
    }
}

impl<R: Real> Cell<R> for Ssm<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn widths(&self) -> Widths {
        let (n, output) = (self.system.rows(), self.params[C].nrows());
        Widths {
            input: self.params[B].ncols(),
            drive: n + if self.system.skip { output } else { 0 },
            state: n,
            output,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "x".into(),
            rows: 0..self.system.rows(),
            kind: FieldKind::Complex,
        }]
    }

    fn drive_fields(&self) -> Vec<Field> {
        self.system.drive_fields()
    }

    fn moduli(&self) -> Option<Vec<R>> {
        Some(self.system.diagonal.moduli())
    }

    fn synapses(&self) -> Synapses {
        let w = self.widths();
        Synapses {
            per_input: w.drive,
            per_spike: 0,
            // The products with f and L take four multiplications a state each.
            always: 8 * self.system.diagonal.states() + w.output * w.state,
        }
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        self.system.diagonal.constants()
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.system.diagonal.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.system.project(&self.params, x, drive); // (1)
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        advance_lanes(&self.system.diagonal, drive, prev, next); // (2)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        advance_lanes_backward(&self.system.diagonal, at, adj, d_drive, grad); // (2)ᵀ
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        (self.system).project_backward(&self.params, x, at, d_drive, grad, dx); // (2)ᵀ, (1)ᵀ
    }
}

impl<R: Real> Emit<R> for Ssm<R> {
    fn emit(&self, drive: ViewMut<R>, states: View<R>, mut y: ViewMut<R>) {
        let n = self.system.rows();
        if self.system.skip {
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
        let n = self.system.rows();
        if self.system.skip {
            kernel::copy(&mut d_drive.rows_mut(n, dy.nrows()), &dy); // (3)ᵀ
        }
        kernel::set_transpose_product(d_states, self.params[C].as_view(), dy); // (3)ᵀ
        kernel::add_product_by_transpose(grad[C].as_view_mut(), dy, at.next); // (3)ᵀ
    }
}
