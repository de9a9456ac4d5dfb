//! How much of the past is left after the same gap, a panel a model.

use saturn_plots::{Axis, Contraction, LinePanel, Series, arm_looks};

use super::{arms, cells, models, plain, streams};
use crate::monitor::contraction::{ContractionCurve, headline};
use crate::run::summary::Summary;

/// One figure a stream that has gaps: the mean over layers of each one's main state, readout aside, and
/// over seeds.
pub fn contraction(summary: &Summary) -> Vec<(String, Contraction)> {
    let arms = arms(summary);
    let looks = arm_looks(&arms);
    let mut figures = Vec::new();
    for stream in streams(summary) {
        let mut any = false;
        let panels = models(summary)
            .iter()
            .map(|model| {
                let series = arms
                    .iter()
                    .zip(&looks)
                    .filter_map(|(arm, look)| {
                        let values = mean(summary, model, arm, &stream)?;
                        any = true;
                        let points = values
                            .iter()
                            .enumerate()
                            .map(|(k, v)| (k as f64 * summary.dt_ms / 1e3, *v))
                            .collect();
                        Some(Series::new(plain(arm), *look, points))
                    })
                    .collect();
                LinePanel::new(model.to_uppercase(), series)
            })
            .collect();
        if any {
            let name = format!("contraction-{}", stream.replace(' ', "-"));
            figures.push((
                name,
                Contraction {
                    title: format!(
                        "What is left of the past after the same gap: {}",
                        plain(&stream)
                    ),
                    x: Axis::linear("s of the same gap"),
                    y: Axis::linear(
                        "difference that the past still makes (1 = at the sample's end)",
                    ),
                    panels,
                    ..Contraction::default()
                },
            ));
        }
    }
    figures
}

/// The mean curve over seeds.
fn mean(summary: &Summary, model: &str, arm: &str, stream: &str) -> Option<Vec<f64>> {
    let mut sum: Vec<f64> = Vec::new();
    let mut n = 0.0;
    for cell in cells(summary, model, arm) {
        for found in cell.contraction.iter().filter(|c| c.stream == stream) {
            let values = headline(&without_readout(&found.curves))?.values;
            sum.resize(values.len().max(sum.len()), 0.0);
            for (s, v) in sum.iter_mut().zip(&values) {
                *s += v;
            }
            n += 1.0;
        }
    }
    (n > 0.0).then(|| sum.iter().map(|s| s / n).collect())
}

/// The curves of hidden layers: a readout's own memory (the field `v` of leaky integrators has no
/// spikes beside it) is not what the net remembers by.
fn without_readout(curves: &[ContractionCurve]) -> Vec<ContractionCurve> {
    let last = curves.iter().map(|c| c.layer).max().unwrap_or(0);
    let spiking = |layer: usize| curves.iter().any(|c| c.layer == layer && c.spikes);
    let readout = (0..last).any(spiking) && !spiking(last);
    curves
        .iter()
        .filter(|c| !(readout && c.layer == last))
        .cloned()
        .collect()
}
