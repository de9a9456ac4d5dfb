//! Settings that are allowed, but probably mistakes: each becomes a warning.

use serde_json::Value;

use super::diagnostics::Diagnostics;
use super::models::Model;
use super::named::Named;
use super::warning::WarningKind;
use saturn_train::arm::Arm;
use saturn_train::changes::TrainKeys;
use saturn_train::settings::Optimizer;

/// Learning rates above which networks hardly ever learn: of Adam, whose steps are as long as the rate, and
/// of plain gradient descent.
const MOST_ADAM: f64 = 0.3;
const MOST_DESCENT: f64 = 10.0;

/// Settings that are allowed, but probably mistakes.
pub(super) fn odd_settings(
    models: &Named<Model>,
    arms: &Named<Arm>,
    train: &TrainKeys,
    dt_ms: f64,
    diagnostics: &mut Diagnostics,
) {
    for (name, model) in models.iter() {
        for (i, layer) in model.layers.iter().enumerate() {
            // The keys of every kind of layer; all of them can be JSON.
            let keys = serde_json::to_value(layer).unwrap_or_default();
            let at = format!("models.{name}.layers.{i}.{}", layer.kind());
            for (key, value) in keys[layer.kind()].as_object().into_iter().flatten() {
                time_constant(&format!("{at}.{key}"), key, value, dt_ms, diagnostics);
            }
        }
        if let Some(readout) = &model.readout {
            let keys = serde_json::to_value(readout).unwrap_or_default();
            for (key, value) in keys["leaky"].as_object().into_iter().flatten() {
                let at = format!("models.{name}.readout.leaky.{key}");
                time_constant(&at, key, value, dt_ms, diagnostics);
            }
        }
        learning_rate(
            &format!("models.{name}.train"),
            &model.train,
            train,
            diagnostics,
        );
    }
    for (name, arm) in arms.iter() {
        learning_rate(
            &format!("arms.{name}.train"),
            &arm.train,
            train,
            diagnostics,
        );
    }
    learning_rate("train", train, train, diagnostics);
}

/// A warning where the shortest of the times `value`, under a key that is one of a decay, is below a step.
fn time_constant(path: &str, key: &str, value: &Value, dt_ms: f64, diagnostics: &mut Diagnostics) {
    if !(key.starts_with("tau_") && key.ends_with("_ms")) {
        return;
    }
    let shortest = value.as_f64().or_else(|| value.get(0)?.as_f64());
    if let Some(tau) = shortest.filter(|tau| *tau < dt_ms) {
        diagnostics.warning(
            WarningKind::ShortTimeConstant,
            path,
            format!("{tau}"),
            format!(
                "that is less than a step of {dt_ms} ms, of which {:.2} % is left after one step",
                100.0 * (-dt_ms / tau).exp()
            ),
            "write a longer time constant, or a smaller `data.dt_ms`",
        );
    }
}

fn learning_rate(path: &str, keys: &TrainKeys, above: &TrainKeys, diagnostics: &mut Diagnostics) {
    let optimizer = keys.optimizer.or(above.optimizer).unwrap_or_default();
    let most = match optimizer {
        Optimizer::Adam { .. } => MOST_ADAM,
        Optimizer::Sgd { .. } => MOST_DESCENT,
    };
    if let Some(lr) = keys.lr.filter(|lr| *lr > most) {
        diagnostics.warning(
            WarningKind::LearningRate,
            &format!("{path}.lr"),
            format!("{lr}"),
            format!("nets hardly ever learn at a rate above {most}"),
            "begin with the default, 0.003",
        );
    }
}
