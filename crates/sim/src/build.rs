//! From a model's description to a net.

#[cfg(test)]
mod tests;

use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, ConfigError, Real};
use saturn_neurons::linear::LinearConfig;
use thiserror::Error;

use crate::network::Network;
use crate::scenario::{Arm, Layer, Model, Readout};

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

/// What a net answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// C, its classes.
    pub classes: usize,
    /// Outputs beside those of the classes.
    pub extra: usize,
}

impl Answers {
    /// What a net of `classes` classes answers with that is trained as `arm` says.
    pub fn of(classes: usize, arm: &Arm) -> Self {
        let extra = arm.loss.extra_outputs();
        Self { classes, extra }
    }
}

impl From<usize> for Answers {
    fn from(classes: usize) -> Self {
        Self { classes, extra: 0 }
    }
}

/// Builds `model` for `inputs` channels, steps of `dt_ms` and the classes that it answers with; its
/// initial weights follow from `seed`.
///
/// A linear encoder goes before a layer that wants its input at another width.
pub fn build<R: Real>(
    name: &str,
    model: &Model,
    inputs: usize,
    answers: impl Into<Answers>,
    dt_ms: f64,
    seed: u64,
) -> Result<Network<R>, BuildError> {
    let Answers { classes, extra } = answers.into();
    let mut cells: Vec<Box<dyn Cell<R>>> = Vec::new();
    let mut width = inputs;
    let readout = readout(model, classes + extra);
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
    Ok(Network::new(cells).with_classes(classes))
}

fn readout(model: &Model, outputs: usize) -> Layer {
    match &model.readout {
        Some(Readout::Leaky(leaky)) => Layer::Li(leaky.config(outputs)),
        Some(Readout::Linear) | None => linear(outputs),
    }
}

fn linear(out: usize) -> Layer {
    Layer::Linear(LinearConfig {
        out,
        ..LinearConfig::default()
    })
}
