//! Contraction: the remaining effect of the past after the same gap, against the time spent in it.

use saturn_plots::{Contraction, LinePanel, Look, Series};

use super::names;
use super::scope::{Scope, hidden_curve, mean};
use super::{FiguresError, Sheet};
use crate::run::summary::CellSummary;
use crate::scenario::Plot;

/// Streams that are drawn, a figure each.
const STREAMS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let measured = |stream: &&&str| {
        let curves = scope
            .summary
            .cells
            .iter()
            .flat_map(|cell| &cell.contraction);
        curves.into_iter().any(|c| c.stream == **stream)
    };
    for stream in scope.streams.iter().filter(measured).take(STREAMS) {
        let panels: Vec<LinePanel> = (scope.models.iter())
            .map(|model| {
                let arms = scope.arms.iter();
                let lines = arms.flat_map(|&(arm, look)| lines(scope, model, arm, look, stream));
                LinePanel::new(names::model(model), lines.collect())
            })
            .filter(|panel| !panel.series.is_empty())
            .collect();
        if panels.is_empty() {
            continue;
        }
        let title = format!(
            "Remaining effect of the past after the same gap, {}",
            scope.stream_name(stream)
        );
        let figure = Contraction {
            title: title.clone(),
            panels,
            ..Contraction::default()
        };
        sheet.add(
            Plot::Contraction,
            &format!("contraction-{stream}").replace(' ', "-"),
            &title,
            &figure,
        )?;
    }
    Ok(())
}

/// The mean over seeds and, thinly, each seed if there are several.
fn lines(scope: &Scope, model: &str, arm: &str, look: Look, stream: &str) -> Vec<Series> {
    let step_s = scope.summary.dt_ms / 1e3;
    let seeds: Vec<Vec<(f64, f64)>> = (scope.cells(model, arm))
        .filter_map(|cell| curve(cell, stream, step_s))
        .collect();
    let name = names::arm(arm);
    let Some(shortest) = seeds.iter().map(Vec::len).min() else {
        return Vec::new();
    };
    let average = (0..shortest).filter_map(|k| {
        let value = mean(seeds.iter().map(|seed| seed[k].1))?;
        Some((seeds[0][k].0, value))
    });
    let mut all = vec![Series::new(&name, look, average.collect())];
    if seeds.len() > 1 {
        let thin = seeds
            .into_iter()
            .map(|points| Series::new(&name, look, points).as_thin());
        all.extend(thin);
    }
    all
}

/// The headline of one net, in seconds.
fn curve(cell: &CellSummary, stream: &str, step_s: f64) -> Option<Vec<(f64, f64)>> {
    let (lags, values) = hidden_curve(cell, stream)?;
    let lags = lags.iter().map(|&k| k as f64 * step_s);
    Some(lags.zip(values).collect())
}
