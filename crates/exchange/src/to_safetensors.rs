//! From a network of Saturn's to safetensors, in one of two forms.
//!
//! **Saturn's own** ([`write_own`]): tensors named `CELL.TENSOR` with a description of the network, as a run writes them; any
//! network, and every command that takes a finished network reads the file.
//!
//! **A state dict of PyTorch or snnTorch** ([`write_state_dict`]): of networks of their modules alone.
//!
//! | cell | modules |
//! |---|---|
//! | `rnn`, `gru`, `lstm`, `linear` | `nn.RNN`, `nn.GRU`, `nn.LSTM`, `nn.Linear` |
//! | `lif`, `cuba_lif`, `li` | `nn.Linear`, then neurons of snnTorch |
//! | `graph` | linear maps and neurons of snnTorch |
//!
//! Shapes and orders of rows are Saturn's own. An `rnn` and an `lstm` have one bias, which is PyTorch's `bias_ih_l0`;
//! `bias_hh_l0` is 0.

mod cells;
mod graph;
mod module;
mod state_dict;
mod tensors;

use std::path::Path;

use saturn_cell::Real;
use saturn_network::Network;
use saturn_train::weights::{self, Belonging};

use crate::exported::{ExportError, Refusal, Source};
use crate::own;

pub use state_dict::{Numbers, Program, StateDict, StateDictOptions, write_state_dict};

/// Writes `network`, which `source` describes, to `path` with Saturn's tensors and description. `training` is the checksum
/// of its training, empty if it is not known.
pub fn write_own<R: Real>(
    source: &Source,
    network: &Network<R>,
    training: &str,
    path: &Path,
) -> Result<(), ExportError> {
    if !own::is_determined(source) {
        let what = "its time constants were drawn and are not learnt, and no tensor has them";
        let hint = "use the network in its run's folder, train it with `learn_tau: true`, or give all neurons one time constant";
        return Err(Refusal::new(what, hint).at(source, "the weights"));
    }
    let belonging = Belonging {
        network: source.name,
        model: source.config,
        channels: source.channels(),
        classes: source.classes,
        dt_ms: source.dt_ms,
        training,
        modules: source.modules,
    };
    weights::save(network, path, &belonging)?;
    Ok(())
}
