//! A point a net: saturation against contraction, and operations against accuracy.
//!
//! A net is a model in an arm, the mean over its seeds, on the first stream, never reset. Few nets share one
//! panel; of many, each arm has its own.

use saturn_plots::{Axis, Look, Scatter, ScatterPanel, ScatterPoint};

use super::names;
use super::scope::{Scope, hidden_contraction, mean};
use super::{FiguresError, Sheet};
use crate::run::trials::thin::LAG;
use crate::scenario::Plot;
use saturn_eval::evaluate::Evaluation;
use saturn_eval::instruments::WindowStats;

/// Nets of one panel, at most.
const TOGETHER: usize = 24;
/// The remaining effect of the past is drawn down to this.
const FLOOR: f64 = 1e-4;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let with_gap = (scope.streams.iter().copied()).find(|s| {
        scope
            .summary
            .cells
            .iter()
            .any(|c| c.contraction.iter().any(|n| n.stream == *s))
    });
    if let Some(gap) = with_gap {
        let lag = contraction_lag(scope);
        let panels = panels(scope, |model, arm| {
            let pinned = saturated(&scope.never_reset(model, arm, gap))?;
            let cells = scope.cells(model, arm);
            let left = mean(cells.filter_map(|cell| hidden_contraction(cell, gap, lag)))?;
            Some((100.0 * pinned, left.max(FLOOR)))
        });
        let title = format!(
            "Saturation against the remaining effect of the past: never reset, {}",
            scope.stream_name(gap)
        );
        let figure = Scatter {
            title: title.clone(),
            x: Axis::linear("values at the ends of their range, %").over(0.0, 100.0),
            y: Axis::log(format!("remaining effect of the past after {lag} steps of gap"))
                .with_floor(FLOOR),
            legend: legend(scope),
            panels,
            caption: "Each marker is one network that is never reset. Horizontally: the share of its values \
                at the ends of their range (saturated gates and tanh units, states near their bound, \
                neurons silent or always on). Vertically: the remaining effect of the past on its state \
                after the same gap; low means forgetting, at any saturation."
                .to_owned(),
        };
        if figure.panels.iter().any(|p| !p.points.is_empty()) {
            sheet.add(Plot::Nets, "nets-saturation", &title, &figure)?;
        }
    }
    let panels = panels(scope, |model, arm| {
        let found = scope.never_reset(model, arm, stream);
        let operations = mean(found.iter().map(|e| e.synaptic_operations_per_step))?;
        let right = mean(found.iter().filter_map(|e| e.summed.map(|s| s.value)))?;
        Some((operations, 100.0 * right))
    });
    if panels.iter().all(|p| p.points.is_empty()) {
        return Ok(());
    }
    let title = format!(
        "The cost of accuracy: never reset, {}",
        scope.stream_name(stream)
    );
    let figure = Scatter {
        title: title.clone(),
        x: Axis::log("effective synaptic operations a step"),
        y: Axis::linear("summed accuracy, %"),
        legend: legend(scope),
        panels,
        caption:
            "Each marker is one network that is never reset. Horizontally: the synaptic operations of a \
            step (one per weight for a spike or an event, all weights of a dense layer). Vertically: its \
            accuracy; the upper left corner is best."
                .to_owned(),
    };
    sheet.add(Plot::Nets, "nets-operations", &title, &figure)
}

/// The lag of the report, or the longest one if gaps were measured for less.
fn contraction_lag(scope: &Scope) -> usize {
    LAG.min(scope.evaluate.contraction.gap_steps)
}

fn legend(scope: &Scope) -> Vec<(Look, String)> {
    let arms = scope.arms.iter();
    arms.map(|&(arm, look)| (look, names::arm(arm))).collect()
}

/// One panel for all, or one an arm.
fn panels(scope: &Scope, at: impl Fn(&str, &str) -> Option<(f64, f64)>) -> Vec<ScatterPanel> {
    let points = |arm: &str, look: Look| -> Vec<ScatterPoint> {
        (scope.models.iter())
            .filter_map(|model| {
                Some(ScatterPoint {
                    name: names::model(model),
                    look,
                    at: at(model, arm)?,
                })
            })
            .collect()
    };
    if scope.models.len() * scope.arms.len() <= TOGETHER {
        let all = scope.arms.iter().flat_map(|&(arm, look)| points(arm, look));
        return vec![ScatterPanel {
            title: String::new(),
            points: all.collect(),
        }];
    }
    (scope.arms.iter())
        .map(|&(arm, look)| ScatterPanel {
            title: names::arm(arm),
            points: points(arm, look),
        })
        .collect()
}

/// The share of values at the ends of their range in the last window, mean over layers, fields and seeds. The
/// cell's fields decide what counts: saturated tanh units and gates, else silent and always-on neurons, else
/// the largest state as a share of its bound.
pub fn saturated(found: &[&Evaluation]) -> Option<f64> {
    mean(found.iter().filter_map(|e| {
        let last = e.saturation.iter().map(|w| w.step).max()?;
        let readout = e.saturation.iter().map(|w| w.layer).max();
        let hidden = (e.saturation.iter()).filter(|w| w.step == last && Some(w.layer) != readout);
        mean(hidden.filter_map(|w| of_window(&w.stats)))
    }))
}

fn of_window(stats: &WindowStats) -> Option<f64> {
    if !stats.always.pinned.is_empty() {
        return mean(stats.always.pinned.values().copied());
    }
    if !stats.always.spikes.is_empty() {
        return mean(stats.always.spikes.values().map(|s| s.silent + s.always_on));
    }
    stats.bound.map(|b| b.median)
}
