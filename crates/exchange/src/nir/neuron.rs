//! Neurons of every NIR type as one description, with the semantics that a writer's simulator gives them.
//!
//! ```text
//! (1) i_t = i_{t-1} + dt/tau_syn (-i_{t-1} + w_in x_t)                     CubaLI, CubaLIF; otherwise i_t = x_t
//! (2) v_t = v_{t-1} + dt/tau_mem (v_leak - v_{t-1} + r i_t)                LI, LIF, CubaLI, CubaLIF
//!     v_t = v_{t-1} + dt r i_t                                             I, IF
//! (3) s_t = 1 if v_t > v_threshold, otherwise 0                            IF, LIF, CubaLIF
//! (4) v_t = v_reset where s_t = 1
//! ```
//!
//! These are NIR's equations with a forward Euler step, the synapse before the membrane. [`Semantics`] has what
//! simulators do differently. With [`Decay::Exact`] the factors dt/tau of (1) and (2) are 1 - exp(-dt/tau).

use super::array::Array;
use super::check::{finite, fits, range};
use super::error::Fault;
use super::graph::Node;

/// A layer of neurons. Arrays have the shape of the layer or are single numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    /// The type in the file.
    pub type_name: &'static str,
    /// Time constant of the synapse in seconds, where there is one.
    pub tau_syn: Option<Array>,
    /// Weight of the input of the synapse; 1 without one.
    pub w_in: Array,
    /// Time constant of the membrane in seconds; `None` for one that does not leak.
    pub tau_mem: Option<Array>,
    /// Resistance.
    pub r: Array,
    /// Voltage without input.
    pub v_leak: Array,
    /// Threshold; `None` for neurons whose output is v.
    pub v_threshold: Option<Array>,
    /// Voltage after a spike.
    pub v_reset: Array,
    /// What the simulator does that the equations leave open, or differently.
    pub semantics: Semantics,
}

/// How a simulator runs a neuron. The default is NIR's equations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent choices, each of which some simulator makes"
)]
pub struct Semantics {
    /// A spike already where v = v_threshold.
    pub inclusive: bool,
    /// What a spike does to v.
    pub reset: Reset,
    /// The reset acts in the step after the spike: v is set before the leak, or the threshold subtracted after it.
    pub reset_late: bool,
    /// As many spikes in a step as the threshold fits into v.
    pub many_spikes: bool,
    /// The state before the first step.
    pub start: Start,
    /// The output is that of the step before, at first 0; an edge that closes a loop is no later for it.
    pub late: bool,
    /// The leak is added to the synapse, too: i + dt/tau_syn (v_leak - i + w_in x), from i = v_leak.
    pub leaky_synapse: bool,
    /// Euler or exponential decay.
    pub decay: Decay,
}

/// What a spike does to v.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// v = v_reset, which is 0 unless the file has another value.
    #[default]
    Zero,
    /// v_threshold is subtracted from v, once a spike.
    Subtract,
    /// Nothing.
    None,
}

/// The state before the first step; currents are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// v = 0.
    #[default]
    Zero,
    /// v = v_leak.
    Leak,
}

/// How a state decays in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decay {
    /// By the factor 1 - dt/tau.
    #[default]
    Euler,
    /// By the factor exp(-dt/tau).
    Exact,
}

impl Decay {
    /// The share of the state that a step of `dt_s` takes.
    pub fn share(self, dt_s: f64, tau_s: f64) -> f64 {
        match self {
            Self::Euler => dt_s / tau_s,
            Self::Exact => -(-dt_s / tau_s).exp_m1(),
        }
    }
}

impl Neuron {
    /// The neurons of `node`, if it has any.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let mut neuron = Self {
            type_name: node.type_name(),
            tau_syn: None,
            w_in: Array::scalar(1.0),
            tau_mem: None,
            r: Array::scalar(1.0),
            v_leak: Array::scalar(0.0),
            v_threshold: None,
            v_reset: Array::scalar(0.0),
            semantics: Semantics::default(),
        };
        let mut fire = |threshold: &Array, reset: &Array| {
            neuron.v_threshold = Some(threshold.clone());
            neuron.v_reset = reset.clone();
        };
        match node {
            Node::If {
                v_threshold,
                v_reset,
                ..
            }
            | Node::Lif {
                v_threshold,
                v_reset,
                ..
            }
            | Node::CubaLif {
                v_threshold,
                v_reset,
                ..
            } => fire(v_threshold, v_reset),
            _ => (),
        }
        match node {
            Node::I { r } | Node::If { r, .. } => neuron.r = r.clone(),
            Node::Li { tau, r, v_leak } | Node::Lif { tau, r, v_leak, .. } => {
                neuron.tau_mem = Some(tau.clone());
                neuron.r = r.clone();
                neuron.v_leak = v_leak.clone();
            }
            Node::CubaLi {
                tau_syn,
                tau_mem,
                r,
                v_leak,
                w_in,
            }
            | Node::CubaLif {
                tau_syn,
                tau_mem,
                r,
                v_leak,
                w_in,
                ..
            } => {
                neuron.tau_syn = Some(tau_syn.clone());
                neuron.tau_mem = Some(tau_mem.clone());
                neuron.r = r.clone();
                neuron.v_leak = v_leak.clone();
                neuron.w_in = w_in.clone();
            }
            _ => return None,
        }
        Some(neuron)
    }

    /// Every parameter by its name in a file.
    pub fn parameters(&self) -> Vec<(&'static str, &Array)> {
        let tau = if self.tau_syn.is_some() {
            "tau_mem"
        } else {
            "tau"
        };
        let mut all = vec![("r", &self.r)];
        all.extend(self.tau_mem.as_ref().map(|array| (tau, array)));
        all.extend(self.tau_syn.as_ref().map(|array| ("tau_syn", array)));
        all.extend(
            self.v_threshold
                .as_ref()
                .map(|array| ("v_threshold", array)),
        );
        all.push(("v_leak", &self.v_leak));
        all.push(("v_reset", &self.v_reset));
        all.push(("w_in", &self.w_in));
        all
    }

    /// The shape of the layer, if a parameter has one: that of the widest.
    pub(super) fn shape(&self) -> Option<Vec<usize>> {
        let parameters = self.parameters();
        let shapes = || parameters.iter().map(|(_, array)| *array);
        let wide = shapes().find(|array| array.len() > 1);
        let any = wide.or_else(|| shapes().find(|array| !array.shape.is_empty()));
        any.map(|array| array.shape.clone())
    }

    /// Finite parameters, positive time constants, all of one shape.
    pub(super) fn check(&self, shape: &[usize]) -> Result<(), Fault> {
        for (parameter, array) in self.parameters() {
            finite(parameter, array)?;
            fits(parameter, array, shape)?;
            if parameter.starts_with("tau") {
                range(
                    parameter,
                    array,
                    |tau| tau > 0.0,
                    "greater than 0, in seconds",
                )?;
            }
        }
        Ok(())
    }
}
