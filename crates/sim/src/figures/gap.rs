//! Accuracy against the length of the gap before a sample, on streams that are never reset.
//!
//! Streams with the same gap fill share a figure: a scenario may spread its gap lengths over one stream or
//! several.

use std::collections::BTreeMap;

use saturn_plots::{Axis, LinePanel, Look, Series, Sweep};

use super::items::items;
use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::gap::GapBin;

/// Figures that are drawn.
const FIGURES: usize = 2;
/// Minimum number of samples of a point: fewer are not informative.
const FEWEST: u64 = 20;
/// The longest gap over the shortest from which the axis is logarithmic.
const WIDE: f64 = 8.0;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for streams in alike(scope).into_iter().take(FIGURES) {
        let panels: Vec<LinePanel> = (scope.models.iter())
            .map(|model| {
                let lines = items(scope).into_iter().filter_map(|item| {
                    let bins = bins(scope, model, item.arm, &streams, item.state_reset);
                    let line = line(scope, item.name, item.look, &bins)?;
                    Some(if scope.banded(item.arm) {
                        line
                    } else {
                        line.without_interval()
                    })
                });
                LinePanel::new(names::model(model), lines.collect())
            })
            .filter(|panel| !panel.series.is_empty())
            .collect();
        let lengths = || {
            let points = panels
                .iter()
                .flat_map(|p| &p.series)
                .flat_map(|s| &s.points);
            points.map(|p| p.0)
        };
        let (shortest, longest) = lengths().fold((f64::INFINITY, 0.0), |(low, high), x| {
            (f64::min(low, x), f64::max(high, x))
        });
        // One length is no sweep.
        if longest <= shortest {
            continue;
        }
        let label = "length of the gap before a sample, s";
        let title = format!(
            "Accuracy after gaps of different lengths, {}",
            scope.stream_name(streams[0])
        );
        let figure = Sweep {
            title: title.clone(),
            caption: format!(
                "Accuracy of the samples that follow a gap of a length, where there are at least {FEWEST}, \
                 with 95 % intervals as bands: a falling line is a network that long gaps degrade, a rising \
                 one a network that needs the gap to forget the sample before."
            ),
            x: if longest > WIDE * shortest {
                Axis::log(label)
            } else {
                Axis::linear(label)
            },
            chance: Some(100.0 * scope.summary.chance),
            panels,
            ..Sweep::default()
        };
        let name = format!("gap-{}", streams[0]).replace(' ', "-");
        sheet.add(Plot::Gap, &name, &title, &figure)?;
    }
    Ok(())
}

/// The streams with gaps, those with the same fills together.
fn alike<'a>(scope: &Scope<'a>) -> Vec<Vec<&'a str>> {
    let streams = &scope.evaluate.streams;
    let mut groups: Vec<(&[_], Vec<&str>)> = Vec::new();
    for &stream in &scope.streams {
        let Some(Some(gap)) = streams.get(stream) else {
            continue;
        };
        match groups.iter_mut().find(|(fill, _)| *fill == gap.fill) {
            Some((_, group)) => group.push(stream),
            None => groups.push((&gap.fill, vec![stream])),
        }
    }
    groups.into_iter().map(|(_, streams)| streams).collect()
}

/// The bins of all seeds on all of `streams`, by their shortest gap; bins without a gap are left out.
fn bins<'a>(
    scope: &Scope<'a>,
    model: &str,
    arm: &str,
    streams: &[&str],
    policy: &str,
) -> BTreeMap<u64, Vec<&'a GapBin>> {
    let mut bins: BTreeMap<u64, Vec<&GapBin>> = BTreeMap::new();
    let evaluations = scope.cells(model, arm).flat_map(|cell| &cell.evaluations);
    let chosen =
        evaluations.filter(|e| streams.contains(&e.stream.as_str()) && e.state_reset == policy);
    for bin in chosen.flat_map(|e| &e.evaluation.gaps) {
        if bin.from > 0 {
            bins.entry(bin.from).or_default().push(bin);
        }
    }
    bins
}

/// A line through the bins: all samples together, with the mean of the intervals.
fn line(
    scope: &Scope,
    name: String,
    look: Look,
    bins: &BTreeMap<u64, Vec<&GapBin>>,
) -> Option<Series> {
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for bins in bins.values() {
        let total: u64 = bins.iter().map(|bin| bin.total).sum();
        let right: u64 = bins.iter().map(|bin| bin.right).sum();
        if total < FEWEST {
            continue;
        }
        let steps: f64 = (bins.iter())
            .map(|bin| bin.mean_steps * bin.total as f64)
            .sum();
        let bound = |side: usize| {
            let bounds = bins.iter().map(|bin| 100.0 * bin.interval[side]);
            mean(bounds).unwrap_or(f64::NAN)
        };
        let length_s = steps / total as f64 * scope.summary.dt_ms / 1e3;
        points.push((length_s, 100.0 * right as f64 / total as f64));
        band.push((bound(0), bound(1)));
    }
    (!points.is_empty()).then(|| Series::new(name, look, points).with_interval(band))
}
