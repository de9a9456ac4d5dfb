//! The checkpoint of training, between two updates.
//!
//! Order, gaps and noise of an epoch follow from the seed and its number, so the position in it is a cursor
//! of two numbers. Everything else that the next update depends on is stored here.

use saturn_loss::Parts;
use serde::{Deserialize, Serialize};

use super::checkpoint_arrays::SavedInitial;
use super::job::EpochRecord;
use super::optimizer::Norms;
use super::validation::Validation;
use saturn_store::checkpoint::{Numbers, as_json};

/// State of training.
#[derive(Clone, Serialize, Deserialize)]
pub struct SavedTraining {
    /// The weights.
    pub weights: Vec<Numbers>,
    /// State of the optimiser and of the updates.
    pub update: SavedUpdate,
    /// Where it is.
    pub cursor: Cursor,
    /// The epochs that are over.
    #[serde(with = "as_json")]
    pub history: Vec<EpochRecord>,
    /// The best epoch so far, and its weights.
    #[serde(with = "as_json")]
    pub best: Option<(Validation, usize)>,
    /// Weights of the best epoch; empty without one.
    pub best_weights: Vec<Numbers>,
    /// Seconds of training, over all resumptions.
    pub seconds: f64,
}

/// A position in training, with the sums of the current epoch.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// The epoch, from 0 on.
    pub epoch: usize,
    /// How many of its updates are done.
    pub update: usize,
    /// How many are done in all.
    pub done: usize,
    /// Sums over the epoch's updates: cross-entropy, divergence, loss.
    pub sums: [f64; 3],
    /// Norms of its gradients: sum, steps, skipped.
    pub norms: (f64, u64, u64),
    /// The last learning rate.
    pub lr: f64,
    /// Weights of the second term, if they change.
    pub kl_weight: Option<f64>,
}

impl Cursor {
    /// At the start of epoch `epoch`, `done` updates into the training.
    pub fn at(epoch: usize, done: usize) -> Self {
        Self {
            epoch,
            done,
            ..Self::default()
        }
    }

    /// The sums over the epoch's updates.
    pub fn parts(&self) -> Parts {
        let [ce, kl, total] = self.sums;
        Parts { ce, kl, total }
    }

    /// Adds those of one update.
    pub fn add(&mut self, parts: Parts) {
        let mut sums = self.parts();
        sums += parts;
        self.sums = [sums.ce, sums.kl, sums.total];
    }

    /// The norms of the epoch's gradients.
    pub fn norms(&self) -> Norms {
        let (sum, steps, skipped) = self.norms;
        Norms {
            sum,
            steps,
            skipped,
        }
    }

    /// Sets them.
    pub fn set_norms(&mut self, norms: Norms) {
        self.norms = (norms.sum, norms.steps, norms.skipped);
    }
}

/// State of [`super::update::Update`] between updates.
#[derive(Clone, Serialize, Deserialize)]
pub struct SavedUpdate {
    /// Updates of the optimiser, its first and second moments.
    pub optimizer: (i32, Vec<Numbers>, Vec<Numbers>),
    /// Where lanes start.
    pub initial: SavedInitial,
    /// Running mean and slope of FPTT.
    pub fptt: Option<[Vec<Numbers>; 2]>,
    /// The learnt parameters of the loss: updates, values, both moments.
    pub log_variances: (i32, [[f64; 2]; 3]),
}
