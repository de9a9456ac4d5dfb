//! An exported graph against the network that it was made from, step by step on the same input.
//!
//! The graph, with the numbers that the file has, is run by the [`Reference`]; the network in f64, and in f32 where it can be
//! rebuilt. The input is a random spike train with gaps, then a constant.

use std::collections::BTreeMap;

use nalgebra::DMatrix;
use rand::RngExt;
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_cell::{Input, Real};
use saturn_network::{Network, NetworkStream};

use super::chain::Watched;
use crate::exported::ExportError;
use crate::nir::{Flat, Reference};

/// Steps of a probe, at most.
const STEPS: usize = 1000;
/// Multiplications of a probe, about, at most.
const WORK: f64 = 5e8;

/// How a graph agrees with the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Steps that were compared.
    pub steps: usize,
    /// Spikes and silences that were compared.
    pub spikes: u64,
    /// Those that differ, by part.
    pub differ: BTreeMap<String, u64>,
    /// The first step in which one differs.
    pub first: Option<usize>,
    /// The largest distance of an output that is no spike, over max(1, |y|), by part, up to that step.
    pub distance: BTreeMap<String, f64>,
}

impl Agreement {
    /// How many spikes and silences differ.
    pub fn differing(&self) -> u64 {
        self.differ.values().sum()
    }

    /// The largest distance of all.
    pub fn largest(&self) -> f64 {
        self.distance.values().fold(0.0, |a: f64, &b| a.max(b))
    }
}

/// Runs `network` and the graph on the same input.
pub(super) fn probe<R: Real>(
    network: &Network<R>,
    flat: &Flat,
    step_s: f64,
    watched: &[Watched],
) -> Result<Agreement, ExportError> {
    let steps = ((WORK / network.parameters().max(1) as f64) as usize).clamp(20, STEPS);
    let mut found = Agreement {
        steps,
        ..Agreement::default()
    };
    let mut reference = Reference::new(flat, step_s)?;
    let mut stream = NetworkStream::new(network, 1);
    let mut rng = generator(1, "export", 0);
    let channels = reference.inputs();
    for step in 0..steps {
        let x = input(&mut rng, channels, step, steps);
        let narrow = DMatrix::from_iterator(channels, 1, x.iter().map(|&x| R::of(x)));
        reference.step(&x);
        stream.step(network, Input::Dense(narrow.as_view()));
        for node in watched {
            let expected = if node.spikes {
                reference.fired(&node.node)
            } else {
                reference.output(&node.node)
            };
            let layer = stream.layer(node.cell);
            let values: Vec<f64> = match &node.drive {
                Some(rows) => rows
                    .clone()
                    .map(|row| layer.drive()[(row, 0)].wide())
                    .collect(),
                None => layer.output().iter().map(|y| y.wide()).collect(),
            };
            let pairs = values.into_iter().zip(expected.unwrap_or_default());
            if node.spikes {
                let differing = pairs
                    .filter(|(y, expected)| (y - **expected).abs() > 0.0)
                    .count();
                found.spikes += layer_size(expected);
                if differing > 0 {
                    *found.differ.entry(node.part.clone()).or_default() += differing as u64;
                    found.first.get_or_insert(step);
                }
            } else if found.first.is_none() {
                let distance = pairs.map(|(y, expected)| (y - expected).abs() / y.abs().max(1.0));
                let most = found.distance.entry(node.part.clone()).or_default();
                *most = distance.fold(*most, f64::max);
            }
        }
    }
    Ok(found)
}

fn layer_size(expected: Option<&[f64]>) -> u64 {
    expected.map_or(0, <[f64]>::len) as u64
}

/// Spikes of 1 in a third of the channels, no input in the last quarter of each 100 steps, and a constant for the last
/// tenth of all.
fn input(rng: &mut ChaCha8Rng, channels: usize, step: usize, steps: usize) -> Vec<f64> {
    let spikes: Vec<f64> = (0..channels)
        .map(|_| f64::from(u8::from(rng.random_bool(0.33))))
        .collect();
    match step {
        _ if 10 * step >= 9 * steps => vec![1.5; channels],
        _ if step % 100 >= 75 => vec![0.0; channels],
        _ => spikes,
    }
}
