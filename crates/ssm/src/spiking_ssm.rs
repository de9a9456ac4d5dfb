//! A spiking state-space model: `spiking_ssm`.
//!
//! A diagonal state-space model remembers; behind each of its outputs stands a leaky integrate-and-fire neuron, as a
//! soma behind its dendrites, and only spikes go on. Memory is linear and has any length, what layers say to each
//! other is sparse.
//!
//! ```text
//! (1) w_t = B u_t,  d_t = D u_t                     project: two products, or two gathers an event
//! (2) v_t = f w_t,  x_t = L x_{t-1} + v_t
//! (3) i_t = exp(-η) ∘ (C x_t + d_t)
//! (4) p_t = (1 - z s_t) m_t - k s_t
//! (5) m_t = α p_{t-1} + i_t
//! (6) s_t = H(m_t - 1)
//! ```
//!
//! The output is s. p is what a spike leaves of the membrane. The threshold of a neuron is exp(η): (3) divides its
//! current by it, so that membranes are in units of the threshold. z and k are in [`saturn_neurons::spike_reset`], α
//! in [`saturn_neurons::decay`], the derivative of (6) in [`saturn_neurons::surrogate`].
//!
//! | symbol | where | shape |
//! |---|---|---|
//! | u, s | input, output | `[I, N]`, `[O, N]` |
//! | w, then v | drive field `v` | `[2P, N]` |
//! | d, then i | the drive's last rows | `[O, N]` |
//! | x | state field `x` | `[2P, N]` |
//! | m, s | state fields `m`, `s` | `[O, N]` each |
//! | L, f, B, C | see [`crate::diagonal`], where the reverse is derived | |
//! | D | parameter, if `skip` | `[O, I]` |
//! | η | parameter `log_threshold`, if `learn_threshold`; starts at ln `threshold` | `[O, 1]` |
//! | α | exp(-dt / `tau_mem_ms`) | `[O]` |
//!
//! # Reverse
//!
//! With ī what comes in at i_t, c̄ = exp(-η) ∘ ī is the adjoint of what stands in (3)'s parentheses:
//!
//! ```text
//! (3)ᵀ x̄ += Cᵀ c̄      C̄_grad = Σ c̄ xᵀ      D̄_grad = Σ c̄ uᵀ      η̄ = -Σ i ∘ ī
//! ```
//!
//! **Source.** Shen et al. 2024 (SpikingSSMs: a diagonal model, a learnt threshold and a leaky integrate-and-fire
//! neuron that subtracts its threshold, with their published code for (3)).
//!
//! **Departures.** They run one system for every channel, with a D of its own; here one system with matrices B, C and
//! D feeds all neurons, as in [`crate::ssm`]. Their norm, linear mixing and residual around it are layers of their own
//! here. They predict the spikes of a whole sequence by a small trained net, to run it in parallel; here the neurons
//! are run step by step. α is learnt, and their surrogate is one of several.

mod config;
mod kernels;
#[cfg(test)]
mod tests;

use nalgebra::DMatrix;
use saturn_cell::kernel::{self, Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig, ConfigError, Field, FieldKind, Input, Kind, Name, Output, Params, Real,
    Recorded, Synapses, View, ViewMut, Widths, advance_lanes, advance_lanes_backward, column_mut,
};
use saturn_neurons::decay::{Decays, InputScale};
use saturn_neurons::firing::Firing;

use crate::diagonal::{B, C, Diagonal};
use crate::dynamics::append;
use crate::system::{System, bins, draw};

pub use config::SpikingSsmConfig;

/// The cell `spiking_ssm`.
#[derive(Clone, Debug)]
pub struct SpikingSsm<R: Real> {
    config: SpikingSsmConfig,
    params: Params<R>,
    system: System<R>,
    /// C and its transpose: products at every step.
    c: Panels<R>,
    c_t: Transposed<R>,
    /// α.
    decays: Decays<R>,
    /// Position of η among the parameters, if it is learnt.
    threshold: Option<usize>,
    /// exp(-η).
    scale: Vec<R>,
    /// z and k of (4), and a threshold of 1.
    firing: Firing<R>,
    relaxed: bool,
}

impl<R: Real> SpikingSsm<R> {
    /// A cell for `inputs` inputs at bins of `dt_ms`.
    pub fn new(
        config: &SpikingSsmConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let bins = bins(inputs, dt_ms)?;
        let (dynamics, o) = (config.dynamics(), config.width);
        let (gain, skip) = (config.readout_gain, config.skip);
        let (mut params, learnt) = draw(&dynamics, (inputs, o), skip, gain, bins, rng);
        let threshold = config.learn_threshold.then_some(params.tensors().len());
        if config.learn_threshold {
            let eta = DMatrix::from_element(o, 1, R::of(config.threshold.ln()));
            params = params.with("log_threshold", Kind::Bias, eta);
        }
        let mut decays = Decays::new(&config.tau_mem_ms, InputScale::One, o, dt_ms, rng)?;
        if config.learn_tau {
            decays.learn("tau_mem_logit", &mut params);
        }
        let params = append(params, &learnt);
        let (reset, gradient) = (config.spike_reset, config.reset_gradient);
        let diagonal = Diagonal::new(dynamics, bins, &params);
        Ok(Self {
            config: config.clone(),
            system: System { diagonal, skip },
            c: Panels::of(&params[C]),
            c_t: Transposed::of(&params[C]),
            params,
            decays,
            threshold,
            scale: vec![R::of(config.threshold.recip()); o],
            firing: Firing::new(1.0, reset, gradient, config.surrogate),
            relaxed: false,
        })
    }

    /// The same cell with the surrogate's antiderivative in place of the step of (6): no longer a spiking cell, but
    /// one whose gradients central differences can check.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.relaxed = true;
        self
    }

    /// Sets the membranes' time constants `[O]`, in ms: for weights that come from elsewhere.
    pub fn set_tau_ms(&mut self, membrane: &[f64]) -> Result<(), ConfigError> {
        self.decays
            .set_tau_ms(membrane, "tau_mem_ms", &mut self.params)
    }
}

impl<R: Real> Cell<R> for SpikingSsm<R> {
    fn name(&self) -> &'static str {
        "spiking_ssm"
    }

    fn widths(&self) -> Widths {
        let (n, o) = (self.system.rows(), self.config.width);
        Widths {
            input: self.params[B].ncols(),
            drive: n + o,
            state: n + 2 * o,
            output: o,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let (n, o) = (self.system.rows(), self.config.width);
        let field = |name: &'static str, rows, kind| Field {
            name: name.into(),
            rows,
            kind,
        };
        vec![
            field("x", 0..n, FieldKind::Complex),
            field("m", n..n + o, FieldKind::Membrane),
            field("s", n + o..n + 2 * o, FieldKind::Spikes),
        ]
    }

    fn drive_fields(&self) -> Vec<Field> {
        self.system.drive_fields()
    }

    fn moduli(&self) -> Option<Vec<R>> {
        Some(self.system.diagonal.moduli())
    }

    fn spikes(&self) -> bool {
        !self.relaxed
    }

    fn synapses(&self) -> Synapses {
        let (n, o) = (self.system.rows(), self.config.width);
        Synapses {
            per_input: n + if self.config.skip { o } else { 0 },
            per_spike: 0,
            // The products with f and L take four multiplications a state each.
            always: 8 * self.system.diagonal.states() + o * n,
        }
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![("tau_mem_ms", self.decays.tau_ms())]
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        let mut constants = self.system.diagonal.constants();
        constants.extend([
            ("alpha".into(), self.decays.decay()),
            ("exp(-eta)".into(), &*self.scale),
        ]);
        constants
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.system.diagonal.refresh(&self.params);
        self.c.refresh(&self.params[C]);
        self.c_t.refresh(&self.params[C]);
        self.decays.refresh(&self.params);
        if let Some(eta) = self.threshold {
            for (scale, eta) in self.scale.iter_mut().zip(&self.params[eta]) {
                *scale = (-*eta).exponential();
            }
        }
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn output(&self) -> Output<'_, R> {
        let (n, o) = (self.system.rows(), self.config.width);
        Output::Rows(n + o..n + 2 * o)
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.system.project(&self.params, x, drive); // (1)
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        let (n, o) = (self.system.rows(), self.config.width);
        let diagonal = &self.system.diagonal;
        advance_lanes(diagonal, drive.as_view_mut(), prev, next.as_view_mut()); // (2)
        let x: View<R> = next.as_view();
        self.c.add_product(drive.rows_mut(n, o), x.rows(0, n)); // (3)
        advance_lanes(self, drive, prev, next.as_view_mut()); // (3) to (6)
        if self.relaxed {
            self.relax(next);
        }
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let (n, o) = (self.system.rows(), self.config.width);
        advance_lanes_backward(self, at, adj.as_view_mut(), d_drive.as_view_mut(), grad); // (6)ᵀ to (3)ᵀ
        let d_c: View<R> = d_drive.as_view();
        self.c_t.add_product(adj.rows_mut(0, n), d_c.rows(n, o)); // (3)ᵀ
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
        let (n, o) = (self.system.rows(), self.config.width);
        let (d_c, states) = (d_drive.rows(n, o), at.next.rows(0, n));
        kernel::add_product_by_transpose(grad[C].as_view_mut(), d_c, states); // (3)ᵀ
        (self.system).project_backward(&self.params, x, at, d_drive, grad, dx); // (2)ᵀ, (1)ᵀ
    }
}

impl<R: Real> SpikingSsm<R> {
    /// (6) in relaxed mode.
    fn relax(&self, mut next: ViewMut<R>) {
        for lane in 0..next.ncols() {
            let (_, neurons) = column_mut(&mut next, lane).split_at_mut(self.system.rows());
            let (m, s) = neurons.split_at_mut(self.config.width);
            for (s, &m) in s.iter_mut().zip(&*m) {
                *s = self.firing.relaxed(m - self.firing.threshold);
            }
        }
    }
}
