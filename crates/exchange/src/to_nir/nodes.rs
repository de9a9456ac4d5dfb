//! A [graph](saturn_neurons::graph), as an import makes it, back as NIR, node for node.
//!
//! Names keep but for `/` and NUL, which HDF5 does not store. An `identity` is a Flatten or a Scale of ones. A decay
//! `exact` is written as the time constant with which an Euler step is the same. A reset that acts in the next step and one
//! in the same step give the same spikes if they set v.

use std::collections::{BTreeMap, BTreeSet};

use saturn_cell::Cell;
use saturn_neurons::graph::node::{Decay, Neurons, Node as Saturn, Reset, Spike, Start};
use saturn_neurons::graph::{Convolution, GraphConfig};

use super::chain::{Setting, Watched, array, verdict};
use super::shapes::Shapes;
use crate::exported::{Refusal, tensor};
use crate::imported::Verdict;
use crate::nir::{Array, Flat, Graph, Node, Padding};

/// A graph as NIR, and which of its nodes are compared.
pub(super) struct Written {
    pub graph: Graph,
    pub watched: Vec<Watched>,
    pub verdicts: Vec<Verdict>,
}

/// The graph of cell `i`. Names of nodes in messages and verdicts begin with `prefix`.
pub(super) fn written(
    i: usize,
    (config, cell): (&GraphConfig, &dyn Cell<f64>),
    setting: &Setting,
    prefix: &str,
) -> Result<Written, Refusal> {
    let names = names(config);
    let shapes = Shapes::of(config);
    let mut found = Written {
        graph: Graph::default(),
        watched: Vec::new(),
        verdicts: Vec::new(),
    };
    let drives = cell.drive_fields();
    for (name, node) in &config.nodes {
        let place = |refusal: Refusal| Refusal {
            what: format!("node `{name}`: {}", refusal.what),
            hint: refusal.hint,
        };
        let writer = Writer {
            name,
            cell,
            setting,
            decay: config.decay,
            shape: &shapes.inputs[name],
            output: &shapes.outputs[name],
        };
        let mut losses = Vec::new();
        let made = writer.node(node, &mut losses).map_err(place)?;
        if let Some(why) = setting.target.refuses(&made, setting.step_s) {
            let hint = "leave --for out, or change the node and import the graph again";
            return Err(place(Refusal::new(why, hint)));
        }
        let part = format!("{prefix}{}", names[name]);
        found
            .verdicts
            .push(verdict(part.clone(), made.type_name(), &losses));
        if node.spikes() {
            let spikes = format!("{name}.s");
            let rows = drives.iter().find(|field| field.name == spikes);
            found.watched.push(Watched {
                cell: i,
                drive: rows.map(|field| field.rows.clone()),
                node: part.clone(),
                part,
                spikes: true,
            });
        }
        found.graph.nodes.insert(names[name].clone(), made);
    }
    connect(&mut found.graph, config, &names, &shapes)?;
    check(&found.graph, config, &names)?;
    Ok(found)
}

/// Names that HDF5 stores, each another.
fn names(config: &GraphConfig) -> BTreeMap<String, String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let is_plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']);
    let kept = config.nodes.keys().filter(|name| is_plain(name));
    taken.extend(kept.cloned());
    let rename = |name: &String| {
        if is_plain(name) {
            return (name.clone(), name.clone());
        }
        let base = match name.replace(['/', '\0'], "_") {
            base if matches!(base.as_str(), "" | "." | "..") => "node".to_owned(),
            base => base,
        };
        let numbered = (2..).map(|k| format!("{base}_{k}"));
        let mut free = [base.clone()].into_iter().chain(numbered);
        // The names that are taken are finite.
        let free = free.find(|name| !taken.contains(name)).unwrap_or(base);
        taken.insert(free.clone());
        (name.clone(), free)
    };
    config.nodes.keys().map(rename).collect()
}

/// Adds the edges, with a Flatten where one dimension is needed and there are three.
fn connect(
    graph: &mut Graph,
    config: &GraphConfig,
    names: &BTreeMap<String, String>,
    shapes: &Shapes,
) -> Result<(), Refusal> {
    for [from, to] in config.edges.iter().chain(&config.loops) {
        let (output, input) = (&shapes.outputs[from], &shapes.inputs[to]);
        let mut source = names[from].clone();
        if output != input {
            if input.len() != 1 || output.iter().product::<usize>() != input[0] {
                let what = format!(
                    "the edge `{from}` -> `{to}` leads from shape {output:?} to {input:?}, and NIR can only flatten"
                );
                let hint = "put the convolution before the linear map";
                return Err(Refusal::new(what, hint));
            }
            let flatten = format!("{source}.flat");
            let node = Node::Flatten {
                input_shape: Some(output.clone()),
                start_dim: 0,
                end_dim: -1,
            };
            let edge = (source, flatten.clone());
            if !graph.edges.contains(&edge) {
                graph.edges.push(edge);
                graph.nodes.insert(flatten.clone(), node);
            }
            source = flatten;
        }
        graph.edges.push((source, names[to].clone()));
    }
    Ok(())
}

/// Whether NIR means the graph as it is: every node on the way, and a delay of a step on the same edges.
fn check(
    graph: &Graph,
    config: &GraphConfig,
    names: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let hint = "connect every node to the input and the output, and close loops where a search from the input meets them";
    let flat = Flat::new(graph).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        Refusal::new(
            format!("the graph is none that NIR can express: {first}"),
            hint,
        )
    })?;
    let delayed: BTreeSet<(&str, &str)> = (flat.edges.iter().filter(|edge| edge.delayed))
        .map(|edge| [edge.from, edge.to].map(|k| flat.node(k).name.as_str()))
        .map(|[from, to]| (from, to))
        .collect();
    let named = |name: &String| names[name].as_str();
    let loops: BTreeSet<(&str, &str)> = (config
        .loops
        .iter()
        .map(|[from, to]| (named(from), named(to))))
    .collect();
    if let Some((from, to)) = delayed.symmetric_difference(&loops).next() {
        let what = format!(
            "the edge `{from}` -> `{to}`: NIR does not say which edge of a loop has the delay, and this one differs"
        );
        return Err(Refusal::new(what, hint));
    }
    for (is_start, way) in [
        (true, "no path leads from the input to it"),
        (false, "no path leads from it to the output"),
    ] {
        let reached = reached(config, is_start);
        if let Some(name) = config
            .nodes
            .keys()
            .find(|name| !reached.contains(name.as_str()))
        {
            return Err(Refusal::new(format!("node `{name}`: {way}"), hint));
        }
    }
    Ok(())
}

/// Nodes that the input reaches, or that reach the output.
fn reached(config: &GraphConfig, is_start: bool) -> BTreeSet<&str> {
    let is_end = |node: &Saturn| match node {
        Saturn::Input { .. } => is_start,
        Saturn::Output { .. } => !is_start,
        _ => false,
    };
    let ends = config.nodes.iter().filter(|(_, node)| is_end(node));
    let mut left: Vec<&str> = ends.map(|(name, _)| name.as_str()).collect();
    let mut found: BTreeSet<&str> = left.iter().copied().collect();
    while let Some(name) = left.pop() {
        for [from, to] in config.edges.iter().chain(&config.loops) {
            let (near, far) = if is_start { (from, to) } else { (to, from) };
            if near == name && found.insert(far) {
                left.push(far);
            }
        }
    }
    found
}

/// What one node is made from.
struct Writer<'a> {
    name: &'a str,
    cell: &'a dyn Cell<f64>,
    setting: &'a Setting,
    decay: Decay,
    /// Of its input.
    shape: &'a [usize],
    output: &'a [usize],
}

impl Writer<'_> {
    fn numbers(&self, parameter: &str) -> Vec<f64> {
        tensor(self.cell, &format!("{}.{parameter}", self.name)).unwrap_or_default()
    }

    /// A parameter in the shape of the node.
    fn own(&self, parameter: &str) -> Result<Array, Refusal> {
        array(
            &format!("`{parameter}`"),
            self.shape,
            self.numbers(parameter),
        )
    }

    fn node(&self, node: &Saturn, losses: &mut Vec<String>) -> Result<Node, Refusal> {
        let shape = || self.shape.to_vec();
        Ok(match node {
            Saturn::Input { .. } => Node::Input { shape: shape() },
            Saturn::Output { .. } => Node::Output { shape: shape() },
            Saturn::Identity { size } if self.shape == self.output => Node::Scale {
                scale: array("`scale`", self.shape, vec![1.0; *size])?,
            },
            Saturn::Identity { .. } => Node::Flatten {
                input_shape: Some(shape()),
                start_dim: 0,
                end_dim: -1,
            },
            Saturn::Linear {
                inputs,
                outputs,
                bias,
            } => {
                let weight = array("`weight`", &[*outputs, *inputs], self.numbers("weight"))?;
                match bias {
                    false => Node::Linear { weight },
                    true => Node::Affine {
                        weight,
                        bias: array("`bias`", &[*outputs], self.numbers("bias"))?,
                    },
                }
            }
            Saturn::Scale { .. } => Node::Scale {
                scale: self.own("scale")?,
            },
            Saturn::Convolution(c) => self.convolution(c)?,
            Saturn::Pooling(p) => {
                let (kernel_size, stride, padding) = (p.kernel, p.stride, p.padding);
                if p.mean {
                    Node::AvgPool2d {
                        kernel_size,
                        stride,
                        padding,
                    }
                } else {
                    Node::SumPool2d {
                        kernel_size,
                        stride,
                        padding,
                    }
                }
            }
            Saturn::Delay { steps } => {
                let delay = steps.iter().map(|&k| k as f64 * self.setting.step_s);
                Node::Delay {
                    delay: array("the delay", self.shape, delay.collect())?,
                }
            }
            Saturn::Threshold { spike, .. } => {
                self.strict(*spike, losses)?;
                Node::Threshold {
                    threshold: self.own("threshold")?,
                }
            }
            Saturn::Neurons(neurons) => self.neurons(neurons, losses)?,
        })
    }

    fn convolution(&self, c: &Convolution) -> Result<Node, Refusal> {
        let [top, bottom, left, right] = c.padding;
        let pads = [[top, bottom], [left, right]];
        let [_, rows, columns] = c.output();
        let reach = |k: usize| c.dilation[k] * (c.kernel[k] - 1) + 1;
        let symmetric = (0..2).all(|k| {
            let padded = c.input[1 + k] + 2 * pads[k][0];
            padded >= reach(k) && (padded - reach(k)) / c.stride[k] + 1 == [rows, columns][k]
        });
        let same = c.stride == [1, 1]
            && (0..2).all(|k| {
                let total = reach(k) - 1;
                pads[k] == [total / 2, total - total / 2]
            });
        let padding = match (symmetric, same) {
            (true, _) => Padding::Zeros(vec![top, left]),
            (false, true) => Padding::Same,
            _ => {
                let what = format!("NIR has no padding of {:?} on its four sides", c.padding);
                return Err(Refusal::new(what, "pad both sides of a dimension alike"));
            }
        };
        let group = c.input[0] / c.groups;
        let shape = [c.channels, group, c.kernel[0], c.kernel[1]];
        let bias = if c.bias {
            self.numbers("bias")
        } else {
            vec![0.0; c.channels]
        };
        Ok(Node::Conv2d {
            input_shape: Some([c.input[1], c.input[2]]),
            weight: array("`weight`", &shape, self.numbers("weight"))?,
            stride: c.stride,
            padding,
            dilation: c.dilation,
            groups: c.groups,
            bias: array("`bias`", &[c.channels], bias)?,
        })
    }

    /// An approximation, if it is allowed.
    fn lose(&self, what: &str, instead: &str, losses: &mut Vec<String>) -> Result<(), Refusal> {
        if !self.setting.approximate {
            let hint = format!("give --approximate to have {instead}");
            return Err(Refusal::new(format!("NIR has no {what}"), hint));
        }
        losses.push(format!("NIR has no {what}, so there is {instead}"));
        Ok(())
    }

    fn strict(&self, spike: Spike, losses: &mut Vec<String>) -> Result<(), Refusal> {
        match spike {
            Spike::Above => Ok(()),
            Spike::AtOrAbove => self.lose(
                "spike at the threshold (`spike: at_or_above`)",
                "a spike only above it",
                losses,
            ),
            Spike::Many => self.lose(
                "several spikes in a step (`spike: many`)",
                "one spike at most",
                losses,
            ),
        }
    }

    fn neurons(&self, neurons: &Neurons, losses: &mut Vec<String>) -> Result<Node, Refusal> {
        let v_leak = if neurons.leak {
            self.own("v_leak")?
        } else {
            Array::list([0.0])
        };
        let leaks_to_zero = v_leak.values.iter().all(|&v| v == 0.0);
        if neurons.start == Start::Leak && !leaks_to_zero {
            self.lose("start at v_leak (`start: leak`)", "a start at 0", losses)?;
        }
        if neurons.leaky_synapse && !leaks_to_zero {
            let what = "NIR has no synapse that receives v_leak (`leaky_synapse`)";
            return Err(Refusal::new(what, "train it with a v_leak of 0"));
        }
        if neurons.spikes {
            self.strict(neurons.spike, losses)?;
            match neurons.reset {
                Reset::ToReset => {}
                Reset::Subtract => self.lose(
                    "reset by subtraction (`reset: subtract`)",
                    "a reset to v_reset",
                    losses,
                )?,
                Reset::None => {
                    let what = "NIR has no spikes without a reset (`reset: none`)";
                    return Err(Refusal::new(what, "write integrators and a threshold"));
                }
            }
        }
        self.typed(neurons, v_leak)
    }

    /// With which an Euler step of the file is a step of the network.
    fn time_constants(&self, parameter: &str) -> Result<Array, Refusal> {
        let (dt, step) = (self.setting.dt_s, self.setting.step_s);
        let in_file = |tau: f64| match self.decay {
            Decay::Euler => tau / dt * step,
            Decay::Exact => step / -(-dt / tau).exp_m1(),
        };
        let plain = self.decay == Decay::Euler && dt.to_bits() == step.to_bits();
        let values = self.numbers(parameter).into_iter();
        let values = values.map(|tau| if plain { tau } else { in_file(tau) });
        array(&format!("`{parameter}`"), self.shape, values.collect())
    }

    fn typed(&self, neurons: &Neurons, v_leak: Array) -> Result<Node, Refusal> {
        let r = if neurons.leak {
            self.own("r")?
        } else {
            let per_step = self.setting.dt_s / self.setting.step_s;
            let values = self.numbers("r").iter().map(|r| r * per_step).collect();
            array("`r`", self.shape, values)?
        };
        let fire = |parameter| self.own(parameter);
        Ok(match (neurons.synapse, neurons.leak, neurons.spikes) {
            (true, false, _) => {
                let what = "NIR has no synapse before a membrane without a leak";
                return Err(Refusal::new(what, "give the membrane a long time constant"));
            }
            (false, false, false) => Node::I { r },
            (false, false, true) => Node::If {
                r,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
            (false, true, false) => Node::Li {
                tau: self.time_constants("tau_mem")?,
                r,
                v_leak,
            },
            (false, true, true) => Node::Lif {
                tau: self.time_constants("tau_mem")?,
                r,
                v_leak,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
            (true, true, false) => Node::CubaLi {
                tau_syn: self.time_constants("tau_syn")?,
                tau_mem: self.time_constants("tau_mem")?,
                r,
                v_leak,
                w_in: self.own("w_in")?,
            },
            (true, true, true) => Node::CubaLif {
                tau_syn: self.time_constants("tau_syn")?,
                tau_mem: self.time_constants("tau_mem")?,
                r,
                v_leak,
                w_in: self.own("w_in")?,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
        })
    }
}
