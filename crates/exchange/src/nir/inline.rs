//! Subgraphs put into their graph: the nodes of `lif1` become `lif1.lif`, `lif1.w_rec`, and its Input and Output
//! places where edges meet.
//!
//! What `nir` repairs when it reads a graph is repaired in each graph, nested ones first to last:
//!
//! - a node without an incoming edge that is no Input gets an Input `input_NAME` before it;
//! - a node without an outgoing edge that is no Output gets an Output `output_NAME` behind it (a node without edges
//!   gets both);
//! - an edge that occurs twice is one edge; nir 1.0.8 refuses it, earlier versions wrote it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use super::error::{Fault, NirError};
use super::graph::{Graph, Metadata, Node};

/// A node outside of subgraphs.
pub(super) struct Inlined<'g> {
    pub name: String,
    pub body: Body<'g>,
    pub metadata: Metadata,
}

pub(super) enum Body<'g> {
    Node(&'g Node),
    /// The Input or Output of a subgraph, or one that was added, with its shape where there is one.
    Port {
        kind: Port,
        shape: Option<&'g [usize]>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Input,
    Output,
    Inner,
}

pub(super) struct Inliner<'g> {
    file: &'g Path,
    pub nodes: Vec<Inlined<'g>>,
    pub edges: Vec<(usize, usize)>,
    pub notices: Vec<String>,
    taken: HashSet<String>,
}

/// Most notices of one kind that are listed; the rest are counted.
const LISTED: usize = 5;

impl<'g> Inliner<'g> {
    pub fn new(file: &'g Path) -> Self {
        Self {
            file,
            nodes: Vec::new(),
            edges: Vec::new(),
            notices: Vec::new(),
            taken: HashSet::new(),
        }
    }

    fn add(&mut self, prefix: &str, name: &str, body: Body<'g>, metadata: Metadata) -> usize {
        let joined = format!("{prefix}{name}");
        let mut free = joined.clone();
        let mut k = 1;
        while self.taken.contains(&free) {
            k += 1;
            free = format!("{joined}_{k}");
        }
        if free != joined {
            self.notices.push(format!(
                "two nodes are named {joined} once subgraphs are joined; one is now {free}"
            ));
        }
        self.taken.insert(free.clone());
        self.nodes.push(Inlined {
            name: free,
            body,
            metadata,
        });
        self.nodes.len() - 1
    }

    /// Adds the nodes of `graph`; returns the places of its Input and its Output.
    pub fn graph(&mut self, graph: &'g Graph, prefix: &str) -> Result<(usize, usize), NirError> {
        let is_top = prefix.is_empty();
        let place = prefix.trim_end_matches('.');
        let place = if is_top { "the graph" } else { place };
        let error = |fault| NirError::at(self.file, place, fault);
        if graph.nodes.is_empty() {
            return Err(error(Fault::NoNodes));
        }
        let edges = self.distinct_edges(graph, place)?;
        let sources: HashSet<&str> = edges.iter().map(|(from, _)| *from).collect();
        let targets: HashSet<&str> = edges.iter().map(|(_, to)| *to).collect();

        // Where edges into and out of each node go.
        let mut ports: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for (name, node) in &graph.nodes {
            if let Node::Graph(inner) = node {
                let port = self.graph(inner, &format!("{prefix}{name}."))?;
                ports.insert(name, port);
                continue;
            }
            let kind = match node {
                Node::Input { .. } => Some(Port::Input),
                Node::Output { .. } => Some(Port::Output),
                _ => None,
            };
            let body = match node {
                Node::Input { shape } | Node::Output { shape } if !is_top => Body::Port {
                    kind: Port::Inner,
                    shape: (!shape.is_empty()).then_some(shape),
                },
                node => Body::Node(node),
            };
            let metadata = graph.node_metadata.get(name).cloned().unwrap_or_default();
            let at = self.add(prefix, name, body, metadata);
            ports.insert(name, (at, at));
            match kind {
                Some(Port::Input) => inputs.push(at),
                Some(Port::Output) => outputs.push(at),
                _ => (),
            }
        }
        for (from, to) in &edges {
            self.edges.push((ports[from].1, ports[to].0));
        }

        let added = |kind| Body::Port {
            kind: if is_top { kind } else { Port::Inner },
            shape: None,
        };
        for (name, node) in &graph.nodes {
            let at = ports[name.as_str()];
            if !targets.contains(name.as_str()) && !matches!(node, Node::Input { .. }) {
                let input = self.add(
                    prefix,
                    &format!("input_{name}"),
                    added(Port::Input),
                    Metadata::new(),
                );
                self.edges.push((input, at.0));
                inputs.push(input);
                self.note_added("Input", input, name, "incoming");
            }
            if !sources.contains(name.as_str()) && !matches!(node, Node::Output { .. }) {
                let output = self.add(
                    prefix,
                    &format!("output_{name}"),
                    added(Port::Output),
                    Metadata::new(),
                );
                self.edges.push((at.1, output));
                outputs.push(output);
                self.note_added("Output", output, name, "outgoing");
            }
        }
        let names = |ports: &[usize]| ports.iter().map(|k| self.nodes[*k].name.clone()).collect();
        let error = |fault| NirError::at(self.file, place, fault);
        match (&inputs[..], &outputs[..]) {
            (&[input], &[output]) => Ok((input, output)),
            ([], _) => Err(error(Fault::NoInput(
                "every node has an incoming edge".to_owned(),
            ))),
            (_, []) => Err(error(Fault::NoOutput(
                "every node has an outgoing edge".to_owned(),
            ))),
            ([_], _) => Err(error(Fault::SeveralOutputs(names(&outputs)))),
            _ => Err(error(Fault::SeveralInputs(names(&inputs)))),
        }
    }

    fn note_added(&mut self, kind: &str, at: usize, name: &str, missing: &str) {
        let added = &self.nodes[at].name;
        self.notices.push(format!(
            "{name} has no {missing} edge; the {kind} {added} was added, as nir does"
        ));
    }

    /// The edges of `graph`, each once, between nodes that exist.
    fn distinct_edges(
        &mut self,
        graph: &'g Graph,
        place: &str,
    ) -> Result<Vec<(&'g str, &'g str)>, NirError> {
        let mut seen = BTreeSet::new();
        let mut doubled = BTreeSet::new();
        for (from, to) in &graph.edges {
            for name in [from, to] {
                if !graph.nodes.contains_key(name) {
                    let fault = Fault::NoSuchNode {
                        from: from.clone(),
                        to: to.clone(),
                        missing: name.clone(),
                    };
                    return Err(NirError::at(self.file, place, fault));
                }
            }
            if !seen.insert((from.as_str(), to.as_str())) {
                doubled.insert((from.as_str(), to.as_str()));
            }
        }
        if !doubled.is_empty() {
            let named: Vec<String> = (doubled.iter().take(LISTED))
                .map(|(from, to)| format!("{from} -> {to}"))
                .collect();
            let more = if doubled.len() > LISTED { ", ..." } else { "" };
            self.notices.push(format!(
                "{place}: duplicate edges were dropped: {}{more}",
                named.join(", ")
            ));
        }
        Ok(seen.into_iter().collect())
    }
}
