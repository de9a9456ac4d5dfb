//! `train`: the checks of the settings of training.

use super::diagnostics::Diagnostics;
use saturn_train::changes::TrainKeys;
use saturn_train::or_none::OrNone;
use saturn_train::settings::{Keep, Optimizer, Train};

/// Checks the changes of a model or an arm.
pub(super) fn check_changes(keys: &TrainKeys, path: &str, diagnostics: &mut Diagnostics) {
    if keys.precision.is_some() {
        let at = format!("{path}.precision");
        diagnostics.problem(&at, "applies to all nets: give it under `train`");
    }
    check(keys, path, diagnostics);
}

/// Checks each value that is given.
pub(super) fn check(keys: &TrainKeys, path: &str, diagnostics: &mut Diagnostics) {
    let key = |name: &str| format!("{path}.{name}");
    let counts = [
        ("epochs", keys.epochs, 1_000_000),
        ("lanes", keys.lanes, 65_536),
        ("shard_lanes", keys.shard_lanes, 65_536),
    ];
    for (name, count, most) in counts {
        diagnostics.within(&key(name), count.unwrap_or(1) as u64, 1, most);
    }
    diagnostics.positive(&key("lr"), keys.lr.unwrap_or(1.0));
    let share = |x: f64| (0.0..=1.0).contains(&x);
    for (name, value) in [
        ("warmup", keys.warmup),
        ("final_lr", keys.final_lr),
        ("class_balance", keys.class_balance),
    ] {
        diagnostics.number(&key(name), value.unwrap_or(0.0), share, "0 to 1");
    }
    if let Some(OrNone::Value(clip)) = keys.clip_norm {
        diagnostics.number(
            &key("clip_norm"),
            clip,
            |x| x > 0.0 && x.is_finite(),
            "above 0, or `none`",
        );
    }
    if let Some(OrNone::Value(stop)) = keys.early_stopping {
        diagnostics.at_least(&key("early_stopping.patience"), stop.patience as u64, 1);
    }
    let below_one = |x: f64| (0.0..1.0).contains(&x);
    let words = "0 or more and below 1";
    match keys.optimizer {
        Some(Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        }) => {
            diagnostics.number(&key("optimizer.adam.beta1"), beta1, below_one, words);
            diagnostics.number(&key("optimizer.adam.beta2"), beta2, below_one, words);
            diagnostics.positive(&key("optimizer.adam.epsilon"), epsilon);
            diagnostics.at_least_zero(&key("optimizer.adam.weight_decay"), weight_decay);
        }
        Some(Optimizer::Sgd { momentum }) => {
            diagnostics.number(&key("optimizer.sgd.momentum"), momentum, below_one, words);
        }
        None => {}
    }
}

/// Checks what settings ask of each other. `layers` are the paths of the keys that they came from,
/// each with its keys, the one that goes before all others first.
pub(super) fn check_together(
    train: &Train,
    layers: &[(String, &TrainKeys)],
    diagnostics: &mut Diagnostics,
) {
    let given_by = |given: fn(&TrainKeys) -> bool, key: &str| {
        let path = layers
            .iter()
            .find(|(_, keys)| given(keys))
            .map_or("train", |(path, _)| path);
        format!("{path}.{key}")
    };
    if train.shard_lanes > train.lanes {
        let path = given_by(|k| k.shard_lanes.is_some(), "shard_lanes");
        let message = format!(
            "`{}` is out of range: a shard has at most the {} lanes of `lanes`",
            train.shard_lanes, train.lanes
        );
        diagnostics.problem(&path, message);
    }
    if train.patience.is_some() && train.keep == Keep::Last {
        let path = given_by(|k| k.early_stopping.is_some(), "early_stopping");
        diagnostics.problem(
            &path,
            "early stopping uses the best epoch: it needs `keep: best`",
        );
    }
}
