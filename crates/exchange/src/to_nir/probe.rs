//! An exported graph against the network that it was made from, step by step on the same input.
//!
//! The graph, with the numbers that the file has, is run by the [`Reference`]; the network in f64, and in f32 where it can be
//! rebuilt. The input is a random spike train with gaps, then a constant.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Input, Real};
use saturn_network::{Network, NetworkStream};

use super::chain::Watched;
use crate::exported::ExportError;
use crate::nir::{Flat, Reference};
use crate::probe::{Distance, input};

/// Steps of a probe, at most.
const STEPS: usize = 1000;
/// Multiplications of a probe, about, at most.
const WORK: f64 = 5e8;

/// Runs `network` and the graph on the same input.
pub(super) fn probe<R: Real>(
    network: &Network<R>,
    flat: &Flat,
    step_s: f64,
    watched: &[Watched],
) -> Result<Distance, ExportError> {
    let steps = ((WORK / network.parameters().max(1) as f64) as usize).clamp(20, STEPS);
    let mut found = Distance::over(steps);
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
            let pairs = (values.into_iter()).zip(expected.unwrap_or_default().iter().copied());
            if node.spikes {
                found.add_spikes(&node.part, step, pairs);
            } else if found.first.is_none() {
                let distances = pairs.map(|(y, expected)| (y - expected).abs() / y.abs().max(1.0));
                found.add_distances(&node.part, distances);
            }
        }
    }
    Ok(found)
}
