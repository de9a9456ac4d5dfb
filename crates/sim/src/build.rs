//! From a model's description to a net.

use saturn_cell::rng::generator;
use saturn_cell::{Cell, Real};
use saturn_neurons::gru::Gru;
use saturn_neurons::li::Li;
use saturn_neurons::lif::Lif;
use saturn_neurons::linear::{Linear, LinearConfig};
use saturn_neurons::rnn::Rnn;
use saturn_ssm::{Ssm, SsmBlock};
use thiserror::Error;

use crate::network::Network;
use crate::scenario::{Layer, Model, Readout};

/// A layer that cannot be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A neuron's configuration is wrong.
    #[error("models.{model}.layers.{layer}: {source}")]
    Neuron {
        /// The model's name.
        model: String,
        /// Index of the layer.
        layer: usize,
        /// What is wrong.
        source: saturn_neurons::ConfigError,
    },
    /// A state-space model's configuration is wrong.
    #[error("models.{model}.layers.{layer}: {source}")]
    Ssm {
        /// The model's name.
        model: String,
        /// Index of the layer.
        layer: usize,
        /// What is wrong.
        source: saturn_ssm::ConfigError,
    },
}

/// Builds `model` for `inputs` channels, `classes` classes and steps of `dt_ms`; its initial weights
/// follow from `seed`.
///
/// A linear encoder goes before a state-space block whose width is not that of its input.
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
    for (layer, config) in model.layers.iter().enumerate() {
        let mut rng = generator(seed, "init", layer as u64);
        let rng = &mut rng;
        let neuron = |source| BuildError::Neuron {
            model: name.to_owned(),
            layer,
            source,
        };
        let ssm = |source| BuildError::Ssm {
            model: name.to_owned(),
            layer,
            source,
        };
        let cell: Box<dyn Cell<R>> = match config {
            Layer::Lif(c) => Box::new(Lif::new(c, width, dt_ms, rng).map_err(neuron)?),
            Layer::Li(c) => Box::new(Li::new(c, width, dt_ms, rng).map_err(neuron)?),
            Layer::Linear(c) => Box::new(Linear::new(c, width, dt_ms, rng).map_err(neuron)?),
            Layer::Rnn(c) => Box::new(Rnn::new(c, width, dt_ms, rng).map_err(neuron)?),
            Layer::Gru(c) => Box::new(Gru::new(c, width, dt_ms, rng).map_err(neuron)?),
            Layer::Ssm(c) => Box::new(Ssm::new(c, width, dt_ms, rng).map_err(ssm)?),
            Layer::SsmBlock(c) => {
                if c.width != width {
                    let encoder = LinearConfig {
                        out: c.width,
                        ..LinearConfig::default()
                    };
                    cells.push(Box::new(
                        Linear::new(&encoder, width, dt_ms, rng).map_err(neuron)?,
                    ));
                }
                Box::new(SsmBlock::new(c, c.width, dt_ms, rng).map_err(ssm)?)
            }
        };
        width = cell.widths().output;
        cells.push(cell);
    }
    let layer = model.layers.len();
    let mut rng = generator(seed, "init", layer as u64);
    let neuron = |source| BuildError::Neuron {
        model: name.to_owned(),
        layer,
        source,
    };
    let readout: Box<dyn Cell<R>> = match &model.readout {
        Some(Readout::Leaky(leaky)) => {
            let c = leaky.config(classes);
            Box::new(Li::new(&c, width, dt_ms, &mut rng).map_err(neuron)?)
        }
        Some(Readout::Linear) | None => {
            let c = LinearConfig {
                out: classes,
                ..LinearConfig::default()
            };
            Box::new(Linear::new(&c, width, dt_ms, &mut rng).map_err(neuron)?)
        }
    };
    cells.push(readout);
    Ok(Network::new(cells))
}
