//! `train`: the settings of training, for all nets and arms, and what a net or an arm changes of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::or_none::OrNone;
use super::report::Report;

/// Settings of training as they are written. What is left out here is the default; what is left out under
/// a model or an arm is as in `train`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainKeys {
    /// Passes over the training set; 1 to 1,000,000, default 20. More: longer and, up to a point, better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Streams side by side in one update; 1 to 65,536, default 16. More: fewer, smoother updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lanes: Option<usize>,
    /// Lanes that one thread works on at once; 1 to `lanes` and 65,536, default 8 (or `lanes`, if that is less). It
    /// changes the speed, and the last bits of the sums. More: larger products, fewer threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard_lanes: Option<usize>,
    /// Whether to keep few states of a long sequence and do its forward pass again for the gradient,
    /// default false. The same gradient in less memory (it grows with the square root of the steps), for
    /// a third more time.
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
    /// What the learning rate does after the warm-up: `cosine` (default) or `constant`.
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
    /// Which epoch's net is kept: the one that was `best` on the validation set (default), or the `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// How far rare classes weigh more: a sample's weight is (samples of its class)^-p, 1 on average; 0 to 1,
    /// default 0, every sample the same. Larger: rare classes are heard more and common ones less; at 1 every
    /// class weighs the same. Above 0 the best epoch is the one with the best mean recall over the classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_balance: Option<f64>,
    /// What numbers are computed in: `f32` (default) or `f64`, which is slower and tells rounding from
    /// the rest.
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

/// The rule of an update. The name alone stands for its defaults.
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
        /// Share of the last step that is kept; 0 to below 1, default 0.9. Larger: smoother and longer.
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

/// What the learning rate does after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Falls along half a cosine to `final_lr`.
    #[default]
    Cosine,
    /// Stays.
    Constant,
}

/// Which epoch's net is kept.
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

/// Checked settings of training. Ranges and defaults: [`TrainKeys`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Train {
    /// Passes over the training set.
    pub epochs: usize,
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
    /// What the learning rate does then.
    pub schedule: Schedule,
    /// Its end, as a share of the peak.
    pub final_lr: f64,
    /// The longest gradient, if there is one.
    pub clip_norm: Option<f64>,
    /// Epochs without improvement after which training stops, if it does.
    pub patience: Option<usize>,
    /// Which epoch's net is kept.
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

impl TrainKeys {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These settings, and those of `below` where these leave something out.
    pub(super) fn over(&self, below: &Self) -> Self {
        Self {
            epochs: self.epochs.or(below.epochs),
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

    /// The settings with defaults where nothing is given.
    pub(super) fn settle(&self) -> Train {
        let lanes = self.lanes.unwrap_or(16);
        Train {
            epochs: self.epochs.unwrap_or(20),
            lanes,
            shard_lanes: self.shard_lanes.unwrap_or_else(|| lanes.min(8)),
            recompute: self.recompute.unwrap_or_default(),
            optimizer: self.optimizer.unwrap_or_default(),
            lr: self.lr.unwrap_or(0.003),
            warmup: self.warmup.unwrap_or(0.1),
            schedule: self.schedule.unwrap_or_default(),
            final_lr: self.final_lr.unwrap_or(0.0),
            clip_norm: match self.clip_norm {
                None => Some(1.0),
                Some(clip) => clip.as_option().copied(),
            },
            patience: self
                .early_stopping
                .and_then(|stop| stop.as_option().map(|s| s.patience)),
            keep: self.keep.unwrap_or_default(),
            class_balance: self.class_balance.unwrap_or(0.0),
            precision: self.precision.unwrap_or_default(),
        }
    }

    /// Checks what a model or an arm changes.
    pub(super) fn check_changes(&self, path: &str, report: &mut Report) {
        if self.precision.is_some() {
            let at = format!("{path}.precision");
            report.problem(&at, "is one for all nets: give it under `train`");
        }
        self.check(path, report);
    }

    /// Checks each value that is given.
    pub(super) fn check(&self, path: &str, report: &mut Report) {
        let key = |name: &str| format!("{path}.{name}");
        let counts = [
            ("epochs", self.epochs, 1_000_000),
            ("lanes", self.lanes, 65_536),
            ("shard_lanes", self.shard_lanes, 65_536),
        ];
        for (name, count, most) in counts {
            report.within(&key(name), count.unwrap_or(1) as u64, 1, most);
        }
        report.positive(&key("lr"), self.lr.unwrap_or(1.0));
        let share = |x: f64| (0.0..=1.0).contains(&x);
        for (name, value) in [
            ("warmup", self.warmup),
            ("final_lr", self.final_lr),
            ("class_balance", self.class_balance),
        ] {
            report.number(&key(name), value.unwrap_or(0.0), share, "0 to 1");
        }
        if let Some(OrNone::Value(clip)) = self.clip_norm {
            report.number(
                &key("clip_norm"),
                clip,
                |x| x > 0.0 && x.is_finite(),
                "above 0, or `none`",
            );
        }
        if let Some(OrNone::Value(stop)) = self.early_stopping {
            report.at_least(&key("early_stopping.patience"), stop.patience as u64, 1);
        }
        let below_one = |x: f64| (0.0..1.0).contains(&x);
        let words = "0 or more and below 1";
        match self.optimizer {
            Some(Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            }) => {
                report.number(&key("optimizer.adam.beta1"), beta1, below_one, words);
                report.number(&key("optimizer.adam.beta2"), beta2, below_one, words);
                report.positive(&key("optimizer.adam.epsilon"), epsilon);
                report.at_least_zero(&key("optimizer.adam.weight_decay"), weight_decay);
            }
            Some(Optimizer::Sgd { momentum }) => {
                report.number(&key("optimizer.sgd.momentum"), momentum, below_one, words);
            }
            None => {}
        }
    }
}

impl Train {
    /// Checks what settings ask of each other. `layers` are the paths of the keys that they came from,
    /// each with its keys, the one that goes before all others first.
    pub(super) fn check(&self, layers: &[(String, &TrainKeys)], report: &mut Report) {
        let given_by = |given: fn(&TrainKeys) -> bool, key: &str| {
            let path = layers
                .iter()
                .find(|(_, keys)| given(keys))
                .map_or("train", |(path, _)| path);
            format!("{path}.{key}")
        };
        if self.shard_lanes > self.lanes {
            let path = given_by(|k| k.shard_lanes.is_some(), "shard_lanes");
            let message = format!(
                "`{}` is out of range: a shard has at most the {} lanes of `lanes`",
                self.shard_lanes, self.lanes
            );
            report.problem(&path, message);
        }
        if self.patience.is_some() && self.keep == Keep::Last {
            let path = given_by(|k| k.early_stopping.is_some(), "early_stopping");
            report.problem(
                &path,
                "stopping early goes by the best epoch: it needs `keep: best`",
            );
        }
    }

    /// The same as keys, with all left in that is its own.
    pub(super) fn keys(&self) -> TrainKeys {
        TrainKeys {
            epochs: Some(self.epochs),
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
