//! Calibration: accuracy against confidence, and the error by stream position.

use saturn_plots::{Axis, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::instruments::on_answers::calibration::CalibrationReport;

/// Segments that a bin rests on, at least.
const FEWEST: u64 = 20;

/// The lines of one training regime, from the reports of its seeds.
type Lines<'a> = dyn Fn(&str, Look, &[&CalibrationReport]) -> Vec<Series> + 'a;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let of = scope.stream_name(stream);
    let panels = |lines: &Lines| -> Vec<LinePanel> {
        (scope.models.iter())
            .map(|model| {
                let of_arm = |&(arm, look): &(&str, Look)| {
                    let found = scope.never_reset(model, arm, stream);
                    let seeds: Vec<_> = (found.iter())
                        .filter_map(|e| e.answers.calibration.as_ref())
                        .collect();
                    if seeds.is_empty() {
                        return Vec::new();
                    }
                    lines(&names::arm(arm), look, &seeds)
                };
                let lines = scope.arms.iter().flat_map(of_arm);
                let drawn = lines.filter(|line| !line.points.is_empty());
                LinePanel::new(names::model(model), drawn.collect())
            })
            .filter(|panel| !panel.series.is_empty())
            .collect()
    };
    let mut reliable = panels(&reliability);
    if reliable.is_empty() {
        return Ok(());
    }
    for panel in &mut reliable {
        let look = Look {
            dashed: true,
            ..Look::of(Role::Reference)
        };
        let mut line = Series::new(
            "perfectly calibrated",
            look,
            vec![(0.0, 0.0), (100.0, 100.0)],
        );
        line.unmarked = true;
        panel.series.push(line);
    }
    let title = format!("Confidence and accuracy: never reset, {of}");
    let figure = Sweep {
        title: title.clone(),
        caption: format!(
            "Samples in bins of the highest class probability over the known segment, where there are at least \
             {FEWEST}: below the dashed line a network is overconfident, above it underconfident."
        ),
        x: Axis::linear("highest class probability, %").over(0.0, 100.0),
        y: Axis::linear("accuracy, %").over(0.0, 100.0),
        panels: reliable,
        ..Sweep::default()
    };
    sheet.add(Plot::Calibration, "calibration", &title, &figure)?;
    let title = format!("Calibration along a stream that is never reset, {of}");
    let figure = Sweep {
        title: title.clone(),
        caption: "Expected calibration error by stream position: the mean difference between confidence and \
            accuracy. The thin line is the expected error of a perfectly calibrated network with as few \
            samples."
            .to_owned(),
        x: scope.position_axis(),
        y: Axis::linear("calibration error, %"),
        panels: panels(&by_position),
        ..Sweep::default()
    };
    sheet.add(Plot::Calibration, "calibration-position", &title, &figure)
}

/// All seeds together, bin by bin of confidence in order.
fn reliability(name: &str, look: Look, seeds: &[&CalibrationReport]) -> Vec<Series> {
    let mut bins: Vec<_> = seeds.iter().flat_map(|s| &s.bins).collect();
    bins.retain(|b| b.segments >= FEWEST);
    bins.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    // Of several seeds, those of one bin lie side by side.
    let close = |a: &&&_, b: &&&_| {
        let bin = |r: &&saturn_eval::instruments::on_answers::calibration::Reliability| {
            (r.confidence * saturn_eval::instruments::on_answers::calibration::BINS as f64) as usize
        };
        bin(a) == bin(b)
    };
    let points = bins.chunk_by(|a, b| close(&a, &b)).map(|bins| {
        let n: f64 = bins.iter().map(|b| b.segments as f64).sum();
        let weighted = |of: &dyn Fn(usize) -> f64| {
            let parts = bins.iter().enumerate();
            100.0 * parts.map(|(i, b)| of(i) * b.segments as f64).sum::<f64>() / n
        };
        (
            weighted(&|i| bins[i].confidence),
            weighted(&|i| bins[i].accuracy),
        )
    });
    vec![Series::new(name, look, points.collect())]
}

/// The error and, as a thin line, its expected value for a calibrated network.
fn by_position(name: &str, look: Look, seeds: &[&CalibrationReport]) -> Vec<Series> {
    let windows = seeds.iter().map(|s| s.positions.len()).min().unwrap_or(0);
    let (mut points, mut chance) = (Vec::new(), Vec::new());
    for k in 0..windows {
        let window = &seeds[0].positions[k];
        let scores = || seeds.iter().filter_map(move |s| s.positions[k].summed);
        let Some(ece) = mean(scores().map(|s| 100.0 * s.ece)) else {
            continue;
        };
        let noise = mean(scores().map(|s| 100.0 * s.noise)).unwrap_or(f64::NAN);
        let at = f64::midpoint(window.start as f64, window.end as f64);
        points.push((at, ece));
        chance.push((at, noise));
    }
    vec![
        Series::new(name, look, points),
        Series::new(name, look, chance).as_thin(),
    ]
}
