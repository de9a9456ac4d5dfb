//! Leaky integrators (LI): the readout of a spiking net.
//!
//! A membrane without a threshold. It turns spikes into smooth numbers, such as the scores of classes,
//! with a memory of its own:
//!
//! ```text
//! (1) d_t = W x_t + b
//! (2) v_t = a v_{t-1} + g d_t
//! (3) y_t = v_t
//! ```
//!
//! Decays and their learning are in [`crate::decay`].
//!
//! | symbol | field         | meaning                       | unit  | shape  |
//! |--------|---------------|-------------------------------|-------|--------|
//! | x      |               | input, values or event counts | 1     | `[I]`    |
//! | W      | `weight`      | input weights                 | score | `[O, I]` |
//! | b      | `bias`        | constant input                | score | `[O]`    |
//! | a      | `tau_mem_ms`  | decay exp(-dt / tau_mem)      | 1     | `[O]`    |
//! | g      | `input_scale` | 1 - a or 1                    | 1     | `[O]`    |
//! | v      | state `v`     | membrane potential            | score | `[O]`    |
//!
//! **Sources and variants.** The readout of Bellec et al. 2020 has `input_scale: one`. snnTorch's
//! `Leaky(beta=a, reset_mechanism="none")` has this v as its membrane for `input_scale: one`.

use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, CellConfig, ConfigError, Count, FieldKind, Lane, Name, Params, Real, Size, Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connections::Connections;
use crate::decay::{Decays, InputScale, TimeConstants};
use crate::fan_in::FanInConfig;
use crate::firing::Firing;
use crate::layer::{Layer, Neurons};

/// What a layer of leaky integrators is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LiConfig {
    /// Number of outputs O; at least 1, default 1. A readout of classes has one output a class.
    pub outputs: usize,
    /// Time constant in ms, one number or a range to draw from; greater than 0, default 50. Larger
    /// averages over a longer time and answers later.
    pub tau_mem_ms: TimeConstants,
    /// Whether time constants are learnt, one an output, default true.
    pub learn_tau: bool,
    /// What the input is multiplied by: 1 or 1 - a, default `decay`, which is an average over time.
    pub input_scale: InputScale,
    /// Whether each output has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial weights are normal with standard deviation `input_gain / sqrt(I)`; at least 0, default 1.
    /// Larger starts with scores further apart.
    pub input_gain: f64,
}

impl Default for LiConfig {
    fn default() -> Self {
        Self {
            outputs: 1,
            tau_mem_ms: TimeConstants::Same(50.0),
            learn_tau: true,
            input_scale: InputScale::Decay,
            bias: true,
            input_gain: 1.0,
        }
    }
}

impl CellConfig for LiConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("outputs", self.outputs)?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        ConfigError::unless_at_least_zero("input_gain", self.input_gain)
    }

    fn size(&self, inputs: Count) -> Size {
        let unread = !self.input_scale.is_read(self.learn_tau);
        Size {
            unread: Count::from(self.outputs).only_if(unread),
            ..self.fan_in().size(inputs, usize::from(self.learn_tau), 1)
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Li::new(self, inputs, dt_ms, rng)?))
    }
}

impl LiConfig {
    fn fan_in(&self) -> FanInConfig {
        FanInConfig {
            hidden: self.outputs,
            recurrent: false,
            bias: self.bias,
            input_gain: self.input_gain,
            recurrent_scale: 0.0,
            connections: Connections::ALL,
        }
    }
}

/// A layer of O leaky integrators. The state is v `[O]`; the drive is d `[O]`.
pub type Li<R> = Layer<R, LiNeurons<R>>;

/// (2). What is learnt: `tau_mem_logit [O, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct LiNeurons<R: Real> {
    /// a and g.
    decays: Decays<R>,
}

impl<R: Real> Neurons<R> for LiNeurons<R> {
    type Config = LiConfig;
    const NAME: &'static str = "li";

    fn fan_in(config: &LiConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(c: &LiConfig, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError> {
        let decays = Decays::new(&c.tau_mem_ms, c.input_scale, c.outputs, dt_ms, rng)?;
        Ok(Self { decays })
    }

    fn learn(&mut self, config: &LiConfig, params: &mut Params<R>) {
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
        &[("v", FieldKind::Value)]
    }

    fn reads_drive(&self) -> bool {
        self.decays.reads_input()
    }

    fn firing(&self) -> Option<&Firing<R>> {
        None
    }
}

impl<R: Real> Li<R> {
    /// Time constants `[O]`, in ms.
    pub fn tau_mem_ms(&self) -> &[f64] {
        self.neurons.decays.tau_ms()
    }

    /// Sets the time constants `[O]`, in ms: for weights that come from elsewhere.
    pub fn set_tau_mem_ms(&mut self, tau_ms: &[f64]) -> Result<(), ConfigError> {
        let decays = &mut self.neurons.decays;
        decays.set_tau_ms(tau_ms, "tau_mem_ms", &mut self.params)
    }
}

impl<R: Real> Step<R> for LiNeurons<R> {
    /// (2)
    #[inline(always)]
    fn step(&self, d: &mut [R], v: &[R], v_next: &mut [R]) {
        let (a, g) = (self.decays.decay(), self.decays.gain());
        each([v_next], [v, d, a, g], |_, [v, d, a, g]| [a * v + g * d]); // (2)
    }

    /// (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let (a, g) = (self.decays.decay(), self.decays.gain());
        (self.decays).add_gradient(grad, adj, [at.prev, at.prev, at.drive], |v, _| v);
        each([adj, delta], [a, g], |[adj, _], [a, g]| [adj * a, g * adj]);
    }
}

#[cfg(test)]
mod tests;
