//! The configuration of `spiking_ssm`.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::spike_reset::{ResetGradient, SpikeReset};
use saturn_neurons::surrogate::Surrogate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SpikingSsm;
use crate::continuous::Continuous;
use crate::dynamics::Dynamics;
use crate::{Discretization, Init};

/// A diagonal state-space model whose outputs go through leaky integrate-and-fire neurons.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools)] // independent switches of one architecture
pub struct SpikingSsmConfig {
    /// O, neurons and outputs; at least 1; default 96. More neurons read the same states in more ways.
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
    /// Whether the neurons also read the input directly; default true.
    pub skip: bool,
    /// Initial readouts C and D are multiplied by this, no unit; at least 0; default 1.5. Larger is livelier.
    pub readout_gain: f64,
    /// Membrane time constant in ms, one number or a range to draw from; greater than 0; default 20. Larger adds up
    /// current for longer.
    pub tau_mem_ms: TimeConstants,
    /// Whether membrane time constants are learnt, one a neuron; default true.
    pub learn_tau: bool,
    /// Initial threshold, in units of the current; greater than 0; default 1. Larger is quieter.
    pub threshold: f64,
    /// Whether thresholds are learnt, one a neuron; default true.
    pub learn_threshold: bool,
    /// What a spike does to the membrane, default `subtract`.
    pub spike_reset: SpikeReset,
    /// Whether the gradient passes through the reset, default `detached`.
    pub reset_gradient: ResetGradient,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
}

impl Default for SpikingSsmConfig {
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
            readout_gain: 1.5,
            tau_mem_ms: TimeConstants::Same(20.0),
            learn_tau: true,
            threshold: 1.0,
            learn_threshold: true,
            spike_reset: SpikeReset::default(),
            reset_gradient: ResetGradient::default(),
            surrogate: Surrogate::default(),
        }
    }
}

impl SpikingSsmConfig {
    pub(super) fn dynamics(&self) -> Dynamics {
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

impl CellConfig for SpikingSsmConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        self.dynamics().check()?;
        ConfigError::unless_at_least_zero("readout_gain", self.readout_gain)?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        ConfigError::unless_positive("threshold", self.threshold)?;
        self.surrogate.check()
    }

    fn size(&self, inputs: Count) -> Size {
        let o = Count::from(self.width);
        let size = self.dynamics().size(inputs, o);
        let skip = (o * inputs).only_if(self.skip);
        let learnt = o.only_if(self.learn_threshold) + o.only_if(self.learn_tau);
        Size {
            parameters: size.parameters + skip + learnt,
            copies: size.copies + 2 * (o * size.state),
            drive: size.drive + o,
            state: size.state + 2 * o,
            ..size
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(SpikingSsm::new(self, inputs, dt_ms, rng)?))
    }

    /// Membranes are in units of the threshold.
    fn threshold(&self) -> Option<f64> {
        Some(1.0)
    }
}
