//! The settings of training as written, and the changes of a model or an arm.

use saturn_cell::range::{Counts, Numbers, OutOfRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::or_none::OrNone;
use super::settings::{
    CLIP_NORM, EPOCHS, Keep, LANES, LR, MOST_SHARD_LANES, Optimizer, PATIENCE, Precision, STEPS,
    Schedule, Train,
};

/// Settings of training as written. Omitted keys have their default here; under a model or an arm they are as
/// in `train`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainKeys {
    /// Passes over the training set; 1 to 1,000,000, default 20. More: longer and, up to a point, better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Updates, in place of `epochs`; 0 to 1,000,000,000, default none. The last epoch ends where they do. With
    /// 0 a net stays as it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Streams side by side in one update; 1 to 65,536, default 16. More: fewer, smoother updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lanes: Option<usize>,
    /// Lanes that one thread processes together; 1 to `lanes` and 65,536, default 8 (or `lanes`, if that is
    /// less). It changes the speed, and the last bits of the sums. More: larger products, fewer threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard_lanes: Option<usize>,
    /// Whether to store few states of a long sequence and repeat its forward pass for the gradient, default
    /// false. The same gradient in less memory (it grows with the square root of the steps), for a third more
    /// time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recompute: Option<bool>,
    /// The rule of an update: `adam` (default), `{adam: {...}}` or `{sgd: {...}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// Learning rate at its peak; above 0, default 0.003. Larger: faster, until training breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Share of all updates in which the learning rate rises from 0; 0 to 1, default 0.1. More: a gentler
    /// start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<f64>,
    /// Learning rate after the warm-up: `cosine` (default) or `constant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The learning rate of the last update as a share of the peak, for `cosine`; 0 to 1, default 0.
    /// Larger: training ends less settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_lr: Option<f64>,
    /// The longest gradient, which longer ones are scaled to; above 0 or `none`, default 1. Larger: longer
    /// steps after rare large gradients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<OrNone<f64>>,
    /// When to stop before the last epoch: `none` (default) or `{patience: epochs}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<OrNone<EarlyStopping>>,
    /// Which epoch's network is kept: the one that was `best` on the validation set (default), or the `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// Exponent p of the class weights: a sample's weight is (samples of its class)^-p, 1 on average; 0 to 1,
    /// default 0, every sample the same. Larger: rare classes weigh more and common ones less; at 1 every
    /// class weighs the same. Above 0 the best epoch is the one with the best mean recall over the classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_balance: Option<f64>,
    /// Precision of computation: `f32` (default) or `f64`, which is slower and separates rounding from other
    /// effects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// Stops when the validation set has not improved for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without improvement after which training stops; at least 1. More: more patient.
    pub patience: usize,
}

impl TrainKeys {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The numbers that are given and outside their ranges, each with its key.
    pub fn out_of_range(&self) -> Vec<OutOfRange> {
        let count = |key, range: Counts, given: Option<usize>| range.check(key, given? as u64);
        let number = |key, range: Numbers, given: Option<f64>| range.check(key, given?);
        let clip = self.clip_norm.and_then(|clip| clip.as_option().copied());
        let stop = self.early_stopping;
        let patience = stop.and_then(|stop| stop.as_option().map(|stop| stop.patience));
        let own = [
            count("epochs", EPOCHS, self.epochs),
            count("steps", STEPS, self.steps),
            count("lanes", LANES, self.lanes),
            count("shard_lanes", LANES, self.shard_lanes),
            number("lr", LR, self.lr),
            number("warmup", Numbers::SHARE, self.warmup),
            number("final_lr", Numbers::SHARE, self.final_lr),
            number("class_balance", Numbers::SHARE, self.class_balance),
            number("clip_norm", CLIP_NORM, clip),
            count("early_stopping.patience", PATIENCE, patience),
        ];
        let optimizer = self.optimizer.map(Optimizer::out_of_range);
        let rule = optimizer.into_iter().flatten();
        own.into_iter().flatten().chain(rule).collect()
    }

    /// These settings, and those of `below` where these leave something out.
    pub fn over(&self, below: &Self) -> Self {
        // Each of the two takes the other's place.
        let length = if self.epochs.or(self.steps).is_some() {
            self
        } else {
            below
        };
        Self {
            epochs: length.epochs,
            steps: length.steps,
            lanes: self.lanes.or(below.lanes),
            shard_lanes: self.shard_lanes.or(below.shard_lanes),
            recompute: self.recompute.or(below.recompute),
            optimizer: self.optimizer.or(below.optimizer),
            lr: self.lr.or(below.lr),
            warmup: self.warmup.or(below.warmup),
            schedule: self.schedule.or(below.schedule),
            final_lr: self.final_lr.or(below.final_lr),
            clip_norm: self.clip_norm.or(below.clip_norm),
            early_stopping: self.early_stopping.or(below.early_stopping),
            keep: self.keep.or(below.keep),
            class_balance: self.class_balance.or(below.class_balance),
            precision: self.precision.or(below.precision),
        }
    }

    /// The settings, with defaults for omitted keys.
    pub fn settle(&self) -> Train {
        let usual = Train::default();
        let lanes = self.lanes.unwrap_or(usual.lanes);
        Train {
            epochs: self.epochs.unwrap_or(usual.epochs),
            steps: self.steps,
            lanes,
            shard_lanes: self
                .shard_lanes
                .unwrap_or_else(|| lanes.min(MOST_SHARD_LANES)),
            recompute: self.recompute.unwrap_or(usual.recompute),
            optimizer: self.optimizer.unwrap_or(usual.optimizer),
            lr: self.lr.unwrap_or(usual.lr),
            warmup: self.warmup.unwrap_or(usual.warmup),
            schedule: self.schedule.unwrap_or(usual.schedule),
            final_lr: self.final_lr.unwrap_or(usual.final_lr),
            clip_norm: (self.clip_norm).map_or(usual.clip_norm, |clip| clip.as_option().copied()),
            patience: (self.early_stopping).map_or(usual.patience, |stop| {
                stop.as_option().map(|stop| stop.patience)
            }),
            keep: self.keep.unwrap_or(usual.keep),
            class_balance: self.class_balance.unwrap_or(usual.class_balance),
            precision: self.precision.unwrap_or(usual.precision),
        }
    }
}

impl Train {
    /// The same as keys, with all left in that is its own.
    pub fn keys(&self) -> TrainKeys {
        TrainKeys {
            epochs: self.steps.is_none().then_some(self.epochs),
            steps: self.steps,
            lanes: Some(self.lanes),
            // Left out, since it follows the lanes that a model or an arm sets.
            shard_lanes: None,
            recompute: Some(self.recompute),
            optimizer: Some(self.optimizer),
            lr: Some(self.lr),
            warmup: Some(self.warmup),
            schedule: Some(self.schedule),
            final_lr: Some(self.final_lr),
            clip_norm: Some(self.clip_norm.map_or(OrNone::None, OrNone::Value)),
            early_stopping: Some(self.patience.map_or(OrNone::None, |patience| {
                OrNone::Value(EarlyStopping { patience })
            })),
            keep: Some(self.keep),
            class_balance: Some(self.class_balance),
            precision: Some(self.precision),
        }
    }
}
