//! The nodes of a [graph](super): what each computes, its parameters and its size.

use std::borrow::Cow;

use nalgebra::DMatrix;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Count, Kind, Params, Real, init};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::taps::{Convolution, Pooling};

/// A node of a graph. Its input is the sum of the outputs of the nodes before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Node {
    /// The input of the graph: as many values as the layer has inputs.
    Input {
        /// Number of values; at least 1.
        size: usize,
    },
    /// The output of the graph: its input.
    Output {
        /// Number of values; at least 1.
        size: usize,
    },
    /// y = x. A flattening, or a name.
    Identity {
        /// Number of values; at least 1.
        size: usize,
    },
    /// y = W x, or y = W x + b.
    Linear {
        /// Rows of x; at least 1.
        inputs: usize,
        /// Rows of y; at least 1.
        outputs: usize,
        /// Whether there is b.
        #[serde(default)]
        bias: bool,
    },
    /// y = s x, element by element.
    Scale {
        /// Number of values; at least 1.
        size: usize,
    },
    /// y = W * x + b, a convolution over one or two dimensions.
    Convolution(Convolution),
    /// The sum or the mean of each window of x.
    Pooling(Pooling),
    /// y_t = x_{t - k}, with the k of each element in steps; 0 before the first step.
    Delay {
        /// k of each element, steps.
        steps: Vec<usize>,
    },
    /// y = H(x - theta), element by element.
    Threshold {
        /// Number of values; at least 1.
        size: usize,
        /// When there is a spike, default `above`.
        #[serde(default)]
        spike: Spike,
    },
    /// Integrators or neurons, see `graph/neuron.rs`.
    Neurons(Neurons),
}

/// When there is a spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spike {
    /// Where the membrane is greater than the threshold.
    #[default]
    Above,
    /// Where it is equal to the threshold, too.
    AtOrAbove,
    /// As many spikes in a step as whole thresholds are in the membrane.
    Many,
}

/// What a spike does to the membrane in the same step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Sets it to `v_reset`.
    #[default]
    ToReset,
    /// Subtracts the threshold.
    Subtract,
    /// Nothing.
    None,
}

/// The membrane before the first step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// 0.
    #[default]
    Zero,
    /// `v_leak`.
    Leak,
}

/// How the decay in a step follows from a time constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// 1 - dt / tau, a step of Euler's method.
    #[default]
    Euler,
    /// exp(-dt / tau), exact for an input that is constant within a step.
    Exact,
}

/// Integrators or neurons: a membrane, with or without a synapse before it, a leak, and spikes.
///
/// | NIR     | synapse | leak | spikes |
/// |---------|---------|------|--------|
/// | I       |         |      |        |
/// | LI      |         | yes  |        |
/// | IF      |         |      | yes    |
/// | LIF     |         | yes  | yes    |
/// | CubaLI  | yes     | yes  |        |
/// | CubaLIF | yes     | yes  | yes    |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent parts, each of which a node has or not"
)]
pub struct Neurons {
    /// Number of neurons; at least 1.
    pub size: usize,
    /// Whether the input goes through a synapse with a time constant of its own, default false.
    #[serde(default)]
    pub synapse: bool,
    /// Whether the membrane leaks, default true.
    #[serde(default = "yes")]
    pub leak: bool,
    /// Whether the output is spikes and not the membrane, default true.
    #[serde(default = "yes")]
    pub spikes: bool,
    /// When there is a spike, default `above`.
    #[serde(default)]
    pub spike: Spike,
    /// What a spike does to the membrane, default `to_reset`.
    #[serde(default)]
    pub reset: Reset,
    /// Whether a spike acts on the membrane in the step after it, default false: the membrane is set before it leaks,
    /// the threshold is subtracted after it has leaked.
    #[serde(default)]
    pub late_reset: bool,
    /// Whether v_leak is added to the input of the synapse, too, default false.
    #[serde(default)]
    pub leaky_synapse: bool,
    /// The membrane before the first step, and the synapse if it leaks, default `zero`.
    #[serde(default)]
    pub start: Start,
}

impl Neurons {
    /// Leaky integrate-and-fire neurons, as NIR has them.
    pub const fn lif(size: usize) -> Self {
        Self {
            size,
            synapse: false,
            leak: true,
            spikes: true,
            spike: Spike::Above,
            reset: Reset::ToReset,
            late_reset: false,
            leaky_synapse: false,
            start: Start::Zero,
        }
    }
}

fn yes() -> bool {
    true
}

/// A parameter of a node: its name after that of the node, its kind and shape, and where it starts.
struct Parameter {
    name: &'static str,
    kind: Kind,
    shape: (usize, usize),
    start: Initial,
}

/// The initial r, with which fresh neurons are active on weights as PyTorch draws them.
const ACTIVE: f64 = 5.0;

/// The initial values of a parameter, for a graph that is trained from the beginning.
enum Initial {
    /// All are this.
    All(f64),
    /// Uniform in ± this, as PyTorch draws weights.
    Uniform(f64),
}

impl Node {
    /// Rows of its input.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Linear { inputs, .. } => *inputs,
            Self::Convolution(c) => c.inputs(),
            Self::Pooling(p) => p.inputs(),
            other => other.outputs(),
        }
    }

    /// Rows of its output.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Input { size }
            | Self::Output { size }
            | Self::Identity { size }
            | Self::Scale { size }
            | Self::Threshold { size, .. } => *size,
            Self::Linear { outputs, .. } => *outputs,
            Self::Convolution(c) => c.outputs(),
            Self::Pooling(p) => p.outputs(),
            Self::Delay { steps } => steps.len(),
            Self::Neurons(neurons) => neurons.size,
        }
    }

    /// Rows of its state.
    pub fn states(&self) -> usize {
        match self {
            Self::Delay { steps } => steps
                .len()
                .saturating_mul(*steps.iter().max().unwrap_or(&0)),
            Self::Neurons(neurons) => {
                let blocks = 1 + usize::from(neurons.synapse) + usize::from(neurons.late_reset);
                neurons.size.saturating_mul(blocks)
            }
            _ => 0,
        }
    }

    /// Whether its output at a step does not depend on its input at that step.
    pub fn waits(&self) -> bool {
        matches!(self, Self::Delay { steps } if steps.iter().all(|&k| k > 0))
    }

    /// Whether its output is spikes.
    pub fn spikes(&self) -> bool {
        match self {
            Self::Threshold { .. } => true,
            Self::Neurons(neurons) => neurons.spikes,
            _ => false,
        }
    }

    /// Whether the reverse pass needs the values from which spikes were made.
    pub(super) fn keeps_membrane(&self) -> bool {
        matches!(self, Self::Neurons(neurons) if neurons.spikes)
    }

    /// What is wrong with its numbers, in words.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Convolution(c) => c.fault(),
            Self::Pooling(p) => p.fault(),
            _ if self.outputs() == 0 || self.inputs() == 0 => Some("its size is 0".to_owned()),
            _ => None,
        }
    }

    /// How many parameters it has.
    pub(super) fn tensors(&self) -> usize {
        self.parameters().len()
    }

    /// Numbers in its parameters.
    pub(super) fn count(&self) -> Count {
        let shapes = self.parameters().into_iter().map(|p| p.shape);
        shapes
            .map(|(rows, columns)| rows * Count::from(columns))
            .sum()
    }

    /// Adds its parameters to `params`, named `name.parameter`, with initial values from `rng`.
    pub(super) fn draw<R: Real>(
        &self,
        name: &str,
        params: Params<R>,
        rng: &mut ChaCha8Rng,
    ) -> Params<R> {
        self.parameters().into_iter().fold(params, |params, p| {
            let (rows, columns) = p.shape;
            let value = match p.start {
                Initial::All(value) => DMatrix::from_element(rows, columns, R::of(value)),
                Initial::Uniform(bound) => init::uniform(rows, columns, bound, rng),
            };
            params.with(Cow::Owned(format!("{name}.{}", p.name)), p.kind, value)
        })
    }

    fn parameters(&self) -> Vec<Parameter> {
        let learnt = |name, kind, shape, inputs: usize| Parameter {
            name,
            kind,
            shape,
            start: Initial::Uniform(1.0 / (inputs as f64).sqrt()),
        };
        let fixed = |name, size, value| Parameter {
            name,
            kind: Kind::Fixed,
            shape: (size, 1),
            start: Initial::All(value),
        };
        match self {
            Self::Input { .. }
            | Self::Output { .. }
            | Self::Identity { .. }
            | Self::Pooling(_)
            | Self::Delay { .. } => Vec::new(),
            Self::Linear {
                inputs,
                outputs,
                bias,
            } => {
                let weight = learnt("weight", Kind::Weight, (*outputs, *inputs), *inputs);
                let offset = learnt("bias", Kind::Bias, (*outputs, 1), *inputs);
                [Some(weight), bias.then_some(offset)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Self::Scale { size } => vec![Parameter {
                name: "scale",
                kind: Kind::Bias,
                shape: (*size, 1),
                start: Initial::All(1.0),
            }],
            Self::Convolution(c) => {
                let (rows, columns) = c.weights();
                let weight = learnt("weight", Kind::Weight, (rows, columns), columns);
                let offset = learnt("bias", Kind::Bias, (rows, 1), columns);
                [Some(weight), c.bias.then_some(offset)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Self::Threshold { size, .. } => vec![fixed("threshold", *size, 1.0)],
            Self::Neurons(neurons) => {
                let n = neurons.size;
                let mut all = Vec::new();
                if neurons.synapse {
                    all.push(fixed("tau_syn", n, 0.005));
                    all.push(fixed("w_in", n, 1.0));
                }
                if neurons.leak {
                    all.push(fixed("tau_mem", n, 0.02));
                    all.push(fixed("v_leak", n, 0.0));
                }
                all.push(fixed("r", n, ACTIVE));
                if neurons.spikes {
                    all.push(fixed("v_threshold", n, 1.0));
                    all.push(fixed("v_reset", n, 0.0));
                }
                all
            }
        }
    }
}
