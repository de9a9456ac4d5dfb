//! Accuracy of networks that are never reset against the updates that they were trained for.

use saturn_plots::{Axis, Level, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope};
use super::sweep::{floor, line};
use super::{FiguresError, Sheet};
use crate::scenario::{ArmRole, Plot, Regime, regimes};
use saturn_eval::reading::Reading;

/// Where on the axis the line from 0 updates begins, as a share of the fewest ones.
const ZERO: f64 = 0.25;
/// Where the axis ends, as a multiple of the most.
const AIR: f64 = 1.25;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(scenario) = scope.scenario else {
        return Ok(());
    };
    let (regimes, start) = regimes(scenario);
    let has = |arm: &str| scope.summary.table.iter().any(|row| row.arm == arm);
    let lengths: Vec<f64> = (regimes.iter().flat_map(|regime| &regime.arms))
        .filter(|(_, arm)| has(arm))
        .map(|(updates, _)| *updates as f64)
        .collect();
    let (least, most) =
        (lengths.iter()).fold((f64::MAX, 0.0), |(low, high), x| (x.min(low), x.max(high)));
    if least >= most {
        return Ok(());
    }
    let x = Axis::log("updates")
        .over(ZERO * least, AIR * most)
        .with_zero();
    for (k, stream) in scope.streams.iter().enumerate() {
        for reading in Reading::ALL {
            // Other streams than the main one have a figure each.
            if k > 0 && reading != Reading::Summed {
                continue;
            }
            let panels: Vec<LinePanel> = (scope.models.iter())
                .map(|model| panel(scope, (model, stream, reading), &regimes, start.as_deref()))
                .filter(|panel| !panel.series.is_empty())
                .collect();
            if panels.is_empty() {
                continue;
            }
            let title = format!(
                "Accuracy against updates, never reset, {}, {}",
                scope.stream_name(stream),
                reading.name()
            );
            let chance = 100.0 * scope.summary.chance;
            let from = floor(&panels);
            let figure = Sweep {
                title: title.clone(),
                caption: format!(
                    "Nets that are never reset, trained on for some updates from where they begin: accuracy ({}), with \
                     95 % intervals, against the updates.",
                    reading.name()
                ),
                x: x.clone(),
                y: Axis::linear("accuracy, %").over(from, 100.0),
                chance: (from <= chance).then_some(chance),
                panels,
                ..Sweep::default()
            };
            let name = format!("updates-{stream}-{}", reading.name()).replace(' ', "-");
            sheet.add(Plot::Updates, &name, &title, &figure)?;
        }
    }
    Ok(())
}

/// A line for each regime, from the arm `start` without updates on, and the reference.
fn panel(
    scope: &Scope,
    (model, stream, reading): (&str, &str, Reading),
    regimes: &[Regime],
    start: Option<&str>,
) -> LinePanel {
    let of = |updates: usize, arm: &str| {
        let row = scope.row(model, arm, stream, NEVER)?;
        Some((updates as f64, row.of(reading)?))
    };
    let before = start.and_then(|arm| of(0, arm));
    let mut series: Vec<Series> = Vec::new();
    let mut others = 0;
    for regime in regimes {
        let role = ArmRole::fits(&regime.arm).map_or_else(
            || {
                others += 1;
                Role::Other(others - 1)
            },
            super::looks::drawn,
        );
        let after: Vec<_> = (regime.arms.iter())
            .filter_map(|(updates, arm)| of(*updates, arm))
            .collect();
        if !after.is_empty() {
            let found: Vec<_> = before.into_iter().chain(after).collect();
            series.push(line(names::arm(&regime.name), Look::of(role), &found));
        }
    }
    let mut panel = LinePanel::new(names::model(model), series);
    let reference = &scope.summary.reference;
    let row = scope.row(model, &reference.arm, stream, &reference.state_reset);
    if let Some(accuracy) = row.and_then(|row| row.of(reading)) {
        let level = Level::new(100.0 * accuracy.value, scope.reference_name());
        panel.levels.push(level);
    }
    panel
}
