//! `evaluate.disturb`: the checks of disturbances.

use super::diagnostics::Diagnostics;
use saturn_stream::DisturbConfig;

/// Checks the settings for streams of `steps` steps a lane.
pub(super) fn check(disturb: &DisturbConfig, steps: u64, diagnostics: &mut Diagnostics) {
    let at = |key: &str| format!("evaluate.disturb.{key}");
    diagnostics.at_least(&at("last"), disturb.last, 1);
    diagnostics.at_least(&at("every"), disturb.every, disturb.last.saturating_add(1));
    diagnostics.not_empty(&at("kinds"), &disturb.kinds, "kind, such as `noise_burst`");
    diagnostics.distinct(&at("kinds"), &disturb.kinds);
    for (i, kind) in disturb.kinds.iter().enumerate() {
        let path = at(&format!("kinds.{i}.{}", kind.kind()));
        diagnostics.out_of_range(&path, kind.out_of_range());
    }
    if disturb.every > disturb.last && steps < disturb.every.saturating_mul(2) {
        let message = format!(
            "a lane of {steps} steps ends before it has recovered from its first disturbance: give \
             `evaluate.steps` more, or fewer `evaluate.lanes`, or a smaller `every`"
        );
        diagnostics.problem(&at("every"), message);
    }
}
