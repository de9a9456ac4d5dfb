//! Accuracy over stream position, a panel a model, with the slope.

use saturn_plots::{Accuracy, AccuracyPanel, Axis, Series, Slope, arm_looks};

use super::{arms, cells, models, plain, unreset};
use crate::run::summary::Summary;

/// On the first stream without resets; one seed, with its interval.
pub fn accuracy(summary: &Summary) -> Accuracy {
    let arms = arms(summary);
    let looks = arm_looks(&arms);
    let panels = models(summary)
        .iter()
        .map(|model| {
            let mut panel = AccuracyPanel {
                title: model.to_uppercase(),
                ..AccuracyPanel::default()
            };
            for (arm, look) in arms.iter().zip(&looks) {
                let Some(found) = cells(summary, model, arm).next().and_then(unreset) else {
                    continue;
                };
                let windows = &found.evaluation.positions;
                let points = windows
                    .iter()
                    .map(|w| {
                        let middle = (w.start + w.end) as f64 / 2.0;
                        (middle, w.accuracy.map_or(f64::NAN, |a| 100.0 * a))
                    })
                    .collect();
                let interval = windows
                    .iter()
                    .map(|w| {
                        w.interval
                            .map_or((f64::NAN, f64::NAN), |[l, h]| (100.0 * l, 100.0 * h))
                    })
                    .collect();
                panel
                    .series
                    .push(Series::new(plain(arm), *look, points).with_interval(interval));
                if let Some(slope) = found.evaluation.slope.points_per_million_steps
                    && let Some(standard_error) = slope.standard_error
                {
                    panel.slopes.push(Slope {
                        name: plain(arm),
                        look: *look,
                        points_per_million: slope.value,
                        standard_error,
                    });
                }
            }
            panel
        })
        .collect();
    Accuracy {
        title: "Does accuracy fall along the stream?".into(),
        x: Axis::linear("stream position, steps (never reset)"),
        y: Axis::linear("accuracy, %").over(0.0, 100.0),
        chance: Some(100.0 * summary.chance),
        panels,
    }
}
