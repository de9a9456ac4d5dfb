//! Can a network run without resets? A checklist of requirements, from a run's summary.
//!
//! Each item has a limit, and one of three verdicts: *shown* if the one-sided 95 % bound of the result is
//! within the limit, *shown otherwise* if the opposite bound is beyond it, *not shown* if the run is
//! inconclusive or has no measurement. Bounds of accuracies are those of [`saturn_eval::stats::crossed`], of
//! other quantities Student's over seeds; a single seed has no bound, so its verdict is *not shown*. An item
//! about every stream is shown if it is shown on each of them, which needs no correction for their number.
//! The limits are those of the practitioner's guide, `docs/guide.md`.

use crate::figures::names;
use crate::figures::nets::saturated;
use crate::figures::scope::{NEVER, hidden_contraction};
use crate::run::summary::{CellSummary, Row, Summary};
use crate::run::trials::thin::LAG;
use saturn_eval::evaluate::Evaluation;
use saturn_eval::reading::Reading;
use saturn_eval::stats::crossed::{Seed, difference};
use saturn_eval::stats::verdict::{MARGIN, Verdict};

use super::numbers::{fixed, percent, signed};
use found::{Found, Limit, on_every, over_seeds, within};

mod found;

/// Upper limit on the remaining effect of the past.
const LEFT: f64 = 0.15;
/// Points by which the share of saturated values may grow from the first window to the last.
const GROWTH: f64 = 5.0;
/// How far the highest probability late in gaps may lie above chance.
const CALM: f64 = 0.1;
/// False alarms of the detector in an hour.
const ALARMS: f64 = 60.0;
/// MiB by which memory may grow after the first tenth of a stream.
const MEMORY: f64 = 1.0;
/// Share of steps at which an estimated mask must agree with the labels.
const AGREEMENT: f64 = 0.95;
/// Seeds behind a figure.
const SEEDS: usize = 3;
/// Text of a missing measurement.
const NOTHING: &str = "not measured";

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The requirement, with its limit.
    pub asked: String,
    /// What was found.
    pub found: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// The checklist of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checklist {
    /// The model's name in the scenario.
    pub model: String,
    /// The arm's name in the scenario.
    pub arm: String,
    /// The items.
    pub items: Vec<Item>,
}

/// The arm in question: the one that is compared with the reference, or else the last one with results.
pub fn arm_of(summary: &Summary) -> Option<&str> {
    let arms = || summary.table.iter().map(|row| row.arm.as_str());
    let subject = summary.roles.subject(&summary.reference);
    (arms().find(|arm| Some(*arm) == subject))
        .or_else(|| arms().rfind(|arm| *arm != summary.reference.arm))
        .or_else(|| arms().next())
}

/// A checklist a model, for nets trained in `arm`.
pub fn checklists(summary: &Summary, arm: &str) -> Vec<Checklist> {
    let mut models: Vec<&str> = Vec::new();
    for cell in summary.cells.iter().filter(|cell| cell.arm == arm) {
        if !models.contains(&cell.model.as_str()) {
            models.push(&cell.model);
        }
    }
    let list = |model: &&str| {
        let nets = Nets {
            summary,
            cells: (summary.cells.iter())
                .filter(|cell| cell.model == *model && cell.arm == arm)
                .collect(),
            rows: (summary.table.iter())
                .filter(|r| r.model == *model && r.arm == arm && r.state_reset == NEVER)
                .collect(),
        };
        Checklist {
            model: (*model).to_owned(),
            arm: arm.to_owned(),
            items: nets.items(),
        }
    };
    models.iter().map(list).collect()
}

/// Lines of a checklist for the terminal, the verdict first.
pub fn lines(list: &Checklist) -> Vec<String> {
    let head = format!(
        "{}, {}, never reset:",
        names::model(&list.model),
        names::arm(&list.arm)
    );
    let line = |item: &Item| format!("  {:<15}  {}: {}", item.verdict, item.asked, item.found);
    [head]
        .into_iter()
        .chain(list.items.iter().map(line))
        .collect()
}

/// The nets of a model and an arm, one a seed, with their rows of the table.
struct Nets<'a> {
    summary: &'a Summary,
    cells: Vec<&'a CellSummary>,
    rows: Vec<&'a Row>,
}

impl<'a> Nets<'a> {
    fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> = Reading::ALL.map(|reading| self.accuracy(reading)).into();
        items.extend([
            self.detector(),
            self.slope(),
            self.saturation(),
            self.contraction(),
            self.calm(),
            self.alarms(),
            self.memory(),
        ]);
        items.extend(self.mask());
        items.push(self.split());
        items.push(self.seeds());
        items
    }

    /// The evaluations that are never reset, on `stream`.
    fn never(&self, stream: &str) -> Vec<&'a Evaluation> {
        (self.cells.iter())
            .flat_map(|cell| &cell.evaluations)
            .filter(|e| e.state_reset == NEVER && e.stream == stream)
            .map(|e| &e.evaluation)
            .collect()
    }

    fn streams(&self) -> impl Iterator<Item = &'a str> {
        self.rows.iter().map(|row| row.stream.as_str())
    }

    /// What each stream's evaluations give, over seeds.
    fn found(&self, of: impl Fn(&Evaluation) -> Option<f64>) -> Vec<Found<'a>> {
        let found = |stream| {
            let values: Vec<f64> = self.never(stream).into_iter().filter_map(&of).collect();
            over_seeds(stream, &values)
        };
        self.streams().filter_map(found).collect()
    }

    /// A difference of accuracies in points.
    fn points(&self, found: &Found) -> String {
        let text = within(found, |share| signed(100.0 * share, 1));
        format!(
            "{text} on {}",
            self.summary.roles.stream_label(found.stream)
        )
    }

    /// A number with a given number of decimal places.
    fn on(&self, found: &Found, places: usize) -> String {
        let text = within(found, |value| fixed(value, places));
        format!(
            "{text} on {}",
            self.summary.roles.stream_label(found.stream)
        )
    }

    fn accuracy(&self, reading: Reading) -> Item {
        let reference = &self.summary.reference;
        let asked = format!(
            "{} accuracy at most {} points below {}, {}, on every stream",
            reading.name(),
            100.0 * MARGIN,
            names::arm(&reference.arm),
            self.summary.roles.policy_label(&reference.state_reset)
        );
        let of = |row: &&'a Row| {
            let against = row.against.of(reading)?;
            Some(Found {
                stream: &row.stream,
                value: against.estimate.value,
                bounds: against.bounds,
            })
        };
        let all: Vec<Found> = self.rows.iter().filter_map(of).collect();
        on_every(asked, &all, Limit::AtLeast(-MARGIN), |found| {
            self.points(found)
        })
    }

    fn detector(&self) -> Item {
        let asked = format!(
            "detector without boundaries at most {} points below the summed accuracy",
            100.0 * MARGIN
        );
        let of = |stream| {
            let found = self.never(stream);
            let pair = |e: &&'a Evaluation| {
                let seed = |reading: Reading| {
                    let estimate = reading.estimate(e)?;
                    Some(Seed::new(estimate, e.segments, reading.tallies(e)))
                };
                Some((seed(Reading::Detector)?, seed(Reading::Summed)?))
            };
            let pairs: Vec<_> = found.iter().filter_map(pair).collect();
            let difference = difference(&pairs)?;
            Some(Found {
                stream,
                value: difference.estimate.value,
                bounds: difference.bounds,
            })
        };
        let all: Vec<Found> = self.streams().filter_map(of).collect();
        on_every(asked, &all, Limit::AtLeast(-MARGIN), |found| {
            self.points(found)
        })
    }

    fn slope(&self) -> Item {
        let first = self.streams().next();
        let steps = first.and_then(|stream| {
            let found = self.never(stream);
            found.first().map(|e| e.steps / e.lanes.max(1) as u64)
        });
        let asked = format!(
            "accuracy falls by at most {} points along the stream",
            100.0 * MARGIN
        );
        let along = 1e-6 * steps.unwrap_or(0) as f64;
        let all: Vec<Found> = (first.into_iter())
            .filter_map(|stream| {
                let found = self.never(stream);
                let slopes = found
                    .iter()
                    .filter_map(|e| e.slope.points_per_million_steps);
                let values: Vec<f64> = slopes.map(|s| along * s.value).collect();
                over_seeds(stream, &values)
            })
            .collect();
        on_every(asked, &all, Limit::AtLeast(-100.0 * MARGIN), |found| {
            let text = within(found, |points| signed(points, 1));
            format!("{text} points over {} steps", steps.unwrap_or(0))
        })
    }

    fn saturation(&self) -> Item {
        let asked = format!(
            "saturated values grow by at most {GROWTH} points from the first window to the last"
        );
        let growth = |e: &Evaluation| {
            let step = e.saturation.iter().map(|w| w.step).min()?;
            let last = e.saturation.iter().map(|w| w.step).max()?;
            let mut early = e.clone();
            early.saturation.retain(|w| w.step == step);
            let (from, to) = (saturated(&[&early])?, saturated(&[e])?);
            (last > step).then_some(100.0 * (to - from))
        };
        let mut all = self.found(growth);
        all.truncate(1);
        on_every(asked, &all, Limit::AtMost(GROWTH), |found| {
            format!("{} points", within(found, |points| signed(points, 1)))
        })
    }

    fn contraction(&self) -> Item {
        let asked = format!("at most {LEFT} of the past left after {LAG} steps of gap");
        let left = |stream| {
            let cells = self.cells.iter();
            let seeds: Vec<f64> = cells
                .filter_map(|cell| hidden_contraction(cell, stream, LAG))
                .collect();
            over_seeds(stream, &seeds)
        };
        let all: Vec<Found> = self.streams().filter_map(left).collect();
        on_every(asked, &all, Limit::AtMost(LEFT), |found| self.on(found, 3))
    }

    fn calm(&self) -> Item {
        let most = self.summary.chance + CALM;
        let asked = format!("highest probability late in gaps at most {most:.2}");
        let all = self.found(|e| e.late_gap_max_probability);
        on_every(asked, &all, Limit::AtMost(most), |found| self.on(found, 3))
    }

    fn alarms(&self) -> Item {
        let asked = format!("at most {ALARMS:.0} false alarms an hour");
        let all = self.found(|e| e.false_alarms_per_hour);
        on_every(asked, &all, Limit::AtMost(ALARMS), |found| {
            self.on(found, 0)
        })
    }

    /// Memory has no statistical error.
    fn memory(&self) -> Item {
        let asked = format!("memory grows by at most {MEMORY} MiB after a tenth of the stream");
        let all: Vec<Found> = (self.streams())
            .flat_map(|stream| {
                let found = self.never(stream);
                found.into_iter().filter_map(move |e| {
                    let value = e.resident_mib.map(|[a, b]| b - a)?;
                    let bounds = Some([value; 2]);
                    Some(Found {
                        stream,
                        value,
                        bounds,
                    })
                })
            })
            .collect();
        on_every(asked, &all, Limit::AtMost(MEMORY), |found| {
            format!("{} MiB", signed(found.value, 1))
        })
    }

    /// None if the mask is that of the labels.
    fn mask(&self) -> Option<Item> {
        let masks = self.cells.iter().filter_map(|cell| cell.training.mask);
        let estimated = masks.filter(|mask| mask.threshold.is_some());
        let agreement: Vec<f64> = estimated.filter_map(|mask| mask.valid.agreement).collect();
        let found = over_seeds("", &agreement)?;
        let asked = format!(
            "estimated mask agrees with the labels in {} % of steps",
            percent(AGREEMENT)
        );
        Some(on_every(
            asked,
            &[found],
            Limit::AtLeast(AGREEMENT),
            |found| format!("{} %", within(found, percent)),
        ))
    }

    fn split(&self) -> Item {
        let test = self.summary.split == "test";
        Item {
            asked: "evaluated on recordings that no setting was chosen on".to_owned(),
            found: if test {
                "the test split".to_owned()
            } else {
                "the validation split: `--final` reads the test split".to_owned()
            },
            verdict: if test {
                Verdict::Shown
            } else {
                Verdict::NotShown
            },
        }
    }

    fn seeds(&self) -> Item {
        let n = self.cells.len();
        Item {
            asked: format!("at least {SEEDS} seeds"),
            found: n.to_string(),
            verdict: Verdict::known(n >= SEEDS),
        }
    }
}

#[cfg(test)]
mod tests;
