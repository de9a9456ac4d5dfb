//! A [graph](saturn_neurons::graph), as an import makes it, back as NIR, node for node.
//!
//! Names keep but for `/` and NUL, which HDF5 does not store. An `identity` is a Flatten or a Scale of ones.

use std::collections::{BTreeMap, BTreeSet};

use saturn_cell::Cell;
use saturn_neurons::graph::GraphConfig;
use saturn_neurons::graph::node::Node as Saturn;

use super::chain::{Setting, Watched, verdict};
use super::node::Writer;
use super::shapes::{Shapes, is_line};
use crate::exported::Refusal;
use crate::imported::Verdict;
use crate::nir::{Flat, Graph, Node};

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
            is_line: is_line(config),
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
