//! The comparison: accuracy of models x arms with intervals, a panel a stream; and as a heat map.

use saturn_plots::{Compare, CompareItem, ComparePanel, CompareValue, Heat, Look};

use super::names;
use super::scope::{NEVER, Scope};
use super::{FiguresError, Sheet};
use crate::eval::bootstrap::Estimate;
use crate::run::summary::Row;
use crate::scenario::Plot;

/// One arm under one policy.
struct Item<'a> {
    arm: &'a str,
    state_reset: &'a str,
    name: String,
    look: Look,
}

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let items = items(scope);
    if items.is_empty() || scope.streams.is_empty() {
        return Ok(());
    }
    let models: Vec<String> = scope.models.iter().map(|m| names::model(m)).collect();
    let title = "Accuracy, summed over each sample's known segment";
    let panels = scope.streams.iter().map(|stream| ComparePanel {
        title: names::stream(stream),
        values: (scope.models.iter())
            .map(|model| {
                let value = |item: &Item| summed(scope, model, item, stream).map(percent);
                items.iter().map(value).collect()
            })
            .collect(),
    });
    let figure = Compare {
        title: title.to_owned(),
        chance: Some(100.0 * scope.summary.chance),
        models: models.clone(),
        items: (items.iter())
            .map(|item| CompareItem {
                name: item.name.clone(),
                look: item.look,
            })
            .collect(),
        panels: panels.collect(),
        ..Compare::default()
    };
    sheet.add(Plot::Compare, "compare", title, &figure)?;

    let found = |model: &&str| -> Vec<Option<&Estimate>> {
        (items.iter())
            .map(|item| summed(scope, model, item, scope.streams[0]))
            .collect()
    };
    let table: Vec<Option<&Estimate>> = scope.models.iter().flat_map(found).collect();
    let title = format!("The same as numbers: {}", names::stream(scope.streams[0]));
    let columns = items.into_iter().map(|item| item.name).collect();
    let heat = heat(scope, title.clone(), columns, &table);
    sheet.add(Plot::Compare, "table", &title, &heat)?;
    for &(arm, _) in &scope.pair() {
        policies(scope, sheet, arm)?;
    }
    Ok(())
}

/// Models x policies of one arm on the first stream, where there are more policies than `none` and `oracle`.
fn policies(scope: &Scope, sheet: &mut Sheet, arm: &str) -> Result<(), FiguresError> {
    let stream = scope.streams[0];
    let rows: Vec<&Row> = (scope.summary.table.iter())
        .filter(|row| row.arm == arm && row.stream == stream)
        .collect();
    let mut policies: Vec<&str> = Vec::new();
    for row in &rows {
        if !policies.contains(&row.state_reset.as_str()) {
            policies.push(&row.state_reset);
        }
    }
    if policies.len() < 3 {
        return Ok(());
    }
    let found = |model: &str, policy: &str| {
        let row = (rows.iter()).find(|row| row.model == model && row.state_reset == policy);
        row.and_then(|row| row.summed.as_ref())
    };
    let table: Vec<Option<&Estimate>> = (scope.models.iter())
        .flat_map(|model| policies.iter().map(move |policy| found(model, policy)))
        .collect();
    let title = format!(
        "Every policy of resets, {} nets: {}",
        names::arm(arm),
        names::stream(stream)
    );
    let heat = heat(
        scope,
        title.clone(),
        policies.iter().map(|p| names::state_reset(p)).collect(),
        &table,
    );
    let name = format!("policies-{arm}").replace(' ', "-");
    sheet.add(Plot::Compare, &name, &title, &heat)
}

/// Models x `columns` with the accuracies of `table`, row by row.
fn heat(scope: &Scope, title: String, columns: Vec<String>, table: &[Option<&Estimate>]) -> Heat {
    let half = |e: &Estimate| {
        e.interval
            .map_or(f64::NAN, |[low, high]| 50.0 * (high - low))
    };
    Heat {
        title,
        unit: "summed accuracy in %".to_owned(),
        rows: scope.models.iter().map(|m| names::model(m)).collect(),
        columns,
        values: (table.iter())
            .map(|e| e.map_or(f64::NAN, |e| 100.0 * e.value))
            .collect(),
        half_widths: table.iter().map(|e| e.map_or(f64::NAN, half)).collect(),
        range: Some((100.0 * scope.summary.chance, 100.0)),
        places: 1,
    }
}

/// The reference, classic with oracle resets, then every arm without resets. Without either, every arm
/// under every policy.
fn items<'a>(scope: &Scope<'a>) -> Vec<Item<'a>> {
    let item = |arm: &'a str, look: Look, state_reset: &'a str| Item {
        arm,
        state_reset,
        name: format!("{}, {}", names::arm(arm), names::state_reset(state_reset)),
        look: look.with_reset(state_reset),
    };
    let rows = &scope.summary.table;
    let has = |arm: &str, state_reset: &str| {
        (rows.iter()).any(|row| row.arm == arm && row.state_reset == state_reset)
    };
    let reference = (scope.arms.iter())
        .filter(|(arm, _)| *arm == "classic" && has(arm, "oracle"))
        .map(|&(arm, look)| item(arm, look, "oracle"));
    let never = (scope.arms.iter())
        .filter(|(arm, _)| has(arm, NEVER))
        .map(|&(arm, look)| item(arm, look, NEVER));
    let chosen: Vec<Item> = reference.chain(never).collect();
    if chosen.iter().any(|item| item.state_reset == NEVER) {
        return chosen;
    }
    let mut all: Vec<Item> = Vec::new();
    for &(arm, look) in &scope.arms {
        for row in rows.iter().filter(|row| row.arm == arm) {
            if !all
                .iter()
                .any(|i| i.arm == arm && i.state_reset == row.state_reset)
            {
                all.push(item(arm, look, &row.state_reset));
            }
        }
    }
    all
}

fn summed<'a>(scope: &Scope<'a>, model: &str, item: &Item, stream: &str) -> Option<&'a Estimate> {
    scope.summed(model, item.arm, stream, item.state_reset)
}

/// In per cent; an interval over few seeds may reach beyond what an accuracy can be.
fn percent(estimate: &Estimate) -> CompareValue {
    let [low, high] = estimate.interval.unwrap_or([f64::NAN; 2]);
    CompareValue {
        value: 100.0 * estimate.value,
        low: 100.0 * low.max(0.0),
        high: 100.0 * high.min(1.0),
    }
}
