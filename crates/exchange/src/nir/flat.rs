//! A graph without subgraphs, in the order of execution, with every shape known and every parameter checked.
//!
//! - Subgraphs are inlined, their names joined by `.`; their Inputs and Outputs vanish, except where that would give
//!   two edges between the same nodes (an [`Op::Identity`] stays);
//! - there is exactly one Input and one Output: missing ones are added as `nir` does;
//! - the order is that of a depth-first search from the Input, never that of the file; an edge that goes back in
//!   this search closes a loop and is delayed by one step, so that its first signal is 0, also behind an Affine with
//!   a bias. In a loop with a Delay this step is added to the delay;
//! - every loop has a node with state, or a Delay;
//! - parameters are finite, time constants positive, and shapes agree along every edge.
//!
//! What was repaired is in [`Flat::notices`].

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use super::Notice;
use super::check::elements;
use super::error::{Fault, NirError};
use super::graph::{Graph, Metadata, Node};
use super::inline::{Body, Inliner, Port};
use super::limits::MAX_ELEMENTS;
use super::neuron::Decay;
use super::op::{Op, own_input};
use super::order::{order, stateless_loop};

/// A flat graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat {
    /// Nodes in the order of execution.
    pub nodes: Vec<FlatNode>,
    /// Edges, in the order of the nodes that they lead to, then of those that they come from.
    pub edges: Vec<FlatEdge>,
    /// Notes on the graph.
    pub metadata: Metadata,
    /// Version of `nir` that wrote the file.
    pub version: Option<String>,
    /// What was repaired.
    pub notices: Vec<Notice>,
    /// The file, for messages.
    pub file: PathBuf,
    input: usize,
    output: usize,
}

/// A node of a flat graph.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatNode {
    /// Its name, those of its subgraphs first.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Shape of its input.
    pub input_shape: Vec<usize>,
    /// Shape of its output.
    pub output_shape: Vec<usize>,
    /// Notes on it.
    pub metadata: Metadata,
}

/// An edge: the output of a node is added to the input of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlatEdge {
    /// Number of the node that it comes from.
    pub from: usize,
    /// Number of the node that it leads to.
    pub to: usize,
    /// Whether it carries the output of the step before, at first 0.
    pub delayed: bool,
}

impl FlatNode {
    /// How many numbers come in.
    pub fn inputs(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// How many numbers go out.
    pub fn outputs(&self) -> usize {
        self.output_shape.iter().product()
    }
}

impl Flat {
    /// Flattens `graph`.
    pub fn new(graph: &Graph) -> Result<Self, NirError> {
        let mut inliner = Inliner::new(&graph.file);
        let (input, output) = inliner.graph(graph, "")?;
        let mut wiring = Wiring::new(&inliner);
        let shapes = Shapes::infer(graph, &inliner, &wiring)?;

        for node in 0..inliner.nodes.len() {
            if matches!(
                &inliner.nodes[node].body,
                Body::Port {
                    kind: Port::Inner,
                    ..
                }
            ) {
                wiring.bypass(node);
            }
        }
        // Numbers of the nodes that are left.
        let kept: Vec<usize> = (0..inliner.nodes.len())
            .filter(|k| wiring.alive[*k])
            .collect();
        let mut place = vec![0; inliner.nodes.len()];
        for (k, node) in kept.iter().enumerate() {
            place[*node] = k;
        }
        let after: Vec<Vec<usize>> = (kept.iter())
            .map(|node| wiring.after[*node].iter().map(|to| place[*to]).collect())
            .collect();
        let names: Vec<&str> = kept
            .iter()
            .map(|k| inliner.nodes[*k].name.as_str())
            .collect();
        let order = order(&names, &after, place[input]);
        let mut notices = inliner.notices.clone();
        if !order.unreached.is_empty() {
            let mut named: Vec<&str> = order.unreached.iter().map(|k| names[*k]).collect();
            named.sort_unstable();
            notices.push(format!("no path leads from the Input to {}", some(&named)));
        }

        let mut rank = vec![0; kept.len()];
        for (k, node) in order.nodes.iter().enumerate() {
            rank[*node] = k;
        }
        let mut edges: Vec<FlatEdge> = (after.iter().enumerate())
            .flat_map(|(from, after)| after.iter().map(move |to| (from, *to)))
            .map(|(from, to)| FlatEdge {
                from: rank[from],
                to: rank[to],
                delayed: order.back.contains(&(from, to)),
            })
            .collect();
        edges.sort_unstable_by_key(|edge| (edge.to, edge.from));

        let mut made: Vec<Option<FlatNode>> = (inliner.nodes.into_iter())
            .zip(shapes.inputs)
            .zip(shapes.outputs)
            .map(|((node, input_shape), made)| {
                let (op, output_shape) = made?;
                Some(FlatNode {
                    name: node.name,
                    op,
                    input_shape: input_shape?,
                    output_shape,
                    metadata: node.metadata,
                })
            })
            .collect();
        let nodes = (order.nodes.iter())
            .filter_map(|node| made[kept[*node]].take())
            .collect();
        let flat = Self {
            nodes,
            edges,
            metadata: graph.metadata.clone(),
            version: graph.version.clone(),
            notices,
            file: graph.file.clone(),
            input: rank[place[input]],
            output: rank[place[output]],
        };
        flat.check_loops(None)?;
        Ok(flat)
    }

    /// Number of the Input.
    pub fn input(&self) -> usize {
        self.input
    }

    /// Number of the Output.
    pub fn output(&self) -> usize {
        self.output
    }

    /// Node `k` in the order of execution.
    pub fn node(&self, k: usize) -> &FlatNode {
        &self.nodes[k]
    }

    /// The number of the node with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// Lets all states decay in this way.
    pub fn set_decay(&mut self, decay: Decay) {
        for node in &mut self.nodes {
            if let Op::Neuron(neuron) = &mut node.op {
                neuron.semantics.decay = decay;
            }
        }
    }

    pub(super) fn error(&self, place: &str, fault: Fault) -> NirError {
        NirError::at(&self.file, place, fault)
    }

    /// Every loop must have a state or a Delay, of at least one step of `dt_s` where it is given.
    pub(super) fn check_loops(&self, dt_s: Option<f64>) -> Result<(), NirError> {
        let mut after = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            after[edge.from].push(edge.to);
        }
        let has_state: Vec<bool> = (self.nodes.iter())
            .map(|node| node.op.has_state(dt_s))
            .collect();
        match stateless_loop(&after, &has_state) {
            Some(nodes) => {
                let names: Vec<String> =
                    nodes.iter().map(|k| self.nodes[*k].name.clone()).collect();
                let place = names[0].clone();
                Err(self.error(&place, Fault::AlgebraicLoop(names)))
            }
            None => Ok(()),
        }
    }
}

/// A few names, and how many there are.
fn some(names: &[&str]) -> String {
    const LISTED: usize = 8;
    let more = if names.len() > LISTED {
        format!(" and {} others", names.len() - LISTED)
    } else {
        String::new()
    };
    format!("{}{more}", names[..names.len().min(LISTED)].join(", "))
}

/// Edges from both ends.
struct Wiring {
    before: Vec<BTreeSet<usize>>,
    after: Vec<BTreeSet<usize>>,
    alive: Vec<bool>,
}

impl Wiring {
    fn new(inliner: &Inliner<'_>) -> Self {
        let count = inliner.nodes.len();
        let mut wiring = Self {
            before: vec![BTreeSet::new(); count],
            after: vec![BTreeSet::new(); count],
            alive: vec![true; count],
        };
        for (from, to) in &inliner.edges {
            wiring.after[*from].insert(*to);
            wiring.before[*to].insert(*from);
        }
        wiring
    }

    /// Joins the edges into and out of a place where nothing happens, unless that would join two paths into one.
    fn bypass(&mut self, node: usize) {
        let (before, after) = (&self.before[node], &self.after[node]);
        let counts = [before.len(), after.len()];
        let doubles =
            || (before.iter()).any(|from| after.iter().any(|to| self.after[*from].contains(to)));
        if counts.contains(&0) || !counts.contains(&1) || before.contains(&node) || doubles() {
            return;
        }
        let before = std::mem::take(&mut self.before[node]);
        let after = std::mem::take(&mut self.after[node]);
        for from in &before {
            self.after[*from].remove(&node);
            self.after[*from].extend(&after);
        }
        for to in &after {
            self.before[*to].remove(&node);
            self.before[*to].extend(&before);
        }
        self.alive[node] = false;
    }
}

/// The shape of each node's input, what it computes and the shape of its output.
struct Shapes {
    inputs: Vec<Option<Vec<usize>>>,
    outputs: Vec<Option<(Op, Vec<usize>)>>,
}

impl Shapes {
    /// Shapes spread along the edges from every node that has one of its own; places where nothing happens take them
    /// against the direction of edges, too.
    fn infer(graph: &Graph, inliner: &Inliner<'_>, wiring: &Wiring) -> Result<Self, NirError> {
        let nodes = &inliner.nodes;
        let error = |k: usize, fault| NirError::at(&graph.file, &nodes[k].name, fault);
        let mut inputs: Vec<Option<Vec<usize>>> = Vec::with_capacity(nodes.len());
        for (k, node) in nodes.iter().enumerate() {
            inputs.push(match &node.body {
                Body::Node(node) => own_input(node).map_err(|fault| error(k, fault))?,
                Body::Port { shape, .. } => shape.map(<[usize]>::to_vec),
            });
        }
        let mut outputs: Vec<Option<(Op, Vec<usize>)>> = vec![None; nodes.len()];
        let mut total = 0_usize;
        let mut ready: VecDeque<usize> =
            (0..nodes.len()).filter(|k| inputs[*k].is_some()).collect();
        let is_port = |k: usize| match &nodes[k].body {
            Body::Port { .. } => true,
            Body::Node(node) => matches!(node, Node::Input { .. } | Node::Output { .. }),
        };
        while let Some(k) = ready.pop_front() {
            let Some(input) = inputs[k].clone() else {
                continue;
            };
            let made = match &nodes[k].body {
                Body::Node(node) => Op::new(node, &input),
                Body::Port { kind, .. } => elements(&input).map(|_| {
                    let op = match kind {
                        Port::Input => Op::Input,
                        Port::Output => Op::Output,
                        Port::Inner => Op::Identity,
                    };
                    (op, input.clone())
                }),
            };
            let (op, output) = made.map_err(|fault| error(k, fault))?;
            let count = elements(&output).map_err(|fault| error(k, fault))?;
            total = total.saturating_add(count);
            if total > MAX_ELEMENTS {
                return Err(error(k, Fault::TooLarge));
            }
            for to in &wiring.after[k] {
                if inputs[*to].is_none() {
                    inputs[*to] = Some(output.clone());
                    ready.push_back(*to);
                }
            }
            for from in &wiring.before[k] {
                if inputs[*from].is_none() && is_port(*from) {
                    inputs[*from] = Some(input.clone());
                    ready.push_back(*from);
                }
            }
            outputs[k] = Some((op, output));
        }
        for (from, made) in outputs.iter().enumerate() {
            let Some((_, output)) = made else {
                return Err(error(from, Fault::NoShape));
            };
            for to in &wiring.after[from] {
                let input = inputs[*to].clone().unwrap_or_default();
                if *output != input {
                    let fault = Fault::ShapesDiffer {
                        from: nodes[from].name.clone(),
                        output: output.clone(),
                        to: nodes[*to].name.clone(),
                        input,
                    };
                    return Err(error(*to, fault));
                }
            }
        }
        Ok(Self { inputs, outputs })
    }
}
