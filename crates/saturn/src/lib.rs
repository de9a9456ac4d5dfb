//! Spiking networks and state-space models that run on an endless input without state resets.
//!
//! On an endless stream a recurrent network's state keeps traces of earlier inputs, and for most networks accuracy
//! falls. The usual cure, a reset of the state, needs boundaries that real input does not have. Yin & Corradi ("Never
//! Reset Again", arXiv 2412.15983) train the need away: cross-entropy where the input is informative, a
//! Kullback-Leibler divergence from the uniform distribution where it is not. This library trains and evaluates such
//! networks, and runs them step by step.
//!
//! ```
#![doc = include_str!("../examples/train_lif.rs")]
//! ```
//!
//! # The parts
//!
//! | to | use |
//! |---|---|
//! | describe a network | [`Network::builder`], with layers such as [`LifConfig`], [`GruConfig`], [`SsmBlockConfig`] (all: [`cells`]) |
//! | bring recordings | [`Dataset::from_recordings`], [`Dataset::from_frames`], [`Dataset::synthetic`], `Dataset::open` (feature `hdf5`) |
//! | train | [`Trainer`], with a loss such as [`AdaptiveConfig`] (all: [`losses`]) |
//! | train in a loop of your own | [`Passes`] and [`Loss`] |
//! | evaluate on an endless stream | [`Evaluation`], under a [`StateReset`] policy |
//! | run whole sequences | [`Network::infer`] |
//! | run step by step | [`Network::stream`], [`Stream::step`], [`Stream::state`] |
//! | analyse: does it forget | [`Network::analyse`] |
//! | save and load | [`Network::save`], [`Network::load`], [`Network::load_weights`] (PyTorch's tensors) |
//!
//! # Sequences and lanes
//!
//! Time goes in steps of `dt_ms`. B sequences that run together are *lanes*. A matrix of inputs or logits has a column
//! for each (step, lane) pair: column `t * B + b`. Letters are the same everywhere: T steps, B lanes, I input channels,
//! H hidden units, C classes.
//!
//! # Three readings of accuracy
//!
//! An [`EvaluationReport`] has three: *summed*, the class with the largest probability summed over the sample; *last*,
//! the class at the sample's last step; *detector*, decisions of a detector that knows no boundary. Each has an
//! interval that is clustered by recording. `slope` is the change of accuracy along the stream.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `plots` (default) | [`plot_accuracy`] and the figures of `saturn-plots` |
//! | `hdf5` | data sets and traces in HDF5 files |
//!
//! # Same bits
//!
//! Random numbers come from seeds, and sums run in one order, so results have the same bits at any number of threads.
//! The library prints nothing.

// Not the workspace's lints: examples print.
#![deny(unsafe_code, unused_must_use)]
#![warn(
    missing_docs,
    clippy::pedantic,
    clippy::print_stdout,
    clippy::print_stderr
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    reason = "as in the workspace"
)]

mod analysis;
mod dataset;
mod error;
mod evaluation;
mod inference;
mod lanes;
mod network;
mod passes;
pub mod prelude;
mod stream;
mod trainer;

pub use analysis::{AnalysisOptions, AnalysisReport};
pub use dataset::Dataset;
pub use error::Error;
#[cfg(feature = "plots")]
pub use evaluation::plot_accuracy;
pub use evaluation::{Evaluation, EvaluationReport};
pub use network::{Network, NetworkBuilder};
pub use passes::Passes;
pub use stream::{Stream, StreamState};
pub use trainer::{History, Trainer};

pub use saturn_cell::{EventBatch, Input, Real, View, ViewMut};
pub use saturn_data::{Frames, Recording, Synthetic};
pub use saturn_eval::instruments::Instrument;
pub use saturn_eval::reset::StateReset;
pub use saturn_loss::{AdaptiveConfig, CrossEntropyConfig, Loss, LossConfig, Targets};
pub use saturn_network::{LeakyReadout, Readout};
pub use saturn_neurons::gru::GruConfig;
pub use saturn_neurons::lif::LifConfig;
pub use saturn_neurons::lstm::LstmConfig;
pub use saturn_neurons::rnn::RnnConfig;
pub use saturn_ssm::SsmBlockConfig;
pub use saturn_store::Progress;
pub use saturn_stream::{Fill, Gap};
pub use saturn_train::arm::{InitialState, Streams};
pub use saturn_train::job::EpochRecord;
pub use saturn_train::settings::Optimizer;

/// Every kind of layer, and what their settings mean.
pub mod cells {
    pub use saturn_network::Layer;
    pub use saturn_neurons::*;
    pub use saturn_ssm as ssm;
}

/// Every loss and mask.
pub mod losses {
    pub use saturn_loss::*;
}

/// Every state-reset policy.
pub mod state_resets {
    pub use saturn_eval::reset::*;
}

/// Settings of training in full.
pub mod training {
    pub use saturn_train::arm::*;
    pub use saturn_train::settings::*;
}

/// Figures: plain numbers in, SVG and PNG out.
#[cfg(feature = "plots")]
pub use saturn_plots as plots;

/// Matrices.
pub use nalgebra;
