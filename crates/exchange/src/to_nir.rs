//! From a network of Saturn's to a NIR file.
//!
//! | cell | becomes | |
//! |---|---|---|
//! | `lif`, `cuba_lif` with `spike_reset: zero` | Affine or Linear, then LIF or CubaLIF | exact |
//! | with `recurrent` | the neurons in a subgraph: input, lif, `w_rec`, output | exact |
//! | `li` | Affine or Linear, then LI | exact |
//! | `linear` | Affine or Linear | exact |
//! | `graph` | its nodes | exact, but for habits of simulators |
//! | `lif`, `cuba_lif` with `subtract`; `alif` | a reset to 0; LIF without adaptation | if approximations are allowed |
//! | other cells | | refused |
//!
//! *Exact* means the same equations: time constants are those with which an Euler step of NIR is the cell's step, see
//! `to_nir/cells.rs`. Numbers are stored as float32, so that a spike may differ where a membrane is within rounding of the
//! threshold; a probe counts such spikes. The graph's metadata have the step, `dt_s`, and a description from which
//! [`from_nir`](crate::from_nir) restores the network bit for bit.

mod cells;
mod chain;
mod node;
mod nodes;
mod probe;
mod shapes;
mod target;

use std::path::Path;

use saturn_network::{Layer, build};

use crate::exported::{ExportError, Source};
use crate::imported::{Fidelity, Verdict, fill};
use crate::nir::{Flat, Graph, Node, Value};
use crate::own;
use crate::probe::Distance;
use chain::{Chain, Setting, Watched};

pub use target::Target;

/// How a network is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The program that reads the file.
    pub target: Target,
    /// Whether parts that NIR lacks are replaced by similar ones, each with a verdict.
    pub approximate: bool,
}

/// A network as NIR.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The graph with its metadata. Its numbers are those of the file, in f32.
    pub graph: Graph,
    /// Seconds a step in the file.
    pub step_s: f64,
    /// How faithful each part is, from input to output.
    pub verdicts: Vec<Verdict>,
    /// Notices, one line each.
    pub notices: Vec<String>,
    /// The graph against the network, in f64.
    pub agreement: Distance,
}

/// Writes the network to a NIR file at `path`, replacing an existing one.
pub fn write(source: &Source, options: &Options, path: &Path) -> Result<Exported, ExportError> {
    let exported = export(source, options)?;
    exported.graph.write(path)?;
    Ok(exported)
}

/// The network as a NIR graph.
pub fn export(source: &Source, options: &Options) -> Result<Exported, ExportError> {
    let dt_s = source.dt_ms / 1e3;
    let setting = Setting {
        target: options.target,
        approximate: options.approximate,
        dt_s,
        step_s: options.target.step_s(dt_s),
    };
    let (mut graph, watched, mut verdicts) = made(source, &setting)?;
    let flat = Flat::new(&graph)?;
    let agreement = probe::probe(source.network, &flat, setting.step_s, &watched)?;
    let mut notices = Vec::new();
    notices.extend(setting.target.reading(dt_s));
    if graph.nodes.values().any(Node::resets_elsewhere) {
        notices.push("a v_reset is not 0: nir reads the file from version 1.0.6 on".to_owned());
    }
    if graph
        .nodes
        .values()
        .any(|node| matches!(node, Node::CubaLi { .. }))
    {
        notices.push("nir 1.0.4 has no CubaLI, so a later one is needed".to_owned());
    }
    let (step_key, step) = ("dt_s".to_owned(), Value::Number(setting.step_s));
    graph.metadata.insert(step_key, step);
    let is_exact = verdicts
        .iter()
        .all(|verdict| verdict.fidelity == Fidelity::Exact);
    if let Some(description) = own::description(source, &graph, is_exact) {
        graph.metadata.insert(own::KEY.to_owned(), description);
        notices.push(single(source, &flat, setting.step_s, &watched)?);
    } else {
        notices.push(
            "the file has no description for saturn, since time constants that were drawn and not learnt are in no \
             tensor: `saturn import` reads the graph"
                .to_owned(),
        );
    }
    let extra = source
        .network
        .outputs()
        .saturating_sub(source.classes.len());
    if extra > 0 {
        notices.push(format!("the last {extra} outputs are no classes"));
    }
    judge(&mut verdicts, &agreement);
    Ok(Exported {
        graph,
        step_s: setting.step_s,
        verdicts,
        notices,
        agreement,
    })
}

type Made = (Graph, Vec<Watched>, Vec<Verdict>);

/// The graph without metadata.
fn made(source: &Source, setting: &Setting) -> Result<Made, ExportError> {
    let parts = source.parts();
    if let [(part, cell)] = &parts[..]
        && let Layer::Graph(config) = &part.config
    {
        let written = nodes::written(0, (config, *cell), setting, "");
        let mut written = written.map_err(|refusal| refusal.at(source, source.place(part)))?;
        let is_output = |(_, node): &(&String, &Node)| matches!(node, Node::Output { .. });
        if let Some((name, _)) = written.graph.nodes.iter().find(is_output) {
            written.watched.push(Watched::output(0, name, false));
        }
        return Ok((written.graph, written.watched, written.verdicts));
    }
    let mut chain = Chain::new(parts.len());
    for (i, (part, cell)) in parts.iter().enumerate() {
        let added = match &part.config {
            Layer::Graph(config) => {
                let name = chain.name(i, "graph");
                let inside = nodes::written(i, (config, *cell), setting, &format!("{name}."));
                inside.map(|inside| {
                    chain.watched.extend(inside.watched);
                    chain.verdicts.extend(inside.verdicts);
                    let node = Node::Graph(Box::new(inside.graph));
                    chain.nodes.push((name, node));
                })
            }
            layer => cells::add(&mut chain, i, (layer, *cell), setting),
        };
        added.map_err(|refusal| refusal.at(source, source.place(part)))?;
    }
    let (inputs, outputs) = (source.channels(), source.network.outputs());
    let graph = Chain::graph(chain.nodes, inputs, outputs);
    Ok((graph, chain.watched, chain.verdicts))
}

/// What the network does in f32, in which most are run, compared with the graph.
fn single(
    source: &Source,
    flat: &Flat,
    step_s: f64,
    watched: &[Watched],
) -> Result<String, ExportError> {
    let (channels, outputs) = (source.channels(), source.network.outputs());
    let mut narrow = build::<f32>(
        source.name,
        source.config,
        channels,
        outputs,
        source.dt_ms,
        0,
    )?;
    fill(&mut narrow, &source.tensors());
    let found = probe::probe(&narrow, flat, step_s, watched)?;
    let (steps, spikes) = (found.steps, found.spikes);
    Ok(match found.first {
        None => format!(
            "a probe of {steps} steps in f32: none of {spikes} outputs of neurons differs from the file's, others within \
             {:.1e}",
            found.largest()
        ),
        Some(first) => format!(
            "a probe of {steps} steps in f32: {} of {spikes} outputs of neurons differ from the file's, the first in step \
             {first}",
            found.differing()
        ),
    })
}

/// Adds to verdicts what the probe found.
fn judge(verdicts: &mut [Verdict], found: &Distance) {
    let any_lost = verdicts
        .iter()
        .any(|verdict| verdict.fidelity != Fidelity::Exact);
    for verdict in verdicts {
        let spikes = found.differ.get(&verdict.part).copied().unwrap_or(0);
        let distance = found.state.get(&verdict.part).copied();
        let measured = match distance {
            Some(distance) if spikes == 0 => format!("{distance:.1e} in its output"),
            _ => format!("{spikes} spikes in {} steps of a probe", found.steps),
        };
        match &mut verdict.fidelity {
            Fidelity::Approximate { by, .. } => *by = measured,
            Fidelity::Exact if !any_lost && spikes > 0 => {
                verdict.fidelity = Fidelity::Approximate {
                    why: "the file's numbers are float32".to_owned(),
                    by: measured,
                }
            }
            _ => {}
        }
    }
}
