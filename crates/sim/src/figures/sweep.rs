//! Lines of accuracy against a swept quantity.

use saturn_plots::{LinePanel, Look, Series};

use saturn_eval::stats::estimate::Estimate;

/// A line with its intervals, in per cent.
pub(super) fn line(name: String, look: Look, found: &[(f64, &Estimate)]) -> Series {
    let points = found.iter().map(|(x, e)| (*x, 100.0 * e.value)).collect();
    let bounds = found.iter().map(|(_, e)| {
        let [low, high] = e.interval.unwrap_or([f64::NAN; 2]);
        (100.0 * low.max(0.0), 100.0 * high.min(1.0))
    });
    Series::new(name, look, points).with_interval(bounds.collect())
}

/// Where the axis of accuracies may begin, %: all that is drawn lies above it.
pub(super) fn floor(panels: &[LinePanel]) -> f64 {
    let lows = panels.iter().flat_map(|panel| {
        let bounds = panel
            .series
            .iter()
            .flat_map(|s| s.interval.iter().flatten());
        let points = panel.series.iter().flat_map(|s| &s.points);
        (bounds.map(|b| b.0).chain(points.map(|p| p.1))).chain(panel.levels.iter().map(|l| l.value))
    });
    let low = lows.filter(|y| y.is_finite()).fold(100.0, f64::min);
    (low / 10.0).floor() * 10.0
}
