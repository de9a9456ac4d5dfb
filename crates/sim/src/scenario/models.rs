//! `models`: the nets.

use saturn_cell::CellConfig;
use saturn_network::{Layer, NetworkConfig, Readout};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::SsmBlockConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use super::named::Named;
use super::train;
use saturn_train::changes::TrainKeys;

/// A net: layers from input to output, then a readout to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The layers, the one that reads the input first; at least one. An `ssm_block` whose input has another
    /// width gets a linear layer before it.
    pub layers: Vec<Layer>,
    /// From the last layer to one score per class: `linear` or `leaky`. Default: `leaky` after a layer that
    /// spikes, else `linear`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readout: Option<Readout>,
    /// Changes to `train` for this network.
    #[serde(default, skip_serializing_if = "TrainKeys::is_empty")]
    pub train: TrainKeys,
}

impl Model {
    /// Only its layers and readout.
    pub fn network(&self) -> NetworkConfig {
        NetworkConfig {
            layers: self.layers.clone(),
            readout: self.readout.clone(),
        }
    }

    fn resolve(&self, path: &str, diagnostics: &mut Diagnostics) -> Self {
        let at = format!("{path}.layers");
        diagnostics.not_empty(&at, &self.layers, "layer, such as `lif`");
        for (i, layer) in self.layers.iter().enumerate() {
            if let Err(e) = layer.check() {
                let key = e.key();
                diagnostics.problem(&format!("{at}.{i}.{}.{key}", layer.kind()), e.to_string());
            }
        }
        let readout = (self.readout.clone()).unwrap_or_else(|| Readout::after(&self.layers));
        if let Readout::Leaky(leaky) = &readout
            && let Err(e) = leaky.tau_mem_ms.check("tau_mem_ms")
        {
            diagnostics.problem(&format!("{path}.readout.leaky.tau_mem_ms"), e.to_string());
        }
        train::check_changes(&self.train, &format!("{path}.train"), diagnostics);
        Self {
            readout: Some(readout),
            ..self.clone()
        }
    }
}

/// Checks the models; in the result every readout is given.
pub(super) fn resolve(models: &Named<Model>, diagnostics: &mut Diagnostics) -> Named<Model> {
    diagnostics.names("models", models.names(), "model");
    models
        .iter()
        .map(|(name, model)| {
            (
                name.to_owned(),
                model.resolve(&format!("models.{name}"), diagnostics),
            )
        })
        .collect()
}

/// Without `models`: a recurrent spiking net, a state-space net and a recurrent net.
pub(super) fn default_models() -> Named<Model> {
    let model = |layers| Model {
        layers,
        readout: None,
        train: TrainKeys::default(),
    };
    let lif = || {
        Layer::Lif(LifConfig {
            recurrent: true,
            ..LifConfig::default()
        })
    };
    let ssm = || Layer::SsmBlock(SsmBlockConfig::default());
    let slower = TrainKeys {
        lr: Some(0.001),
        ..TrainKeys::default()
    };
    let rnn = Model {
        train: slower,
        ..model(vec![Layer::Rnn(RnnConfig::default())])
    };
    [
        ("lif".to_owned(), model(vec![lif(), lif()])),
        ("ssm".to_owned(), model(vec![ssm(), ssm()])),
        ("rnn".to_owned(), rnn),
    ]
    .into_iter()
    .collect()
}
