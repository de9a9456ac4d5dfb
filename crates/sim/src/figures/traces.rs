//! States of a few units along the stretch of the stream figure, the arms one above another.

use saturn_cell::CellConfig;
use saturn_plots::{TraceArm, Traces};

use super::names;
use super::scope::{Scope, readout};
use super::stretch::{Stretch, choose};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::trace::{StateTrace, Trace};

/// Total units of an arm, independent of the number of layers.
const UNITS: usize = 4;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for model in &scope.models {
        let mut stretch: Option<(Stretch, Trace)> = None;
        let mut arms = Vec::new();
        let mut field = String::new();
        for &(arm, look) in &scope.arms {
            let Some(trace) = scope.trace(model, arm)? else {
                continue;
            };
            if stretch.is_none() {
                stretch = choose(&trace).map(|chosen| (chosen, trace.clone()));
            }
            let Some((chosen, first)) = &stretch else {
                continue;
            };
            if trace.recording != first.recording {
                continue;
            }
            let shown = shown(&trace, scope.cells(model, arm).find_map(readout));
            if let Some((_, first)) = shown.first() {
                (*first.name.split_once('.').map_or("", |(_, f)| f)).clone_into(&mut field);
            }
            arms.push(TraceArm {
                name: names::arm(arm),
                look,
                units: units(&shown, chosen),
            });
        }
        let Some((stretch, trace)) = stretch else {
            continue;
        };
        if arms.iter().all(|arm| arm.units.is_empty()) {
            continue;
        }
        let title = format!(
            "States inside the {} on a stream that is never reset",
            names::model(model)
        );
        let figure = Traces {
            title: title.clone(),
            quantity: quantity(scope, model, &field),
            start_s: stretch.start_s(&trace),
            dt_s: trace.dt_ms / 1e3,
            mask: stretch.mask(&trace),
            spans: stretch.spans(&trace, &scope.summary.classes),
            arms,
        };
        sheet.add(Plot::Traces, &format!("traces-{model}"), &title, &figure)?;
    }
    Ok(())
}

/// The first field of each layer but the readout, with the layer's index.
fn shown(trace: &Trace, readout: Option<usize>) -> Vec<(usize, &StateTrace)> {
    let mut shown: Vec<(usize, &StateTrace)> = Vec::new();
    for state in &trace.states {
        let Some(layer) = state.name.split_once('.').and_then(|(l, _)| l.parse().ok()) else {
            continue;
        };
        if Some(layer) != readout && shown.iter().all(|(l, _)| *l != layer) {
            shown.push((layer, state));
        }
    }
    shown.sort_by_key(|(layer, _)| *layer);
    shown
}

/// Name and values of the units, spread evenly over the layers.
fn units(shown: &[(usize, &StateTrace)], stretch: &Stretch) -> Vec<(String, Vec<f32>)> {
    let each = UNITS.div_ceil(shown.len().max(1));
    let mut units = Vec::new();
    for (order, (_, state)) in shown.iter().enumerate() {
        for unit in 0..each.min(state.units) {
            let name = if shown.len() > 1 {
                format!("layer {}, {}", order + 1, unit + 1)
            } else {
                format!("unit {}", unit + 1)
            };
            let values = stretch
                .steps
                .clone()
                .map(|t| state.values[t * state.units + unit]);
            units.push((name, values.collect()));
        }
    }
    units
}

/// The traced quantity, next to the scale bar.
fn quantity(scope: &Scope, model: &str, field: &str) -> String {
    let described = scope.scenario.and_then(|s| s.models.get(model));
    let layers = described.map_or(&[][..], |m| &m.layers);
    let threshold = layers.iter().find_map(CellConfig::threshold);
    match (field, threshold) {
        ("v", Some(threshold)) => format!("membrane, fires at {threshold}"),
        ("v", None) => "membrane".to_owned(),
        ("h", _) => "hidden state, -1 to 1".to_owned(),
        ("x", _) => "state, real or imaginary part".to_owned(),
        _ => "state".to_owned(),
    }
}
