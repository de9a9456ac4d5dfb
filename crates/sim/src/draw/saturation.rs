//! What the instruments saw along the stream, a figure a model: lines are arms.

use saturn_plots::{Axis, Look, Saturation, SaturationModel, SaturationPanel, Series, arm_looks};

use super::{arms, cells, models, plain, unreset};
use crate::eval::evaluate::Watched;
use crate::run::summary::Summary;

/// One instrument: its title, its axis, and what it reads of a window, mean over what a layer has.
type Instrument = (&'static str, fn() -> Axis, fn(&Watched) -> Option<f64>);

const INSTRUMENTS: [Instrument; 6] = [
    (
        "Pinned units and gates",
        || Axis::linear("share, %").over(0.0, 100.0),
        |w| mean(w.stats.pinned.values().map(|v| 100.0 * v)),
    ),
    (
        "Firing rate",
        || Axis::linear("Hz a neuron"),
        |w| mean(w.stats.spikes.values().map(|s| s.rate_hz)),
    ),
    (
        "Silent neurons",
        || Axis::linear("share, %").over(0.0, 100.0),
        |w| mean(w.stats.spikes.values().map(|s| 100.0 * s.silent)),
    ),
    (
        "Always-on neurons",
        || Axis::linear("share, %").over(0.0, 100.0),
        |w| mean(w.stats.spikes.values().map(|s| 100.0 * s.always_on)),
    ),
    (
        "State over its bound",
        || Axis::linear("highest |x| / bound"),
        |w| w.stats.bound.as_ref().map(|b| b.max),
    ),
    (
        "Effective rank",
        || Axis::linear("dimensions"),
        |w| w.stats.rank.as_ref().map(|r| r.participation_ratio),
    ),
];

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The instruments that fit `model`, on the first stream without resets, first seed.
pub fn saturation(summary: &Summary, model: &str) -> Option<Saturation> {
    let arms = arms(summary);
    let looks = arm_looks(&arms);
    let panels: Vec<SaturationPanel> = INSTRUMENTS
        .iter()
        .filter_map(|(title, y, read)| {
            let series: Vec<Series> = arms
                .iter()
                .zip(&looks)
                .filter_map(|(arm, look)| line(summary, model, arm, *look, *read))
                .collect();
            (!series.is_empty()).then(|| SaturationPanel {
                title: (*title).to_owned(),
                y: y(),
                series,
                ..SaturationPanel::default()
            })
        })
        .collect();
    (!panels.is_empty()).then(|| Saturation {
        title: "The state along a stream that is never reset".into(),
        x: Axis::linear("stream position, steps"),
        models: vec![SaturationModel {
            name: model.to_uppercase(),
            panels,
        }],
    })
}

/// One arm's line: the mean over layers of `read`, hidden layers alone.
fn line(
    summary: &Summary,
    model: &str,
    arm: &str,
    look: Look,
    read: fn(&Watched) -> Option<f64>,
) -> Option<Series> {
    let found = cells(summary, model, arm).next().and_then(unreset)?;
    let watched = &found.evaluation.saturation;
    let readout = watched.iter().map(|w| w.layer).max()?;
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut steps: Vec<u64> = watched.iter().map(|w| w.step).collect();
    steps.dedup();
    for step in steps {
        let here = watched
            .iter()
            .filter(|w| w.step == step && w.layer < readout);
        if let Some(value) = mean(here.filter_map(read)) {
            points.push((step as f64, value));
        }
    }
    debug_assert!(models(summary).iter().any(|m| m == model));
    (!points.is_empty()).then(|| Series::new(plain(arm), look, points))
}
