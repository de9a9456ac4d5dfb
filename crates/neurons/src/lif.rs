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
//! **Sources and variants.** Neftci, Mostafa & Zenke 2019, without the synaptic current.
//! `subtract` and `zero` with `detached` are snnTorch's `Leaky(beta=a, reset_delay=True)`. Norse's
//! `LIFBoxCell` is `zero` with `input_scale: decay` and `full`, its Euler decay 1 - dt/tau taken as a; it
//! resets within the step, so its v is ours where there is no spike, and 0 where there is one.

use nalgebra::DMatrix;
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, FieldKind, Lane, Name, Params, Real, Size, Step, blocks,
    blocks_mut,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connections::{self, Connections};
use crate::decay::{Decays, InputScale, TimeConstants};
use crate::fan_in::FanInConfig;
use crate::firing::Firing;
use crate::layer::{Layer, Neurons};
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
    /// Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the reverse
    /// pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate_cutoff: Option<f64>,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights g W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1. On spoken digits as events (700 channels, steps of 10 ms) a layer then starts
    /// at about 0.1 spikes a neuron and step, and the next one at half of that. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights g W_r are normal with standard deviation `recurrent_scale / sqrt(K)`,
    /// where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5. Larger keeps
    /// activity going for longer.
    pub recurrent_scale: f64,
    /// Share of the recurrent connections that exist: each neuron reaches K = `density` H neurons, one or more,
    /// drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    #[serde(skip_serializing_if = "connections::is_complete")]
    pub density: f64,
    /// Seed of that draw where `density` is below 1, a whole number, default 0. The seed of a trial draws weights, not
    /// connections.
    #[serde(skip_serializing_if = "connections::is_first_seed")]
    pub connection_seed: u64,
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
            surrogate_cutoff: None,
            bias: true,
            input_gain: 1.0,
            recurrent_scale: 0.5,
            density: 1.0,
            connection_seed: 0,
        }
    }
}

impl CellConfig for LifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.surrogate.check()?;
        Firing::<f64>::check_cutoff(self.surrogate_cutoff)?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let unread = !self.input_scale.is_read(self.learn_tau);
        Size {
            unread: Count::from(self.hidden).only_if(unread),
            ..self.fan_in().size(inputs, usize::from(self.learn_tau), 2)
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Lif::new(self, inputs, dt_ms, rng)?))
    }

    fn left_out(&self) -> Option<String> {
        self.surrogate.left_out(self.surrogate_cutoff?)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

impl LifConfig {
    /// The keys of the layer's weights.
    pub fn fan_in(&self) -> FanInConfig {
        FanInConfig {
            hidden: self.hidden,
            recurrent: self.recurrent,
            bias: self.bias,
            input_gain: self.input_gain,
            recurrent_scale: self.recurrent_scale,
            connections: Connections {
                density: self.density,
                seed: self.connection_seed,
            },
        }
    }
}

/// A layer of H LIF neurons. State rows: v `[H]`, then s `[H]`; the drive is d `[H]`.
pub type Lif<R> = Layer<R, LifNeurons<R>>;

/// (2) and (3). What is learnt: `tau_mem_logit [H, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct LifNeurons<R: Real> {
    /// a and g.
    decays: Decays<R>,
    firing: Firing<R>,
}

impl<R: Real> Neurons<R> for LifNeurons<R> {
    type Config = LifConfig;
    const NAME: &'static str = "lif";

    fn fan_in(config: &LifConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(c: &LifConfig, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError> {
        Ok(Self {
            decays: Decays::new(&c.tau_mem_ms, c.input_scale, c.hidden, dt_ms, rng)?,
            firing: Firing::new(c.threshold, c.spike_reset, c.reset_gradient, c.surrogate)
                .cut(c.surrogate_cutoff),
        })
    }

    fn divide_by_gain(&self, weights: DMatrix<R>) -> DMatrix<R> {
        self.decays.divide_by_gain(weights)
    }

    fn learn(&mut self, config: &LifConfig, params: &mut Params<R>) {
        if config.learn_tau {
            self.decays.learn("tau_mem_logit", params);
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.decays.refresh(params);
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![("tau_mem_ms", self.decays.tau_ms())]
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        vec![
            ("a".into(), self.decays.decay()),
            ("g".into(), self.decays.gain()),
        ]
    }

    fn blocks(&self) -> &'static [(&'static str, FieldKind)] {
        &[("v", FieldKind::Membrane), ("s", FieldKind::Spikes)]
    }

    fn reads_drive(&self) -> bool {
        self.decays.reads_input()
    }

    fn firing(&self) -> Option<&Firing<R>> {
        Some(&self.firing)
    }
}

impl<R: Real> Lif<R> {
    /// Membrane time constants `[H]`, in ms.
    pub fn tau_mem_ms(&self) -> &[f64] {
        self.neurons.decays.tau_ms()
    }

    /// Sets the membrane time constants `[H]`, in ms: for weights that come from elsewhere.
    pub fn set_tau_mem_ms(&mut self, tau_ms: &[f64]) -> Result<(), ConfigError> {
        let decays = &mut self.neurons.decays;
        decays.set_tau_ms(tau_ms, "tau_mem_ms", &mut self.params)
    }
}

impl<R: Real> Step<R> for LifNeurons<R> {
    /// (2), (3)
    #[inline(always)]
    fn step(&self, d: &mut [R], prev: &[R], next: &mut [R]) {
        let ([v, s], [v_next, s_next]) = (blocks(prev), blocks_mut(next));
        let (theta, z, k) = self.firing.constants();
        let (a, g) = (self.decays.decay(), self.decays.gain());
        each([v_next, s_next], [v, s, d, a, g], |_, [v, s, d, a, g]| {
            let v = a * (R::one() - z * s) * v + g * d - k * s; // (2)
            [v, Surrogate::step(v - theta)] // (3)
        });
    }

    /// (3)ᵀ, (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let ([v, s], [v_next, _]) = (blocks(at.prev), blocks(at.next));
        let [adj_v, adj_s] = blocks_mut(adj);
        let (theta, z, k) = self.firing.constants();
        let through = self.firing.through_reset;
        let (a, g) = (self.decays.decay(), self.decays.gain());

        // (3)ᵀ: delta becomes psi(v_t - theta).
        each([delta], [v_next], |_, [v]| [v - theta]);
        self.firing.slopes(delta);

        // (3)ᵀ: delta becomes the adjoint of v_t; (2)ᵀ for the state.
        each(
            [adj_v, adj_s, delta],
            [v, s, a],
            |[from_v, from_s, psi], [v, s, a]| {
                let delta = from_v + from_s * psi;
                let to_v = delta * a * (R::one() - z * s);
                [to_v, -through * delta * (a * z * v + k), delta]
            },
        );

        // (2)ᵀ for the time constants and the drive.
        (self.decays).add_gradient(grad, delta, [v, s, at.drive], |v, s| (R::one() - z * s) * v);
        each([delta], [g], |[delta], [g]| [delta * g]);
    }
}

#[cfg(test)]
mod tests;
