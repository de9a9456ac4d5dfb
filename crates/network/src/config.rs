//! Description of a network.

use saturn_cell::CellConfig;
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::li::LiConfig;
use saturn_neurons::linear::LinearConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layer::Layer;

/// A network: layers from input to output, then a readout to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// The layers, the one that reads the input first.
    pub layers: Vec<Layer>,
    /// The readout: from the last layer to one score per class; by default [`Readout::after`] the last layer.
    #[serde(default)]
    pub readout: Option<Readout>,
}

impl NetworkConfig {
    /// These layers with their usual readout.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self {
            layers,
            readout: None,
        }
    }

    /// Whether any layer spikes.
    pub fn spikes(&self) -> bool {
        self.layers.iter().any(Layer::spikes)
    }

    /// Its readout, or the usual one.
    pub fn readout(&self) -> Readout {
        let usual = || Readout::after(&self.layers);
        self.readout.clone().unwrap_or_else(usual)
    }

    /// The readout as a layer of `outputs` outputs, if it is one.
    pub(crate) fn readout_layer(&self, outputs: usize) -> Option<Layer> {
        match self.readout() {
            Readout::None => None,
            Readout::Leaky(leaky) => Some(Layer::Li(leaky.config(outputs))),
            Readout::Linear => Some(linear(outputs)),
        }
    }
}

/// A linear map to `out` rows.
pub(crate) fn linear(out: usize) -> Layer {
    Layer::Linear(LinearConfig {
        out,
        ..LinearConfig::default()
    })
}

/// The readout, from the last layer to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// None: the last layer has one output per class, and they are the scores.
    None,
    /// A linear map of the present output.
    Linear,
    /// Leaky integrators: a linear map of a fading average.
    Leaky(LeakyReadout),
}

/// Leaky integrators, one a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeakyReadout {
    /// Time constant in ms, one number or a range to draw from; above 0, default 20. Larger: calmer and
    /// later.
    pub tau_mem_ms: TimeConstants,
    /// Whether time constants are learnt, one a class, default true.
    pub learn_tau: bool,
}

impl Readout {
    /// The usual readout: leaky after a layer that spikes, else linear.
    pub fn after(layers: &[Layer]) -> Self {
        if layers.last().is_some_and(Layer::spikes) {
            Self::Leaky(LeakyReadout::default())
        } else {
            Self::Linear
        }
    }
}

impl Default for LeakyReadout {
    fn default() -> Self {
        Self {
            tau_mem_ms: TimeConstants::Same(20.0),
            learn_tau: true,
        }
    }
}

impl LeakyReadout {
    /// The layer for `classes` classes.
    pub fn config(&self, classes: usize) -> LiConfig {
        LiConfig {
            outputs: classes,
            tau_mem_ms: self.tau_mem_ms,
            learn_tau: self.learn_tau,
            ..LiConfig::default()
        }
    }
}
