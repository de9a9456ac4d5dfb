//! From a model's description to a net.

#[cfg(test)]
mod tests;

use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, ConfigError, Real};
use saturn_neurons::linear::LinearConfig;
use thiserror::Error;

use crate::network::Network;
use crate::scenario::{Layer, Model, Readout};

/// A layer that cannot be built.
#[derive(Debug, Error)]
#[error("models.{model}.layers.{layer}: {source}")]
pub struct BuildError {
    /// The model's name.
    model: String,
    /// Index of the layer.
    layer: usize,
    /// What is wrong.
    source: ConfigError,
}

/// Builds `model` for `inputs` channels, `classes` classes and steps of `dt_ms`; its initial weights
/// follow from `seed`.
///
/// A linear encoder goes before a layer that wants its input at another width.
pub fn build<R: Real>(
    name: &str,
    model: &Model,
    inputs: usize,
    classes: usize,
    dt_ms: f64,
    seed: u64,
) -> Result<Network<R>, BuildError> {
    let mut cells: Vec<Box<dyn Cell<R>>> = Vec::new();
    let mut width = inputs;
    let readout = readout(model, classes);
    for (layer, config) in model.layers.iter().chain([&readout]).enumerate() {
        let mut rng = generator(seed, "init", layer as u64);
        let encoder = config.input_width().filter(|&rows| rows != width);
        for config in encoder.map(linear).iter().chain([config]) {
            let cell = config.build(width, dt_ms, &mut rng);
            let cell = cell.map_err(|source| BuildError {
                model: name.to_owned(),
                layer,
                source,
            })?;
            width = cell.widths().output;
            cells.push(cell);
        }
    }
    Ok(Network::new(cells))
}

fn readout(model: &Model, classes: usize) -> Layer {
    match &model.readout {
        Some(Readout::Leaky(leaky)) => Layer::Li(leaky.config(classes)),
        Some(Readout::Linear) | None => linear(classes),
    }
}

fn linear(out: usize) -> Layer {
    Layer::Linear(LinearConfig {
        out,
        ..LinearConfig::default()
    })
}
