//! A fingerprint of a graph's nodes and edges, by which a change of the file is noticed.

use saturn_data::checksum::hex;
use sha2::{Digest, Sha256};

use super::fields::Field;
use super::graph::{Graph, Node};

impl Graph {
    /// SHA-256 over the nodes, in the order of their names, and the distinct edges; metadata do not count.
    ///
    /// A node counts with its name, type and datasets: names, shapes, and numbers as little-endian f64. It is the same
    /// after nir has read and written a file that [`write`](Self::write) wrote, whether arrays are compressed or not.
    pub fn fingerprint(&self) -> String {
        let mut sum = Sha256::new();
        add(&mut sum, self);
        hex(&sum.finalize())
    }
}

fn text(sum: &mut Sha256, text: &str) {
    sum.update((text.len() as u64).to_le_bytes());
    sum.update(text);
}

fn numbers(sum: &mut Sha256, shape: &[usize], values: impl Iterator<Item = f64>) {
    text(sum, &format!("{shape:?}"));
    values.for_each(|value| sum.update(value.to_le_bytes()));
}

fn add(sum: &mut Sha256, graph: &Graph) {
    text(sum, "nodes");
    for (name, node) in &graph.nodes {
        text(sum, name);
        text(sum, node.type_name());
        if let Node::Graph(inside) = node {
            add(sum, inside);
            continue;
        }
        for (name, field) in node.fields() {
            text(sum, name);
            match field {
                Field::Real(array) => numbers(sum, &array.shape, array.values.iter().copied()),
                Field::Whole(values) => {
                    numbers(sum, &[values.len()], values.iter().map(|&x| x as f64));
                }
                Field::One(value) => numbers(sum, &[1], [value as f64].into_iter()),
                Field::Text(value) => text(sum, value),
            }
        }
    }
    text(sum, "edges");
    let mut edges: Vec<_> = graph.edges.iter().collect();
    edges.sort_unstable();
    edges.dedup();
    for (from, to) in edges {
        text(sum, from);
        text(sum, to);
    }
    text(sum, "end");
}
