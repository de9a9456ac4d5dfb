//! The kinds of layers: a line a cell, with its name in a scenario and its configuration.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Cell, CellConfig, ConfigError, Count, Real, Size, compiled_once};
use saturn_neurons::li::LiConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::SsmBlockConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares [`Layer`]: a line a cell, with its key in a scenario and its configuration.
macro_rules! layers {
    ($($(#[doc = $doc:literal])+ $key:literal: $name:ident($config:ty),)+) => {
        /// A layer, named after its kind. The name alone means all defaults.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum Layer {
            $($(#[doc = $doc])+ #[serde(rename = $key)] $name($config),)+
        }

        $(impl From<$config> for Layer {
            fn from(config: $config) -> Self {
                Self::$name(config)
            }
        })+

        impl Layer {
            /// The keys of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($key),+];

            /// The key that it is written under.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $key,)+ }
            }
        }

        compiled_once! {
            /// Builds a layer's cell: with it every cell is compiled here, and not again in each crate that builds networks.
            fn build<R>(
                layer: &Layer,
                inputs: usize,
                dt_ms: f64,
                rng: &mut ChaCha8Rng,
            ) -> Result<Box<dyn Cell<R>>, ConfigError> {
                match layer { $(Layer::$name(c) => c.build(inputs, dt_ms, rng),)+ }
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
                build(self, inputs, dt_ms, rng)
            }

            fn spikes(&self) -> bool {
                match self { $(Self::$name(c) => c.spikes(),)+ }
            }

            fn threshold(&self) -> Option<f64> {
                match self { $(Self::$name(c) => c.threshold(),)+ }
            }

            fn left_out(&self) -> Option<String> {
                match self { $(Self::$name(c) => c.left_out(),)+ }
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
    /// A vanilla recurrent layer whose state update is gated only by its input.
    "input_gated_rnn": InputGatedRnn(saturn_neurons::input_gated_rnn::InputGatedRnnConfig),
    /// A vanilla recurrent layer with the error of its last input prediction as a further input.
    "surprisal_rnn": SurprisalRnn(saturn_neurons::surprisal_rnn::SurprisalRnnConfig),
    /// Causal self-attention over a window of steps, which is its longest memory.
    "windowed_attention": WindowedAttention(saturn_neurons::windowed_attention::WindowedAttentionConfig),
    /// A diagonal complex state-space model.
    "ssm": Ssm(saturn_ssm::SsmConfig),
    /// Linear recurrent units.
    "lru": Lru(saturn_ssm::LruConfig),
    /// A gated diagonal state-space model whose input decides what is forgotten, written and read.
    "selective_ssm": SelectiveSsm(saturn_ssm::SelectiveSsmConfig),
    /// A diagonal state-space model whose outputs go through leaky integrate-and-fire neurons.
    "spiking_ssm": SpikingSsm(saturn_ssm::SpikingSsmConfig),
    /// Norm, state-space model, GELU, GLU and residual.
    "ssm_block": SsmBlock(SsmBlockConfig),
    /// A graph of linear maps, convolutions, delays, integrators and neurons, as files of NIR describe it.
    "graph": Graph(saturn_neurons::graph::GraphConfig),
}
