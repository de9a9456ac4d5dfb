//! Far-past dependence and the gradient, against lag; a panel a model, a line an arm.

use saturn_plots::{Axis, LinePanel, Look, Series, Sweep};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::run::summary::CellSummary;
use crate::scenario::Plot;

/// Values are drawn down to this.
const FLOOR: f64 = 1e-6;

/// A curve of a net on a stream: lags in steps, values, half widths of the band.
type Curve<'a> = (&'a [usize], Vec<f64>, Option<&'a [f64]>);

pub(super) fn far_past(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for &stream in &scope.streams {
        let of = scope.stream_name(stream);
        let file = |what: &str| format!("{what}-{stream}").replace(' ', "-");
        let title = format!("Effect of the far past on the output, {of}");
        let figure = Sweep {
            title: title.clone(),
            caption: "Total variation between the class probabilities after the whole past and those of the \
                same network reset k steps ago, mean over positions of a stream that is never reset: where \
                the line has reached 0, the earlier past has no effect."
                .to_owned(),
            x: Axis::log("steps since the reset"),
            y: Axis::linear("total variation").over(0.0, 1.0),
            panels: panels(scope, |cell| {
                let found = cell.experiments.far_past.iter().find(|f| f.stream == stream)?;
                Some((&found.lags, found.variation.clone(), Some(&found.standard_error)))
            }),
            ..Sweep::default()
        };
        if !figure.panels.is_empty() {
            sheet.add(Plot::FarPast, &file("far-past"), &title, &figure)?;
        }
    }
    Ok(())
}

pub(super) fn gradient(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for &stream in &scope.streams {
        let of = scope.stream_name(stream);
        let file = |what: &str| format!("{what}-{stream}").replace(' ', "-");
        let title = format!("The gradient of the output by earlier states, {of}");
        let figure = Sweep {
            title: title.clone(),
            caption: format!(
                "Norm of the derivative of the logits by the state of k steps before, over that at one \
                step: a falling line is a network that forgets, a rising one an exploding gradient; the \
                lower end of the axis, marked ≤, means {FLOOR} and less."
            ),
            x: Axis::log("lag, steps"),
            y: Axis::log("gradient (1 = at one step)").with_floor(FLOOR),
            panels: panels(scope, |cell| {
                let mut all = cell.experiments.gradient_lag.iter();
                let found = all.find(|f| f.stream == stream)?;
                let first = *found.norm.first()?;
                let values = found.norm.iter().map(|v| (v / first).max(FLOOR));
                Some((&found.lags, values.collect(), None))
            }),
            ..Sweep::default()
        };
        if !figure.panels.is_empty() {
            sheet.add(Plot::GradientLag, &file("gradient-lag"), &title, &figure)?;
        }
    }
    Ok(())
}

fn panels<'a>(
    scope: &Scope<'a>,
    curve: impl Fn(&'a CellSummary) -> Option<Curve<'a>>,
) -> Vec<LinePanel> {
    let line = |model: &str, arm: &str, look: Look| {
        let seeds: Vec<Curve> = scope.cells(model, arm).filter_map(&curve).collect();
        let (lags, ..) = seeds.first()?;
        let at = |i: usize| mean(seeds.iter().filter_map(|s| s.1.get(i).copied()));
        let points: Vec<(f64, f64)> = (lags.iter().enumerate())
            .map(|(i, &k)| (k as f64, at(i).unwrap_or(f64::NAN)))
            .collect();
        let name = names::arm(arm);
        let series = Series::new(&name, look, points.clone());
        // Of one seed, its own error; of several, the seeds differ by more.
        Some(match seeds[..] {
            [(_, _, Some(errors))] if scope.banded(arm) => {
                let ends = points.iter().zip(errors);
                let ends = ends.map(|((_, y), e)| ((y - 1.96 * e).max(0.0), y + 1.96 * e));
                series.with_interval(ends.collect())
            }
            _ => series,
        })
    };
    (scope.models.iter())
        .map(|model| {
            let lines = (scope.arms.iter()).filter_map(|&(arm, look)| line(model, arm, look));
            LinePanel::new(names::model(model), lines.collect())
        })
        .filter(|panel| !panel.series.is_empty())
        .collect()
}
