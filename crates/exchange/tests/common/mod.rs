//! Graphs and files for the tests.

#![allow(dead_code, reason = "each test uses a part")]

pub mod net;

use std::path::{Path, PathBuf};

use saturn_exchange::nir::{Array, Flat, Graph, Node, Reference};

/// A committed file.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/nir")
        .join(name)
}

/// All committed files.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(fixture("")).unwrap();
    let mut paths: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "nir"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 5);
    paths
}

/// A graph in memory.
pub fn graph<const N: usize, const E: usize>(
    nodes: [(&str, Node); N],
    edges: [(&str, &str); E],
) -> Graph {
    Graph {
        nodes: nodes.map(|(name, node)| (name.to_owned(), node)).into(),
        edges: edges
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .into(),
        ..Graph::default()
    }
}

/// An Input, the node and an Output.
pub fn single(node: Node, width: usize) -> Graph {
    graph(
        [
            ("input", input(&[width])),
            ("node", node),
            ("output", output(&[width])),
        ],
        [("input", "node"), ("node", "output")],
    )
}

pub fn input(shape: &[usize]) -> Node {
    Node::Input {
        shape: shape.to_vec(),
    }
}

pub fn output(shape: &[usize]) -> Node {
    Node::Output {
        shape: shape.to_vec(),
    }
}

pub fn ones(value: f64) -> Array {
    Array::list([value])
}

pub fn linear(rows: usize, columns: usize, value: f64) -> Node {
    Node::Linear {
        weight: Array {
            shape: vec![rows, columns],
            values: vec![value; rows * columns],
        },
    }
}

/// tau, r, v_leak, v_reset; the threshold is 1.
pub fn lif(tau: f64, r: f64, v_leak: f64, v_reset: f64) -> Node {
    Node::Lif {
        tau: ones(tau),
        r: ones(r),
        v_leak: ones(v_leak),
        v_threshold: ones(1.0),
        v_reset: ones(v_reset),
    }
}

/// tau_syn, tau_mem, r, v_leak, w_in; the threshold is 1.
pub fn cuba_lif(tau_syn: f64, tau_mem: f64, r: f64, v_leak: f64, w_in: f64) -> Node {
    Node::CubaLif {
        tau_syn: ones(tau_syn),
        tau_mem: ones(tau_mem),
        r: ones(r),
        v_leak: ones(v_leak),
        w_in: ones(w_in),
        v_threshold: ones(1.0),
        v_reset: ones(0.0),
    }
}

/// How many spikes a constant input causes, and the step of the first one.
pub fn count(flat: &Flat, dt_s: f64, input: f64, steps: usize) -> (usize, Option<usize>) {
    let mut reference = Reference::new(flat, dt_s).unwrap();
    let input = vec![input; reference.inputs()];
    let (mut spikes, mut first) = (0, None);
    for step in 0..steps {
        let fired = reference.step(&input)[0] as usize;
        if fired > 0 {
            first.get_or_insert(step);
        }
        spikes += fired;
    }
    (spikes, first)
}
