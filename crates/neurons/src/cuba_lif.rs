//! Current-based leaky integrate-and-fire neurons (CuBa-LIF).
//!
//! A LIF neuron behind a synapse: input makes a current that fades, and the membrane integrates that
//! current, so that a single event is felt as a smooth rise and fall. One step of one neuron:
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! (2) i_t = alpha i_{t-1} + h d_t
//! (3) v_t = a (1 - z s_{t-1}) v_{t-1} + g i_t - k s_{t-1}
//! (4) s_t = H(v_t - theta)
//! ```
//!
//! The output is s. The membrane hears the new current: an event can make a spike in its own step. A spike
//! resets the membrane and leaves the current. (1) is in [`crate::fan_in`], z and k are in
//! [`crate::spike_reset`], decays and their learning in [`crate::decay`], the derivative of (4) in
//! [`crate::surrogate`].
//!
//! | symbol | field         | meaning                            | unit     | shape  |
//! |--------|---------------|------------------------------------|----------|--------|
//! | x      |               | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`      | input weights                      | current  | `[H, I]` |
//! | W_r    | `recurrent`   | weights from the layer's own spikes | current | `[H, H]` |
//! | c      | `bias`        | constant input                     | current  | `[H]`    |
//! | alpha  | `tau_syn_ms`  | decay exp(-dt / tau_syn)           | 1        | `[H]`    |
//! | h      | `synapse_scale` | 1 or 1 - alpha                   | 1        | `[H]`    |
//! | a      | `tau_mem_ms`  | decay exp(-dt / tau_mem)           | 1        | `[H]`    |
//! | g      | `input_scale` | 1 or 1 - a                         | 1        | `[H]`    |
//! | v      | state `v`     | membrane potential                 | membrane | `[H]`    |
//! | i      | state `i`     | synaptic current                   | current  | `[H]`    |
//! | s      | state `s`     | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`   | threshold                          | membrane |        |
//! | z, k   | `spike_reset` | shares of v and theta that a spike takes | 1, membrane |  |
//!
//! **Sources and kin.** Neftci, Mostafa & Zenke 2019; Zenke & Ganguli 2018. `subtract` and `none` with
//! `detached` are snnTorch's `Synaptic(alpha, beta=a)`, whose `zero` takes the new input too and is not
//! ours. Norse's `LIFCell` is `zero` with `full`, h = 1 and g = 1 - a, its Euler decays 1 - dt/tau taken as
//! alpha and a; it resets within the step, so its v is ours where there is no spike, and 0 where there is
//! one, and it records the current after its decay, alpha i_t.
//!
//! **Departures.** One current a neuron carries all its synapses, input and recurrent, which have one time
//! constant.

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
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;
use kernels::{fire, fire_backward};

/// What a layer of CuBa-LIF neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CubaLifConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0, default
    /// `[30, 200]`. Larger remembers longer.
    pub tau_mem_ms: TimeConstants,
    /// Time constant of the synapses in ms, one number or a range to draw from; greater than 0, default
    /// `[10, 40]`. Larger smooths the input over a longer time.
    pub tau_syn_ms: TimeConstants,
    /// Whether both time constants are learnt, one each a neuron, default true.
    pub learn_tau: bool,
    /// Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    pub threshold: f64,
    /// What a spike does to the membrane, default `subtract`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`.
    pub reset_gradient: ResetGradient,
    /// What the input of the synapse is multiplied by: 1 or 1 - alpha, default `one`.
    pub synapse_scale: InputScale,
    /// What the current is multiplied by on its way into the membrane: 1 or 1 - a, default `one`.
    pub input_scale: InputScale,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights g h W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights g h W_r are normal with standard deviation
    /// `recurrent_scale / sqrt(H)`; at least 0, default 0.5. Larger keeps activity going for longer.
    pub recurrent_scale: f64,
}

impl Default for CubaLifConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            tau_mem_ms: TimeConstants::Range([30.0, 200.0]),
            tau_syn_ms: TimeConstants::Range([10.0, 40.0]),
            learn_tau: true,
            threshold: 1.0,
            spike_reset: SpikeReset::default(),
            reset_gradient: ResetGradient::default(),
            synapse_scale: InputScale::default(),
            input_scale: InputScale::default(),
            surrogate: Surrogate::default(),
            bias: true,
            input_gain: 1.0,
            recurrent_scale: 0.5,
        }
    }
}

impl CubaLifConfig {
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

impl CellConfig for CubaLifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.tau_syn_ms.check("tau_syn_ms")?;
        self.surrogate.check()?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let (fan_in, h) = (self.fan_in().size(inputs), Count::from(self.hidden));
        Size {
            parameters: fan_in.parameters + 2 * h.only_if(self.learn_tau),
            state: 3 * h,
            ..fan_in
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(CubaLif::new(self, inputs, dt_ms, rng)?))
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

/// A layer of H CuBa-LIF neurons. State rows: v `[H]`, i `[H]`, s `[H]`; the drive is d `[H]`.
#[derive(Clone, Debug)]
pub struct CubaLif<R: Real> {
    config: CubaLifConfig,
    /// `weight [H, I]`, then, where configured, `bias [H, 1]`, `recurrent [H, H]`, `tau_mem_logit [H, 1]`,
    /// `tau_syn_logit [H, 1]`.
    params: Params<R>,
    fan_in: FanIn<R>,
    /// a and g.
    decays: Decays<R>,
    /// alpha and h.
    synapse: Decays<R>,
    /// z and k of equation (3).
    zeroing: R,
    subtracted: R,
    threshold: R,
    relaxed: bool,
}

impl<R: Real> CubaLif<R> {
    /// A layer on `inputs` inputs for steps of `dt_ms`, with weights and time constants from `rng`.
    pub fn new(
        config: &CubaLifConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let h = config.hidden;
        let mut decays = Decays::new(&config.tau_mem_ms, config.input_scale, h, dt_ms, rng)?;
        let mut synapse = Decays::new(&config.tau_syn_ms, config.synapse_scale, h, dt_ms, rng)?;
        let scale = |weights| decays.divide_by_gain(synapse.divide_by_gain(weights));
        let (fan_in, mut params) = FanIn::new(&config.fan_in(), inputs, scale, rng)?;
        if config.learn_tau {
            decays.learn("tau_mem_logit", &mut params);
            synapse.learn("tau_syn_logit", &mut params);
        }
        let (zeroing, subtracted) = config.spike_reset.factors(config.threshold);
        Ok(Self {
            config: config.clone(),
            params,
            fan_in,
            decays,
            synapse,
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

    /// Sets the time constants `[H]` of membrane and synapse, in ms: for weights that come from
    /// elsewhere.
    pub fn set_tau_ms(&mut self, membrane: &[f64], synapse: &[f64]) -> Result<(), ConfigError> {
        self.decays
            .set_tau_ms(membrane, "tau_mem_ms", &mut self.params)?;
        self.synapse
            .set_tau_ms(synapse, "tau_syn_ms", &mut self.params)
    }
}

impl<R: Real> Cell<R> for CubaLif<R> {
    fn name(&self) -> &'static str {
        "cuba_lif"
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
            ("i", h, FieldKind::Value),
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
            ("tau_syn_ms", self.synapse.tau_ms()),
        ]
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.fan_in.refresh(&self.params);
        self.decays.refresh(&self.params);
        self.synapse.refresh(&self.params);
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
            self.relax(next);
        }
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
        fire_backward(self, at, adj.as_view_mut(), d_drive.as_view_mut(), grad); // (4)ᵀ, (3)ᵀ, (2)ᵀ
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

impl<R: Real> CubaLif<R> {
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
