//! States of a few units over the recorded stretch, arms one above another.

use std::path::Path;

use saturn_plots::{TraceArm, Traces, arm_looks};

use super::stream::spans;
use super::{arms, plain, trace};
use crate::run::summary::Summary;
use crate::run::trace::TraceError;

/// How much of the stretch is drawn, steps.
const STEPS: usize = 400;

/// The first hidden layer's first field.
pub fn traces(folder: &Path, summary: &Summary, model: &str) -> Result<Option<Traces>, TraceError> {
    let all = arms(summary);
    let looks = arm_looks(&all);
    let mut figure: Option<Traces> = None;
    for (arm, look) in all.iter().zip(looks) {
        if !matches!(arm.as_str(), "classic" | "adaptive") && all.len() > 2 {
            continue;
        }
        let Some(trace) = trace(folder, summary, model, arm)? else {
            continue;
        };
        let Some(state) = trace.states.first() else {
            continue;
        };
        let steps = STEPS.min(trace.steps());
        let dt_s = trace.dt_ms / 1e3;
        let drawn = figure.get_or_insert_with(|| Traces {
            title: format!(
                "{}: states of {} units on the same stretch",
                model.to_uppercase(),
                state.units
            ),
            quantity: format!("state {}", state.name),
            start_s: trace.start as f64 * dt_s,
            dt_s,
            mask: trace.mask[..steps].iter().map(|&m| f32::from(m)).collect(),
            spans: spans(&trace, &(0..steps), summary),
            arms: Vec::new(),
        });
        drawn.arms.push(TraceArm {
            name: plain(arm),
            look,
            units: (0..state.units)
                .map(|unit| {
                    let values = (0..steps).map(|t| state.values[t * state.units + unit]);
                    (format!("unit {}", unit + 1), values.collect())
                })
                .collect(),
        });
    }
    Ok(figure)
}
