//! Inputs and records of one training run.

use saturn_data::DataError;
use saturn_loss::{Estimator, Loss, SpikeRate};
use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::settings::Train;
use super::validation::Validation;
use saturn_store::folder::FolderError;
use saturn_stream::Source;

/// What one training run needs.
pub struct Job<'a> {
    /// Seed of order and gaps.
    pub seed: u64,
    /// Training samples and gaps.
    pub train: Source<'a>,
    /// Validation samples and gaps.
    pub valid: Source<'a>,
    /// I, channels of the input.
    pub channels: usize,
    /// Samples a lane.
    pub samples: usize,
    /// The training regime.
    pub arm: &'a Arm,
    /// The loss.
    pub loss: Loss,
    /// The penalty on spike rates, if any.
    pub spike_rate: Option<SpikeRate>,
    /// An estimate in place of the label mask, optional.
    pub estimator: Option<Estimator>,
    /// Weight of a step of each class, `[C]`, if not all equal.
    pub class_weights: Option<Vec<f64>>,
    /// Epochs, lanes, learning rate and so on.
    pub settings: &'a Train,
}

/// One epoch's figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1 on.
    pub epoch: usize,
    /// Mean over updates of the loss and its parts.
    pub loss: f64,
    /// The cross-entropy part, nats.
    pub cross_entropy: f64,
    /// The Kullback-Leibler part, nats (before its weight).
    pub kl: f64,
    /// Weights of the second term in the last update, if they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kl_weight: Option<f64>,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Gradients that were not finite, so that the weights did not step.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: u64,
    /// Of the (step, neuron) pairs of the last update, the share within the window of their surrogate, where it has one:
    /// those that take part in the reverse pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<f64>,
    /// The last learning rate of the epoch.
    pub lr: f64,
    /// On the validation set, laid out as the arm trains.
    pub validation: Validation,
    /// Seconds since training began.
    pub seconds: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What can stop a training run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss is NaN or infinite.
    #[error(
        "the loss is {value} in epoch {epoch}, update {update}\nhint: lower `lr` or `clip_norm` in the scenario's `train`"
    )]
    Diverged {
        /// From 1 on.
        epoch: usize,
        /// From 1 on.
        update: usize,
        /// The loss.
        value: f64,
    },
    /// No gradient of an epoch was finite.
    #[error(
        "no gradient of epoch {epoch} is finite\nhint: lower `lr`, or cut the gradient after some steps with the arm's `grad_detach`"
    )]
    NoGradient {
        /// From 1 on.
        epoch: usize,
    },
    /// A checkpoint could not be read or written.
    #[error("{0}")]
    Checkpoint(#[from] FolderError),
    /// On the user's request.
    #[error("interrupted")]
    Interrupted,
}

/// An observer of training.
pub trait Watch {
    /// Training begins, or is resumed after the epochs of `history`.
    fn begins(&mut self, history: &[EpochRecord]);
    /// An epoch is over; false stops the training.
    fn epoch(&mut self, record: &EpochRecord) -> bool;
    /// Whether the user asked to stop.
    fn stopped(&self) -> bool {
        false
    }
    /// A checkpoint was rejected.
    fn say(&self, line: &str);
}
