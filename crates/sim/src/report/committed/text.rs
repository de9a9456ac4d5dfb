//! Cells and sentences of the tables.

use std::fmt::Write;

use crate::figures::names;
use crate::figures::scope::NEVER;
use crate::report::numbers::{fixed, percent, signed};
use crate::run::summary::Row;
use saturn_eval::reading::Reading;
use saturn_eval::stats::crossed::{Basis, Difference};
use saturn_eval::stats::estimate::Estimate;
use saturn_eval::stats::verdict::{MARGIN, Verdict};

use super::Group;

/// A Markdown table.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With this head.
    pub fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            head: head.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As text.
    pub fn text(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&self.head);
        text.push('|');
        text.push_str(&"---|".repeat(self.head.len()));
        text.push('\n');
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        text
    }
}

/// `94.9 (92.7–96.4)`, in per cent; a dash for missing values.
pub fn accuracy(estimate: Option<&Estimate>) -> String {
    let Some(e) = estimate else {
        return "–".to_owned();
    };
    match e.interval {
        Some([low, high]) => format!("{} ({}–{})", percent(e.value), percent(low), percent(high)),
        None => percent(e.value),
    }
}

/// `+0.4 (−4.3 to +5.1)`, in points.
pub fn difference(difference: Option<&Difference>) -> String {
    let Some(d) = difference else {
        return "–".to_owned();
    };
    let points = |share: f64| signed(100.0 * share, 1);
    match d.estimate.interval {
        Some([low, high]) => format!(
            "{} ({} to {})",
            points(d.estimate.value),
            points(low),
            points(high)
        ),
        None => points(d.estimate.value),
    }
}

/// The one-sided bound from below, in points.
pub fn bound(difference: Option<&Difference>) -> String {
    let bounds = difference.and_then(|d| d.bounds);
    bounds.map_or_else(|| "–".to_owned(), |[low, _]| signed(100.0 * low, 1))
}

/// The verdict.
pub fn verdict(difference: Option<&Difference>) -> String {
    let verdict = difference.and_then(|d| d.verdict);
    verdict.unwrap_or(Verdict::NotShown).to_string()
}

/// Differences of several nets on one stream by one reading.
#[derive(Default)]
pub struct Counted {
    /// Counts of the verdicts, in their order.
    pub verdicts: [usize; 3],
    /// Mean difference, points.
    pub mean: f64,
    /// Nets.
    pub nets: usize,
}

impl Counted {
    /// Of the rows of `arm` under `state_reset` on `stream`, by `reading`.
    pub fn of(rows: &[Row], arm: &str, stream: &str, reading: Reading) -> Self {
        let mut found = Self::default();
        let own = rows
            .iter()
            .filter(|row| (&*row.arm, &*row.stream, &*row.state_reset) == (arm, stream, NEVER));
        for difference in own.filter_map(|row| row.against.of(reading)) {
            let points = 100.0 * difference.estimate.value;
            found.nets += 1;
            found.mean += points;
            let verdict = difference.verdict.unwrap_or(Verdict::NotShown);
            found.verdicts[verdict as usize] += 1;
        }
        found.mean /= found.nets.max(1) as f64;
        found
    }

    /// `shown 12, not shown 5, shown otherwise 0; mean +0.5`.
    pub fn words(&self) -> String {
        if self.nets == 0 {
            return "–".to_owned();
        }
        let [shown, not, otherwise] = self.verdicts;
        format!(
            "shown {shown}, not shown {not}, shown otherwise {otherwise}; mean {}",
            signed(self.mean, 1)
        )
    }
}

/// The streams of a group, in order.
pub fn streams(group: &Group) -> Vec<&str> {
    let mut streams: Vec<&str> = Vec::new();
    for row in &group.rows {
        if !streams.contains(&&*row.stream) {
            streams.push(&row.stream);
        }
    }
    streams
}

/// The line below a table: events, and the variation that intervals and differences include.
pub fn foot(group: &Group, rows: &[&Row]) -> String {
    let accuracies: Vec<Basis> = rows.iter().map(|row| row.basis).collect();
    let of = |row: &&Row| Reading::ALL.map(|reading| row.against.of(reading).map(|d| d.basis));
    let differences: Vec<Basis> = rows.iter().flat_map(of).flatten().collect();
    let mut text = format!("*{}.", capital(&group.shared.label()));
    let _ = write!(
        text,
        " {} split. Intervals are two-sided 95 % and include {}",
        capital(&group.shared.split),
        included(&accuracies)
    );
    if !differences.is_empty() {
        let _ = write!(
            text,
            "; differences include {}. The bound is one-sided 95 %, the margin {} points",
            included(&differences),
            fixed(100.0 * MARGIN, 1)
        );
    }
    text.push_str(".*");
    text
}

/// The variation that all of them include, or that any does.
fn included(all: &[Basis]) -> String {
    let mut kinds: Vec<Basis> = all.iter().copied().filter(|b| *b != Basis::None).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return "no variation".to_owned();
    }
    let words: Vec<&str> = kinds.iter().map(|kind| kind.words()).collect();
    format!("variation over {}", words.join(", or "))
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}

/// `14–65`, of shares in per cent; one number where both are the same.
pub fn range(values: impl Iterator<Item = f64>) -> String {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let (low, high) = (fixed(100.0 * low, 0), fixed(100.0 * high, 0));
    if low == high {
        low
    } else {
        format!("{low}–{high}")
    }
}

/// The heading of an arm.
pub fn arm(name: &str) -> String {
    names::arm(name)
}
