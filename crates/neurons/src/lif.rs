//! Leaky integrate-and-fire neurons (LIF).
//!
//! A membrane potential leaks, adds up its input, and emits a spike whenever it is above a threshold;
//! the step after a spike it is reset. One step of one neuron, with sums over inputs and neighbours:
//!
//! ```text
//! (1) d_t = W x_t + b + W_r s_{t-1}
//! (2) v_t = a (1 - z s_{t-1}) v_{t-1} + g d_t - k s_{t-1}
//! (3) s_t = H(v_t - theta)
//! ```
//!
//! The output is s. z and k are the spike reset, see [`crate::spike_reset`]; a surrogate stands in for the
//! derivative of the step in (3), see [`crate::surrogate`]; (1) is in [`crate::fan_in`], decays and their
//! learning are in [`crate::decay`].
//!
//! | symbol | field        | meaning                            | unit     | shape  |
//! |--------|--------------|------------------------------------|----------|--------|
//! | x      |              | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`     | input weights                      | membrane | `[H, I]` |
//! | W_r    | `recurrent`  | weights from the layer's own spikes | membrane | `[H, H]` |
//! | b      | `bias`       | constant input                     | membrane | `[H]`    |
//! | a      | `tau_mem_ms` | decay exp(-dt / tau_mem)           | 1        | `[H]`    |
//! | g      | `input_scale` | 1 or 1 - a                        | 1        | `[H]`    |
//! | v      | state `v`    | membrane potential                 | membrane | `[H]`    |
//! | s      | state `s`    | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`  | threshold                          | membrane |        |
//! | z, k   | `spike_reset` | shares of v and theta that a spike takes | 1, membrane |  |
//!
//! **Sources and kin.** Neftci, Mostafa & Zenke 2019, without the synaptic current.
//! `subtract` and `zero` with `detached` are snnTorch's `Leaky(beta=a, reset_delay=True)`. Norse's
//! `LIFBoxCell` is `zero` with `input_scale: decay` and `full`, its Euler decay 1 - dt/tau taken as a; it
//! resets within the step, so its v is ours where there is no spike, and 0 where there is one.

use multiversion::multiversion;
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Output, Params, Real,
    Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decay::{Decays, InputScale, TimeConstants};
use crate::fan_in::{FanIn, FanInConfig};
use crate::fields::stacked;
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;

/// What a layer of LIF neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0, default
    /// `[30, 200]`. Larger remembers longer.
    pub tau_mem_ms: TimeConstants,
    /// Whether time constants are learnt, one a neuron, default true.
    pub learn_tau: bool,
    /// Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    pub threshold: f64,
    /// What a spike does to the membrane, default `subtract`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`.
    pub reset_gradient: ResetGradient,
    /// What the input is multiplied by: 1 or 1 - a, default `one`.
    pub input_scale: InputScale,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights g W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1. On spoken digits as events (700 channels, steps of 10 ms) a layer then starts
    /// at about 0.1 spikes a neuron and step, and the next one at half of that. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights g W_r are normal with standard deviation
    /// `recurrent_scale / sqrt(H)`; at least 0, default 0.5. Larger keeps activity going for longer.
    pub recurrent_scale: f64,
}

impl Default for LifConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            tau_mem_ms: TimeConstants::Range([30.0, 200.0]),
            learn_tau: true,
            threshold: 1.0,
            spike_reset: SpikeReset::default(),
            reset_gradient: ResetGradient::default(),
            input_scale: InputScale::default(),
            surrogate: Surrogate::default(),
            bias: true,
            input_gain: 1.0,
            recurrent_scale: 0.5,
        }
    }
}

impl CellConfig for LifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.surrogate.check()?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let (fan_in, h) = (self.fan_in().size(inputs), Count::from(self.hidden));
        Size {
            parameters: fan_in.parameters + h.only_if(self.learn_tau),
            state: 2 * h,
            ..fan_in
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Lif::new(self, inputs, dt_ms, rng)?))
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

impl LifConfig {
    fn fan_in(&self) -> FanInConfig {
        FanInConfig {
            hidden: self.hidden,
            recurrent: self.recurrent,
            bias: self.bias,
            input_gain: self.input_gain,
            recurrent_scale: self.recurrent_scale,
        }
    }
}

/// A layer of H LIF neurons. State rows: v `[H]`, then s `[H]`; the drive is d `[H]`.
#[derive(Clone, Debug)]
pub struct Lif<R: Real> {
    config: LifConfig,
    /// `weight [H, I]`, then, where configured, `bias [H, 1]`, `recurrent [H, H]`, `tau_mem_logit [H, 1]`.
    params: Params<R>,
    fan_in: FanIn<R>,
    decays: Decays<R>,
    /// z and k of equation (2).
    zeroing: R,
    subtracted: R,
    threshold: R,
    relaxed: bool,
}

impl<R: Real> Lif<R> {
    /// A layer on `inputs` inputs for steps of `dt_ms`, with weights and time constants from `rng`.
    pub fn new(
        config: &LifConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let h = config.hidden;
        let mut decays = Decays::new(&config.tau_mem_ms, config.input_scale, h, dt_ms, rng)?;
        let scale = |weights| decays.divide_by_gain(weights);
        let (fan_in, mut params) = FanIn::new(&config.fan_in(), inputs, scale, rng)?;
        if config.learn_tau {
            decays.learn("tau_mem_logit", &mut params);
        }
        let (zeroing, subtracted) = config.spike_reset.factors(config.threshold);
        Ok(Self {
            config: config.clone(),
            params,
            fan_in,
            decays,
            zeroing: R::of(zeroing),
            subtracted: R::of(subtracted),
            threshold: R::of(config.threshold),
            relaxed: false,
        })
    }

    /// The same layer with the surrogate's antiderivative in place of the step of (3): no longer a
    /// spiking layer, but one whose gradients central differences can check.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.relaxed = true;
        self
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &LifConfig {
        &self.config
    }

    /// Membrane time constants `[H]`, in ms.
    pub fn tau_mem_ms(&self) -> &[f64] {
        self.decays.tau_ms()
    }

    /// Sets the membrane time constants `[H]`, in ms: for weights that come from elsewhere.
    pub fn set_tau_mem_ms(&mut self, tau_ms: &[f64]) -> Result<(), ConfigError> {
        self.decays
            .set_tau_ms(tau_ms, "tau_mem_ms", &mut self.params)
    }
}

impl<R: Real> Cell<R> for Lif<R> {
    fn name(&self) -> &'static str {
        "lif"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.fan_in.inputs(),
            drive: h,
            state: 2 * h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let h = self.config.hidden;
        stacked(&[("v", h, FieldKind::Membrane), ("s", h, FieldKind::Spikes)])
    }

    fn spikes(&self) -> bool {
        !self.relaxed
    }

    fn synapses(&self) -> Synapses {
        self.fan_in.synapses()
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![("tau_mem_ms", self.decays.tau_ms())]
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.fan_in.refresh(&self.params);
        self.decays.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.fan_in.project(&self.params, x, drive); // (1), all but W_r
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        self.fan_in.add_own(&self.params, &mut drive, &prev); // (1)
        fire(self, drive, prev, next.as_view_mut()); // (2), (3)
        if self.relaxed {
            self.relax(next);
        }
    }

    fn output(&self) -> Output<'_, R> {
        let h = self.config.hidden;
        Output::Rows(h..2 * h)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        fire_backward(self, at, adj.as_view_mut(), d_drive.as_view_mut(), grad); // (3)ᵀ, (2)ᵀ
        self.fan_in.add_own_backward(&mut adj, d_drive.as_view()); // (1)ᵀ for the spikes before
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let spikes = (at, self.relaxed);
        (self.fan_in).project_backward(&self.params, x, spikes, d_drive, grad, dx); // (1)ᵀ
    }
}

impl<R: Real> Lif<R> {
    /// (3) in relaxed mode.
    fn relax(&self, mut next: ViewMut<R>) {
        for lane in 0..next.ncols() {
            let (v, s) = column_mut(&mut next, lane).split_at_mut(self.config.hidden);
            for (s, &v) in s.iter_mut().zip(&*v) {
                *s = self.config.surrogate.relaxed(v - self.threshold);
            }
        }
    }
}

/// (2), (3)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn fire<R: Real>(cell: &Lif<R>, drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let (h, drive): (usize, View<R>) = (cell.config.hidden, drive.as_view());
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    for lane in 0..prev.ncols() {
        let (v, s) = column(&prev, lane).split_at(h);
        let (v_next, s_next) = column_mut(&mut next, lane).split_at_mut(h);
        let d = column(&drive, lane);
        each([v_next, s_next], [v, s, d, a, g], |_, [v, s, d, a, g]| {
            let v = a * (one - z * s) * v + g * d - k * s; // (2)
            [v, Surrogate::step(v - cell.threshold)] // (3)
        });
    }
}

/// (3)ᵀ, (2)ᵀ: the drive's adjoint, and that of the state before but for (1)ᵀ.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn fire_backward<R: Real>(
    cell: &Lif<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    let h = cell.config.hidden;
    let (one, z, k) = (R::one(), cell.zeroing, cell.subtracted);
    let through_reset: R = cell.config.reset_gradient.factor();
    let (a, g) = (cell.decays.decay(), cell.decays.gain());
    for lane in 0..at.prev.ncols() {
        let (v, s) = column(&at.prev, lane).split_at(h);
        let v_next = &column(&at.next, lane)[..h];
        let (adj_v, adj_s) = column_mut(&mut adj, lane).split_at_mut(h);
        let delta = column_mut(&mut d_drive, lane);

        // (3)ᵀ: delta becomes psi(v_t - theta).
        for (delta, &v) in delta.iter_mut().zip(v_next) {
            *delta = v - cell.threshold;
        }
        cell.config.surrogate.slopes(delta);

        // (3)ᵀ: delta becomes the adjoint of v_t; (2)ᵀ for the state.
        each(
            [adj_v, adj_s, delta],
            [v, s, a],
            |[from_v, from_s, psi], [v, s, a]| {
                let delta = from_v + from_s * psi;
                let to_v = delta * a * (one - z * s);
                [to_v, -through_reset * delta * (a * z * v + k), delta]
            },
        );

        // (2)ᵀ for the time constants.
        if let Some(tau) = cell.decays.position() {
            let gain_slope = cell.decays.gain_slope();
            let into = grad[tau].as_mut_slice();
            let (slope, d) = (cell.decays.slope(), column(&at.drive, lane));
            each(
                [into],
                [slope, delta, v, s, d],
                |[d_rho], [slope, delta, v, s, d]| {
                    [d_rho + slope * delta * ((one - z * s) * v + gain_slope * d)]
                },
            );
        }

        // (2)ᵀ for the drive.
        for (delta, &g) in delta.iter_mut().zip(g) {
            *delta *= g;
        }
    }
}
