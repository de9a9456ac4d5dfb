//! A graph in the making: the nodes of each cell, one after the other.

use std::ops::Range;

use crate::exported::Refusal;
use crate::imported::{Fidelity, Verdict};
use crate::nir::{Array, Graph, Node};

use super::target::Target;

/// What holds for the whole file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// The program that reads it.
    pub target: Target,
    /// Whether parts may be replaced by similar ones.
    pub approximate: bool,
    /// Seconds a step of the network.
    pub dt_s: f64,
    /// Seconds a step of the file.
    pub step_s: f64,
}

/// A node whose output is compared with that of a cell.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// The cell's number.
    pub cell: usize,
    /// Its rows in the cell's drive; by default the cell's output.
    pub drive: Option<Range<usize>>,
    /// The node in the flat graph.
    pub node: String,
    /// The part whose verdict depends on it.
    pub part: String,
    /// Whether it spikes.
    pub spikes: bool,
}

impl Watched {
    /// The output of a cell, by a node that is a part of its own.
    pub fn output(cell: usize, node: &str, spikes: bool) -> Self {
        Self {
            cell,
            drive: None,
            node: node.to_owned(),
            part: node.to_owned(),
            spikes,
        }
    }
}

/// Nodes in the order of the computation, each with one edge to the next.
pub(super) struct Chain {
    /// Digits of the largest number of a cell.
    digits: usize,
    pub nodes: Vec<(String, Node)>,
    pub watched: Vec<Watched>,
    pub verdicts: Vec<Verdict>,
}

impl Chain {
    /// For so many cells.
    pub fn new(cells: usize) -> Self {
        Self {
            digits: cells.saturating_sub(1).to_string().len(),
            nodes: Vec::new(),
            watched: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// The name of a node of cell `i`. The alphabetical order of names, in which HDF5 has them, is that of the computation,
    /// from `input` to `output`: nirtorch 2.6 fails at a subgraph that comes before what leads to it.
    pub fn name(&self, i: usize, kind: &str) -> String {
        let digits = self.digits;
        format!("layer{i:0digits$}_{kind}")
    }

    /// Adds a node of its own verdict.
    pub fn add(&mut self, name: String, node: Node, kind: &str, losses: &[String]) {
        self.verdicts.push(verdict(name.clone(), kind, losses));
        self.nodes.push((name, node));
    }

    /// The graph, between an Input of `inputs` and an Output of `outputs` numbers.
    pub fn graph(nodes: Vec<(String, Node)>, inputs: usize, outputs: usize) -> Graph {
        let ports = (
            (
                "input".to_owned(),
                Node::Input {
                    shape: vec![inputs],
                },
            ),
            (
                "output".to_owned(),
                Node::Output {
                    shape: vec![outputs],
                },
            ),
        );
        let all: Vec<(String, Node)> = [ports.0]
            .into_iter()
            .chain(nodes)
            .chain([ports.1])
            .collect();
        let pairs = all.windows(2);
        let edges = pairs
            .map(|pair| (pair[0].0.clone(), pair[1].0.clone()))
            .collect();
        Graph {
            edges,
            nodes: all.into_iter().collect(),
            ..Graph::default()
        }
    }
}

/// *Exact* where nothing is lost; how far the numbers are apart is not known yet.
pub(super) fn verdict(part: String, kind: &str, losses: &[String]) -> Verdict {
    let fidelity = if losses.is_empty() {
        Fidelity::Exact
    } else {
        Fidelity::Approximate {
            why: losses.join("; "),
            by: String::new(),
        }
    };
    Verdict {
        part,
        kind: kind.to_owned(),
        fidelity,
    }
}

/// Numbers as the file stores them, in f32; `what` names them in the error of one that is too large.
fn narrow(what: &str, values: &[f64]) -> Result<Vec<f64>, Refusal> {
    let stored: Vec<f64> = values.iter().map(|&x| f64::from(x as f32)).collect();
    if let Some(i) = stored.iter().position(|x| !x.is_finite()) {
        let what = format!(
            "{what} has the number {:e}, which is none in f32",
            values[i]
        );
        return Err(Refusal::new(what, "scale the weights down"));
    }
    Ok(stored)
}

/// The same as an array of this shape.
#[allow(
    clippy::needless_pass_by_value,
    reason = "callers have made the values for it"
)]
pub(super) fn array(what: &str, shape: &[usize], values: Vec<f64>) -> Result<Array, Refusal> {
    Ok(Array {
        shape: shape.to_vec(),
        values: narrow(what, &values)?,
    })
}
