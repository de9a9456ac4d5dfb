//! The order in which the nodes of a graph are computed, and where their rows are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use saturn_cell::{Field, FieldKind};

use super::GraphConfig;
use super::node::Node;

/// Most rows of drive and state together.
const MOST_ROWS: usize = 1 << 28;

/// Where the input of a node is in the drive.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The output of one other node.
    At(Range<usize>),
    /// Rows of its own, the sum of outputs in the drive and of outputs of the step before in the state, each by its first
    /// row.
    Sum {
        rows: Range<usize>,
        edges: Vec<usize>,
        loops: Vec<usize>,
    },
}

impl Source {
    /// The rows.
    pub fn rows(&self) -> Range<usize> {
        match self {
            Self::At(rows) | Self::Sum { rows, .. } => rows.clone(),
        }
    }
}

/// A node and its rows.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub name: String,
    pub node: Node,
    /// The position of its first parameter.
    pub first: usize,
    /// Whether it is a linear map of the input alone.
    pub front: bool,
    pub source: Source,
    /// Of the drive: its output.
    pub y: Range<usize>,
    /// Of the drive, after y: the membranes that spikes were made from.
    pub u: Range<usize>,
    /// Of the state: its own.
    pub state: Range<usize>,
}

/// Order and rows of all nodes.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The nodes, in the order of their rows.
    pub nodes: Vec<Placed>,
    /// Those that are computed step by step, in this order.
    pub order: Vec<usize>,
    /// The delays.
    pub delays: Vec<usize>,
    /// Outputs that close loops: rows of the drive, rows of the state.
    pub kept: Vec<(Range<usize>, Range<usize>)>,
    /// The rows of the drive with the graph's input.
    pub input: Range<usize>,
    /// Whether anything but linear maps reads the input.
    pub reads_input: bool,
    /// The rows of the drive with the graph's output.
    pub out: Range<usize>,
    /// D.
    pub drive: usize,
    /// S.
    pub state: usize,
}

/// The graph as it is described, by name.
struct Wiring<'a> {
    nodes: &'a BTreeMap<String, Node>,
    /// Nodes before each node, without those of loops.
    before: BTreeMap<&'a str, Vec<&'a str>>,
    /// Nodes whose output of the step before each node receives.
    loops: BTreeMap<&'a str, Vec<&'a str>>,
    input: &'a str,
    output: &'a str,
}

impl<'a> Wiring<'a> {
    fn of(config: &'a GraphConfig) -> Result<Self, String> {
        let nodes = &config.nodes;
        for (name, node) in nodes {
            if let Some(fault) = node.fault() {
                return Err(format!("node `{name}`: {fault}"));
            }
        }
        let one = |kind: &str, is: fn(&Node) -> bool| {
            let found: Vec<&str> = nodes
                .iter()
                .filter(|(_, node)| is(node))
                .map(|(name, _)| name.as_str())
                .collect();
            match found[..] {
                [one] => Ok(one),
                _ => Err(format!(
                    "a graph has one `{kind}` node, and this one has {}",
                    found.len()
                )),
            }
        };
        let mut wiring = Self {
            nodes,
            before: BTreeMap::new(),
            loops: BTreeMap::new(),
            input: one("input", |node| matches!(node, Node::Input { .. }))?,
            output: one("output", |node| matches!(node, Node::Output { .. }))?,
        };
        let mut seen = BTreeSet::new();
        for (edges, closes) in [(&config.edges, false), (&config.loops, true)] {
            for [from, to] in edges {
                let [source, target] = [from, to].map(|name| {
                    nodes.get(name).ok_or_else(|| {
                        format!("the edge `{from}` -> `{to}` has an end that is no node: `{name}`")
                    })
                });
                let (source, target) = (source?, target?);
                if source.outputs() != target.inputs() {
                    let (outputs, inputs) = (source.outputs(), target.inputs());
                    return Err(format!(
                        "the edge `{from}` -> `{to}`: `{from}` has {outputs} outputs and `{to}` has {inputs} inputs"
                    ));
                }
                if matches!(target, Node::Input { .. }) || matches!(source, Node::Output { .. }) {
                    return Err(format!(
                        "the edge `{from}` -> `{to}` goes into the input or out of the output"
                    ));
                }
                if !seen.insert((from, to)) {
                    return Err(format!("the edge `{from}` -> `{to}` is there twice"));
                }
                let list = if closes {
                    &mut wiring.loops
                } else {
                    &mut wiring.before
                };
                list.entry(to.as_str()).or_default().push(from.as_str());
            }
        }
        Ok(wiring)
    }

    fn before(&self, name: &str) -> &[&'a str] {
        self.before.get(name).map_or(&[], Vec::as_slice)
    }

    fn looped(&self, name: &str) -> &[&'a str] {
        self.loops.get(name).map_or(&[], Vec::as_slice)
    }

    /// Names, each after those that it needs: a node that waits needs none (Kahn 1962).
    fn order(&self) -> Result<Vec<&'a str>, String> {
        let mut after: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        let mut missing: BTreeMap<&'a str, usize> = BTreeMap::new();
        let mut ready: BTreeSet<&'a str> = BTreeSet::new();
        for (name, node) in self.nodes {
            let needs = if node.waits() {
                &[][..]
            } else {
                self.before(name)
            };
            for from in needs {
                after.entry(from).or_default().push(name);
            }
            if needs.is_empty() {
                ready.insert(name);
            } else {
                missing.insert(name, needs.len());
            }
        }
        let mut order = Vec::new();
        while let Some(name) = ready.pop_first() {
            order.push(name);
            for &to in after.get(name).map_or(&[][..], Vec::as_slice) {
                let left = missing.get_mut(to).expect("a node with nodes before it");
                *left -= 1;
                if *left == 0 {
                    missing.remove(to);
                    ready.insert(to);
                }
            }
        }
        match missing.keys().next() {
            None => Ok(order),
            Some(name) => Err(format!(
                "node `{name}` is on a loop without a delay: name one edge of the loop in `loops`"
            )),
        }
    }
}

/// Hands out rows one after the other.
#[derive(Default)]
struct Rows(usize);

impl Rows {
    fn take(&mut self, n: usize) -> Range<usize> {
        let start = self.0;
        self.0 = self.0.saturating_add(n);
        start..self.0
    }
}

impl Plan {
    /// The plan of `config`, or what is wrong with it, in words.
    pub fn of(config: &GraphConfig) -> Result<Self, String> {
        let wiring = Wiring::of(config)?;
        let names = wiring.order()?;
        let (mut drive, mut state) = (Rows::default(), Rows::default());

        // Outputs that close loops are kept once, however many nodes receive them.
        let closing: BTreeSet<&str> = wiring.loops.values().flatten().copied().collect();
        let kept: BTreeMap<&str, Range<usize>> = closing
            .iter()
            .map(|&name| (name, state.take(config.nodes[name].outputs())))
            .collect();

        let mut first = 0;
        let firsts: BTreeMap<&str, usize> = (config.nodes.iter())
            .map(|(name, node)| {
                let own = first;
                first += node.tensors();
                (name.as_str(), own)
            })
            .collect();

        let mut outputs: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        let mut nodes = Vec::new();
        // Nodes that wait have their output before all others, and their input after them.
        let waits = |name: &&str| config.nodes[*name].waits();
        let (early, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(waits);
        for name in early.iter().chain(&others).copied() {
            let node = &config.nodes[name];
            let (edges, loops) = (wiring.before(name), wiring.looped(name));
            let source = match (edges, loops) {
                _ if node.waits() => Source::At(0..0),
                ([one], []) => Source::At(outputs[one].clone()),
                _ if matches!(node, Node::Input { .. }) => Source::At(0..0),
                _ => Source::Sum {
                    rows: drive.take(node.inputs()),
                    edges: edges.iter().map(|from| outputs[from].start).collect(),
                    loops: loops.iter().map(|from| kept[from].start).collect(),
                },
            };
            let front = matches!(node, Node::Linear { .. })
                && loops.is_empty()
                && edges.iter().eq([&wiring.input]);
            let y = drive.take(node.outputs());
            let u = drive.take(if node.keeps_membrane() {
                node.outputs()
            } else {
                0
            });
            outputs.insert(name, y.clone());
            nodes.push(Placed {
                name: name.to_owned(),
                node: node.clone(),
                first: firsts[name],
                front,
                source,
                y,
                u,
                state: state.take(node.states()),
            });
        }
        for (i, name) in early.iter().enumerate() {
            let (edges, loops) = (wiring.before(name), wiring.looped(name));
            nodes[i].source = match (edges, loops) {
                ([one], []) => Source::At(outputs[one].clone()),
                _ => Source::Sum {
                    rows: drive.take(nodes[i].node.inputs()),
                    edges: edges.iter().map(|from| outputs[from].start).collect(),
                    loops: loops.iter().map(|from| kept[from].start).collect(),
                },
            };
        }
        if drive.0.saturating_add(state.0) > MOST_ROWS {
            return Err(format!(
                "a graph has at most {MOST_ROWS} rows of drive and state"
            ));
        }

        let stepwise = |p: &Placed| !p.front && !matches!(p.node, Node::Input { .. });
        let reads_input = wiring.before.iter().any(|(to, from)| {
            from.contains(&wiring.input) && nodes.iter().any(|p| p.name == *to && !p.front)
        });
        let input_loops = wiring
            .loops
            .values()
            .flatten()
            .any(|from| *from == wiring.input);
        Ok(Self {
            order: (0..nodes.len()).filter(|&i| stepwise(&nodes[i])).collect(),
            delays: (0..nodes.len())
                .filter(|&i| matches!(nodes[i].node, Node::Delay { .. }))
                .collect(),
            kept: kept
                .into_iter()
                .map(|(name, rows)| (outputs[name].clone(), rows))
                .collect(),
            input: outputs[wiring.input].clone(),
            reads_input: reads_input || input_loops,
            out: outputs[wiring.output].clone(),
            drive: drive.0,
            state: state.0,
            nodes,
        })
    }

    /// The fields of the state: membranes and synapses, then what delays and loops keep.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut add = |name: String, rows: Range<usize>| {
            if !rows.is_empty() {
                let kind = FieldKind::Value;
                fields.push(Field {
                    name: name.into(),
                    rows,
                    kind,
                });
            }
        };
        for (y, kept) in &self.kept {
            let from = self.nodes.iter().find(|p| p.y == *y && !y.is_empty());
            add(
                format!("{}.before", from.map_or("", |p| &p.name)),
                kept.clone(),
            );
        }
        for p in &self.nodes {
            match &p.node {
                Node::Neurons(neurons) => {
                    let membranes = p.state.end - neurons.size;
                    let synapses = if neurons.synapse { neurons.size } else { 0 };
                    let spikes = p.state.start + synapses;
                    add(format!("{}.i", p.name), p.state.start..spikes);
                    add(format!("{}.s_before", p.name), spikes..membranes);
                    add(format!("{}.v", p.name), membranes..p.state.end);
                }
                _ => add(format!("{}.x", p.name), p.state.clone()),
            }
        }
        fields
    }
}
