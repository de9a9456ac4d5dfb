//! From a description to a network.

mod size;
#[cfg(test)]
mod tests;

use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, ConfigError, Real};
use thiserror::Error;

use crate::Network;
use crate::config::NetworkConfig;
use crate::resources::in_words;

/// A net that cannot be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A layer that does not fit its keys or its input.
    #[error("models.{model}.layers.{layer}: {source}")]
    Layer {
        /// The model's name.
        model: String,
        /// Index of the layer.
        layer: usize,
        /// What is wrong.
        source: ConfigError,
    },
    /// A net without a readout whose last layer does not have one output per class.
    #[error(
        "models.{model}.readout: the last layer has {width} outputs, and {scores} scores are expected\nhint: `none` \
        takes the last layer's outputs as the scores; leave `readout` out for a linear or leaky one"
    )]
    Scores {
        /// The model's name.
        model: String,
        /// Outputs of the last layer.
        width: usize,
        /// Classes, and what else the training regime asks for.
        scores: usize,
    },
    /// A net that this machine has no memory for.
    #[error(
        "models.{model}: the network has {} parameters and needs at least {} {what}, and this machine has \
        {} of memory\nhint: make it smaller; most of it is `layers.{layer}` ({kind})",
        large(*parameters),
        in_words(*bytes),
        in_words(*most)
    )]
    TooLarge {
        /// The model's name.
        model: String,
        /// Index of the layer with most parameters.
        layer: usize,
        /// Its kind.
        kind: &'static str,
        /// All parameters of the net.
        parameters: u128,
        /// The largest part.
        what: &'static str,
        /// How much, bytes.
        bytes: f64,
        /// How much there is, bytes.
        most: f64,
    },
}

/// A whole number that may be too large to be read digit by digit.
fn large(n: u128) -> String {
    if n < 1_000_000_000_000_000 {
        n.to_string()
    } else {
        format!("{:.1e}", n as f64)
    }
}

pub use size::{NetSize, Part};

/// The outputs of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// C, its classes.
    pub classes: usize,
    /// Outputs in addition to those of the classes.
    pub extra: usize,
}

impl From<usize> for Outputs {
    fn from(classes: usize) -> Self {
        Self { classes, extra: 0 }
    }
}

/// Builds `model` for `inputs` channels, steps of `dt_ms` and its outputs, with initial weights drawn from
/// `seed`. Errors use `name`.
///
/// A linear encoder is inserted before a layer that needs its input at another width.
pub fn build<R: Real>(
    name: &str,
    model: &NetworkConfig,
    inputs: usize,
    outputs: impl Into<Outputs>,
    dt_ms: f64,
    seed: u64,
) -> Result<Network<R>, BuildError> {
    let outputs = outputs.into();
    let net = NetSize::of(name, model, inputs, outputs);
    net.check::<R>()?;
    let mut cells: Vec<Box<dyn Cell<R>>> = Vec::new();
    let mut width = inputs;
    let (mut layer, mut rng) = (0, generator(seed, "init", 0));
    for part in &net.parts {
        if part.layer != layer {
            (layer, rng) = (part.layer, generator(seed, "init", part.layer as u64));
        }
        let cell = part.config.build(width, dt_ms, &mut rng);
        let cell = cell.map_err(|source| BuildError::Layer {
            model: name.to_owned(),
            layer,
            source,
        })?;
        width = cell.widths().output;
        cells.push(cell);
    }
    let scores = outputs.classes + outputs.extra;
    if width != scores {
        return Err(BuildError::Scores {
            model: name.to_owned(),
            width,
            scores,
        });
    }
    Ok(Network::new(cells).with_classes(outputs.classes))
}
