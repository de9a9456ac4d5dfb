//! `train`: the checks of the settings of training.

use super::diagnostics::Diagnostics;
use saturn_train::changes::TrainKeys;
use saturn_train::settings::{Keep, Train};

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
    diagnostics.out_of_range(path, keys.out_of_range());
    if keys.epochs.is_some() && keys.steps.is_some() {
        diagnostics.problem(
            &format!("{path}.steps"),
            "counts updates in place of `epochs`: leave one of the two out",
        );
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
