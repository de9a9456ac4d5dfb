//! Adaptive LIF neurons with a membrane that resonates (adLIF), in symplectic Euler steps.
//!
//! Beside the membrane stands an adaptation current that the membrane itself feeds, and that works against
//! it: input is answered by an overshoot or a fading oscillation, and spikes by a pause. One step of one
//! neuron:
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! (2) p_t = (1 - z s_t) v_t - k s_t
//! (3) v_t = alpha p_{t-1} + (1 - alpha) (d_t - w_{t-1})
//! (4) s_t = H(v_t - theta)
//! (5) w_t = rho w_{t-1} + (1 - rho) (a p_t + b s_t)
//! ```
//!
//! The output is s. In (5) the new membrane stands and not the old one: that is the symplectic step. p is
//! what a spike leaves of the membrane. (1) is in [`crate::fan_in`], z and k are in
//! [`crate::spike_reset`], decays and their learning in [`crate::decay`], the derivative of (4) in
//! [`crate::surrogate`].
//!
//! | symbol | field         | meaning                            | unit     | shape  |
//! |--------|---------------|------------------------------------|----------|--------|
//! | x      |               | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`      | input weights                      | membrane | `[H, I]` |
//! | W_r    | `recurrent`   | weights from the layer's own spikes | membrane | `[H, H]` |
//! | c      | `bias`        | constant input                     | membrane | `[H]`    |
//! | alpha  | `tau_mem_ms`  | decay exp(-dt / tau_mem)           | 1        | `[H]`    |
//! | rho    | `tau_adapt_ms` | decay exp(-dt / tau_adapt)        | 1        | `[H]`    |
//! | a      | `a_max`       | how much the membrane feeds the adaptation, a_max sigmoid(`a_logit`) | 1 | `[H]` |
//! | b      | `b_max`       | how much a spike feeds it, b_max sigmoid(`b_logit`) | membrane | `[H]` |
//! | v      | state `v`     | membrane potential before the spike takes its share | membrane | `[H]`    |
//! | w      | state `w`     | adaptation current                 | membrane | `[H]`    |
//! | s      | state `s`     | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`   | threshold                          | membrane |        |
//! | z, k   | `spike_reset` | shares of v and theta that a spike takes | 1, membrane |  |
//!
//! **Below the threshold** (v, w) is turned in every step by a matrix with determinant alpha rho and trace
//!
//! ```text
//! (6) m = alpha + rho - (1 - alpha) (1 - rho) a
//! ```
//!
//! so that v oscillates, with angle acos(m / 2 sqrt(alpha rho)) and decay sqrt(alpha rho) a step, where
//! m^2 < 4 alpha rho, and goes to rest for all a from 0 to
//!
//! ```text
//! (7) (1 + alpha) (1 + rho) / ((1 - alpha) (1 - rho)) = coth(dt / 2 tau_mem) coth(dt / 2 tau_adapt).
//! ```
//!
//! An `a_max` beyond (7) for the shortest time constants that can be learnt is refused.
//!
//! **Source.** Baronig, Ferrand, Sabathiel & Legenstein 2024.
//!
//! **Departures.** v is recorded before the reset, and p stands for their potential after it. Their reset
//! is `zero` with `detached`, the default here; `subtract`, which takes theta off at once, and so before the
//! leak, and `none` are ours. a and b are kept inside their ranges by a sigmoid, where they are clipped
//! after every update, and time constants by the map of [`crate::bounded`]. Their a goes up to 120 and b to
//! 240, at time constants of 5 to 25 and 60 to 300 steps; with steps of 10 ms that would diverge. Initial
//! states are 0 and are not learnt.

mod kernels;
#[cfg(test)]
mod tests;

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Output, Params, Real,
    Recorded, Size, Synapses, View, ViewMut, Widths, column_mut,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decay::{Decays, InputScale, TimeConstants};
use crate::fan_in::{FanIn, FanInConfig};
use crate::fields::{stacked, thirds_mut};
use crate::share::Share;
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;
use kernels::{adapt, fire, fire_backward};

/// What a layer of adLIF neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in a scenario"
)]
pub struct AdLifConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0, default
    /// `[30, 150]`. Larger remembers longer.
    pub tau_mem_ms: TimeConstants,
    /// Time constant of the adaptation in ms, one number or a range to draw from; greater than 0, default
    /// `[100, 500]`. Larger oscillates more slowly.
    pub tau_adapt_ms: TimeConstants,
    /// Whether both time constants are learnt, one each a neuron, default true.
    pub learn_tau: bool,
    /// The largest a, no unit; initial ones are uniform in 0..`a_max`. At least 0, default 10, and below the
    /// limit (7) of the module. Larger oscillates faster, and answers steady input less.
    pub a_max: f64,
    /// The largest b, in units of the membrane; initial ones are uniform in 0..`b_max`. At least 0, default
    /// 20. Larger pauses longer after spikes.
    pub b_max: f64,
    /// Whether a and b are learnt, one each a neuron, default true.
    pub learn_adaptation: bool,
    /// Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    pub threshold: f64,
    /// What a spike does to the membrane, default `zero`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`.
    pub reset_gradient: ResetGradient,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights (1 - alpha) W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1.5. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights (1 - alpha) W_r are normal with standard deviation
    /// `recurrent_scale / sqrt(H)`; at least 0, default 0.5. Larger keeps activity going for longer.
    pub recurrent_scale: f64,
}

impl Default for AdLifConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            tau_mem_ms: TimeConstants::Range([30.0, 150.0]),
            tau_adapt_ms: TimeConstants::Range([100.0, 500.0]),
            a_max: 10.0,
            b_max: 20.0,
            learn_adaptation: true,
            learn_tau: true,
            threshold: 1.0,
            spike_reset: SpikeReset::Zero,
            reset_gradient: ResetGradient::default(),
            surrogate: Surrogate::default(),
            bias: true,
            input_gain: 1.5,
            recurrent_scale: 0.5,
        }
    }
}

impl AdLifConfig {
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

impl CellConfig for AdLifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.tau_adapt_ms.check("tau_adapt_ms")?;
        self.surrogate.check()?;
        ConfigError::unless_at_least_zero("a_max", self.a_max)?;
        ConfigError::unless_at_least_zero("b_max", self.b_max)?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let (fan_in, h) = (self.fan_in().size(inputs), Count::from(self.hidden));
        Size {
            parameters: fan_in.parameters
                + 2 * h.only_if(self.learn_tau)
                + 2 * h.only_if(self.learn_adaptation),
            state: 3 * h,
            ..fan_in
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(AdLif::new(self, inputs, dt_ms, rng)?))
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

/// A layer of H adLIF neurons. State rows: v `[H]`, w `[H]`, s `[H]`; the drive is d `[H]`.
#[derive(Clone, Debug)]
pub struct AdLif<R: Real> {
    config: AdLifConfig,
    /// `weight [H, I]`, then, where configured, `bias [H, 1]`, `recurrent [H, H]`, `tau_mem_logit [H, 1]`,
    /// `tau_adapt_logit [H, 1]`, `a_logit [H, 1]`, `b_logit [H, 1]`.
    params: Params<R>,
    fan_in: FanIn<R>,
    /// alpha and 1 - alpha.
    decays: Decays<R>,
    /// rho and 1 - rho.
    adaptation: Decays<R>,
    /// a and b of equation (5).
    a: Share<R>,
    b: Share<R>,
    /// z and k of equation (2).
    zeroing: R,
    subtracted: R,
    threshold: R,
    relaxed: bool,
}

impl<R: Real> AdLif<R> {
    /// A layer on `inputs` inputs for steps of `dt_ms`, with weights and dynamics from `rng`.
    pub fn new(
        config: &AdLifConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let h = config.hidden;
        let mut decays = Decays::new(&config.tau_mem_ms, InputScale::Decay, h, dt_ms, rng)?;
        let mut adaptation = Decays::new(&config.tau_adapt_ms, InputScale::Decay, h, dt_ms, rng)?;
        let factor = |decays: &Decays<R>, tau: &TimeConstants| {
            let shortest_ms = if config.learn_tau {
                decays.shortest_ms()
            } else {
                tau.range()[0]
            };
            (0.5 * dt_ms / shortest_ms).tanh().recip()
        };
        let limit = factor(&decays, &config.tau_mem_ms) * factor(&adaptation, &config.tau_adapt_ms);
        ConfigError::unless(
            config.a_max < limit, // (7)
            "a_max",
            config.a_max,
            "below coth(dt / 2 tau_mem) coth(dt / 2 tau_adapt) for the shortest time constants, a third \
             of the configured ones where they are learnt",
        )?;
        let mut a = Share::draw(config.a_max, h, rng);
        let mut b = Share::draw(config.b_max, h, rng);
        let scale = |weights| decays.divide_by_gain(weights);
        let (fan_in, mut params) = FanIn::new(&config.fan_in(), inputs, scale, rng)?;
        if config.learn_tau {
            decays.learn("tau_mem_logit", &mut params);
            adaptation.learn("tau_adapt_logit", &mut params);
        }
        if config.learn_adaptation {
            a.learn("a_logit", &mut params);
            b.learn("b_logit", &mut params);
        }
        let (zeroing, subtracted) = config.spike_reset.factors(config.threshold);
        Ok(Self {
            config: config.clone(),
            params,
            fan_in,
            decays,
            adaptation,
            a,
            b,
            zeroing: R::of(zeroing),
            subtracted: R::of(subtracted),
            threshold: R::of(config.threshold),
            relaxed: false,
        })
    }

    /// The same layer with the surrogate's antiderivative in place of the step of (4): no longer a
    /// spiking layer, but one whose gradients central differences can check.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.relaxed = true;
        self
    }

    /// Sets a and b `[H]`, each above 0 and below its maximum: for weights that come from elsewhere.
    pub fn set_adaptation(&mut self, a: &[f64], b: &[f64]) -> Result<(), ConfigError> {
        self.a.set(a, "a", &mut self.params)?;
        self.b.set(b, "b", &mut self.params)
    }

    /// Sets the time constants `[H]` of membrane and adaptation, in ms.
    pub fn set_tau_ms(&mut self, membrane: &[f64], adaptation: &[f64]) -> Result<(), ConfigError> {
        self.decays
            .set_tau_ms(membrane, "tau_mem_ms", &mut self.params)?;
        self.adaptation
            .set_tau_ms(adaptation, "tau_adapt_ms", &mut self.params)
    }
}

impl<R: Real> Cell<R> for AdLif<R> {
    fn name(&self) -> &'static str {
        "adlif"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.fan_in.inputs(),
            drive: h,
            state: 3 * h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let h = self.config.hidden;
        stacked(&[
            ("v", h, FieldKind::Membrane),
            ("w", h, FieldKind::Value),
            ("s", h, FieldKind::Spikes),
        ])
    }

    fn spikes(&self) -> bool {
        !self.relaxed
    }

    fn synapses(&self) -> Synapses {
        self.fan_in.synapses()
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![
            ("tau_mem_ms", self.decays.tau_ms()),
            ("tau_adapt_ms", self.adaptation.tau_ms()),
        ]
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.fan_in.refresh(&self.params);
        self.decays.refresh(&self.params);
        self.adaptation.refresh(&self.params);
        self.a.refresh(&self.params);
        self.b.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.fan_in.project(&self.params, x, drive); // (1), all but W_r
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        self.fan_in.add_own(&self.params, &mut drive, &prev); // (1)
        fire(self, drive, prev, next.as_view_mut()); // (2), (3), (4)
        if self.relaxed {
            self.relax(next.as_view_mut());
        }
        adapt(self, prev, next); // (2), (5)
    }

    fn output(&self) -> Output<'_, R> {
        let h = self.config.hidden;
        Output::Rows(2 * h..3 * h)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        fire_backward(self, at, adj.as_view_mut(), d_drive.as_view_mut(), grad); // (5)ᵀ to (2)ᵀ
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

impl<R: Real> AdLif<R> {
    /// (4) in relaxed mode.
    fn relax(&self, mut next: ViewMut<R>) {
        for lane in 0..next.ncols() {
            let (v, _, s) = thirds_mut(column_mut(&mut next, lane), self.config.hidden);
            for (s, &v) in s.iter_mut().zip(&*v) {
                *s = self.config.surrogate.relaxed(v - self.threshold);
            }
        }
    }
}
