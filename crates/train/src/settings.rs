//! The settings of training.

use saturn_cell::range::{Counts, Numbers, OutOfRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Allowed passes over the training set.
pub const EPOCHS: Counts = Counts::new(1, 1_000_000);
/// Allowed updates.
pub const STEPS: Counts = Counts::new(0, 1_000_000_000);
/// Allowed lanes of an update, and of a shard.
pub const LANES: Counts = Counts::new(1, 65_536);
/// Allowed learning rates.
pub const LR: Numbers = Numbers::POSITIVE;
/// Allowed lengths of a gradient.
pub(crate) const CLIP_NORM: Numbers = Numbers {
    allowed: "above 0, or `none`",
    ..Numbers::POSITIVE
};
/// Allowed epochs without improvement.
pub(crate) const PATIENCE: Counts = Counts::new(1, u64::MAX);

/// Default maximum of lanes per shard.
pub(crate) const MOST_SHARD_LANES: usize = 8;

/// Checked settings of training. Ranges and defaults: [`crate::changes::TrainKeys`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Train {
    /// Passes over the training set, unless `steps` are given.
    pub epochs: usize,
    /// Updates, in place of epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Streams side by side in one update.
    pub lanes: usize,
    /// Lanes of one shard, at most `lanes`.
    pub shard_lanes: usize,
    /// Whether forward passes are done again for the gradient; the result is the same.
    #[serde(skip)]
    pub recompute: bool,
    /// The rule of an update.
    pub optimizer: Optimizer,
    /// Learning rate at its peak.
    pub lr: f64,
    /// Share of all updates in which the learning rate rises.
    pub warmup: f64,
    /// The learning rate after the warm-up.
    pub schedule: Schedule,
    /// Its end, as a share of the peak.
    pub final_lr: f64,
    /// The longest gradient, if there is one.
    pub clip_norm: Option<f64>,
    /// Epochs without improvement after which training stops, if it does.
    pub patience: Option<usize>,
    /// Which epoch's network is kept.
    pub keep: Keep,
    /// p, how far rare classes weigh more.
    #[serde(skip_serializing_if = "is_zero")]
    pub class_balance: f64,
    /// What numbers are computed in.
    pub precision: Precision,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with references"
)]
fn is_zero(x: &f64) -> bool {
    *x <= 0.0
}

impl Default for Train {
    fn default() -> Self {
        Self {
            epochs: 20,
            steps: None,
            lanes: 16,
            shard_lanes: MOST_SHARD_LANES,
            recompute: false,
            optimizer: Optimizer::default(),
            lr: 0.003,
            warmup: 0.1,
            schedule: Schedule::default(),
            final_lr: 0.0,
            clip_norm: Some(1.0),
            patience: None,
            keep: Keep::default(),
            class_balance: 0.0,
            precision: Precision::default(),
        }
    }
}

impl Train {
    /// All updates, where an epoch has `per_epoch` of them.
    pub fn updates(&self, per_epoch: usize) -> usize {
        self.steps.unwrap_or(self.epochs * per_epoch)
    }

    /// Passes over the training set, where one has `per_epoch` updates; `steps` may end within one.
    pub fn passes(&self, per_epoch: usize) -> f64 {
        self.updates(per_epoch) as f64 / per_epoch.max(1) as f64
    }
}

/// The optimiser. The name alone means its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam (Kingma & Ba 2015) with decoupled weight decay.
    Adam {
        /// Memory of the mean of gradients; 0 to below 1, default 0.9. Larger: smoother.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Memory of the mean of their squares; 0 to below 1, default 0.999. Larger: steadier.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the root of that mean; above 0, default 1e-8. Larger: closer to plain descent.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Share of the learning rate by which weights shrink in each update; 0 or more, default 0.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Gradient descent with momentum, in PyTorch's form.
    Sgd {
        /// Share of the last step that is retained; 0 to below 1, default 0.9. Larger: smoother and longer.
        #[serde(default = "momentum")]
        momentum: f64,
    },
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-8
}

fn momentum() -> f64 {
    0.9
}

impl Optimizer {
    /// The numbers outside their ranges, each with its key.
    pub(crate) fn out_of_range(self) -> Vec<OutOfRange> {
        let found = match self {
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            } => vec![
                Numbers::BELOW_ONE.check("optimizer.adam.beta1", beta1),
                Numbers::BELOW_ONE.check("optimizer.adam.beta2", beta2),
                Numbers::POSITIVE.check("optimizer.adam.epsilon", epsilon),
                Numbers::AT_LEAST_ZERO.check("optimizer.adam.weight_decay", weight_decay),
            ],
            Self::Sgd { momentum } => {
                vec![Numbers::BELOW_ONE.check("optimizer.sgd.momentum", momentum)]
            }
        };
        found.into_iter().flatten().collect()
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam {
            beta1: beta1(),
            beta2: beta2(),
            epsilon: epsilon(),
            weight_decay: 0.0,
        }
    }
}

/// Learning rate after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Falls along half a cosine to `final_lr`.
    #[default]
    Cosine,
    /// Stays.
    Constant,
}

/// Which epoch's network is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The best on the validation set.
    #[default]
    Best,
    /// The last.
    Last,
}

/// What numbers are computed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 64 bits.
    F64,
}
