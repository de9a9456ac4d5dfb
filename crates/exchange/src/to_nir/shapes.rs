//! Shapes for the nodes of a [`GraphConfig`], which has sizes alone: NIR's convolutions and poolings are of
//! `[channels, rows, columns]`, its linear maps of one dimension. A graph whose convolutions all have one row is one of
//! `[channels, columns]`.
//!
//! A node that works element by element takes the shape of the convolution or pooling behind it, or else of the node
//! before it. An `identity` behind several dimensions is a Flatten, unless several are needed behind it.

use std::collections::BTreeMap;

use saturn_neurons::graph::GraphConfig;
use saturn_neurons::graph::node::Node;

/// A shape without batch and time.
pub(super) type Shape = Vec<usize>;

/// The shapes of the input and the output of each node, by name.
#[derive(Default)]
pub(super) struct Shapes {
    pub inputs: BTreeMap<String, Shape>,
    pub outputs: BTreeMap<String, Shape>,
}

fn is_element_wise(node: &Node) -> bool {
    !matches!(
        node,
        Node::Linear { .. } | Node::Convolution(_) | Node::Pooling(_) | Node::Identity { .. }
    )
}

/// Whether all convolutions of `config` are along one dimension, and none of its nodes needs two.
pub(super) fn is_line(config: &GraphConfig) -> bool {
    config.nodes.values().all(|node| match node {
        Node::Convolution(c) => {
            let rows = (c.input[1], c.kernel[0], c.stride[0], c.dilation[0]);
            rows == (1, 1, 1, 1) && c.padding[..2] == [0, 0]
        }
        Node::Pooling(_) => false,
        _ => true,
    })
}

impl Shapes {
    /// Of all nodes of `config`.
    pub fn of(config: &GraphConfig) -> Self {
        let mut shapes = Self::default();
        let is_line = is_line(config);
        let image = |[channels, rows, columns]: [usize; 3]| {
            if is_line {
                vec![channels, columns]
            } else {
                vec![channels, rows, columns]
            }
        };
        for (name, node) in &config.nodes {
            let fixed = match node {
                Node::Linear {
                    inputs, outputs, ..
                } => (vec![*inputs], vec![*outputs]),
                Node::Convolution(c) => (image(c.input), image(c.output())),
                Node::Pooling(p) => (image(p.input), image(p.output())),
                _ => continue,
            };
            shapes.inputs.insert(name.clone(), fixed.0);
            shapes.outputs.insert(name.clone(), fixed.1);
        }
        let edges = || config.edges.iter().chain(&config.loops);
        let mut spread = |step: &dyn Fn(&mut Self, &str, &str) -> bool| {
            // Each round sets a shape or is the last.
            while edges().fold(false, |any, [from, to]| step(&mut shapes, from, to) || any) {}
        };
        spread(&|shapes, from, to| shapes.backward(config, from, to));
        spread(&|shapes, from, to| shapes.forward(config, from, to));
        for (name, node) in &config.nodes {
            let input = shapes.inputs.entry(name.clone());
            let input = input.or_insert_with(|| vec![node.inputs()]).clone();
            shapes.outputs.entry(name.clone()).or_insert(input);
        }
        shapes
    }

    fn set(&mut self, name: &str, input: Shape, output: Shape) -> bool {
        let is_new = !self.inputs.contains_key(name);
        if is_new {
            self.inputs.insert(name.to_owned(), input);
            self.outputs.insert(name.to_owned(), output);
        }
        is_new
    }

    /// Several dimensions that `to` needs are those of `from`.
    fn backward(&mut self, config: &GraphConfig, from: &str, to: &str) -> bool {
        match (self.inputs.get(to).cloned(), config.nodes.get(from)) {
            (Some(shape), Some(node)) if shape.len() > 1 => {
                let takes = is_element_wise(node) || matches!(node, Node::Identity { .. });
                takes && self.set(from, shape.clone(), shape)
            }
            _ => false,
        }
    }

    fn forward(&mut self, config: &GraphConfig, from: &str, to: &str) -> bool {
        match (self.outputs.get(from).cloned(), config.nodes.get(to)) {
            (Some(shape), Some(Node::Identity { size })) => self.set(to, shape, vec![*size]),
            (Some(shape), Some(node)) if is_element_wise(node) => {
                self.set(to, shape.clone(), shape)
            }
            _ => false,
        }
    }
}
