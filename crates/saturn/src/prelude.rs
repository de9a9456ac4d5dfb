//! What most programs use: `use saturn::prelude::*`.

pub use crate::{
    AdaptiveConfig, CrossEntropyConfig, Dataset, Error, Evaluation, EvaluationReport, Fill, Gap,
    GruConfig, History, Input, LifConfig, Loss, LstmConfig, Network, Optimizer, Passes, Readout,
    Recording, RnnConfig, SsmBlockConfig, StateReset, Stream, StreamState, Streams, Synthetic,
    Targets, Trainer,
};

/// The default of a type: `LifConfig { recurrent: true, ..default() }`.
pub fn default<T: Default>() -> T {
    T::default()
}
