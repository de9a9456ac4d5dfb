//! The detector's errors against its false alarms, threshold by threshold.

use saturn_plots::{Look, Operating, OperatingPanel, OperatingPoint, Series};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::detector::DetectorScore;
use saturn_eval::evaluate::Evaluation;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let dt_ms = scope.summary.dt_ms;
    let panels: Vec<OperatingPanel> = (scope.models.iter())
        .map(|model| {
            let mut panel = OperatingPanel {
                title: names::model(model),
                ..OperatingPanel::default()
            };
            for &(arm, look) in &scope.arms {
                let found = scope.never_reset(model, arm, stream);
                let name = names::arm(arm);
                if let Some(curve) = curve(&name, look, &found, dt_ms) {
                    panel.curves.push(curve);
                    panel.points.extend(point(name, look, &found, dt_ms));
                }
            }
            panel
        })
        .filter(|panel| !panel.curves.is_empty())
        .collect();
    if panels.is_empty() {
        return Ok(());
    }
    let title = format!(
        "Missed samples and false alarms of a detector without boundaries: never reset, {}",
        scope.stream_name(stream)
    );
    let figure = Operating {
        title: title.clone(),
        panels,
        ..Operating::default()
    };
    sheet.add(Plot::Operating, "operating", &title, &figure)
}

/// All seeds' counts together at each threshold that all of them have.
fn curve(name: &str, look: Look, found: &[&Evaluation], dt_ms: f64) -> Option<Series> {
    let first = found.first()?;
    let points: Vec<(f64, f64)> = (first.curve.iter())
        .filter_map(|score| {
            let mut all = DetectorScore::default();
            for e in found {
                let same = |s: &&DetectorScore| (s.threshold - score.threshold).abs() < 1e-9;
                all.merge(e.curve.iter().find(same)?);
            }
            Some((all.false_alarms_per_hour(dt_ms)?, errors(&all)?))
        })
        .collect();
    (!points.is_empty()).then(|| Series::new(name, look, points))
}

/// Samples missed or mistaken, %.
fn errors(score: &DetectorScore) -> Option<f64> {
    score.accuracy().map(|right| 100.0 * (1.0 - right))
}

/// Where the detectors work at the thresholds that validation chose, the mean over seeds.
fn point(name: String, look: Look, found: &[&Evaluation], dt_ms: f64) -> Option<OperatingPoint> {
    let scores = || {
        found
            .iter()
            .map(|e| &e.detection)
            .filter(|s| s.segments > 0)
    };
    let share = |of: fn(&DetectorScore) -> u64| {
        mean(scores().map(|s| 100.0 * of(s) as f64 / s.segments as f64))
    };
    Some(OperatingPoint {
        name,
        look,
        false_alarms_per_hour: mean(scores().filter_map(|s| s.false_alarms_per_hour(dt_ms)))?,
        substitutions: share(|s| s.substitutions)?,
        misses: share(|s| s.misses)?,
    })
}
