//! Which figures are out of their ranges.
//!
//! With [least, most] the learnt range of a figure and tau the tolerance, a value is in its range from
//!
//! ```text
//! (1) max(0, least - tau (most - least) - slack)    to    most + tau (most - least) + slack
//! (2) slack = 0.02 max(|least|, |most|) + 1e-6
//! ```
//!
//! A figure raises the *alarm* after `patience` consecutive windows out of its range, and clears it after as
//! many within. Values that are not finite raise it immediately, with or without a known range.

use serde::{Deserialize, Serialize};

use super::figures::Common;
use super::ranges::Ranges;

/// How strict a watch is.
///
/// | field | default | range | unit | turning it up |
/// |---|---|---|---|---|
/// | `tolerance` | 0.5 | 0.. | widths of the range | warns of less |
/// | `patience` | 3 | 1.. | windows | warns later, and of fewer brief departures |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchConfig {
    /// tau.
    pub tolerance: f64,
    /// Consecutive windows.
    pub patience: u32,
}

/// A figure that raises the alarm, or gives it up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which one.
    pub figure: usize,
    /// Its value.
    pub value: f64,
    /// Whether it is out of its range now.
    pub out: bool,
}

/// The watch of a live net.
#[derive(Clone, Debug)]
pub struct Watch {
    patience: u32,
    /// (1) of each figure; `None` without a learnt range.
    limits: Vec<Option<[f64; 2]>>,
    /// The index of the figure for values that are not finite.
    not_finite: Option<usize>,
    kept: Vec<Kept>,
}

/// State of a watch for one figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Consecutive windows on the other side.
    streak: u32,
    /// Whether it raises the alarm.
    alarm: bool,
}

impl Watch {
    /// A watch over the figures `names`; without `ranges` only values that are not finite are out of range.
    pub fn new(names: &[String], ranges: Option<&Ranges>, config: &WatchConfig) -> Self {
        let limits = names.iter().map(|name| {
            let range = ranges?.figures.iter().find(|range| range.name == *name)?;
            let slack = 0.02 * range.least.abs().max(range.most.abs()) + 1e-6;
            let more = config.tolerance * (range.most - range.least) + slack;
            // No figure is below 0.
            Some([(range.least - more).max(0.0), range.most + more])
        });
        let mut limits: Vec<_> = limits.collect();
        let not_finite = (names.iter()).position(|name| name == Common::NotFinite.name());
        if let Some(i) = not_finite {
            limits[i] = Some([0.0, 0.0]);
        }
        Self {
            patience: config.patience,
            kept: vec![Kept::default(); limits.len()],
            not_finite,
            limits,
        }
    }

    /// The limits of figure `i`.
    pub fn limits(&self, i: usize) -> Option<[f64; 2]> {
        self.limits[i]
    }

    /// Whether figure `i` raises the alarm.
    pub fn is_out(&self, i: usize) -> bool {
        self.kept[i].alarm
    }

    /// Whether any does.
    pub fn alarm(&self) -> bool {
        self.kept.iter().any(|kept| kept.alarm)
    }

    /// Its state.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Restores the state of another; returns whether it has as many figures.
    pub fn restore(&mut self, kept: Vec<Kept>) -> bool {
        let fits = kept.len() == self.kept.len();
        if fits {
            self.kept = kept;
        }
        fits
    }

    /// The values of a window; adds what has changed to `changes`.
    pub fn judge(&mut self, values: &[f64], changes: &mut Vec<Change>) {
        for (i, ((&value, limits), kept)) in values
            .iter()
            .zip(&self.limits)
            .zip(&mut self.kept)
            .enumerate()
        {
            let out = match *limits {
                Some([low, high]) => !(low <= value && value <= high),
                None => !value.is_finite(),
            };
            if out == kept.alarm {
                kept.streak = 0;
                continue;
            }
            kept.streak += 1;
            let at_once = out && (self.not_finite == Some(i) || !value.is_finite());
            if at_once || kept.streak >= self.patience {
                *kept = Kept {
                    streak: 0,
                    alarm: out,
                };
                changes.push(Change {
                    figure: i,
                    value,
                    out,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranges::Range;
    use super::*;

    #[test]
    fn a_figure_must_stay_out_to_raise_the_alarm_and_in_to_end_it() {
        let names = ["a", "state.not_finite", "unknown"].map(str::to_owned);
        let range = Range {
            name: "a".to_owned(),
            least: 1.0,
            most: 2.0,
            mean: 1.5,
        };
        let ranges = Ranges {
            window: 10,
            windows: 10,
            weights: String::new(),
            figures: vec![range],
        };
        let config = WatchConfig {
            tolerance: 0.5,
            patience: 2,
        };
        let mut watch = Watch::new(&names, Some(&ranges), &config);
        let mut hear = |a: f64, not_finite: f64| {
            let mut changes = Vec::new();
            watch.judge(&[a, not_finite, 1e9], &mut changes);
            let said: Vec<_> = changes.iter().map(|c| (c.figure, c.out)).collect();
            (said, watch.alarm())
        };
        // From 0.46 to 2.54.
        assert_eq!(hear(2.5, 0.0), (vec![], false));
        assert_eq!(hear(2.6, 0.0), (vec![], false));
        assert_eq!(hear(0.5, 0.0), (vec![], false));
        assert_eq!(hear(0.4, 0.0), (vec![], false));
        assert_eq!(hear(0.4, 0.0), (vec![(0, true)], true));
        assert_eq!(hear(1.0, 0.0), (vec![], true));
        assert_eq!(hear(1.0, 0.1), (vec![(0, false), (1, true)], true));
        assert_eq!(hear(f64::NAN, 0.0), (vec![(0, true)], true));
    }

    /// NaN weights make NaN outputs, even in networks whose states stay finite.
    #[test]
    fn what_is_not_finite_raises_the_alarm_without_ranges() {
        let names = Common::ALL.map(|figure| figure.name().to_owned());
        let config = WatchConfig {
            tolerance: 0.5,
            patience: 3,
        };
        for (values, expected) in [
            ([1e9, 0.5, 0.0], None),
            ([20.0, f64::NAN, 0.0], Some(1)),
            ([20.0, 0.5, 0.01], Some(2)),
            ([f64::INFINITY, 0.5, 0.0], Some(0)),
        ] {
            let mut watch = Watch::new(&names, None, &config);
            let mut changes = Vec::new();
            watch.judge(&values, &mut changes);
            assert_eq!(changes.first().map(|c| c.figure), expected, "{values:?}");
            assert_eq!(watch.alarm(), expected.is_some());
        }
    }
}
