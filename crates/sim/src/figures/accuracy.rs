//! Accuracy by position in a stream that is never reset, with its slope.
//!
//! A line is the mean over seeds. Its band is the interval over recordings, also the mean over seeds: seeds
//! use the same recordings, so their errors do not cancel.

use saturn_plots::{Accuracy, AccuracyPanel, Look, Series, Slope};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::evaluate::Evaluation;
use saturn_eval::stats::estimate::over_seeds;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let mut panels = Vec::new();
    for model in &scope.models {
        let mut panel = AccuracyPanel {
            title: names::model(model),
            ..AccuracyPanel::default()
        };
        for &(arm, look) in &scope.arms {
            let found = scope.never_reset(model, arm, stream);
            let line = line(&names::arm(arm), look, &found);
            panel.series.extend(line.map(|line| {
                if scope.banded(arm) {
                    line
                } else {
                    line.without_interval()
                }
            }));
            panel.slopes.extend(slope(&names::arm(arm), look, &found));
        }
        if !panel.series.is_empty() {
            panels.push(panel);
        }
    }
    if panels.is_empty() {
        return Ok(());
    }
    let title = format!(
        "Accuracy along a stream that is never reset, {}",
        scope.stream_name(stream)
    );
    let figure = Accuracy {
        title: title.clone(),
        x: scope.position_axis(),
        chance: Some(100.0 * scope.summary.chance),
        panels,
        ..Accuracy::default()
    };
    sheet.add(Plot::Accuracy, "accuracy", &title, &figure)
}

fn line(name: &str, look: Look, found: &[&Evaluation]) -> Option<Series> {
    let windows = found.iter().map(|e| e.positions.len()).min()?;
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for k in 0..windows {
        let seeds = || found.iter().map(move |e| &e.positions[k]);
        let bound = |side: usize| {
            let bounds = seeds().filter_map(|w| w.interval.map(|i| 100.0 * i[side]));
            mean(bounds).unwrap_or(f64::NAN)
        };
        let window = &found[0].positions[k];
        let accuracy = mean(seeds().filter_map(|w| w.accuracy));
        points.push((
            f64::midpoint(window.start as f64, window.end as f64),
            accuracy.map_or(f64::NAN, |a| 100.0 * a),
        ));
        band.push((bound(0), bound(1)));
    }
    (windows > 0).then(|| Series::new(name, look, points).with_interval(band))
}

fn slope(name: &str, look: Look, found: &[&Evaluation]) -> Option<Slope> {
    let slopes: Vec<_> = (found.iter())
        .filter_map(|e| e.slope.points_per_million_steps)
        .collect();
    let (value, error) = match &slopes[..] {
        [] => return None,
        [one] => (one.value, one.standard_error),
        many => {
            let values: Vec<f64> = many.iter().map(|s| s.value).collect();
            let over = over_seeds(&values)?;
            (over.value, over.standard_error)
        }
    };
    Some(Slope {
        name: name.to_owned(),
        look,
        points_per_million: value,
        standard_error: error.unwrap_or(f64::NAN),
    })
}
