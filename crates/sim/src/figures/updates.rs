//! Accuracy of networks that are never reset against the updates that they were trained for.

use saturn_plots::{Axis, Level, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope};
use super::sweep::{floor, line};
use super::{FiguresError, Sheet};
use crate::scenario::{ArmRole, Plot, Regime, regimes};
use saturn_eval::reading::Reading;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(scenario) = scope.scenario else {
        return Ok(());
    };
    let (regimes, start) = regimes(scenario);
    if regimes.iter().all(|regime| regime.arms.len() < 2) {
        return Ok(());
    }
    let has = |arm: &String| scope.summary.table.iter().any(|row| row.arm == *arm);
    let lengths = || {
        let arms = regimes.iter().flat_map(|regime| &regime.arms);
        arms.filter(|(_, arm)| has(arm))
            .map(|(updates, _)| *updates as f64)
    };
    let (least, most) = (
        lengths().fold(f64::MAX, f64::min),
        lengths().fold(1.0, f64::max),
    );
    for (k, stream) in scope.streams.iter().enumerate() {
        for reading in Reading::ALL {
            // Other streams have one figure each.
            if k > 0 && reading != Reading::Summed {
                continue;
            }
            let panel = |model: &&str| {
                let series = lines(scope, (model, stream, reading), &regimes, start.as_deref());
                let mut panel = LinePanel::new(names::model(model), series);
                let level = |arm: &str, policy: &str, name: String| {
                    let row = scope.row(model, arm, stream, policy)?;
                    Some(Level::new(100.0 * row.of(reading)?.value, name))
                };
                let reference = &scope.summary.reference;
                let with_resets = level(
                    &reference.arm,
                    &reference.state_reset,
                    scope.reference_name(),
                );
                panel
                    .levels
                    .extend([before, with_resets].into_iter().flatten());
                panel
            };
            let panels: Vec<LinePanel> = (scope.models.iter().map(panel))
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
                    "Nets that are never reset, trained for some updates from where they begin: accuracy ({}), with 95 % \
                     intervals, against the updates.",
                    reading.name()
                ),
                x: Axis::log("updates")
                    .over(least / 4.0, 1.25 * most)
                    .with_zero(),
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

/// A line for each regime, from the arm `start` without updates on.
fn lines(
    scope: &Scope,
    (model, stream, reading): (&str, &str, Reading),
    regimes: &[Regime],
    start: Option<&str>,
) -> Vec<Series> {
    let of = |updates: usize, arm: &str| {
        let row = scope.row(model, arm, stream, NEVER)?;
        Some((updates as f64, row.of(reading)?))
    };
    let before = start.and_then(|arm| of(0, arm));
    let mut series = Vec::new();
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
    series
}
