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
//! The output is s. The membrane receives the new current: an event can make a spike in its own step. A spike
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
//! **Sources and variants.** Neftci, Mostafa & Zenke 2019; Zenke & Ganguli 2018. `subtract` and `none` with
//! `detached` are snnTorch's `Synaptic(alpha, beta=a)`, whose `zero` takes the new input too and is not
//! ours. Norse's `LIFCell` is `zero` with `full`, h = 1 and g = 1 - a, its Euler decays 1 - dt/tau taken as
//! alpha and a; it resets within the step, so its v is ours where there is no spike, and 0 where there is
//! one, and it records the current after its decay, alpha i_t.
//!
//! **Departures.** One current a neuron carries all its synapses, input and recurrent, which have one time
//! constant.

#[cfg(test)]
mod tests;

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
    /// Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the reverse
    /// pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate_cutoff: Option<f64>,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial effective input weights g h W are normal with standard deviation `input_gain / sqrt(I)`; at
    /// least 0, default 1. Larger is livelier.
    pub input_gain: f64,
    /// Initial effective recurrent weights g h W_r are normal with standard deviation `recurrent_scale /
    /// sqrt(K)`, where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5. Larger
    /// keeps activity going for longer.
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
            surrogate_cutoff: None,
            bias: true,
            input_gain: 1.0,
            recurrent_scale: 0.5,
            density: 1.0,
            connection_seed: 0,
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
            connections: Connections {
                density: self.density,
                seed: self.connection_seed,
            },
        }
    }
}

impl CellConfig for CubaLifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.tau_syn_ms.check("tau_syn_ms")?;
        self.surrogate.check()?;
        Firing::<f64>::check_cutoff(self.surrogate_cutoff)?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let unread = !self.synapse_scale.is_read(self.learn_tau);
        Size {
            unread: Count::from(self.hidden).only_if(unread),
            ..self
                .fan_in()
                .size(inputs, 2 * usize::from(self.learn_tau), 3)
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(CubaLif::new(self, inputs, dt_ms, rng)?))
    }

    fn left_out(&self) -> Option<String> {
        self.surrogate.left_out(self.surrogate_cutoff?)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

/// A layer of H CuBa-LIF neurons. State rows: v `[H]`, i `[H]`, s `[H]`; the drive is d `[H]`.
pub type CubaLif<R> = Layer<R, CubaLifNeurons<R>>;

/// (2) to (4). What is learnt: `tau_mem_logit [H, 1]` and `tau_syn_logit [H, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct CubaLifNeurons<R: Real> {
    /// a and g.
    decays: Decays<R>,
    /// alpha and h.
    synapse: Decays<R>,
    firing: Firing<R>,
}

impl<R: Real> Neurons<R> for CubaLifNeurons<R> {
    type Config = CubaLifConfig;
    const NAME: &'static str = "cuba_lif";

    fn fan_in(config: &CubaLifConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(c: &CubaLifConfig, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError> {
        Ok(Self {
            decays: Decays::new(&c.tau_mem_ms, c.input_scale, c.hidden, dt_ms, rng)?,
            synapse: Decays::new(&c.tau_syn_ms, c.synapse_scale, c.hidden, dt_ms, rng)?,
            firing: Firing::new(c.threshold, c.spike_reset, c.reset_gradient, c.surrogate)
                .cut(c.surrogate_cutoff),
        })
    }

    fn divide_by_gain(&self, weights: DMatrix<R>) -> DMatrix<R> {
        (self.decays).divide_by_gain(self.synapse.divide_by_gain(weights))
    }

    fn learn(&mut self, config: &CubaLifConfig, params: &mut Params<R>) {
        if config.learn_tau {
            self.decays.learn("tau_mem_logit", params);
            self.synapse.learn("tau_syn_logit", params);
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.decays.refresh(params);
        self.synapse.refresh(params);
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        let (membrane, synapse) = (self.decays.tau_ms(), self.synapse.tau_ms());
        vec![("tau_mem_ms", membrane), ("tau_syn_ms", synapse)]
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        let (membrane, synapse) = (&self.decays, &self.synapse);
        vec![
            ("a".into(), membrane.decay()),
            ("g".into(), membrane.gain()),
            ("alpha".into(), synapse.decay()),
            ("h".into(), synapse.gain()),
        ]
    }

    fn blocks(&self) -> &'static [(&'static str, FieldKind)] {
        &[
            ("v", FieldKind::Membrane),
            ("i", FieldKind::Value),
            ("s", FieldKind::Spikes),
        ]
    }

    fn reads_drive(&self) -> bool {
        self.synapse.reads_input()
    }

    fn firing(&self) -> Option<&Firing<R>> {
        Some(&self.firing)
    }
}

impl<R: Real> CubaLif<R> {
    /// Sets the time constants `[H]` of membrane and synapse, in ms: for weights that come from
    /// elsewhere.
    pub fn set_tau_ms(&mut self, membrane: &[f64], synapse: &[f64]) -> Result<(), ConfigError> {
        let (neurons, params) = (&mut self.neurons, &mut self.params);
        neurons.decays.set_tau_ms(membrane, "tau_mem_ms", params)?;
        neurons.synapse.set_tau_ms(synapse, "tau_syn_ms", params)
    }
}

impl<R: Real> Step<R> for CubaLifNeurons<R> {
    /// (2), (3), (4)
    #[inline(always)]
    fn step(&self, d: &mut [R], prev: &[R], next: &mut [R]) {
        let ([v, i, s], [v_next, i_next, s_next]) = (blocks(prev), blocks_mut(next));
        let (theta, z, k) = self.firing.constants();
        let (a, g) = (self.decays.decay(), self.decays.gain());
        let (alpha, height) = (self.synapse.decay(), self.synapse.gain());
        each(
            [i_next],
            [i, d, alpha, height],
            |_, [i, d, alpha, height]| {
                [alpha * i + height * d] // (2)
            },
        );
        each(
            [v_next, s_next],
            [v, s, i_next, a, g],
            |_, [v, s, i, a, g]| {
                let v = a * (R::one() - z * s) * v + g * i - k * s; // (3)
                [v, Surrogate::step(v - theta)] // (4)
            },
        );
    }

    /// (4)ᵀ, (3)ᵀ, (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let ([v, i, s], [v_next, i_next, _]) = (blocks(at.prev), blocks(at.next));
        let [adj_v, adj_i, adj_s] = blocks_mut(adj);
        let (theta, z, k) = self.firing.constants();
        let through = self.firing.through_reset;
        let (a, g) = (self.decays.decay(), self.decays.gain());
        let (alpha, height) = (self.synapse.decay(), self.synapse.gain());

        // (4)ᵀ: delta becomes psi(v_t - theta).
        each([delta], [v_next], |_, [v]| [v - theta]);
        self.firing.slopes(delta);

        // (4)ᵀ: delta becomes the adjoint of v_t; (3)ᵀ for the state.
        each(
            [adj_v, adj_s, delta],
            [v, s, a],
            |[from_v, from_s, psi], [v, s, a]| {
                let delta = from_v + from_s * psi;
                let to_v = delta * a * (R::one() - z * s);
                [to_v, -through * delta * (a * z * v + k), delta]
            },
        );
        each([adj_i], [delta, g], |[adj_i], [delta, g]| {
            [adj_i + g * delta]
        });

        // (3)ᵀ, (2)ᵀ for the time constants.
        (self.decays).add_gradient(grad, delta, [v, s, i_next], |v, s| (R::one() - z * s) * v);
        (self.synapse).add_gradient(grad, adj_i, [i, s, at.drive], |i, _| i);

        // (2)ᵀ for the current and the drive.
        each(
            [delta, adj_i],
            [alpha, height],
            |[_, adj_i], [alpha, height]| [height * adj_i, adj_i * alpha],
        );
    }
}
