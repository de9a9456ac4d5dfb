//! For rare classes: the mean recall over classes, and the recall of each class.
//!
//! A network that always predicts the majority class has a high accuracy. Its mean recall is 1 / C.

use saturn_plots::{Block, Blocks, Compare, ComparePanel};

use super::items::{Item, items, percent};
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::run::summary::Row;
use crate::scenario::Plot;

pub(super) fn draw(
    scope: &Scope,
    sheet: &mut Sheet,
    models: &[String],
) -> Result<(), FiguresError> {
    if !scope.summary.table.iter().any(Row::has_rare_classes) {
        return Ok(());
    }
    let items = items(scope);
    let title = "Mean recall of the classes";
    let panels = scope.streams.iter().map(|stream| ComparePanel {
        title: scope.stream_name(stream),
        values: (scope.models.iter())
            .map(|model| {
                let value = |item: &Item| {
                    let row = scope.row(model, item.arm, stream, item.state_reset)?;
                    row.balanced.as_ref().map(percent)
                };
                items.iter().map(value).collect()
            })
            .collect(),
    });
    let mut figure = Compare {
        title: title.to_owned(),
        chance: Some(100.0 / scope.summary.classes.len().max(1) as f64),
        models: models.to_vec(),
        items: items.iter().map(Item::drawn).collect(),
        interval: "95 % interval over seeds".to_owned(),
        panels: panels.collect(),
        ..Compare::default()
    };
    "mean recall, %".clone_into(&mut figure.x.label);
    sheet.add(Plot::Compare, "compare-recall", title, &figure)?;
    by_class(scope, sheet, models, &items)
}

/// The recall of each class on the first stream, a block an arm and policy.
fn by_class(
    scope: &Scope,
    sheet: &mut Sheet,
    models: &[String],
    items: &[Item],
) -> Result<(), FiguresError> {
    let stream = scope.streams[0];
    let classes = &scope.summary.classes;
    let blocks = items.iter().map(|item| Block {
        title: item.name.clone(),
        values: (scope.models.iter())
            .flat_map(|model| {
                let recalls = scope.recalls(model, item.arm, stream, item.state_reset);
                let all = mean(recalls.iter().copied().flatten());
                let each = recalls.into_iter().chain([all]);
                each.map(|r| r.map_or(f64::NAN, |r| 100.0 * r))
            })
            .collect(),
    });
    let title = format!("Recall of each class: {}", scope.stream_name(stream));
    let figure = Blocks {
        title: title.clone(),
        unit: "recall of a class, %".to_owned(),
        rows: models.to_vec(),
        columns: classes.iter().cloned().chain(["mean".to_owned()]).collect(),
        blocks: blocks.collect(),
        range: (0.0, 100.0),
        caption: "One row per model, one block per training regime under a reset policy, in it one column \
            per class, and their mean: a network that only predicts the majority class is dark in one \
            column and pale in the others, however high its accuracy."
            .to_owned(),
    };
    sheet.add(Plot::Compare, "recall", &title, &figure)
}
