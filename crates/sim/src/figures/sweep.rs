//! Lines of accuracy against a swept quantity.

use saturn_plots::{Look, Series};

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
