//! The cost of a wrong boundary: accuracy of networks that are reset at boundaries against the error of
//! these, with the networks that are never reset as horizontal lines.

use saturn_plots::{Axis, LinePanel, Look, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope};
use super::sweep::line;
use super::{FiguresError, Sheet};
use crate::scenario::{Plot, StateReset};
use saturn_eval::stats::estimate::Estimate;

/// Streams that are drawn, a figure each.
const STREAMS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let errors = errors(scope);
    if errors.len() < 2 {
        return Ok(());
    }
    for stream in scope.streams.iter().take(STREAMS) {
        let panels: Vec<LinePanel> = (scope.models.iter())
            .map(|model| {
                let pair = scope.pair().into_iter();
                let lines = pair.flat_map(|arm| lines(scope, model, arm, stream, &errors));
                LinePanel::new(names::model(model), lines.collect())
            })
            .filter(|panel| !panel.series.is_empty())
            .collect();
        if panels.is_empty() {
            continue;
        }
        let title = format!("Cost of a wrong boundary, {}", scope.stream_name(stream));
        let figure = Sweep {
            title: title.clone(),
            caption: "Nets that are reset where samples begin (dashed), when each reset comes early or \
                      late by a random error: accuracy against the standard deviation of that error, with \
                      95 % intervals; across it, the same nets when they are never reset (full), to which \
                      boundaries do not matter."
                .to_owned(),
            x: Axis::linear("error of the boundaries (sd), ms"),
            chance: Some(100.0 * scope.summary.chance),
            panels,
            ..Sweep::default()
        };
        let name = format!("boundary-{stream}").replace(' ', "-");
        sheet.add(Plot::Boundary, &name, &title, &figure)?;
    }
    Ok(())
}

/// The swept errors, in steps, with the names of their policies; the oracle's error is 0.
fn errors(scope: &Scope) -> Vec<(f64, String)> {
    let mut errors: Vec<(f64, String)> = Vec::new();
    for policy in &scope.evaluate.state_reset {
        let sigma = match policy {
            StateReset::Misaligned(misaligned) => misaligned.sigma(),
            StateReset::Oracle(_) => 0.0,
            _ => continue,
        };
        if !errors.iter().any(|known| known.0.total_cmp(&sigma).is_eq()) {
            errors.push((sigma, policy.to_string()));
        }
    }
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    errors
}

/// The line of an arm under resets that err, and its line without any.
fn lines(
    scope: &Scope,
    model: &str,
    (arm, look): (&str, Look),
    stream: &str,
    errors: &[(f64, String)],
) -> Vec<Series> {
    let at = |&(steps, ref policy): &(f64, String)| {
        let found = scope.summed(model, arm, stream, policy)?;
        Some((steps * scope.summary.dt_ms, found))
    };
    let erring: Vec<(f64, &Estimate)> = errors.iter().filter_map(at).collect();
    let (Some(&(first, _)), Some(&(last, _))) = (erring.first(), erring.last()) else {
        return Vec::new();
    };
    let never = scope.summed(model, arm, stream, NEVER);
    let never: Vec<(f64, &Estimate)> = (never.into_iter())
        .flat_map(|found| [(first, found), (last, found)])
        .collect();
    let name = names::arm(arm);
    let reset = look.reset();
    [
        line(format!("{name}, erring resets"), reset, &erring),
        line(format!("{name}, never reset"), look, &never),
    ]
    .into_iter()
    .filter(|series| !series.points.is_empty())
    .collect()
}
