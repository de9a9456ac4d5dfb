//! From a NIR file to a network of Saturn's: one [graph](saturn_neurons::graph) with the file's nodes and constants.
//!
//! | NIR | becomes | verdict |
//! |---|---|---|
//! | Input, Output, Flatten | the same, or `identity` | exact |
//! | Linear, Affine | `linear`; on leading dimensions one block each | exact |
//! | Scale, Threshold | the same | exact |
//! | Conv1d, Conv2d, SumPool2d, AvgPool2d | `convolution`, `pooling` | exact |
//! | Delay | `delay` of whole steps | exact, or approximate where it is rounded |
//! | I, LI, IF, LIF, CubaLI, CubaLIF | `neurons` | exact |
//!
//! *Exact* is checked: a [probe](probe::probe) runs the network against the [`Reference`](crate::nir::Reference).

pub mod probe;
mod snntorch;

use std::collections::BTreeMap;
use std::path::Path;

use saturn_network::{NetworkConfig, Readout};
use saturn_neurons::graph::node::{self, Node};
use saturn_neurons::graph::{Convolution, GraphConfig, Pooling};

use crate::imported::{Fidelity, ImportError, Imported, Tensors, Verdict};
use crate::nir::{
    Array, Conv, Decay, Dialect, Flat, FlatNode, Graph, Neuron, Op, Pool, Reset, Start, steps,
};
use crate::own;
use probe::probe;

pub use probe::Agreement;

/// Numbers in the matrix of a linear map on leading dimensions, at most.
const MOST: usize = 1 << 24;
/// Relative distance of a delay from whole steps that is rounding.
const WHOLE: f64 = 1e-6;

/// How a NIR file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The simulator that wrote it.
    pub dialect: Dialect,
    /// Seconds a step; by default what the file's metadata or the dialect determines.
    pub dt_s: Option<f64>,
    /// What a spike does to the membrane; by default as NIR or the dialect has it.
    pub reset: Option<Reset>,
    /// How states decay; by default as NIR (Euler) or the dialect has it.
    pub decay: Option<Decay>,
}

/// Reads the network in the NIR file at `path`.
pub fn import(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    import_graph(&Graph::read(path)?, options)
}

/// The network in `graph`: that which saturn described in its metadata, if it wrote the file and the graph is unchanged.
pub fn import_graph(graph: &Graph, options: &Options) -> Result<Imported, ImportError> {
    let set_aside = match own::restored(graph) {
        None => None,
        Some(Err(why)) => Some(why),
        Some(Ok(own)) => match options.contradicts(&own) {
            Some(what) => Some(format!("{what} is given")),
            None => return Ok(described(own)),
        },
    };
    let mut imported = import_plain(graph, options)?;
    if let Some(why) = set_aside {
        let notice =
            format!("saturn's own description in the file is not used, and the graph is: {why}");
        imported.notices.insert(0, notice);
    }
    Ok(imported)
}

/// A network from saturn's description.
fn described(mut own: Imported) -> Imported {
    own.notices.push(
        "the graph is unchanged: settings and numbers are those of saturn's description".to_owned(),
    );
    let is_single = |x: &f64| f64::from(*x as f32).to_bits() == x.to_bits();
    let mut numbers = own.tensors.values().flat_map(|(_, values)| values);
    if !numbers.all(is_single) {
        own.notices
            .push("its numbers are f64: `--precision f64` keeps all their bits".to_owned());
    }
    own
}

impl Options {
    /// The option that asks for another network than `own`, if there is such.
    fn contradicts(&self, own: &Imported) -> Option<&'static str> {
        let is_other = |dt_s: f64| (1e3 * dt_s - own.dt_ms).abs() > 1e-9 * own.dt_ms;
        if self.dialect != Dialect::Nir {
            Some("a dialect")
        } else if self.reset.is_some() {
            Some("a reset")
        } else if self.decay.is_some() {
            Some("a decay")
        } else if self.dt_s.is_some_and(is_other) {
            Some("another step")
        } else {
            None
        }
    }
}

/// The network of the nodes and edges of `graph`.
fn import_plain(graph: &Graph, options: &Options) -> Result<Imported, ImportError> {
    let flat = Flat::new(graph)?;
    let (mut flat, dt_s, mut notices) = options.dialect.undo(flat, options.dt_s, options.reset)?;
    if let Some(decay) = options.decay {
        flat.set_decay(decay);
    }
    notices.splice(0..0, flat.notices.iter().cloned());
    let mut imported = import_flat(&flat, dt_s, notices)?;
    if options.dialect == Dialect::SnnTorch {
        snntorch::judge(&flat, &mut imported.verdicts);
    }
    Ok(imported)
}

/// The network that `flat` describes, for steps of `dt_s` seconds, with verdicts that a probe has checked.
pub(crate) fn import_flat(
    flat: &Flat,
    dt_s: f64,
    notices: Vec<String>,
) -> Result<Imported, ImportError> {
    let mut imported = network(flat, dt_s)?;
    imported.notices = notices;
    let agreement = probe(flat, dt_s, &imported)?;
    agreement.judge(&mut imported);
    Ok(imported)
}

/// The network that `flat` describes, for steps of `dt_s` seconds.
fn network(flat: &Flat, dt_s: f64) -> Result<Imported, ImportError> {
    let mut found = Found::default();
    for node in &flat.nodes {
        found.add(node, dt_s);
    }
    let unsupported = found
        .verdicts
        .iter()
        .find_map(|verdict| match &verdict.fidelity {
            Fidelity::Unsupported { why } => {
                Some((verdict.part.clone(), verdict.kind.clone(), why.clone()))
            }
            _ => None,
        });
    if let Some((part, kind, why)) = unsupported {
        let what = format!("node `{part}` ({kind}) cannot be run: {why}");
        return Err(ImportError::network(
            &flat.file,
            what,
            "change the node and export the network again",
        ));
    }
    let name = |k: usize| flat.node(k).name.clone();
    let pairs = |delayed: bool| {
        let edges = flat
            .edges
            .iter()
            .filter(move |edge| edge.delayed == delayed);
        edges.map(|edge| [name(edge.from), name(edge.to)]).collect()
    };
    let (edges, loops) = (pairs(false), pairs(true));
    let exact = neurons(flat).any(|neuron| neuron.semantics.decay == Decay::Exact);
    let mut graph = GraphConfig {
        nodes: found.nodes,
        edges,
        loops,
        decay: if exact {
            node::Decay::Exact
        } else {
            node::Decay::Euler
        },
        ..GraphConfig::default()
    };
    put_late_outputs(flat, &mut graph);
    let layers = vec![graph.into()];
    Ok(Imported {
        config: NetworkConfig {
            layers,
            readout: Some(Readout::None),
        },
        channels: flat.node(flat.input()).inputs(),
        outputs: flat.node(flat.output()).outputs(),
        dt_ms: dt_s * 1000.0,
        tensors: found.tensors,
        verdicts: found.verdicts,
        classes: None,
        notices: Vec::new(),
        modules: Vec::new(),
    })
}

fn neurons(flat: &Flat) -> impl Iterator<Item = &Neuron> {
    flat.nodes.iter().filter_map(|node| match &node.op {
        Op::Neuron(neuron) => Some(&**neuron),
        _ => None,
    })
}

/// A delay of one step behind neurons whose output is late, but for loops, which are late by themselves.
fn put_late_outputs(flat: &Flat, graph: &mut GraphConfig) {
    for flat_node in &flat.nodes {
        let Op::Neuron(neuron) = &flat_node.op else {
            continue;
        };
        if !neuron.semantics.late {
            continue;
        }
        let late = format!("{}.late", flat_node.name);
        for edge in &mut graph.edges {
            if edge[0] == flat_node.name {
                edge[0].clone_from(&late);
            }
        }
        let steps = vec![1; flat_node.outputs()];
        graph.edges.push([flat_node.name.clone(), late.clone()]);
        graph.nodes.insert(late, Node::Delay { steps });
    }
}

/// The nodes as far as they are read.
#[derive(Default)]
struct Found {
    nodes: BTreeMap<String, Node>,
    tensors: Tensors,
    verdicts: Vec<Verdict>,
}

impl Found {
    fn add(&mut self, flat: &FlatNode, dt_s: f64) {
        let size = flat.outputs();
        let mut fidelity = Fidelity::Exact;
        let (kind, node) = match &flat.op {
            Op::Input => ("Input", Some(Node::Input { size })),
            Op::Output => ("Output", Some(Node::Output { size })),
            Op::Identity => ("Identity", Some(Node::Identity { size })),
            Op::Flatten => ("Flatten", Some(Node::Identity { size })),
            Op::Affine { weight, bias } => {
                let kind = if bias.is_some() { "Affine" } else { "Linear" };
                (kind, self.linear(flat, weight, bias.as_ref()))
            }
            Op::Scale { scale } => {
                self.tensor(flat, "scale", vec![size], scale);
                ("Scale", Some(Node::Scale { size }))
            }
            Op::Threshold { threshold } => {
                self.tensor(flat, "threshold", vec![size], threshold);
                let spike = node::Spike::Above;
                ("Threshold", Some(Node::Threshold { size, spike }))
            }
            Op::Conv(conv) => ("Conv", Some(self.convolution(flat, conv))),
            Op::Pool(pool) => ("Pool", Some(pooling(pool))),
            Op::Delay { delay } => {
                let (node, off) = delayed(delay, size, dt_s);
                if off > WHOLE * dt_s {
                    fidelity = Fidelity::Approximate {
                        why: format!("its delay is no multiple of the step, {} ms", 1e3 * dt_s),
                        by: format!("up to {:.3} ms", 1e3 * off),
                    };
                }
                ("Delay", Some(node))
            }
            Op::Neuron(neuron) => (neuron.type_name, Some(self.neurons(flat, neuron))),
        };
        if let Some(node) = node {
            self.nodes.insert(flat.name.clone(), node);
        } else {
            let why =
                format!("its blocks on leading dimensions would take more than {MOST} weights");
            fidelity = Fidelity::Unsupported { why };
        }
        self.verdicts.push(Verdict {
            part: flat.name.clone(),
            kind: kind.to_owned(),
            fidelity,
        });
    }

    /// Adds a tensor of the node, a single number as often as `shape` has elements.
    fn tensor(&mut self, flat: &FlatNode, name: &str, shape: Vec<usize>, values: &Array) {
        let n = shape.iter().product();
        let values = (0..n).map(|i| values.at(i)).collect();
        self.tensors
            .insert(format!("0.{}.{name}", flat.name), (shape, values));
    }

    /// W, one block for each of the leading dimensions.
    fn linear(&mut self, flat: &FlatNode, weight: &Array, bias: Option<&Array>) -> Option<Node> {
        let (inputs, outputs) = (flat.inputs(), flat.outputs());
        let [.., rows, columns] = weight.shape[..] else {
            return None;
        };
        let blocks = inputs / columns.max(1);
        if blocks > 1 && inputs.checked_mul(outputs).is_none_or(|n| n > MOST) {
            return None;
        }
        let matrices = weight.len() / (rows * columns).max(1);
        let mut full = vec![0.0; inputs * outputs];
        for block in 0..blocks {
            let from = &weight.values[block % matrices * rows * columns..][..rows * columns];
            for (row, numbers) in from.chunks(columns).enumerate() {
                let at = (block * rows + row) * inputs + block * columns;
                full[at..at + columns].copy_from_slice(numbers);
            }
        }
        self.tensors.insert(
            format!("0.{}.weight", flat.name),
            (vec![outputs, inputs], full),
        );
        if let Some(bias) = bias {
            let n = bias.len();
            let values = (0..outputs).map(|i| {
                if n == 1 {
                    bias.at(0)
                } else {
                    bias.values[i % n]
                }
            });
            let values = values.collect();
            self.tensors
                .insert(format!("0.{}.bias", flat.name), (vec![outputs], values));
        }
        let bias = bias.is_some();
        Some(Node::Linear {
            inputs,
            outputs,
            bias,
        })
    }

    fn convolution(&mut self, flat: &FlatNode, conv: &Conv) -> Node {
        let &[channels, group, height, width] = &conv.weight.shape[..] else {
            unreachable!("a checked convolution");
        };
        let kernel = [height, width];
        self.tensor(
            flat,
            "weight",
            vec![channels, group * height * width],
            &conv.weight,
        );
        self.tensor(flat, "bias", vec![channels], &conv.bias);
        let mut padding = [0; 4];
        for k in 0..2 {
            let reach = conv.dilation[k] * (kernel[k] - 1) + 1;
            let needed = (conv.output[k + 1] - 1) * conv.stride[k] + reach;
            padding[2 * k] = conv.padding[k];
            padding[2 * k + 1] = needed.saturating_sub(conv.input[k + 1] + conv.padding[k]);
        }
        Node::Convolution(Convolution {
            input: conv.input,
            channels,
            kernel,
            stride: conv.stride,
            padding,
            dilation: conv.dilation,
            groups: conv.groups,
            bias: true,
        })
    }

    fn neurons(&mut self, flat: &FlatNode, neuron: &Neuron) -> Node {
        let size = flat.outputs();
        let n = || vec![size];
        if let Some(tau_syn) = &neuron.tau_syn {
            self.tensor(flat, "tau_syn", n(), tau_syn);
            self.tensor(flat, "w_in", n(), &neuron.w_in);
        }
        if let Some(tau_mem) = &neuron.tau_mem {
            self.tensor(flat, "tau_mem", n(), tau_mem);
            self.tensor(flat, "v_leak", n(), &neuron.v_leak);
        }
        self.tensor(flat, "r", n(), &neuron.r);
        if let Some(threshold) = &neuron.v_threshold {
            self.tensor(flat, "v_threshold", n(), threshold);
            self.tensor(flat, "v_reset", n(), &neuron.v_reset);
        }
        let semantics = &neuron.semantics;
        let spikes = neuron.v_threshold.is_some();
        Node::Neurons(node::Neurons {
            size,
            synapse: neuron.tau_syn.is_some(),
            leak: neuron.tau_mem.is_some(),
            spikes,
            spike: match (semantics.many_spikes, semantics.inclusive) {
                (true, _) => node::Spike::Many,
                (false, true) => node::Spike::AtOrAbove,
                (false, false) => node::Spike::Above,
            },
            reset: match semantics.reset {
                Reset::Zero => node::Reset::ToReset,
                Reset::Subtract => node::Reset::Subtract,
                Reset::None => node::Reset::None,
            },
            late_reset: spikes && semantics.reset_late && semantics.reset != Reset::None,
            leaky_synapse: neuron.tau_syn.is_some() && semantics.leaky_synapse,
            start: match semantics.start {
                Start::Zero => node::Start::Zero,
                Start::Leak => node::Start::Leak,
            },
        })
    }
}

fn pooling(pool: &Pool) -> Node {
    Node::Pooling(Pooling {
        input: pool.input,
        kernel: pool.kernel,
        stride: pool.stride,
        padding: pool.padding,
        mean: pool.mean,
    })
}

/// The delay in whole steps, and how far from them it is at most, seconds.
fn delayed(delay: &Array, size: usize, dt_s: f64) -> (Node, f64) {
    let whole = |i: usize| steps(delay.at(i), dt_s);
    let off = (0..size).map(|i| (delay.at(i) - whole(i) * dt_s).abs());
    let off = off.fold(0.0, f64::max);
    let steps = (0..size).map(|i| whole(i) as usize).collect();
    (Node::Delay { steps }, off)
}
