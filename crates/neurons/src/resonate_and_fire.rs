//! Resonate-and-fire neurons, plain and balanced.
//!
//! The membrane is a damped oscillator, a complex number that turns with the angular frequency omega and fades
//! at the rate b'. Input that comes in its rhythm adds up, other input cancels. One step of one neuron, with
//! epsilon for dt in seconds and z = v + i w:
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! (2) q_t = gamma q_{t-1} + s_{t-1}
//! (3) L_t = 1 + epsilon (p - b' - q_t + i omega),  p = (-1 + sqrt(1 - (epsilon omega)^2)) / epsilon    euler
//!     L_t = exp(epsilon (-b' - q_t + i omega))                                                   exponential
//! (4) r_t = (1 - zeta s_{t-1}) z_{t-1} + kappa s_{t-1}
//! (5) z_t = L_t r_t + d_t
//! (6) s_t = H(v_t - theta - q_t)
//! ```
//!
//! The output is s. What a spike does is `spike_reset`:
//!
//! | `spike_reset` | zeta | kappa | q   | what a spike leaves |
//! |---------------|------|-------|-----|---------------------|
//! | `balanced`    | 0    | 0     | (2) | the oscillation in its phase, damped faster, under a higher threshold, for a while |
//! | `izhikevich`  | 1    | theta | 0   | the phase in which it crossed the threshold |
//! | `zero`        | 1    | 0     | 0   | nothing |
//! | `none`        | 0    | 0     | 0   | everything |
//!
//! (1) is in [`crate::fan_in`], (3) in `resonance`, the derivative of (6) in [`crate::surrogate`], and the map
//! by which periods and time constants are learnt in [`crate::bounded`].
//!
//! | symbol | field         | meaning                            | unit     | shape  |
//! |--------|---------------|------------------------------------|----------|--------|
//! | x      |               | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`      | input weights                      | membrane | `[H, I]` |
//! | W_r    | `recurrent`   | weights from the layer's own spikes | membrane | `[H, H]` |
//! | c      | `bias`        | constant input                     | membrane | `[H]`    |
//! | omega  | `period_ms`   | angular frequency 2 pi / period    | rad/s    | `[H]`    |
//! | b'     | `tau_mem_ms`  | damping 1 / tau_mem beyond the boundary p | 1/s | `[H]`    |
//! | gamma  | `refractory_decay` | decay of q in one step        | 1        |        |
//! | L      | drive rows 2, 3 | factor of one step, real and imaginary | 1  | `[2H]`   |
//! | v, w   | states `v`, `w` | membrane, real and imaginary     | membrane | `[H]` each |
//! | q      | state `q`, with `balanced` | refractoriness: added to the threshold, and in 1/s to the damping | membrane | `[H]` |
//! | s      | state `s`     | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`   | resting threshold                  | membrane |        |
//!
//! **The divergence boundary.** Without p, an Euler step turns z on a tangent, which leads outward:
//! abs(1 + i epsilon omega) > 1. With p, abs(L) = 1 for b' = q = 0, and abs(L) < 1 as long as
//!
//! ```text
//! (7) 0 < epsilon (b' + q) < 2 sqrt(1 - (epsilon omega)^2),   where q < 1 / (1 - gamma).
//! ```
//!
//! Settings that can be learnt out of (7) are refused. The exponential step is stable without conditions.
//!
//! **Source.** Izhikevich 2001 (the neuron, its reset); Higuchi, Kairat, Bohté & Otte 2024 (balanced: (2), (3)
//! euler, (6)).
//!
//! **Departures.** Izhikevich's neuron spikes where the imaginary part passes 1 and is set to i; here z is
//! turned by a quarter, as in the balanced neuron's paper, and spikes where the real part passes theta. The
//! input of (5) is not multiplied by epsilon: the unit of time is in W, which so has numbers of the size that
//! other cells' weights have (theirs are ours divided by epsilon). p is there under every reset, since without it
//! plain neurons would diverge. omega and b' are learnt through bounded maps, where the authors take absolute
//! values. The exponential step, and c, are ours; b' and omega start elsewhere than theirs, which differ from task to
//! task.

mod kernels;
mod resonance;
#[cfg(test)]
mod tests;

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, FieldKind, Name, Params, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connections::{self, Connections};
use crate::decay::TimeConstants;
use crate::fan_in::FanInConfig;
use crate::firing::Firing;
use crate::layer::{Layer, Neurons};
use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;
use resonance::Resonance;

/// How the oscillation becomes steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResonatorStep {
    /// An Euler step, kept inside the divergence boundary. Periods must be above 2 pi dt.
    #[default]
    Euler,
    /// The exact step, for periods of any length.
    Exponential,
}

/// What a spike does to a resonator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResonatorReset {
    /// Raises threshold and damping for a while, and leaves the phase alone.
    #[default]
    Balanced,
    /// Sets the membrane to the threshold, without an imaginary part.
    Izhikevich,
    /// Sets the membrane to 0.
    Zero,
    /// Does nothing.
    None,
}

/// What a layer of resonate-and-fire neurons is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResonateAndFireConfig {
    /// Number of neurons H; at least 1, default 128.
    pub hidden: usize,
    /// Whether the neurons hear each other's spikes one step later, default false.
    pub recurrent: bool,
    /// Period of the oscillation in ms, one number or a range to draw from; greater than 0, default
    /// `[400, 2000]`. Larger resonates with slower rhythms. With `step: euler` a third of it must stay above 2 pi dt
    /// (all of it where `learn_dynamics` is false).
    pub period_ms: TimeConstants,
    /// Time constant of the damping in ms, one number or a range to draw from; greater than 0, default
    /// `[200, 1000]`. Larger remembers longer and is tuned more sharply.
    pub tau_mem_ms: TimeConstants,
    /// Whether periods and time constants are learnt, one each a neuron, default true.
    pub learn_dynamics: bool,
    /// How the oscillation becomes steps: `euler` (default), as in the balanced neuron, or `exponential`.
    pub step: ResonatorStep,
    /// What a spike does: `balanced` (default), `izhikevich`, `zero` or `none`.
    pub spike_reset: ResonatorReset,
    /// gamma, the share of the refractoriness that is left after one step, no unit; at least 0 and below 1, default 0.9.
    /// Larger is refractory for longer. For `spike_reset: balanced` alone.
    pub refractory_decay: f64,
    /// Whether the gradient passes through what a spike does to its own neuron, default `full`, as the balanced neuron's
    /// authors have it.
    pub reset_gradient: ResetGradient,
    /// Membrane potential above which a neuron spikes from its initial state; greater than 0, default 1. Larger is quieter.
    pub threshold: f64,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the reverse
    /// pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogate_cutoff: Option<f64>,
    /// Whether each neuron has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial input weights are normal with standard deviation `input_gain / sqrt(I)`; at least 0, default
    /// 0.8. Larger is livelier.
    pub input_gain: f64,
    /// Initial recurrent weights are normal with standard deviation `recurrent_scale / sqrt(K)`, where a neuron
    /// has K recurrent connections, all H or fewer; at least 0, default 0.5. Larger keeps activity going for
    /// longer.
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

impl Default for ResonateAndFireConfig {
    fn default() -> Self {
        Self {
            hidden: 128,
            recurrent: false,
            period_ms: TimeConstants::Range([400.0, 2000.0]),
            tau_mem_ms: TimeConstants::Range([200.0, 1000.0]),
            learn_dynamics: true,
            step: ResonatorStep::default(),
            spike_reset: ResonatorReset::default(),
            refractory_decay: 0.9,
            reset_gradient: ResetGradient::Full,
            threshold: 1.0,
            surrogate: Surrogate::default(),
            surrogate_cutoff: None,
            bias: true,
            input_gain: 0.8,
            recurrent_scale: 0.5,
            density: 1.0,
            connection_seed: 0,
        }
    }
}

impl ResonateAndFireConfig {
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

    fn balanced(&self) -> bool {
        self.spike_reset == ResonatorReset::Balanced
    }

    /// zeta and kappa of (4).
    fn replacement(&self) -> (f64, f64) {
        match self.spike_reset {
            ResonatorReset::Balanced | ResonatorReset::None => (0.0, 0.0),
            ResonatorReset::Izhikevich => (1.0, self.threshold),
            ResonatorReset::Zero => (1.0, 0.0),
        }
    }
}

impl CellConfig for ResonateAndFireConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.fan_in().check()?;
        self.period_ms.check("period_ms")?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        ConfigError::unless(
            (0.0..1.0).contains(&self.refractory_decay),
            "refractory_decay",
            self.refractory_decay,
            "at least 0 and below 1",
        )?;
        self.surrogate.check()?;
        Firing::<f64>::check_cutoff(self.surrogate_cutoff)?;
        ConfigError::unless_positive("threshold", self.threshold)
    }

    fn size(&self, inputs: Count) -> Size {
        let learnt = 2 * usize::from(self.learn_dynamics);
        Size {
            drive: 3 * Count::from(self.hidden),
            ..(self.fan_in()).size(inputs, learnt, 3 + usize::from(self.balanced()))
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(ResonateAndFire::new(self, inputs, dt_ms, rng)?))
    }

    fn left_out(&self) -> Option<String> {
        self.surrogate.left_out(self.surrogate_cutoff?)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.threshold)
    }
}

/// A layer of H resonate-and-fire neurons. State rows: v `[H]`, w `[H]`, with the balanced reset q `[H]`, and s
/// `[H]`; drive rows: d `[H]`, then Re L and Im L, `[H]` each.
pub type ResonateAndFire<R> = Layer<R, Resonators<R>>;

/// (2) to (6). What is learnt: `period_logit [H, 1]` and `tau_mem_logit [H, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct Resonators<R: Real> {
    resonance: Resonance<R>,
    balanced: bool,
    /// gamma.
    fading: R,
    /// theta, and the surrogate; zeta and kappa for z and k.
    firing: Firing<R>,
}

impl<R: Real> Neurons<R> for Resonators<R> {
    type Config = ResonateAndFireConfig;
    const NAME: &'static str = "resonate_and_fire";
    const DRIVE: usize = 3;

    fn fan_in(config: &ResonateAndFireConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(
        config: &ResonateAndFireConfig,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        let (gradient, surrogate) = (config.reset_gradient, config.surrogate);
        let (zeta, kappa) = config.replacement();
        Ok(Self {
            resonance: Resonance::new(config, dt_ms, rng)?,
            balanced: config.balanced(),
            fading: R::of(config.refractory_decay),
            firing: Firing {
                zeroing: R::of(zeta),
                subtracted: R::of(kappa),
                ..Firing::new(config.threshold, SpikeReset::None, gradient, surrogate)
                    .cut(config.surrogate_cutoff)
            },
        })
    }

    fn learn(&mut self, config: &ResonateAndFireConfig, params: &mut Params<R>) {
        if config.learn_dynamics {
            self.resonance.learn(params);
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.resonance.refresh(params);
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        self.resonance.times_ms()
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        vec![
            ("re L".into(), &self.resonance.re),
            ("im L".into(), &self.resonance.im),
        ]
    }

    fn blocks(&self) -> &'static [(&'static str, FieldKind)] {
        const V: (&str, FieldKind) = ("v", FieldKind::Membrane);
        const W: (&str, FieldKind) = ("w", FieldKind::Value);
        const Q: (&str, FieldKind) = ("q", FieldKind::Value);
        const S: (&str, FieldKind) = ("s", FieldKind::Spikes);
        if self.balanced {
            &[V, W, Q, S]
        } else {
            &[V, W, S]
        }
    }

    fn firing(&self) -> Option<&Firing<R>> {
        Some(&self.firing)
    }

    #[inline(always)]
    fn excess(&self, state: &[R], i: usize) -> R {
        let q = if self.balanced {
            state[state.len() / 2 + i]
        } else {
            R::zero()
        };
        state[i] - self.firing.threshold - q
    }
}

impl<R: Real> ResonateAndFire<R> {
    /// Sets periods and time constants `[H]`, in ms: for weights that come from elsewhere.
    pub fn set_dynamics_ms(&mut self, period: &[f64], tau_mem: &[f64]) -> Result<(), ConfigError> {
        (self.neurons.resonance).set_ms(period, tau_mem, &mut self.params)
    }
}
