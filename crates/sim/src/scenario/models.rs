//! `models`: the nets.

use saturn_cell::CellConfig;
use saturn_network::{Layer, NetworkConfig, Readout};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::SsmBlockConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::report::Report;
use super::train;
use saturn_train::changes::TrainKeys;

/// A net: layers from input to output, then a readout to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The layers, the one that reads the input first; at least one. An `ssm_block` whose input has
    /// another width than itself gets a linear layer before it.
    pub layers: Vec<Layer>,
    /// From the last layer to one score a class: `linear` or `leaky`. Default: `leaky` after a layer that
    /// spikes, else `linear`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readout: Option<Readout>,
    /// What is different from `train` for this net.
    #[serde(default, skip_serializing_if = "TrainKeys::is_empty")]
    pub train: TrainKeys,
}

impl Model {
    /// Its layers and readout alone.
    pub fn network(&self) -> NetworkConfig {
        NetworkConfig {
            layers: self.layers.clone(),
            readout: self.readout.clone(),
        }
    }

    fn resolve(&self, path: &str, report: &mut Report) -> Self {
        let at = format!("{path}.layers");
        report.not_empty(&at, &self.layers, "layer, such as `lif`");
        for (i, layer) in self.layers.iter().enumerate() {
            if let Err(e) = layer.check() {
                let key = e.key();
                report.problem(&format!("{at}.{i}.{}.{key}", layer.kind()), e.to_string());
            }
        }
        let readout = (self.readout.clone()).unwrap_or_else(|| Readout::after(&self.layers));
        if let Readout::Leaky(leaky) = &readout
            && let Err(e) = leaky.tau_mem_ms.check("tau_mem_ms")
        {
            report.problem(&format!("{path}.readout.leaky.tau_mem_ms"), e.to_string());
        }
        train::check_changes(&self.train, &format!("{path}.train"), report);
        Self {
            readout: Some(readout),
            ..self.clone()
        }
    }
}

/// Checks the models; in the result every readout is given.
pub(super) fn resolve(models: &Named<Model>, report: &mut Report) -> Named<Model> {
    report.names("models", models.names(), "model");
    models
        .iter()
        .map(|(name, model)| {
            (
                name.to_owned(),
                model.resolve(&format!("models.{name}"), report),
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
