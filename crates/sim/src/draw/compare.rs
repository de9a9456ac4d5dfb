//! Models and arms side by side: points with intervals, and the table as a heat map.

use saturn_plots::{Axis, Compare, CompareItem, ComparePanel, CompareValue, Heat, Look, arm_looks};

use super::{arms, models, plain, streams};
use crate::run::summary::{Row, Summary};

/// The row of a model, arm, stream and policy.
fn find<'a>(
    summary: &'a Summary,
    model: &str,
    arm: &str,
    stream: &str,
    reset: &str,
) -> Option<&'a Row> {
    summary.table.iter().find(|row| {
        (row.model.as_str(), row.arm.as_str()) == (model, arm)
            && (row.stream.as_str(), row.state_reset.as_str()) == (stream, reset)
    })
}

/// Accuracy summed over the segment: every arm without resets, and classic with oracle resets.
pub fn bars(summary: &Summary) -> Compare {
    let (models, arms) = (models(summary), arms(summary));
    let looks = arm_looks(&arms);
    let mut items: Vec<(&str, &str, CompareItem)> = Vec::new();
    if arms.iter().any(|arm| arm == "classic")
        && summary.table.iter().any(|row| row.state_reset == "oracle")
    {
        items.push((
            "classic",
            "oracle",
            CompareItem {
                name: "classic, oracle reset".into(),
                look: Look::arm("classic").with_reset("oracle"),
            },
        ));
    }
    for (arm, look) in arms.iter().zip(&looks) {
        items.push((
            arm,
            "none",
            CompareItem {
                name: format!("{}, never reset", plain(arm)),
                look: *look,
            },
        ));
    }
    let panels = streams(summary)
        .iter()
        .map(|stream| ComparePanel {
            title: format!("gaps: {}", plain(stream)),
            values: models
                .iter()
                .map(|model| {
                    items
                        .iter()
                        .map(|(arm, reset, _)| {
                            let summed = find(summary, model, arm, stream, reset)?.summed?;
                            let [low, high] =
                                summed.interval.unwrap_or([summed.value, summed.value]);
                            Some(CompareValue {
                                value: 100.0 * summed.value,
                                low: 100.0 * low.max(0.0),
                                high: 100.0 * high.min(1.0),
                            })
                        })
                        .collect()
                })
                .collect(),
        })
        .collect();
    Compare {
        title: "Accuracy on a stream that is never reset".into(),
        x: Axis::linear("accuracy, % (95 % interval)").over(0.0, 100.0),
        chance: Some(100.0 * summary.chance),
        models: models.iter().map(|m| m.to_uppercase()).collect(),
        items: items.into_iter().map(|(_, _, item)| item).collect(),
        panels,
    }
}

/// The same numbers as a table, on the first stream.
pub fn table(summary: &Summary) -> Heat {
    let (models, arms) = (models(summary), arms(summary));
    let stream = streams(summary).into_iter().next().unwrap_or_default();
    let resets = ["none", "oracle"];
    let columns: Vec<(String, &str)> = arms
        .iter()
        .flat_map(|arm| resets.map(|reset| (arm.clone(), reset)))
        .filter(|(arm, reset)| {
            models
                .iter()
                .any(|model| find(summary, model, arm, &stream, reset).is_some())
        })
        .collect();
    let values = models
        .iter()
        .flat_map(|model| {
            columns.iter().map(|(arm, reset)| {
                find(summary, model, arm, &stream, reset)
                    .and_then(|row| row.summed)
                    .map_or(f64::NAN, |summed| 100.0 * summed.value)
            })
        })
        .collect();
    Heat {
        title: format!("Accuracy, gaps: {}", plain(&stream)),
        unit: "%".into(),
        rows: models.iter().map(|m| m.to_uppercase()).collect(),
        columns: columns
            .iter()
            .map(|(arm, reset)| {
                let reset = if *reset == "none" { "never" } else { reset };
                format!("{}, {reset}", plain(arm))
            })
            .collect(),
        values,
        range: Some((0.0, 100.0)),
        places: 1,
        ..Heat::default()
    }
}
