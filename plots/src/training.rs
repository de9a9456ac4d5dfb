//! Training curves: loss and validation accuracy against epoch.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid, Row, columns_for};
use crate::look::Look;
use crate::series::Series;

/// One training run: one seed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingRun {
    /// Mean training loss of each epoch, nats.
    pub loss: Vec<f64>,
    /// Validation accuracy after each epoch, %.
    pub accuracy: Vec<f64>,
}

/// All seeds of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingArm {
    /// The arm.
    pub name: String,
    /// Its style.
    pub look: Look,
    /// One a seed.
    pub runs: Vec<TrainingRun>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingModel {
    /// The model.
    pub name: String,
    /// Its arms.
    pub arms: Vec<TrainingArm>,
}

/// Loss and validation accuracy against epoch; a column a model, a line an arm, seeds thin.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Title.
    pub title: String,
    /// The axis of the loss.
    pub loss: Axis,
    /// The axis of the accuracy.
    pub accuracy: Axis,
    /// One a model.
    pub models: Vec<TrainingModel>,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            title: "Training".to_owned(),
            loss: Axis::linear("training loss, nats"),
            accuracy: Axis::linear("validation accuracy, %").over(0.0, 100.0),
            models: Vec::new(),
        }
    }
}

fn against_epoch(values: &[f64]) -> Vec<(f64, f64)> {
    values
        .iter()
        .enumerate()
        .map(|(k, v)| ((k + 1) as f64, *v))
        .collect()
}

/// The mean over the runs that have a finite value at an epoch.
fn mean(runs: &[&[f64]]) -> Vec<f64> {
    let longest = runs.iter().map(|r| r.len()).max().unwrap_or(0);
    (0..longest)
        .map(|k| {
            let here: Vec<f64> = runs
                .iter()
                .filter_map(|r| r.get(k).copied())
                .filter(|v| v.is_finite())
                .collect();
            // Without values this is 0/0, a gap.
            here.iter().sum::<f64>() / here.len() as f64
        })
        .collect()
}

impl TrainingModel {
    fn series(&self, pick: impl Fn(&TrainingRun) -> &[f64]) -> Vec<Series> {
        let mut all = Vec::new();
        for arm in &self.arms {
            let runs: Vec<&[f64]> = arm.runs.iter().map(&pick).collect();
            if runs.len() > 1 {
                all.extend(
                    runs.iter()
                        .map(|run| Series::new(&arm.name, arm.look, against_epoch(run)).as_thin()),
                );
            }
            all.push(Series::new(
                &arm.name,
                arm.look,
                against_epoch(&mean(&runs)),
            ));
        }
        all
    }
}

impl Figure for Training {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let columns = columns_for(self.models.len());
        let nothing = [TrainingModel::default()];
        let models = if self.models.is_empty() {
            &nothing[..]
        } else {
            &self.models
        };
        let cell = |y: &Axis, series: Vec<Series>| {
            let cell = Cell {
                y: y.clone(),
                series,
                ..Cell::default()
            };
            Some(cell)
        };
        // The scale of the loss is the same for all models.
        let losses = models.iter().flat_map(|m| m.series(|r| &r.loss));
        let losses: Vec<f64> = losses.flat_map(|s| s.ys().collect::<Vec<_>>()).collect();
        let (low, high) = self.loss.covering(losses.into_iter(), false);
        let loss = self.loss.clone().over(low, high);
        let mut rows = Vec::new();
        for block in models.chunks(columns) {
            rows.push(Row {
                headers: block.iter().map(|m| m.name.clone()).collect(),
                cells: block
                    .iter()
                    .map(|m| cell(&loss, m.series(|r| &r.loss)))
                    .collect(),
            });
            rows.push(Row {
                headers: Vec::new(),
                cells: block
                    .iter()
                    .map(|m| cell(&self.accuracy, m.series(|r| &r.accuracy)))
                    .collect(),
            });
        }
        let grid = Grid {
            title: self.title.clone(),
            x: Axis::linear("epoch"),
            rows,
            panel: match columns {
                1 => (560.0, 200.0),
                2 => (390.0, 180.0),
                3 => (280.0, 165.0),
                _ => (210.0, 105.0),
            },
            own_y: true,
        };
        Ok(grid.draw())
    }

    fn caption(&self) -> String {
        "Above the training loss, below the accuracy on the validation set, against epoch; a thick \
         line is the mean over seeds and the thin lines are the seeds. Losses of different arms are \
         different sums and are to be compared in shape, not in height."
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::mean;

    #[test]
    fn the_mean_leaves_out_gaps_and_runs_that_ended() {
        let runs: [&[f64]; 3] = [&[1.0, 2.0, f64::NAN], &[3.0], &[f64::NAN, 4.0, f64::NAN]];
        let found = mean(&runs);
        assert_eq!(found[..2], [2.0, 3.0]);
        assert!(found[2].is_nan());
    }
}
