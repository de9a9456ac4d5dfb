//! `models`: the nets.

use std::path::Path;

use saturn_cell::CellConfig;
use saturn_network::{Layer, NetworkConfig, Readout};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::SsmBlockConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use super::from::{find_start, layers_of};
use super::named::Named;
use super::train;
use saturn_train::changes::TrainKeys;

/// A net: layers from input to output, then a readout to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// A finished net whose weights it begins with: a net of a run (`runs/digits/gru.classic.1`), a weights file
    /// or a folder that `saturn import` wrote; `{seed}` stands for the seed. Default none: new weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The layers, the one that reads the input first; at least one, or with `from` by default those of that
    /// net. An `ssm_block` whose input has another width gets a linear layer before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

    /// Its path in the file is `path`; a net that it begins from may be relative to `folder`, and has the layers
    /// of the one for `seed`.
    fn resolve(&self, path: &str, folder: &Path, seed: u64, diagnostics: &mut Diagnostics) -> Self {
        let mut model = self.clone();
        let key = format!("{path}.from");
        model.from =
            (self.from.as_ref()).map(|from| find_start(&key, from, seed, folder, diagnostics));
        if let (Some(from), true) = (&model.from, self.layers.is_empty()) {
            match layers_of(from, seed) {
                Ok(NetworkConfig { layers, readout }) => {
                    model.layers = layers;
                    model.readout = model.readout.or(readout);
                }
                Err(message) => diagnostics.problem(&key, message),
            }
        }
        model.check(path, diagnostics);
        let readout = || Readout::after(&model.layers);
        model.readout = Some(model.readout.clone().unwrap_or_else(readout));
        model
    }

    fn check(&self, path: &str, diagnostics: &mut Diagnostics) {
        let at = format!("{path}.layers");
        if self.from.is_none() && self.layers.is_empty() {
            let message =
                "there are none: give at least one, such as `lif`, or a finished net with `from`";
            diagnostics.problem(&at, message);
        }
        for (i, layer) in self.layers.iter().enumerate() {
            if let Err(e) = layer.check() {
                let key = e.key();
                diagnostics.problem(&format!("{at}.{i}.{}.{key}", layer.kind()), e.to_string());
            }
        }
        if let Some(Readout::Leaky(leaky)) = &self.readout
            && let Err(e) = leaky.tau_mem_ms.check("tau_mem_ms")
        {
            diagnostics.problem(&format!("{path}.readout.leaky.tau_mem_ms"), e.to_string());
        }
        train::check_changes(&self.train, &format!("{path}.train"), diagnostics);
    }
}

/// Checks the models of a scenario in `folder`; in the result all layers and readouts are given.
pub(super) fn resolve(
    models: &Named<Model>,
    folder: &Path,
    seed: u64,
    diagnostics: &mut Diagnostics,
) -> Named<Model> {
    diagnostics.names("models", models.names(), "model");
    models
        .iter()
        .map(|(name, model)| {
            (
                name.to_owned(),
                model.resolve(&format!("models.{name}"), folder, seed, diagnostics),
            )
        })
        .collect()
}

/// Without `models`: a recurrent spiking net, a state-space net and a recurrent net.
pub(super) fn default_models() -> Named<Model> {
    let model = |layers| Model {
        from: None,
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
