//! How large a net is, counted before any of it is built, and whether this machine can hold it.

use saturn_cell::{CellConfig, Count, Real, Size};

use super::{BuildError, Outputs};
use crate::config::{NetworkConfig, linear};
use crate::layer::Layer;
use crate::resources;

/// Memory limit for a network if the system does not report its memory, bytes.
const UNKNOWN: f64 = (1u64 << 40) as f64;
/// Nets in memory while one is trained, at the least: the net, its gradient, and a moment of the optimiser.
const TRAINED: usize = 3;

/// One cell of a net.
#[derive(Clone, Debug)]
pub struct Part {
    /// Index of the model's layer; the readout comes after the last.
    pub layer: usize,
    /// Its kind.
    pub config: Layer,
    /// I, rows of its input.
    pub inputs: Count,
    /// Its memory.
    pub size: Size,
}

/// A net, counted.
#[derive(Clone, Debug)]
pub struct NetSize {
    model: String,
    /// Its cells, from input to readout.
    pub parts: Vec<Part>,
}

impl NetSize {
    /// The size of the network that [`super::build`] makes from the same arguments.
    pub fn of(
        name: &str,
        model: &NetworkConfig,
        inputs: usize,
        outputs: impl Into<Outputs>,
    ) -> Self {
        let Outputs { classes, extra } = outputs.into();
        let mut parts: Vec<Part> = Vec::new();
        let mut width = Count::from(inputs);
        let readout = model.readout_layer(classes + extra);
        for (layer, config) in model.layers.iter().chain(&readout).enumerate() {
            let other = |rows: &usize| Count::from(*rows) != width;
            let encoder = config.input_width().filter(other).map(linear);
            for config in encoder.into_iter().chain([config.clone()]) {
                let size = config.size(width);
                parts.push(Part {
                    layer,
                    config,
                    inputs: width,
                    size,
                });
                width = size.output;
            }
        }
        Self {
            model: name.to_owned(),
            parts,
        }
    }

    /// Numbers in all parameters.
    pub fn parameters(&self) -> Count {
        self.parts.iter().map(|part| part.size.parameters).sum()
    }

    /// Multiplications of a step of one lane, where no input is zero.
    pub fn products(&self) -> f64 {
        self.parameters().real()
    }

    /// Multiplications of drawing the initial parameters, beyond one a parameter.
    pub fn drawing(&self) -> f64 {
        let drawing: Count = self.parts.iter().map(|part| part.size.drawing).sum();
        drawing.real()
    }

    /// Peak memory of the network alone, in bytes, including its initialisation.
    pub fn bytes<R: Real>(&self) -> f64 {
        let kept = |size: &Size| (size.parameters + size.copies).real() * size_of::<R>() as f64;
        let scratch = |size: &Size| size.scratch.real() * size_of::<f64>() as f64;
        let all: f64 = self.parts.iter().map(|part| kept(&part.size)).sum();
        let drawn = self.parts.iter().map(|part| scratch(&part.size));
        all + drawn.fold(0.0, f64::max)
    }

    /// An error if this machine cannot hold the net.
    pub fn check<R: Real>(&self) -> Result<(), BuildError> {
        self.within(self.bytes::<R>(), "to be built")
    }

    /// An error if this machine cannot hold what training the net takes at the least.
    pub fn check_training<R: Real>(&self) -> Result<(), BuildError> {
        let more = self.parameters().real() * ((TRAINED - 1) * size_of::<R>()) as f64;
        self.within(self.bytes::<R>() + more, "to be trained")
    }

    fn within(&self, bytes: f64, what: &'static str) -> Result<(), BuildError> {
        let most = resources::memory().unwrap_or(UNKNOWN);
        if bytes <= most {
            return Ok(());
        }
        let largest = self.parts.iter().max_by_key(|part| part.size.parameters);
        let (layer, kind) = largest.map_or((0, ""), |part| (part.layer, part.config.kind()));
        Err(BuildError::TooLarge {
            model: self.model.clone(),
            layer,
            kind,
            parameters: self.parameters().get(),
            what,
            bytes,
            most,
        })
    }
}
