//! What one training run needs, and what is recorded of it.

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
    /// The way of training.
    pub arm: &'a Arm,
    /// What is minimised.
    pub loss: Loss,
    /// The penalty on spike rates, if any.
    pub spike_rate: Option<SpikeRate>,
    /// An estimate in place of the label mask, if asked for.
    pub estimator: Option<Estimator>,
    /// What a step of each class weighs, `[C]`, if not all the same.
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
    /// What the second term weighs against the first in the last update, where that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kl_weight: Option<f64>,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Gradients that were not finite, so that the weights did not step.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: u64,
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
    /// The loss left the real numbers.
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
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Who looks on while a net is trained.
pub trait Watch {
    /// Training begins, or is gone on with after the epochs of `history`.
    fn begins(&mut self, history: &[EpochRecord]);
    /// An epoch is over; false stops the training.
    fn epoch(&mut self, record: &EpochRecord) -> bool;
    /// Whether the user asked to stop.
    fn stopped(&self) -> bool {
        false
    }
    /// A checkpoint was refused.
    fn say(&self, line: &str);
}
