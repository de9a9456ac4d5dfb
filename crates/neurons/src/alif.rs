//! Adaptive leaky integrate-and-fire neurons (ALIF).
//!
//! A LIF neuron whose threshold rises with every spike of its own and falls back slowly: what it has said
//! lately makes it quieter, so that it remembers for longer than its membrane does. One step of one
//! neuron:
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! (2) b_t = rho b_{t-1} + h s_{t-1}
//! (3) v_t = a (1 - z s_{t-1}) v_{t-1} + g d_t - k s_{t-1}
//! (4) s_t = H(v_t - theta - beta b_t)
//! ```
//!
//! The output is s. The threshold of step t has b_t, which holds all spikes up to s_{t-1}, the last one in
//! full weight h, and not s_t. (1) is in [`crate::fan_in`], z and k are in [`crate::spike_reset`], decays
//! and their learning in [`crate::decay`], the derivative of (4) in [`crate::surrogate`].
//!
//! | symbol | field         | meaning                            | unit     | shape  |
//! |--------|---------------|------------------------------------|----------|--------|
//! | x      |               | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`      | input weights                      | membrane | `[H, I]` |
//! | W_r    | `recurrent`   | weights from the layer's own spikes | membrane | `[H, H]` |
//! | c      | `bias`        | constant input                     | membrane | `[H]`    |
//! | a      | `tau_mem_ms`  | decay exp(-dt / tau_mem)           | 1        | `[H]`    |
//! | g      | `input_scale` | 1 or 1 - a                         | 1        | `[H]`    |
//! | rho    | `tau_adapt_ms` | decay exp(-dt / tau_adapt)        | 1        | `[H]`    |
//! | h      | `normalise`   | 1 - rho, or 1                      | 1        | `[H]`    |
//! | v      | state `v`     | membrane potential                 | membrane | `[H]`    |
//! | b      | state `b`     | adaptation, a fading average of s  | 1        | `[H]`    |
//! | s      | state `s`     | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`   | threshold of a rested neuron       | membrane |        |
//! | beta   | `beta`        | how far b lifts the threshold      | membrane |        |
//! | z, k   | `spike_reset` | shares of v and theta that a spike takes | 1, membrane |  |
//!
//! **Sources.** Bellec et al. 2018 and 2020 (`normalise: false`: a spike lifts the threshold by beta,
//! for any tau_adapt); Yin, Corradi & Bohte 2021 (`normalise: true`: b is a rate between 0 and 1, and
//! beta what a neuron that always spikes is lifted by; their beta is 1.8).
//!
//! **Departures.** A spike subtracts theta, as in Bellec et al. 2020, not the lifted threshold, which Yin
//! et al. subtract. The refractory period of Bellec et al. is left out.

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

/// What a layer of ALIF neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in a scenario"
)]
pub struct AlifConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0, default
    /// `[30, 200]`. Larger remembers longer.
    pub tau_mem_ms: TimeConstants,
    /// Time constant of the threshold in ms, one number or a range to draw from; greater than 0, default
    /// `[100, 500]`. Larger stays quiet for longer after spikes.
    pub tau_adapt_ms: TimeConstants,
    /// Whether both time constants are learnt, one each a neuron, default true.
    pub learn_tau: bool,
    /// Membrane potential above which a rested neuron spikes; greater than 0, default 1. Larger is
    /// quieter.
    pub threshold: f64,
    /// How far adaptation lifts the threshold, in units of the membrane; at least 0, default 1.8. Larger
    /// is quieter after spikes; at 0 the neurons are LIF.
    pub beta: f64,
    /// Whether a spike adds 1 - rho to the adaptation, default true, so that this is a mean rate. Without
    /// it a spike adds 1, and beta should be smaller by about the steps in `tau_adapt_ms`.
    pub normalise: bool,
    /// What a spike does to the membrane, default `subtract`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`. It always passes through the
    /// adaptation.
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
    /// least 0, default 1. Larger is livelier.
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

impl Default for AlifConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            tau_mem_ms: TimeConstants::Range([30.0, 200.0]),
            tau_adapt_ms: TimeConstants::Range([100.0, 500.0]),
            learn_tau: true,
            threshold: 1.0,
            beta: 1.8,
            normalise: true,
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

impl AlifConfig {
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

impl CellConfig for AlifConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        self.tau_adapt_ms.check("tau_adapt_ms")?;
        self.surrogate.check()?;
        Firing::<f64>::check_cutoff(self.surrogate_cutoff)?;
        ConfigError::unless_positive("threshold", self.threshold)?;
        ConfigError::unless_at_least_zero("beta", self.beta)
    }

    fn size(&self, inputs: Count) -> Size {
        let unread = !self.input_scale.is_read(self.learn_tau);
        Size {
            unread: Count::from(self.hidden).only_if(unread),
            ..self
                .fan_in()
                .size(inputs, 2 * usize::from(self.learn_tau), 3)
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Alif::new(self, inputs, dt_ms, rng)?))
    }

    fn left_out(&self) -> Option<String> {
        self.surrogate.left_out(self.surrogate_cutoff?)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

/// A layer of H ALIF neurons. State rows: v `[H]`, b `[H]`, s `[H]`; the drive is d `[H]`.
pub type Alif<R> = Layer<R, AlifNeurons<R>>;

/// (2) to (4). What is learnt: `tau_mem_logit [H, 1]` and `tau_adapt_logit [H, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct AlifNeurons<R: Real> {
    /// a and g.
    decays: Decays<R>,
    /// rho and h.
    adaptation: Decays<R>,
    beta: R,
    firing: Firing<R>,
}

impl<R: Real> Neurons<R> for AlifNeurons<R> {
    type Config = AlifConfig;
    const NAME: &'static str = "alif";

    fn fan_in(config: &AlifConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(c: &AlifConfig, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError> {
        let height = [InputScale::One, InputScale::Decay][usize::from(c.normalise)];
        Ok(Self {
            decays: Decays::new(&c.tau_mem_ms, c.input_scale, c.hidden, dt_ms, rng)?,
            adaptation: Decays::new(&c.tau_adapt_ms, height, c.hidden, dt_ms, rng)?,
            beta: R::of(c.beta),
            firing: Firing::new(c.threshold, c.spike_reset, c.reset_gradient, c.surrogate)
                .cut(c.surrogate_cutoff),
        })
    }

    fn divide_by_gain(&self, weights: DMatrix<R>) -> DMatrix<R> {
        self.decays.divide_by_gain(weights)
    }

    fn learn(&mut self, config: &AlifConfig, params: &mut Params<R>) {
        if config.learn_tau {
            self.decays.learn("tau_mem_logit", params);
            self.adaptation.learn("tau_adapt_logit", params);
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.decays.refresh(params);
        self.adaptation.refresh(params);
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        let (membrane, adaptation) = (self.decays.tau_ms(), self.adaptation.tau_ms());
        vec![("tau_mem_ms", membrane), ("tau_adapt_ms", adaptation)]
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        let (membrane, adaptation) = (&self.decays, &self.adaptation);
        vec![
            ("a".into(), membrane.decay()),
            ("g".into(), membrane.gain()),
            ("rho".into(), adaptation.decay()),
            ("h".into(), adaptation.gain()),
        ]
    }

    fn blocks(&self) -> &'static [(&'static str, FieldKind)] {
        &[
            ("v", FieldKind::Membrane),
            ("b", FieldKind::Value),
            ("s", FieldKind::Spikes),
        ]
    }

    fn reads_drive(&self) -> bool {
        self.decays.reads_input()
    }

    fn firing(&self) -> Option<&Firing<R>> {
        Some(&self.firing)
    }

    #[inline(always)]
    fn excess(&self, state: &[R], i: usize) -> R {
        let [v, b, _] = blocks(state);
        v[i] - self.firing.threshold - self.beta * b[i]
    }
}

impl<R: Real> Alif<R> {
    /// Sets the time constants `[H]` of membrane and threshold, in ms: for weights that come from
    /// elsewhere.
    pub fn set_tau_ms(&mut self, membrane: &[f64], adaptation: &[f64]) -> Result<(), ConfigError> {
        let (neurons, params) = (&mut self.neurons, &mut self.params);
        neurons.decays.set_tau_ms(membrane, "tau_mem_ms", params)?;
        (neurons.adaptation).set_tau_ms(adaptation, "tau_adapt_ms", params)
    }
}

impl<R: Real> Step<R> for AlifNeurons<R> {
    /// (2), (3), (4)
    #[inline(always)]
    fn step(&self, d: &mut [R], prev: &[R], next: &mut [R]) {
        let ([v, b, s], [v_next, b_next, s_next]) = (blocks(prev), blocks_mut(next));
        let ((theta, z, k), beta) = (self.firing.constants(), self.beta);
        let (a, g) = (self.decays.decay(), self.decays.gain());
        let (rho, height) = (self.adaptation.decay(), self.adaptation.gain());
        each([b_next], [b, s, rho, height], |_, [b, s, rho, height]| {
            [rho * b + height * s] // (2)
        });
        each([v_next], [v, s, d, a, g], |_, [v, s, d, a, g]| {
            [a * (R::one() - z * s) * v + g * d - k * s] // (3)
        });
        each([s_next], [v_next, b_next], |_, [v, b]| {
            [Surrogate::step(v - theta - beta * b)] // (4)
        });
    }

    /// (4)ᵀ, (3)ᵀ, (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let ([v, b, s], [v_next, b_next, _]) = (blocks(at.prev), blocks(at.next));
        let [adj_v, adj_b, adj_s] = blocks_mut(adj);
        let ((theta, z, k), beta) = (self.firing.constants(), self.beta);
        let through = self.firing.through_reset;
        let (a, g) = (self.decays.decay(), self.decays.gain());
        let (rho, height) = (self.adaptation.decay(), self.adaptation.gain());

        // (4)ᵀ: delta becomes psi(v_t - theta - beta b_t), then the adjoint of v_t.
        each([delta], [v_next, b_next], |_, [v, b]| {
            [v - theta - beta * b]
        });
        self.firing.slopes(delta);
        each(
            [delta, adj_b],
            [adj_v, adj_s],
            |[psi, adj_b], [from_v, from_s]| {
                let through = psi * from_s;
                [through + from_v, adj_b - beta * through]
            },
        );

        // (3)ᵀ, (2)ᵀ for the time constants.
        (self.decays).add_gradient(grad, delta, [v, s, at.drive], |v, s| (R::one() - z * s) * v);
        (self.adaptation).add_gradient(grad, adj_b, [b, s, s], |b, _| b);

        // (3)ᵀ, (2)ᵀ for the state and the drive.
        each([adj_v, adj_s], [delta, v, s, a], |_, [delta, v, s, a]| {
            [
                delta * a * (R::one() - z * s),
                -through * delta * (a * z * v + k),
            ]
        });
        each(
            [adj_s, adj_b],
            [rho, height],
            |[adj_s, adj_b], [rho, height]| [adj_s + height * adj_b, adj_b * rho],
        );
        each([delta], [g], |[delta], [g]| [delta * g]);
    }
}
