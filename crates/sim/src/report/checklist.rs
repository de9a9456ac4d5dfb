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

/// The arm that is asked about: `adaptive`, or else the last one that is not the reference's.
pub fn arm_of(summary: &Summary) -> Option<&str> {
    let arms = || summary.table.iter().map(|row| row.arm.as_str());
    (arms().find(|arm| *arm == "adaptive"))
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
            names::state_reset(&reference.state_reset)
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
                names::stream(&row.stream)
            );
            (found, 100.0 * difference.value >= -BELOW)
        })
    }

    fn detector(&self) -> Item {
        let asked =
            format!("detector without boundaries at most {BELOW} points below the summed accuracy");
        let below = |e: &Evaluation| Some(e.summed?.value - e.detector?.value);
        item(asked, self.worst(below, |a, b| a > b), |(stream, below)| {
            let found = format!("{} on {}", signed(-100.0 * below, 1), names::stream(stream));
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
            let found = format!("{left:.3} in {}", names::stream(stream));
            (found, left <= LEFT)
        })
    }

    fn calm(&self) -> Item {
        let most = self.summary.chance + CALM;
        let asked = format!("highest probability late in gaps at most {most:.2}");
        let worst = self.worst(|e| e.late_gap_max_probability, |a, b| a > b);
        item(asked, worst, |(stream, p)| {
            (format!("{p:.3} in {}", names::stream(stream)), p <= most)
        })
    }

    fn alarms(&self) -> Item {
        let asked = format!("at most {ALARMS:.0} false alarms an hour");
        let worst = self.worst(|e| e.false_alarms_per_hour, |a, b| a > b);
        item(asked, worst, |(stream, n)| {
            (format!("{n:.0} in {}", names::stream(stream)), n <= ALARMS)
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
        let agreement = mean(masks.filter_map(|mask| mask.valid.agreement))?;
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
mod tests {
    use super::*;
    use crate::figures::tests::{scenario, summary};
    use crate::run::summary::{Reference, table};

    fn made(change: impl Fn(&mut Evaluation)) -> Summary {
        let s = scenario(&["rnn"], &["classic", "adaptive"]);
        let mut made = summary(&s, 0.9);
        let one = made.cells.clone();
        made.cells.clear();
        for seed in 1..=3 {
            for mut cell in one.clone() {
                cell.seed = seed;
                if cell.arm == "adaptive" {
                    let evaluations = cell.evaluations.iter_mut();
                    evaluations.for_each(|e| change(&mut e.evaluation));
                }
                made.cells.push(cell);
            }
        }
        made.table = table(&made.cells, &Reference::default());
        made
    }

    fn verdicts(summary: &Summary) -> Vec<(String, Verdict)> {
        let lists = checklists(summary, "adaptive");
        assert_eq!(lists.len(), 1);
        let items = lists[0].items.iter();
        items.map(|i| (i.asked.clone(), i.verdict)).collect()
    }

    fn verdict(summary: &Summary, words: &str) -> Verdict {
        let all = verdicts(summary);
        let found: Vec<_> = all
            .iter()
            .filter(|(asked, _)| asked.contains(words))
            .collect();
        assert_eq!(found.len(), 1, "{words}: {all:?}");
        found[0].1
    }

    #[test]
    fn what_holds_passes_and_what_does_not_fails() {
        let good = made(|e| {
            e.detector = e.summed;
            e.false_alarms_per_hour = Some(12.0);
            e.late_gap_max_probability = Some(0.55);
            e.resident_mib = Some([50.0, 50.4]);
        });
        let bad = made(|e| {
            let summed = e.summed.as_mut().unwrap();
            summed.value -= 0.03;
            let mut detector = *summed;
            detector.value -= 0.05;
            e.detector = Some(detector);
            e.false_alarms_per_hour = Some(61.0);
            e.late_gap_max_probability = Some(0.7);
            e.resident_mib = Some([50.0, 52.0]);
        });
        for words in [
            "2.5 points below classic",
            "detector",
            "false alarms",
            "late in gaps",
            "memory",
        ] {
            assert_eq!(verdict(&good, words), Verdict::Pass, "{words}");
            assert_eq!(verdict(&bad, words), Verdict::Fail, "{words}");
        }
        assert_eq!(verdict(&good, "seeds"), Verdict::Pass);
        assert_eq!(
            verdict(&good, "no setting was chosen"),
            Verdict::NotMeasured
        );
    }

    #[test]
    fn slopes_and_saturation_are_those_of_the_stream() {
        let sloped = |low: f64, high: f64| {
            made(|e| {
                let value = f64::midpoint(low, high);
                e.slope.points_per_million_steps =
                    over_seeds(&[value, value + (high - low) / 20.0]);
                let window = e.saturation[0].clone();
                e.saturation = [(100, 0.2), (200, 0.2 + high / 100.0)]
                    .into_iter()
                    .flat_map(|(step, share)| (0..2).map(move |layer| (step, share, layer)))
                    .map(|(step, share, layer)| {
                        let mut w = window.clone();
                        (w.step, w.layer) = (step, layer);
                        w.stats.pinned.insert("h".to_owned(), share);
                        w
                    })
                    .collect();
            })
        };
        let level = sloped(4.0, 5.0);
        assert_eq!(verdict(&level, "does not fall"), Verdict::Pass);
        assert_eq!(verdict(&level, "saturated"), Verdict::Pass);
        let falling = sloped(-9.0, -8.0);
        assert_eq!(verdict(&falling, "does not fall"), Verdict::Fail);
        assert_eq!(verdict(&sloped(11.0, 12.0), "saturated"), Verdict::Fail);
    }

    #[test]
    fn what_a_run_lacks_is_not_measured() {
        let bare = made(|_| {});
        // The made-up gaps have two steps.
        for words in [
            "of the past left",
            "false alarms",
            "memory",
            "does not fall",
            "saturated",
        ] {
            assert_eq!(verdict(&bare, words), Verdict::NotMeasured, "{words}");
        }
        assert!(
            !verdicts(&bare)
                .iter()
                .any(|(asked, _)| asked.contains("mask"))
        );
        let list = &checklists(&bare, "adaptive")[0];
        let text = lines(list).join("\n");
        assert!(
            text.starts_with("RNN, adaptive, never reset:\n  pass "),
            "{text}"
        );
        assert!(text.contains("  not measured  "), "{text}");
        assert_eq!(arm_of(&bare), Some("adaptive"));
        assert!(checklists(&bare, "other").is_empty());
    }

    #[test]
    fn forgetting_is_judged_at_its_lag() {
        let mut forgets = made(|_| {});
        for cell in &mut forgets.cells {
            let curve = &mut cell.contraction[0].curves[0];
            curve.lags = vec![0, LAG];
            curve.values = vec![1.0, 0.1];
        }
        // The layer that was measured must not be the readout.
        assert_eq!(verdict(&forgets, "of the past left"), Verdict::Pass);
        for cell in &mut forgets.cells {
            cell.contraction[0].curves[0].values[1] = 0.2;
        }
        assert_eq!(verdict(&forgets, "of the past left"), Verdict::Fail);
    }
}
