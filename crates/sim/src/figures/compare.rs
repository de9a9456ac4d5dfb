//! The comparison: accuracy of models x arms with intervals and seeds, a figure a stream, a panel a reading; as a
//! heat map; and every policy
//! of resets, of two arms with intervals and of all arms on one page a stream.

use saturn_plots::{Block, Blocks, Compare, ComparePanel, CompareValue, Heat};

use super::items::{Item, items, percent};
use super::names;
use super::recall;
use super::scope::{NEVER, Scope};
use super::{FiguresError, Sheet};
use crate::run::summary::Row;
use crate::scenario::{ArmRole, Plot};
use saturn_eval::evaluate::Evaluation;
use saturn_eval::stats::estimate::Estimate;

/// One of the three readings of accuracy: its name, and its position in a row and in an evaluation.
struct Reading {
    title: &'static str,
    row: fn(&Row) -> Option<&Estimate>,
    seed: fn(&Evaluation) -> Option<f64>,
}

const READINGS: [Reading; 3] = [
    Reading {
        title: "summed over the segment",
        row: |row| row.summed.as_ref(),
        seed: |e| e.summed.map(|s| s.value),
    },
    Reading {
        title: "at its last step",
        row: |row| row.last.as_ref(),
        seed: |e| e.last.map(|s| s.value),
    },
    Reading {
        title: "by the detector",
        row: |row| row.detector.as_ref(),
        seed: |e| e.detector.map(|s| s.value),
    },
];

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let items = items(scope);
    if items.is_empty() || scope.streams.is_empty() {
        return Ok(());
    }
    let models: Vec<String> = scope.models.iter().map(|m| names::model(m)).collect();
    let first = main(scope, &items);
    for (k, stream) in scope.streams.iter().enumerate() {
        let of = if k == 0 {
            String::new()
        } else {
            format!("-{stream}").replace(' ', "-")
        };
        readings(scope, sheet, &first, stream, &format!("compare{of}"))?;
        if first.len() < items.len() {
            let all: Vec<&Item> = items.iter().collect();
            readings(scope, sheet, &all, stream, &format!("compare-all{of}"))?;
        }
    }

    let found = |model: &&str| -> Vec<Option<&Estimate>> {
        (items.iter())
            .map(|item| summed(scope, model, item, scope.streams[0]))
            .collect()
    };
    let table: Vec<Option<&Estimate>> = scope.models.iter().flat_map(found).collect();
    let title = format!(
        "The same as numbers: {}",
        scope.stream_name(scope.streams[0])
    );
    let columns = items.iter().map(|item| item.name.clone()).collect();
    let heat = heat(scope, title.clone(), columns, &table);
    sheet.add(Plot::Compare, "table", &title, &heat)?;
    recall::draw(scope, sheet, &models)?;
    for stream in &scope.streams {
        whole(scope, sheet, stream)?;
    }
    for &(arm, _) in &scope.pair() {
        policies(scope, sheet, arm)?;
    }
    Ok(())
}

/// Those of `items` that the comparison is about: the reference, its arm without resets, training on
/// concatenated samples only, and the arm that is compared. All of them if there are few.
fn main<'a, 'b>(scope: &Scope<'a>, items: &'b [Item<'a>]) -> Vec<&'b Item<'a>> {
    let roles = &scope.summary.roles;
    let reference = &scope.summary.reference;
    let wanted = [
        Some(reference.arm.as_str()),
        roles.arm(ArmRole::Carry),
        roles.subject(reference),
    ];
    let is_main = |item: &&Item| {
        scope.is_reference(item.arm, item.state_reset)
            || item.state_reset == NEVER && wanted.contains(&Some(item.arm))
    };
    let chosen: Vec<&Item> = items.iter().filter(is_main).collect();
    // One row has room for all.
    if chosen.len() < 2 || items.len() <= chosen.len() + 1 || scope.models.len() == 1 {
        items.iter().collect()
    } else {
        chosen
    }
}

/// The three readings of accuracy on a stream, in three panels: a claim holds for its reading only.
fn readings(
    scope: &Scope,
    sheet: &mut Sheet,
    items: &[&Item],
    stream: &str,
    file: &str,
) -> Result<(), FiguresError> {
    let panels = READINGS.iter().filter_map(|reading| {
        let values: Vec<Vec<Option<CompareValue>>> = (scope.models.iter())
            .map(|model| {
                let value = |item: &&Item| value(scope, reading, model, item, stream);
                items.iter().map(value).collect()
            })
            .collect();
        let some = values.iter().flatten().any(Option::is_some);
        some.then(|| ComparePanel {
            title: reading.title.to_owned(),
            values,
        })
    });
    let title = format!("Accuracy in three readings: {}", scope.stream_name(stream));
    let figure = Compare {
        title: title.clone(),
        chance: Some(100.0 * scope.summary.chance),
        models: scope.models.iter().map(|m| names::model(m)).collect(),
        items: items.iter().map(|item| item.drawn()).collect(),
        panels: panels.collect(),
        interval: scope.interval(),
        ..Compare::default()
    };
    sheet.add(Plot::Compare, file, &title, &figure)
}

fn value(
    scope: &Scope,
    reading: &Reading,
    model: &str,
    item: &Item,
    stream: &str,
) -> Option<CompareValue> {
    let row = scope.row(model, item.arm, stream, item.state_reset)?;
    let mut value = percent((reading.row)(row)?);
    let seeds = scope.evaluations(model, item.arm, stream, item.state_reset);
    value.seeds = (seeds.iter().filter_map(|e| (reading.seed)(e)))
        .map(|share| 100.0 * share)
        .collect();
    Some(value)
}

/// Policies with results on a stream, of one arm or of all, in the order in which they come.
fn policies_of<'a>(scope: &Scope<'a>, arm: Option<&str>, stream: &str) -> Vec<&'a str> {
    let mut policies: Vec<&str> = Vec::new();
    for row in &scope.summary.table {
        let counts = row.stream == stream && arm.is_none_or(|arm| row.arm == arm);
        if counts && !policies.contains(&row.state_reset.as_str()) {
            policies.push(&row.state_reset);
        }
    }
    policies
}

/// Models x arms x policies on one stream, where there are more policies than `none` and `oracle` and several
/// arms.
fn whole(scope: &Scope, sheet: &mut Sheet, stream: &str) -> Result<(), FiguresError> {
    let policies = policies_of(scope, None, stream);
    if policies.len() < 3 || scope.arms.len() < 2 {
        return Ok(());
    }
    let block = |policy: &&str| {
        let values = scope.models.iter().flat_map(|model| {
            let arms = scope.arms.iter();
            arms.map(|(arm, _)| {
                let found = scope.summed(model, arm, stream, policy);
                found.map_or(f64::NAN, |e| 100.0 * e.value)
            })
        });
        Block {
            title: scope.summary.roles.policy_label(policy),
            values: values.collect(),
        }
    };
    let title = format!(
        "Every network under every reset policy: {}",
        scope.stream_name(stream)
    );
    let figure = Blocks {
        title: title.clone(),
        unit: "summed accuracy in %".to_owned(),
        rows: scope.models.iter().map(|m| names::model(m)).collect(),
        columns: scope.arms.iter().map(|(arm, _)| names::arm(arm)).collect(),
        blocks: policies.iter().map(block).collect(),
        range: (100.0 * scope.summary.chance, 100.0),
        caption: "The whole table on one page: one row per model, one block per reset policy, in it one \
            column per training regime; the number and the shade are the accuracy, the mean over seeds. A \
            regime that needs no resets is as dark in the first block as in that of the oracle, and a \
            harmless policy is as dark as either."
            .to_owned(),
    };
    let name = format!("matrix-{stream}").replace(' ', "-");
    sheet.add(Plot::Compare, &name, &title, &figure)
}

/// Models x policies of one arm on the first stream, where there are more policies than `none` and `oracle`.
fn policies(scope: &Scope, sheet: &mut Sheet, arm: &str) -> Result<(), FiguresError> {
    let stream = scope.streams[0];
    let policies = policies_of(scope, Some(arm), stream);
    if policies.len() < 3 {
        return Ok(());
    }
    let table: Vec<Option<&Estimate>> = (scope.models.iter())
        .flat_map(|model| {
            let found = |policy| scope.summed(model, arm, stream, policy);
            policies.iter().map(move |policy| found(policy))
        })
        .collect();
    let title = format!(
        "Every reset policy, {} networks: {}",
        names::arm(arm),
        scope.stream_name(stream)
    );
    let heat = heat(
        scope,
        title.clone(),
        (policies.iter())
            .map(|p| scope.summary.roles.policy_label(p))
            .collect(),
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

fn summed<'a>(scope: &Scope<'a>, model: &str, item: &Item, stream: &str) -> Option<&'a Estimate> {
    scope.summed(model, item.arm, stream, item.state_reset)
}
