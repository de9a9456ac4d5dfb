//! `models`: the nets.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Cell, CellConfig, ConfigError, Count, Real, Size};
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::li::LiConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::SsmBlockConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use super::report::Report;
use super::train::TrainKeys;

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

/// Declares [`Layer`]: a line a cell, with its key in a scenario and its configuration.
macro_rules! layers {
    ($($(#[doc = $doc:literal])+ $key:literal: $name:ident($config:ty),)+) => {
        /// A layer, named after its kind. The name alone stands for all defaults.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum Layer {
            $($(#[doc = $doc])+ #[serde(rename = $key)] $name($config),)+
        }

        impl Layer {
            /// The keys of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($key),+];

            /// The key that it is written under.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $key,)+ }
            }
        }

        impl CellConfig for Layer {
            fn check(&self) -> Result<(), ConfigError> {
                match self { $(Self::$name(c) => c.check(),)+ }
            }

            fn size(&self, inputs: Count) -> Size {
                match self { $(Self::$name(c) => c.size(inputs),)+ }
            }

            fn build<R: Real>(
                &self,
                inputs: usize,
                dt_ms: f64,
                rng: &mut ChaCha8Rng,
            ) -> Result<Box<dyn Cell<R>>, ConfigError> {
                match self { $(Self::$name(c) => c.build(inputs, dt_ms, rng),)+ }
            }

            fn spikes(&self) -> bool {
                match self { $(Self::$name(c) => c.spikes(),)+ }
            }

            fn threshold(&self) -> Option<f64> {
                match self { $(Self::$name(c) => c.threshold(),)+ }
            }

            fn input_width(&self) -> Option<usize> {
                match self { $(Self::$name(c) => c.input_width(),)+ }
            }
        }
    };
}

#[cfg(test)]
mod tests;

layers! {
    /// Leaky integrate-and-fire neurons.
    "lif": Lif(LifConfig),
    /// Adaptive leaky integrate-and-fire neurons: the threshold rises with every spike.
    "alif": Alif(saturn_neurons::alif::AlifConfig),
    /// Current-based leaky integrate-and-fire neurons: input fades in a synapse first.
    "cuba_lif": CubaLif(saturn_neurons::cuba_lif::CubaLifConfig),
    /// Adaptive leaky integrate-and-fire neurons whose membrane resonates.
    "adlif": AdLif(saturn_neurons::adlif::AdLifConfig),
    /// Resonate-and-fire neurons, plain or balanced: the membrane is a damped oscillator.
    "resonate_and_fire": ResonateAndFire(saturn_neurons::resonate_and_fire::ResonateAndFireConfig),
    /// Leaky integrators, which do not spike.
    "li": Li(LiConfig),
    /// A linear map, with no state.
    "linear": Linear(saturn_neurons::linear::LinearConfig),
    /// A vanilla recurrent layer of tanh units.
    "rnn": Rnn(RnnConfig),
    /// Gated recurrent units, in PyTorch's form.
    "gru": Gru(saturn_neurons::gru::GruConfig),
    /// Long short-term memory, in PyTorch's form.
    "lstm": Lstm(saturn_neurons::lstm::LstmConfig),
    /// A vanilla recurrent layer whose input alone decides how much the state may move.
    "input_gated_rnn": InputGatedRnn(saturn_neurons::input_gated_rnn::InputGatedRnnConfig),
    /// A vanilla recurrent layer that is told how much its last prediction of the input erred.
    "surprisal_rnn": SurprisalRnn(saturn_neurons::surprisal_rnn::SurprisalRnnConfig),
    /// Causal self-attention over a window of steps, which cannot remember longer.
    "windowed_attention": WindowedAttention(saturn_neurons::windowed_attention::WindowedAttentionConfig),
    /// A diagonal complex state-space model.
    "ssm": Ssm(saturn_ssm::SsmConfig),
    /// Linear recurrent units.
    "lru": Lru(saturn_ssm::LruConfig),
    /// A gated diagonal state-space model whose input decides what is forgotten, taken in and read.
    "selective_ssm": SelectiveSsm(saturn_ssm::SelectiveSsmConfig),
    /// A diagonal state-space model whose outputs go through leaky integrate-and-fire neurons.
    "spiking_ssm": SpikingSsm(saturn_ssm::SpikingSsmConfig),
    /// Norm, state-space model, GELU, GLU and residual.
    "ssm_block": SsmBlock(SsmBlockConfig),
}

/// From the last layer to the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
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

impl Model {
    /// Whether any layer spikes.
    pub fn spikes(&self) -> bool {
        self.layers.iter().any(Layer::spikes)
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
        let readout = self.readout.clone().unwrap_or_else(|| {
            if self.layers.last().is_some_and(Layer::spikes) {
                Readout::Leaky(LeakyReadout::default())
            } else {
                Readout::Linear
            }
        });
        if let Readout::Leaky(leaky) = &readout
            && let Err(e) = leaky.tau_mem_ms.check("tau_mem_ms")
        {
            report.problem(&format!("{path}.readout.leaky.tau_mem_ms"), e.to_string());
        }
        self.train.check_changes(&format!("{path}.train"), report);
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
