//! Training: loss and validation accuracy of each epoch.

use saturn_plots::{Training, TrainingArm, TrainingModel, TrainingRun};

use super::names;
use super::scope::Scope;
use super::{FiguresError, Sheet};
use crate::run::summary::CellSummary;
use crate::scenario::Plot;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let run = |cell: &CellSummary| {
        // Epochs omitted from a trial's file are gaps.
        let training = &cell.training;
        let mut run = TrainingRun {
            loss: vec![f64::NAN; training.epochs()],
            accuracy: vec![f64::NAN; training.epochs()],
        };
        for epoch in &training.history {
            run.loss[epoch.epoch - 1] = epoch.loss;
            run.accuracy[epoch.epoch - 1] = 100.0 * epoch.validation.summed;
        }
        run
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
        .map(|c| c.training.epochs())
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
