//! `evaluate.disturb`: the checks of disturbances.

use super::diagnostics::Diagnostics;
use saturn_stream::{DeadSensor, DisturbConfig, Disturbance, DroppedFrames, StuckChannel};

/// Checks the settings for streams of `steps` steps a lane.
pub(super) fn check(disturb: &DisturbConfig, steps: u64, diagnostics: &mut Diagnostics) {
    let at = |key: &str| format!("evaluate.disturb.{key}");
    diagnostics.at_least(&at("last"), disturb.last, 1);
    diagnostics.at_least(&at("every"), disturb.every, disturb.last.saturating_add(1));
    diagnostics.not_empty(&at("kinds"), &disturb.kinds, "kind, such as `noise_burst`");
    diagnostics.distinct(&at("kinds"), &disturb.kinds);
    for (i, kind) in disturb.kinds.iter().enumerate() {
        check_kind(kind, &at(&format!("kinds.{i}")), diagnostics);
    }
    if disturb.every > disturb.last && steps < disturb.every.saturating_mul(2) {
        let message = format!(
            "a lane of {steps} steps ends before it has recovered from its first disturbance: give \
             `evaluate.steps` more, or fewer `evaluate.lanes`, or a smaller `every`"
        );
        diagnostics.problem(&at("every"), message);
    }
}

/// Checks one kind at `path`.
fn check_kind(kind: &Disturbance, path: &str, diagnostics: &mut Diagnostics) {
    let path = |key: &str| format!("{path}.{}.{key}", kind.kind());
    match *kind {
        Disturbance::NoiseBurst(noise) => diagnostics.positive(&path("rate"), noise.rate),
        Disturbance::DeadSensor(DeadSensor { share })
        | Disturbance::StuckChannel(StuckChannel { share })
        | Disturbance::DroppedFrames(DroppedFrames { share }) => {
            let fits = |x| x > 0.0 && x <= 1.0;
            diagnostics.number(&path("share"), share, fits, "above 0 and up to 1");
        }
        Disturbance::Gain(gain) => {
            let fits = |x| (0.0..=1_000.0).contains(&x);
            diagnostics.number(&path("factor"), gain.factor, fits, "0 to 1000");
        }
    }
}
