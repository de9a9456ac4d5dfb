//! Graphs of nodes: see [`saturn_neurons::graph`] for the equations and the source; those of neurons, with these numbers,
//! are in `neuron.rs` there.

use std::cell::RefCell;
use std::collections::BTreeMap;

use saturn_cell::Real;
use saturn_neurons::graph::node::{Neurons, Node, Reset, Spike};
use saturn_neurons::graph::{Convolution, GraphConfig};

use super::scope::Scope;
use crate::step::build::Var;

/// The nodes of a graph with the outputs that are known.
struct Nodes<'s, 'b, R: Real> {
    l: &'s Scope<'b, R>,
    config: &'s GraphConfig,
    input: Var<'b, R>,
    outputs: RefCell<BTreeMap<&'s str, Var<'b, R>>>,
    /// Outputs of the step before, by node.
    before: BTreeMap<&'s str, Var<'b, R>>,
}

/// The output of the graph.
pub(super) fn graph<'b, R: Real>(
    l: &Scope<'b, R>,
    config: &GraphConfig,
    x: Var<'b, R>,
) -> Var<'b, R> {
    let closing = config.loops.iter().map(|[from, _]| from.as_str());
    let nodes = Nodes {
        l,
        config,
        input: x,
        outputs: RefCell::default(),
        before: closing
            .map(|name| (name, l.state(&format!("{name}.before"))))
            .collect(),
    };
    let mut result = None;
    for (name, node) in &config.nodes {
        let y = nodes.output(name);
        if matches!(node, Node::Output { .. }) {
            result = Some(y);
        }
    }
    // What is kept for later steps, once all outputs are known.
    for (name, node) in &config.nodes {
        if let Node::Delay { steps } = node {
            nodes.keep(name, steps);
        }
    }
    for name in nodes.before.keys() {
        l.set(&format!("{name}.before"), nodes.output(name));
    }
    result.unwrap_or(x)
}

impl<'s, 'b, R: Real> Nodes<'s, 'b, R> {
    /// The sum of the outputs before the node, and of those of the step before.
    fn gathered(&self, name: &str) -> Var<'b, R> {
        let mut sum: Option<Var<'b, R>> = None;
        let mut add = |x| sum = Some(sum.map_or(x, |sum| sum + x));
        for [from, to] in &self.config.edges {
            if to == name {
                add(self.output(from));
            }
        }
        for [from, to] in &self.config.loops {
            if to == name {
                add(self.before[from.as_str()]);
            }
        }
        sum.unwrap_or_else(|| self.l.zeros(self.config.nodes[name].inputs()))
    }

    /// The output of the node `name`.
    fn output(&self, name: &'s str) -> Var<'b, R> {
        if let Some(known) = self.outputs.borrow().get(name) {
            return *known;
        }
        let y = self.compute(name);
        self.outputs.borrow_mut().insert(name, y);
        y
    }

    fn compute(&self, name: &'s str) -> Var<'b, R> {
        let l = self.l;
        let own = |tensor: &str| l.param(&format!("{name}.{tensor}"));
        let node = &self.config.nodes[name];
        match node {
            Node::Input { .. } => self.input,
            Node::Output { .. } | Node::Identity { .. } => self.gathered(name),
            Node::Linear { outputs, .. } => {
                let bias = l.find(&format!("{name}.bias"));
                let start = bias.unwrap_or_else(|| l.zeros(*outputs));
                start.plus_product(l.matrix(&format!("{name}.weight")), self.gathered(name))
            }
            Node::Scale { .. } => own("scale") * self.gathered(name),
            Node::Delay { steps } => self.delayed(name, steps, node.waits()),
            Node::Threshold { spike, .. } => fire(*spike, self.gathered(name), own("threshold")),
            Node::Neurons(neurons) => self.neurons(name, neurons, self.gathered(name)),
            Node::Convolution(c) => {
                let pixels = c.outputs() / c.channels;
                let start = l.find(&format!("{name}.bias")).map_or_else(
                    || l.zeros(c.outputs()),
                    |bias| bias.gather((0..c.outputs()).map(|i| i / pixels).collect()),
                );
                let w = l.matrix(&format!("{name}.weight"));
                start.plus_convolution(w, c.clone(), self.gathered(name))
            }
            Node::Pooling(p) => {
                let (size, channels) = (p.kernel[0] * p.kernel[1], p.input[0]);
                let factor = if p.mean { 1.0 / size as f64 } else { 1.0 };
                let w = l.filled(&format!("{name}.window"), (channels, size), factor);
                let [rows, columns] = p.padding;
                let geometry = Convolution {
                    input: p.input,
                    channels,
                    kernel: p.kernel,
                    stride: p.stride,
                    padding: [rows, rows, columns, columns],
                    dilation: [1, 1],
                    groups: channels,
                    bias: false,
                };
                l.zeros(p.outputs())
                    .plus_convolution(w, geometry, self.gathered(name))
            }
        }
    }

    /// y_k = x_k of `steps[k]` steps before; the input is not known yet where the node `waits`.
    fn delayed(&self, name: &str, steps: &[usize], waits: bool) -> Var<'b, R> {
        let n = steps.len();
        let at = |first: usize| {
            let place = move |(k, wait): (usize, &usize)| (wait - first) * n + k;
            steps.iter().enumerate().map(place).collect::<Vec<usize>>()
        };
        if steps.iter().all(|&k| k == 0) {
            return self.gathered(name);
        }
        let kept = self.l.state(&format!("{name}.x"));
        if waits {
            return kept.gather(at(1));
        }
        let all = self.l.builder.concat(&[self.gathered(name), kept]);
        all.gather(at(0))
    }

    /// Hands the input of a delay to later steps, the most recent one first.
    fn keep(&self, name: &'s str, steps: &[usize]) {
        let (n, longest) = (steps.len(), steps.iter().max().copied().unwrap_or(0));
        let x = self.gathered(name);
        let field = format!("{name}.x");
        match longest {
            0 => {}
            1 => drop(self.l.set(&field, x)),
            _ => {
                let older = self.l.before(&field).slice(0..(longest - 1) * n);
                self.l.set(&field, self.l.builder.concat(&[x, older]));
            }
        }
    }

    /// (1) to (4)
    fn neurons(&self, name: &str, c: &Neurons, x: Var<'b, R>) -> Var<'b, R> {
        let l = self.l;
        let named = |what: &str| format!("{name}.{what}");
        let constant = |symbol: &str| l.constant(&named(symbol));
        let mut current = x;
        if c.synapse {
            let i = constant("b") * l.state(&named("i")) + constant("c") + constant("w") * x;
            current = l.set(&named("i"), i); // (1)
        }
        let v = l.state(&named("v"));
        let late = c.late_reset.then(|| l.state(&named("s_before")));
        let theta = c.spikes.then(|| l.param(&named("v_threshold")));
        let v_reset = || l.param(&named("v_reset"));
        let before = match late {
            Some(s) if c.reset == Reset::ToReset => (1.0 - s) * v + s * v_reset(),
            _ => v,
        };
        let mut u = constant("a") * before + constant("l") + constant("g") * current; // (2)
        if let (Some(s), Some(theta), Reset::Subtract) = (late, theta, c.reset) {
            u = u - theta * s;
        }
        let Some(theta) = theta else {
            return l.set(&named("v"), u);
        };
        let s = fire(c.spike, u, theta); // (3)
        if late.is_some() {
            l.set(&named("s_before"), s);
        }
        let v = match c.reset {
            _ if c.late_reset => u,
            Reset::ToReset => s.select(v_reset(), u), // (4)
            Reset::Subtract => u - theta * s,         // (4)
            Reset::None => u,
        };
        l.set(&named("v"), v);
        s
    }
}

/// (3)
fn fire<'b, R: Real>(spike: Spike, u: Var<'b, R>, theta: Var<'b, R>) -> Var<'b, R> {
    match spike {
        Spike::Above => u.above(theta),
        Spike::AtOrAbove => u.at_least(theta),
        Spike::Many => {
            let spikes = u.at_least(theta);
            // A threshold of 0 or less is reached once.
            let many = (theta.positive()).select((u / theta).floor(), spikes);
            spikes.select(many, spikes)
        }
    }
}
