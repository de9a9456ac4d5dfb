//! Is a net fit to run without resets? A list of what must hold, from a run's summary.
//!
//! Each item has a limit and is passed, failed or not measured; a run that lacks what an item needs fails
//! nothing by it, and passes nothing. Means are over seeds. The limits are those of the practitioner's guide,
//! `docs/guide.md`.

use std::fmt;

use crate::eval::bootstrap::{Estimate, over_seeds};
use crate::eval::evaluate::Evaluation;
use crate::figures::names;
use crate::figures::nets::saturated;
use crate::figures::scope::{NEVER, hidden_contraction, mean};
use crate::run::cells::thin::LAG;
use crate::run::summary::{CellSummary, Row, Summary};

use super::numbers::{interval_of_difference, percent, signed};

/// Points that a net may lie below the reference.
const BELOW: f64 = 2.5;
/// What may be left of the past.
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

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The run cannot tell.
    NotMeasured,
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotMeasured => "not measured",
        })
    }
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is asked, with its limit.
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

/// The arm that is asked about: the one that is compared with the reference, or else the last one with results.
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

/// Lines of a checklist for the terminal.
pub fn lines(list: &Checklist) -> Vec<String> {
    let head = format!(
        "{}, {}, never reset:",
        names::model(&list.model),
        names::arm(&list.arm)
    );
    let line = |item: &Item| format!("  {:<12}  {}: {}", item.verdict, item.asked, item.found);
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
        let mut items = vec![
            self.accuracy(),
            self.detector(),
            self.slope(),
            self.saturation(),
            self.contraction(),
            self.calm(),
            self.alarms(),
            self.memory(),
        ];
        items.extend(self.mask());
        items.push(self.split());
        items.push(self.seeds());
        items
    }

    /// The evaluations that are never reset, on all streams.
    fn never(&self) -> Vec<(&'a str, &'a Evaluation)> {
        (self.cells.iter())
            .flat_map(|cell| &cell.evaluations)
            .filter(|e| e.state_reset == NEVER)
            .map(|e| (e.stream.as_str(), &e.evaluation))
            .collect()
    }

    /// Of what each stream's evaluations give, the worst: stream and mean over seeds; `worse` says whether
    /// the first is worse than the second.
    fn worst(
        &self,
        of: impl Fn(&Evaluation) -> Option<f64>,
        worse: impl Fn(f64, f64) -> bool,
    ) -> Option<(&'a str, f64)> {
        let all = self.never();
        let mut worst: Option<(&str, f64)> = None;
        for row in &self.rows {
            let own = all.iter().filter(|(stream, _)| *stream == row.stream);
            if let Some(value) = mean(own.filter_map(|(_, e)| of(e)))
                && worst.is_none_or(|(_, so_far)| worse(value, so_far))
            {
                worst = Some((&row.stream, value));
            }
        }
        worst
    }

    fn accuracy(&self) -> Item {
        let reference = &self.summary.reference;
        let asked = format!(
            "accuracy at most {BELOW} points below {}, {}, on every stream",
            names::arm(&reference.arm),
            self.summary.roles.policy_label(&reference.state_reset)
        );
        let compared = self
            .rows
            .iter()
            .filter_map(|row| Some((row, row.from_reference?)));
        let worst = compared.min_by(|a, b| a.1.value.total_cmp(&b.1.value));
        item(asked, worst, |(row, difference)| {
            let interval = interval_of_difference(&difference);
            let found = format!(
                "{} ({interval}) on {}",
                signed(100.0 * difference.value, 1),
                self.summary.roles.stream_label(&row.stream)
            );
            (found, 100.0 * difference.value >= -BELOW)
        })
    }

    fn detector(&self) -> Item {
        let asked =
            format!("detector without boundaries at most {BELOW} points below the summed accuracy");
        let below = |e: &Evaluation| Some(e.summed?.value - e.detector?.value);
        item(asked, self.worst(below, |a, b| a > b), |(stream, below)| {
            let found = format!(
                "{} on {}",
                signed(-100.0 * below, 1),
                self.summary.roles.stream_label(stream)
            );
            (found, 100.0 * below <= BELOW)
        })
    }

    fn slope(&self) -> Item {
        let asked =
            "accuracy does not fall along the stream: the slope's interval reaches 0".to_owned();
        let first = self.rows.first().map(|row| row.stream.as_str());
        let slopes: Vec<Estimate> = (self.never().into_iter())
            .filter(|(stream, _)| Some(*stream) == first)
            .filter_map(|(_, e)| e.slope.points_per_million_steps)
            .collect();
        let slope = match slopes[..] {
            [one] => Some(one),
            _ => over_seeds(&slopes.iter().map(|s| s.value).collect::<Vec<_>>()),
        };
        let known = slope.and_then(|s| Some((s.value, s.interval?)));
        item(asked, known, |(value, [low, high])| {
            let found = format!(
                "{} ({} to {}) points per 10⁶ steps",
                signed(value, 2),
                signed(low, 2),
                signed(high, 2)
            );
            (found, high >= 0.0)
        })
    }

    fn saturation(&self) -> Item {
        let asked = format!(
            "saturated values grow by at most {GROWTH} points from the first window to the last"
        );
        let first = self.rows.first().map(|row| row.stream.as_str());
        let growth = (self.never().into_iter())
            .filter(|(stream, _)| Some(*stream) == first)
            .filter_map(|(_, e)| {
                let step = e.saturation.iter().map(|w| w.step).min()?;
                let last = e.saturation.iter().map(|w| w.step).max()?;
                let mut early = e.clone();
                early.saturation.retain(|w| w.step == step);
                (last > step).then_some((saturated(&[&early])?, saturated(&[e])?))
            })
            .collect::<Vec<_>>();
        let ends = mean(growth.iter().map(|g| g.0)).zip(mean(growth.iter().map(|g| g.1)));
        item(asked, ends, |(from, to)| {
            let found = format!("{} to {} %", percent(from), percent(to));
            (found, 100.0 * (to - from) <= GROWTH)
        })
    }

    fn contraction(&self) -> Item {
        let asked = format!("at most {LEFT} of the past left after {LAG} steps of gap");
        let streams = self.rows.iter().map(|row| row.stream.as_str());
        let left = streams.filter_map(|stream| {
            let cells = self.cells.iter();
            let seeds = cells.filter_map(|cell| hidden_contraction(cell, stream, LAG));
            Some((stream, mean(seeds)?))
        });
        let worst = left.max_by(|a, b| a.1.total_cmp(&b.1));
        item(asked, worst, |(stream, left)| {
            let found = format!("{left:.3} in {}", self.summary.roles.stream_label(stream));
            (found, left <= LEFT)
        })
    }

    fn calm(&self) -> Item {
        let most = self.summary.chance + CALM;
        let asked = format!("highest probability late in gaps at most {most:.2}");
        let worst = self.worst(|e| e.late_gap_max_probability, |a, b| a > b);
        item(asked, worst, |(stream, p)| {
            (
                format!("{p:.3} in {}", self.summary.roles.stream_label(stream)),
                p <= most,
            )
        })
    }

    fn alarms(&self) -> Item {
        let asked = format!("at most {ALARMS:.0} false alarms an hour");
        let worst = self.worst(|e| e.false_alarms_per_hour, |a, b| a > b);
        item(asked, worst, |(stream, n)| {
            (
                format!("{n:.0} in {}", self.summary.roles.stream_label(stream)),
                n <= ALARMS,
            )
        })
    }

    fn memory(&self) -> Item {
        let asked = format!("memory grows by at most {MEMORY} MiB after a tenth of the stream");
        let all = self.never();
        let growths = all
            .iter()
            .filter_map(|(_, e)| e.resident_mib.map(|[a, b]| b - a));
        item(asked, growths.max_by(f64::total_cmp), |mib| {
            (format!("{} MiB", signed(mib, 1)), mib <= MEMORY)
        })
    }

    /// Nothing where the mask is that of the labels.
    fn mask(&self) -> Option<Item> {
        let masks = self.cells.iter().filter_map(|cell| cell.training.mask);
        let estimated = masks.filter(|mask| mask.threshold.is_some());
        let agreement = mean(estimated.filter_map(|mask| mask.valid.agreement))?;
        let asked = format!(
            "estimated mask agrees with the labels in {} % of steps",
            percent(AGREEMENT)
        );
        Some(item(asked, Some(agreement), |share| {
            (format!("{} %", percent(share)), share >= AGREEMENT)
        }))
    }

    fn split(&self) -> Item {
        let test = self.summary.split == "test";
        Item {
            asked: "read on recordings that no setting was chosen on".to_owned(),
            found: if test {
                "the test split".to_owned()
            } else {
                "the validation split: `--final` reads the test split".to_owned()
            },
            verdict: if test {
                Verdict::Pass
            } else {
                Verdict::NotMeasured
            },
        }
    }

    fn seeds(&self) -> Item {
        let n = self.cells.len();
        Item {
            asked: format!("at least {SEEDS} seeds"),
            found: n.to_string(),
            verdict: Verdict::of(n >= SEEDS),
        }
    }
}

/// An item from what was found, if it was, by a judge that says it in words and whether it holds.
fn item<T>(asked: String, found: Option<T>, judge: impl Fn(T) -> (String, bool)) -> Item {
    match found.map(judge) {
        Some((found, holds)) => Item {
            asked,
            found,
            verdict: Verdict::of(holds),
        },
        None => Item {
            asked,
            found: "–".to_owned(),
            verdict: Verdict::NotMeasured,
        },
    }
}

#[cfg(test)]
mod tests;
