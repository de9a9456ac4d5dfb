//! The modules of a [graph](saturn_neurons::graph) that is a network of snnTorch: linear maps and neurons one after the other.
//!
//! | nodes | module |
//! |---|---|
//! | `linear` | `nn.Linear` |
//! | `neurons` that spike; without spikes | `snn.Leaky` or `snn.Synaptic`; the same without a reset, whose membranes are used |
//! | a `scale` behind neurons | their `graded_spikes_factor` |
//! | a `linear` or `scale` from neurons to themselves, one step late | `snn.RLeaky`, `snn.RSynaptic`, all to all or one to one |
//!
//! A gain of neurons other than 1 goes into the rows of the linear map before them.

use std::collections::{BTreeMap, BTreeSet};

use saturn_cell::Cell;
use saturn_neurons::graph::GraphConfig;
use saturn_neurons::graph::node::{Neurons as Kind, Node, Reset, Spike, Start};
use saturn_neurons::spike_reset::SpikeReset;

use super::module::{Linear, Matrix, Module, Neurons, Recurrent, constant, is_one, scale_rows};
use crate::exported::{Refusal, tensor};

/// The modules of the graph `cell`, from input to output.
pub(super) fn modules(config: &GraphConfig, cell: &dyn Cell<f64>) -> Result<Vec<Module>, Refusal> {
    let graph = Graph::of(config, cell);
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut at = graph.input()?;
    loop {
        if !seen.insert(at) {
            return Err(refused(at, "is in a loop", LOOPS));
        }
        match &config.nodes[at] {
            Node::Input { .. } | Node::Identity { .. } => {}
            Node::Output { .. } => break,
            Node::Linear { .. } => found.push(Module::Linear(graph.linear(at))),
            Node::Neurons(kind) => {
                let (neurons, nodes) = graph.neurons(at, kind, &mut found)?;
                found.push(Module::Neurons(neurons));
                seen.extend(nodes.all);
                at = nodes.last;
            }
            Node::Scale { .. } => {
                return Err(refused(at, "scales values that are no spikes", CHAIN));
            }
            Node::Convolution(_) => return Err(refused(at, "is a convolution", CHAIN)),
            Node::Pooling(_) => return Err(refused(at, "is a pooling", CHAIN)),
            Node::Delay { .. } => return Err(refused(at, "is a delay", CHAIN)),
            Node::Threshold { .. } => {
                return Err(refused(at, "is a threshold without a membrane", CHAIN));
            }
        }
        at = graph.next(at, &seen)?;
    }
    match config
        .nodes
        .keys()
        .find(|name| !seen.contains(name.as_str()))
    {
        Some(left) => Err(refused(
            left,
            "is not on the one way from input to output",
            CHAIN,
        )),
        None => Ok(found),
    }
}

const CHAIN: &str = "a state dict has linear maps and neurons one after the other; leave --for out for saturn's own weights, or \
                     write NIR: `--to nir`";
const LOOPS: &str = "snnTorch's RLeaky and RSynaptic return spikes to the same neurons, one step late, through one linear map or \
                     one scale; write other loops as NIR: `--to nir`";

fn refused(node: &str, what: impl std::fmt::Display, hint: &str) -> Refusal {
    Refusal::new(format!("node `{node}` {what}"), hint)
}

/// The nodes that neurons are made of.
struct Nodes<'a> {
    all: Vec<&'a str>,
    /// The one whose output is theirs.
    last: &'a str,
}

/// A graph with its edges by node, each with whether it is one step late.
struct Graph<'a> {
    config: &'a GraphConfig,
    cell: &'a dyn Cell<f64>,
    after: BTreeMap<&'a str, Vec<(&'a str, bool)>>,
    before: BTreeMap<&'a str, Vec<(&'a str, bool)>>,
}

impl<'a> Graph<'a> {
    fn of(config: &'a GraphConfig, cell: &'a dyn Cell<f64>) -> Self {
        let (mut after, mut before) = (BTreeMap::new(), BTreeMap::new());
        let prompt = config.edges.iter().map(|edge| (edge, false));
        let late = config.loops.iter().map(|edge| (edge, true));
        for ([from, to], is_late) in prompt.chain(late) {
            let (from, to) = (from.as_str(), to.as_str());
            after
                .entry(from)
                .or_insert_with(Vec::new)
                .push((to, is_late));
            before
                .entry(to)
                .or_insert_with(Vec::new)
                .push((from, is_late));
        }
        Self {
            config,
            cell,
            after,
            before,
        }
    }

    fn after(&self, node: &str) -> &[(&'a str, bool)] {
        self.after.get(node).map_or(&[], Vec::as_slice)
    }

    fn before(&self, node: &str) -> &[(&'a str, bool)] {
        self.before.get(node).map_or(&[], Vec::as_slice)
    }

    fn input(&self) -> Result<&'a str, Refusal> {
        let is_input = |(_, node): &(&String, &Node)| matches!(node, Node::Input { .. });
        let found = self.config.nodes.iter().find(is_input);
        let no_input = || Refusal::new("the graph has no input", CHAIN);
        found.map(|(name, _)| name.as_str()).ok_or_else(no_input)
    }

    /// The node behind `node`, without those in `seen`.
    fn next(&self, node: &str, seen: &BTreeSet<&str>) -> Result<&'a str, Refusal> {
        let left = self.after(node).iter().filter(|(to, _)| !seen.contains(to));
        let left: Vec<&(&str, bool)> = left.collect();
        match left[..] {
            [&(to, false)]
                if self
                    .before(to)
                    .iter()
                    .filter(|(from, _)| !self.is_loop(from, to))
                    .count()
                    == 1 =>
            {
                Ok(to)
            }
            [&(to, false)] => Err(refused(to, "receives from several nodes", CHAIN)),
            [&(to, true)] => Err(refused(to, "receives one step late", CHAIN)),
            [] => Err(refused(node, "leads to no output", CHAIN)),
            _ => Err(refused(node, "leads to several nodes", CHAIN)),
        }
    }

    /// Whether `node` returns spikes to `to`, from which it has them.
    fn is_loop(&self, node: &str, to: &str) -> bool {
        let returns = matches!(self.after(node), [(next, _)] if *next == to);
        let loops = matches!(
            self.config.nodes[node],
            Node::Linear { .. } | Node::Scale { .. }
        );
        let from_it = |from: &str| {
            from == to || matches!(self.before(from), [(first, false)] if *first == to)
        };
        returns && loops && self.before(node).iter().all(|(from, _)| from_it(from))
    }

    fn numbers(&self, node: &str, parameter: &str) -> Vec<f64> {
        tensor(self.cell, &format!("{node}.{parameter}")).unwrap_or_default()
    }

    fn matrix(&self, node: &str) -> Matrix {
        let node_of = &self.config.nodes[node];
        Matrix {
            rows: node_of.outputs(),
            columns: node_of.inputs(),
            values: self.numbers(node, "weight"),
        }
    }

    fn linear(&self, node: &str) -> Linear {
        Linear {
            weight: self.matrix(node),
            bias: tensor(self.cell, &format!("{node}.bias")),
        }
    }

    /// The neurons of `node`, behind the last module `found`, which takes up their gain.
    fn neurons(
        &self,
        node: &'a str,
        kind: &Kind,
        found: &mut [Module],
    ) -> Result<(Neurons, Nodes<'a>), Refusal> {
        let constant = |name: &str| constant(self.cell, &format!("{node}.{name}"));
        let reset = self.reset(node, kind)?;
        let is_zero = |values: &[f64]| values.iter().all(|x| x.abs() <= 0.0);
        if !is_zero(&constant("l")) {
            let hint = "train it with a v_leak of 0";
            return Err(refused(
                node,
                "has a v_leak that is not 0, which snnTorch lacks",
                hint,
            ));
        }
        if kind.start == Start::Leak && !is_zero(&self.numbers(node, "v_leak")) {
            let hint = "train it with a v_leak of 0";
            return Err(refused(
                node,
                "starts at a v_leak that is not 0, which snnTorch lacks",
                hint,
            ));
        }
        let mut gain = constant("g");
        if kind.synapse {
            gain.iter_mut()
                .zip(constant("w"))
                .for_each(|(g, w)| *g *= w);
        }
        match found.last_mut() {
            Some(Module::Linear(linear)) => {
                let columns = linear.weight.columns;
                scale_rows(&mut linear.weight.values, columns, &gain);
                if let Some(bias) = &mut linear.bias {
                    scale_rows(bias, 1, &gain);
                }
            }
            _ if !is_one(&gain) => {
                let what =
                    "multiplies its input, and no linear map before it can do so in its place";
                return Err(refused(node, what, "begin the network with a linear map"));
            }
            _ => {}
        }
        let mut nodes = Nodes {
            all: vec![node],
            last: node,
        };
        let n = kind.size;
        let mut graded = vec![1.0; n];
        let is_scale = |to: &str| matches!(self.config.nodes[to], Node::Scale { .. });
        let is_factor =
            |to: &str, is_late: bool| !is_late && is_scale(to) && !self.is_loop(to, node);
        let scaled = self
            .after(node)
            .iter()
            .find(|(to, is_late)| is_factor(to, *is_late));
        let scaled = scaled.filter(|_| kind.spikes);
        if let Some(&(scale, _)) = scaled {
            graded = self.numbers(scale, "scale");
            nodes.all.push(scale);
            nodes.last = scale;
        }
        let recurrent = self.recurrent(node, &mut nodes, &gain)?;
        if !kind.spikes && !matches!(recurrent.0, Recurrent::None) {
            return Err(refused(node, "returns its membranes to itself", LOOPS));
        }
        let threshold = if kind.spikes {
            self.numbers(node, "v_threshold")
        } else {
            vec![1.0; n]
        };
        let neurons = Neurons {
            alpha: kind.synapse.then(|| constant("b")),
            beta: constant("a"),
            threshold,
            reset,
            graded,
            recurrent: recurrent.0,
            recurrent_bias: recurrent.1,
            reads_membrane: !kind.spikes,
        };
        Ok((neurons, nodes))
    }

    /// The loop through one node, and its bias.
    fn recurrent(
        &self,
        node: &'a str,
        nodes: &mut Nodes<'a>,
        gain: &[f64],
    ) -> Result<(Recurrent, Vec<f64>), Refusal> {
        let n = gain.len();
        let mut found = (Recurrent::None, vec![0.0; n]);
        for &(back, late_in) in self.before(node) {
            if !self.is_loop(back, node) {
                if late_in {
                    return Err(refused(node, "receives one step late", LOOPS));
                }
                continue;
            }
            let is_first = matches!(found.0, Recurrent::None);
            let from_last = match self.before(back) {
                [(from, late_out)] => *from == nodes.last && late_in != *late_out,
                _ => false,
            };
            if !is_first || !from_last {
                return Err(refused(
                    back,
                    "returns something else to neurons than their spikes, one step late",
                    LOOPS,
                ));
            }
            nodes.all.push(back);
            if let Node::Scale { .. } = self.config.nodes[back] {
                let mut values = self.numbers(back, "scale");
                scale_rows(&mut values, 1, gain);
                found.0 = Recurrent::One(values);
            } else {
                let mut matrix = self.matrix(back);
                scale_rows(&mut matrix.values, n, gain);
                found.0 = Recurrent::All(matrix);
                if let Some(mut bias) = self.linear(back).bias {
                    scale_rows(&mut bias, 1, gain);
                    found.1 = bias;
                }
            }
        }
        Ok(found)
    }

    /// What a spike does, if snnTorch can do it.
    fn reset(&self, node: &str, kind: &Kind) -> Result<SpikeReset, Refusal> {
        if !kind.spikes {
            return Ok(SpikeReset::None);
        }
        let spikes = match kind.spike {
            Spike::Above => None,
            Spike::AtOrAbove => Some("spikes at the threshold, too (`spike: at_or_above`)"),
            Spike::Many => Some("makes several spikes in a step (`spike: many`)"),
        };
        if let Some(what) = spikes {
            let hint = "train it with `spike: above`";
            return Err(refused(node, format!("{what}, which snnTorch lacks"), hint));
        }
        match kind.reset {
            Reset::None => Ok(SpikeReset::None),
            Reset::ToReset if self.numbers(node, "v_reset").iter().all(|v| v.abs() <= 0.0) => {
                Ok(SpikeReset::Zero)
            }
            Reset::ToReset => {
                let what = "resets to a v_reset that is not 0, which snnTorch lacks";
                Err(refused(node, what, "train it with a v_reset of 0"))
            }
            Reset::Subtract if kind.late_reset => Ok(SpikeReset::Subtract),
            Reset::Subtract => {
                let what = "subtracts its threshold in the step of the spike, and a state dict does not contain snnTorch's \
                            reset_delay";
                Err(refused(node, what, "train it with `late_reset: true`"))
            }
        }
    }
}
