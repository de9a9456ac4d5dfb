//! An imported network against the reference, step by step on the same input.
//!
//! The input is a random spike train with gaps, so that membranes rise, fall and start from what is left. Spikes must be
//! equal in every step, states within 1e-6 of max(1, |v|). Once a spike differs, states are not compared any more.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Real, Stream};

use crate::imported::{Fidelity, ImportError, Imported};
use crate::nir::{Flat, FlatNode, Op, Reference};
use crate::probe::{Distance, input};

/// Steps of a probe, at most.
const STEPS: usize = 1000;
/// Multiplications of a probe, about, at most.
const WORK: f64 = 2e9;
/// The largest distance of a state that is rounding.
const TOLERANCE: f64 = 1e-6;

/// How a network agrees with the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// In f64.
    pub double: Distance,
    /// In f32, as the network is run.
    pub single: Distance,
}

/// Runs `imported` and the reference on the same input.
pub fn probe(flat: &Flat, dt_s: f64, imported: &Imported) -> Result<Agreement, ImportError> {
    let work = |node: &FlatNode| match &node.op {
        Op::Affine { .. } => node.inputs() as f64 * node.outputs() as f64,
        Op::Conv(conv) => (conv.weight.len() * node.outputs()) as f64 / conv.output[0] as f64,
        _ => (node.inputs() + node.outputs()) as f64,
    };
    let work: f64 = flat.nodes.iter().map(work).sum();
    let steps = ((WORK / work.max(1.0)) as usize).clamp(20, STEPS);
    Ok(Agreement {
        double: compare::<f64>(flat, dt_s, imported, steps)?,
        single: compare::<f32>(flat, dt_s, imported, steps)?,
    })
}

/// Nodes with spikes or states: the rows of their output in the drive, of their membrane in the state.
struct Watched {
    name: String,
    spikes: Option<std::ops::Range<usize>>,
    v: Option<std::ops::Range<usize>>,
}

fn watched<R: Real>(flat: &Flat, cell: &dyn Cell<R>) -> Vec<Watched> {
    let (states, drives) = (cell.fields(), cell.drive_fields());
    let rows = |fields: &[saturn_cell::Field], name: String| {
        fields
            .iter()
            .find(|f| *f.name == *name)
            .map(|f| f.rows.clone())
    };
    let of = |node: &FlatNode| Watched {
        name: node.name.clone(),
        spikes: rows(&drives, format!("{}.s", node.name)),
        v: rows(&states, format!("{}.v", node.name)),
    };
    let watchable = |node: &&FlatNode| matches!(node.op, Op::Neuron(_) | Op::Threshold { .. });
    flat.nodes.iter().filter(watchable).map(of).collect()
}

fn compare<R: Real>(
    flat: &Flat,
    dt_s: f64,
    imported: &Imported,
    steps: usize,
) -> Result<Distance, ImportError> {
    let net = imported.network::<R>()?;
    let cell = net.cells()[0].as_ref();
    let watched = watched(flat, cell);
    let mut reference = Reference::new(flat, dt_s)?;
    let mut stream = Stream::new(cell, 1);
    let mut rng = generator(1, "probe", 0);
    let mut found = Distance::over(steps);
    let channels = imported.channels;
    for step in 0..steps {
        let x = input(&mut rng, channels, step, steps);
        let narrow = DMatrix::from_iterator(channels, 1, x.iter().map(|&x| R::of(x)));
        reference.step(&x);
        stream.step(cell, Input::Dense(narrow.as_view()));
        for node in &watched {
            let wanted = reference.fired(&node.name);
            if let (Some(rows), Some(wanted)) = (&node.spikes, wanted) {
                let drive = stream.drive();
                let spikes = rows.clone().map(|row| drive[(row, 0)].wide());
                found.add_spikes(&node.name, step, spikes.zip(wanted.iter().copied()));
            }
        }
        if found.first.is_some() {
            continue;
        }
        for node in &watched {
            if let (Some(rows), Some(state)) = (&node.v, reference.state(&node.name)) {
                let values = stream.state();
                let distance = rows
                    .clone()
                    .zip(state.v)
                    .map(|(row, &v)| (values[(row, 0)].wide() - v).abs() / v.abs().max(1.0));
                found.add_distances(&node.name, distance);
            }
        }
    }
    Ok(found)
}

impl Agreement {
    /// Takes back *exact* from nodes that the probe found to differ, and says what f32 costs.
    pub fn judge(&self, imported: &mut Imported) {
        let double = &self.double;
        for verdict in &mut imported.verdicts {
            let spikes = double.differ.get(&verdict.part).copied().unwrap_or(0);
            let state = double.state.get(&verdict.part).copied().unwrap_or(0.0);
            if verdict.fidelity == Fidelity::Exact && (spikes > 0 || state > TOLERANCE) {
                verdict.fidelity = Fidelity::Approximate {
                    why: format!(
                        "it differs from NIR's equations over {} steps of a probe",
                        double.steps
                    ),
                    by: format!("{spikes} spikes, and {state:.1e} in its state"),
                };
            }
        }
        let single = &self.single;
        imported.notices.push(match single.first {
            None => format!(
                "a probe of {} steps in f32: none of {} outputs of neurons differs, states within {:.1e}",
                single.steps,
                single.spikes,
                single.largest()
            ),
            Some(first) => format!(
                "a probe of {} steps in f32: {} of {} outputs of neurons differ from f64, the first in step {first}",
                single.steps,
                single.differing(),
                single.spikes
            ),
        });
    }
}
