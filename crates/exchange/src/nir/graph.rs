//! A NIR file in memory: nodes, edges and metadata, nested as they are in the file.
//!
//! Primitives and their parameters are those of the Python package `nir` 1.0.8. Time constants and delays are in
//! seconds; voltages, currents and weights have the unit of the writer. Nothing is checked here except that every
//! parameter exists and has its type: [`Flat`](super::Flat) checks shapes and values.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::array::Array;

/// Notes of a writer, which change nothing.
pub type Metadata = BTreeMap<String, Value>;

/// A value of metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; truth values are 0 and 1.
    Number(f64),
    /// A string.
    Text(String),
    /// Several numbers.
    Numbers(Array),
    /// Several strings, row by row.
    Texts(Vec<String>),
    /// A group.
    Nested(Metadata),
}

/// A graph of nodes. Signals that arrive at a node along several edges are added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Nodes by name.
    pub nodes: BTreeMap<String, Node>,
    /// From, to; in the order of the file, which means nothing.
    pub edges: Vec<(String, String)>,
    /// Notes on the graph.
    pub metadata: Metadata,
    /// Notes on nodes, by name, where there are any.
    pub node_metadata: BTreeMap<String, Metadata>,
    /// Version of `nir` that wrote the file; subgraphs have none.
    pub version: Option<String>,
    /// The file, for messages; empty for a graph made in memory.
    pub file: PathBuf,
}

/// A node. Shapes have no batch and no time.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// What comes in.
    Input {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// What goes out.
    Output {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A subgraph.
    Graph(Box<Graph>),
    /// Joins dimensions `start_dim` to `end_dim`, both included; negative ones count from the end.
    Flatten {
        /// The shape that comes in, where the file has it.
        input_shape: Option<Vec<usize>>,
        /// First dimension.
        start_dim: i64,
        /// Last dimension.
        end_dim: i64,
    },
    /// y = W x + b.
    Affine {
        /// W, `[.., outputs, inputs]`.
        weight: Array,
        /// b, `[.., outputs]`.
        bias: Array,
    },
    /// y = W x.
    Linear {
        /// W, `[.., outputs, inputs]`.
        weight: Array,
    },
    /// y = s x, element by element.
    Scale {
        /// s.
        scale: Array,
    },
    /// Convolution of `[channels, width]`, as PyTorch's (a correlation).
    Conv1d {
        /// Width, where the file has it.
        input_shape: Option<usize>,
        /// `[channels out, channels in / groups, width]`.
        weight: Array,
        /// Step.
        stride: usize,
        /// Zeros around the input.
        padding: Padding,
        /// Distance between taps.
        dilation: usize,
        /// Groups of channels.
        groups: usize,
        /// `[channels out]`.
        bias: Array,
    },
    /// Convolution of `[channels, height, width]`, as PyTorch's.
    Conv2d {
        /// Height and width, where the file has them.
        input_shape: Option<[usize; 2]>,
        /// `[channels out, channels in / groups, height, width]`.
        weight: Array,
        /// Steps.
        stride: [usize; 2],
        /// Zeros around the input.
        padding: Padding,
        /// Distances between taps.
        dilation: [usize; 2],
        /// Groups of channels.
        groups: usize,
        /// `[channels out]`.
        bias: Array,
    },
    /// Sums of windows of `[channels, height, width]`.
    SumPool2d {
        /// Height and width of a window.
        kernel_size: [usize; 2],
        /// Steps.
        stride: [usize; 2],
        /// Zeros around the input.
        padding: [usize; 2],
    },
    /// Means of windows, zeros of the padding included.
    AvgPool2d {
        /// Height and width of a window.
        kernel_size: [usize; 2],
        /// Steps.
        stride: [usize; 2],
        /// Zeros around the input.
        padding: [usize; 2],
    },
    /// y(t) = x(t - delay).
    Delay {
        /// In seconds.
        delay: Array,
    },
    /// 1 where x > threshold, otherwise 0.
    Threshold {
        /// The threshold.
        threshold: Array,
    },
    /// Integrator: dv/dt = r I.
    I {
        /// Resistance.
        r: Array,
    },
    /// Integrate-and-fire.
    If {
        /// Resistance.
        r: Array,
        /// Threshold.
        v_threshold: Array,
        /// Voltage after a spike.
        v_reset: Array,
    },
    /// Leaky integrator: tau dv/dt = v_leak - v + r I.
    Li {
        /// Time constant in seconds.
        tau: Array,
        /// Resistance.
        r: Array,
        /// Voltage without input.
        v_leak: Array,
    },
    /// Leaky integrate-and-fire.
    Lif {
        /// Time constant in seconds.
        tau: Array,
        /// Resistance.
        r: Array,
        /// Voltage without input.
        v_leak: Array,
        /// Threshold.
        v_threshold: Array,
        /// Voltage after a spike.
        v_reset: Array,
    },
    /// Leaky integrator behind a synapse: tau_syn di/dt = -i + w_in x.
    CubaLi {
        /// Time constant of the synapse in seconds.
        tau_syn: Array,
        /// Time constant of the membrane in seconds.
        tau_mem: Array,
        /// Resistance.
        r: Array,
        /// Voltage without input.
        v_leak: Array,
        /// Weight of the input.
        w_in: Array,
    },
    /// Leaky integrate-and-fire behind a synapse.
    CubaLif {
        /// Time constant of the synapse in seconds.
        tau_syn: Array,
        /// Time constant of the membrane in seconds.
        tau_mem: Array,
        /// Resistance.
        r: Array,
        /// Voltage without input.
        v_leak: Array,
        /// Weight of the input.
        w_in: Array,
        /// Threshold.
        v_threshold: Array,
        /// Voltage after a spike.
        v_reset: Array,
    },
}

/// Zeros around the input of a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Padding {
    /// So many on both sides of each dimension.
    Zeros(Vec<usize>),
    /// As many as keep the shape.
    Same,
    /// None.
    Valid,
}

impl Node {
    /// The type's name in a file.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Input { .. } => "Input",
            Self::Output { .. } => "Output",
            Self::Graph(_) => "NIRGraph",
            Self::Flatten { .. } => "Flatten",
            Self::Affine { .. } => "Affine",
            Self::Linear { .. } => "Linear",
            Self::Scale { .. } => "Scale",
            Self::Conv1d { .. } => "Conv1d",
            Self::Conv2d { .. } => "Conv2d",
            Self::SumPool2d { .. } => "SumPool2d",
            Self::AvgPool2d { .. } => "AvgPool2d",
            Self::Delay { .. } => "Delay",
            Self::Threshold { .. } => "Threshold",
            Self::I { .. } => "I",
            Self::If { .. } => "IF",
            Self::Li { .. } => "LI",
            Self::Lif { .. } => "LIF",
            Self::CubaLi { .. } => "CubaLI",
            Self::CubaLif { .. } => "CubaLIF",
        }
    }
}

/// The names of all types, for messages.
pub(crate) const TYPES: &str = "Input, Output, NIRGraph, Flatten, Affine, Linear, Scale, Conv1d, Conv2d, SumPool2d, \
                                AvgPool2d, Delay, Threshold, I, IF, LI, LIF, CubaLI, CubaLIF";
