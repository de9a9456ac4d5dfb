//! Loss and validation accuracy against epochs, a panel a model.

use saturn_plots::{Axis, Training, TrainingArm, TrainingModel, TrainingRun, arm_looks};

use super::{arms, cells, models, plain};
use crate::run::summary::Summary;

/// Every arm and seed.
pub fn training(summary: &Summary) -> Training {
    let arms = arms(summary);
    let looks = arm_looks(&arms);
    Training {
        title: "Training".into(),
        loss: Axis::linear("loss, nats"),
        accuracy: Axis::linear("validation accuracy, %").over(0.0, 100.0),
        models: models(summary)
            .iter()
            .map(|model| TrainingModel {
                name: model.to_uppercase(),
                arms: arms
                    .iter()
                    .zip(&looks)
                    .map(|(arm, look)| TrainingArm {
                        name: plain(arm),
                        look: *look,
                        runs: cells(summary, model, arm)
                            .map(|cell| TrainingRun {
                                loss: cell.training.history.iter().map(|e| e.loss).collect(),
                                accuracy: cell
                                    .training
                                    .history
                                    .iter()
                                    .map(|e| 100.0 * e.validation.summed)
                                    .collect(),
                            })
                            .collect(),
                    })
                    .filter(|arm| !arm.runs.is_empty())
                    .collect(),
            })
            .collect(),
    }
}
