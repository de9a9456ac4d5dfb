//! An imported network against the reference, step by step on the same input.
//!
//! The input is a random spike train with gaps, so that membranes rise, fall and start from what is left. Spikes must be
//! equal in every step, states within 1e-6 of max(1, |v|). Once a spike differs, states are not compared any more.

use std::collections::BTreeMap;

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Real, Stream};

use crate::imported::{Fidelity, ImportError, Imported};
use crate::nir::{Flat, FlatNode, Op, Reference};

/// Steps of a probe, at most.
const STEPS: usize = 1000;
/// Multiplications of a probe, about, at most.
const WORK: f64 = 2e9;
/// The largest distance of a state that is rounding.
const TOLERANCE: f64 = 1e-6;

/// How a network agrees with the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Steps that were compared.
    pub steps: usize,
    /// In f64.
    pub double: Distance,
    /// In f32, as the network is run.
    pub single: Distance,
}

/// Differences from the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distance {
    /// Spikes and silences of all neurons in all steps.
    pub spikes: u64,
    /// Those that differ, by node.
    pub differ: BTreeMap<String, u64>,
    /// The first step in which one differs.
    pub first: Option<usize>,
    /// The largest distance of a state before that step, over max(1, |v|), by node.
    pub state: BTreeMap<String, f64>,
}

impl Distance {
    /// The largest distance of a state.
    pub fn largest(&self) -> f64 {
        self.state.values().fold(0.0, |a: f64, &b| a.max(b))
    }

    fn differing(&self) -> u64 {
        self.differ.values().sum()
    }
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
        steps,
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
    let mut found = Distance::default();
    let channels = imported.channels;
    for step in 0..steps {
        let x = input(&mut rng, channels, step, steps);
        let narrow = DMatrix::from_iterator(channels, 1, x.iter().map(|&x| R::of(x)));
        reference.step(&x);
        stream.step(cell, Input::Dense(narrow.as_view()));
        for node in &watched {
            let wanted = reference.fired(&node.name);
            if let (Some(rows), Some(wanted)) = (&node.spikes, wanted) {
                found.spikes += wanted.len() as u64;
                let drive = stream.drive();
                let differs = rows
                    .clone()
                    .zip(wanted)
                    .filter(|(row, s)| (drive[(*row, 0)].wide() - **s).abs() > 0.0)
                    .count();
                if differs > 0 {
                    *found.differ.entry(node.name.clone()).or_default() += differs as u64;
                    found.first.get_or_insert(step);
                }
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
                let most = found.state.entry(node.name.clone()).or_default();
                *most = distance.fold(*most, f64::max);
            }
        }
    }
    Ok(found)
}

/// Spikes of 1 in a third of the channels, no input in the last quarter of each 100 steps, and a constant for the last
/// tenth of all.
fn input(rng: &mut impl rand::Rng, channels: usize, step: usize, steps: usize) -> Vec<f64> {
    use rand::RngExt;
    let spikes: Vec<f64> = (0..channels)
        .map(|_| f64::from(u8::from(rng.random_bool(0.33))))
        .collect();
    match step {
        _ if 10 * step >= 9 * steps => vec![1.5; channels],
        _ if step % 100 >= 75 => vec![0.0; channels],
        _ => spikes,
    }
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
                        self.steps
                    ),
                    by: format!("{spikes} spikes, and {state:.1e} in its state"),
                };
            }
        }
        let single = &self.single;
        imported.notices.push(match single.first {
            None => format!(
                "a probe of {} steps in f32: none of {} outputs of neurons differs, states within {:.1e}",
                self.steps,
                single.spikes,
                single.largest()
            ),
            Some(first) => format!(
                "a probe of {} steps in f32: {} of {} outputs of neurons differ from f64, the first in step {first}",
                self.steps,
                single.differing(),
                single.spikes
            ),
        });
    }
}
