//! Training: loss and validation accuracy of each epoch.

use saturn_plots::{Training, TrainingArm, TrainingModel, TrainingRun};

use super::names;
use super::scope::Scope;
use super::{FiguresError, Sheet};
use crate::run::summary::CellSummary;
use crate::scenario::Plot;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let run = |cell: &CellSummary| {
        let history = &cell.training.history;
        TrainingRun {
            loss: history.iter().map(|e| e.loss).collect(),
            accuracy: history
                .iter()
                .map(|e| 100.0 * e.validation.summed)
                .collect(),
        }
    };
    let models: Vec<TrainingModel> = (scope.models.iter())
        .map(|model| TrainingModel {
            name: names::model(model),
            arms: (scope.arms.iter())
                .map(|&(arm, look)| TrainingArm {
                    name: names::arm(arm),
                    look,
                    runs: scope.cells(model, arm).map(run).collect(),
                })
                .filter(|arm| !arm.runs.is_empty())
                .collect(),
        })
        .collect();
    let longest = scope
        .summary
        .cells
        .iter()
        .map(|c| c.training.history.len())
        .max();
    if longest.unwrap_or(0) == 0 {
        return Ok(());
    }
    let title = "Training: loss, and accuracy on the validation set";
    let figure = Training {
        title: title.to_owned(),
        models,
        ..Training::default()
    };
    sheet.add(Plot::Training, "training", title, &figure)
}
