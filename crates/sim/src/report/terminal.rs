//! The results as tables for the terminal, no wider than it: one a stream, each reading with its interval.

use super::fitted::{Fitted, fitted, wrapped};
use super::leading::{leading, rows, streams};
use super::numbers::{NOTHING, interval, interval_of_difference, percent, signed};
use crate::run::summary::{Row, Summary};
use saturn_eval::reading::Reading;
use saturn_eval::stats::estimate::Estimate;

/// Lines of the differences from the reference on the first stream: in points by each reading, with
/// intervals. None without a comparison.
pub fn difference_lines(summary: &Summary, width: usize) -> Vec<String> {
    let Some(stream) = streams(summary).first().copied() else {
        return Vec::new();
    };
    let rows: Vec<Fitted> = (leading(summary, stream).0.into_iter())
        .filter(|row| Reading::ALL.iter().any(|r| row.against.of(*r).is_some()))
        .map(|row| {
            let points = |reading| difference(row.against.of(reading).map(|d| &d.estimate));
            Fitted {
                names: names(row),
                numbers: Reading::ALL.into_iter().map(points).collect(),
            }
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let reference = &summary.reference;
    let title = format!(
        "{stream}: accuracy less that of {}, {}, in points with its 95 % interval, by each reading",
        reference.arm, reference.state_reset
    );
    let mut lines = wrapped(&title, width);
    lines.extend(fitted(&["summed", "last", "detector"], &rows, width));
    lines
}

/// A difference with its interval: `+1.2 −0.4..+2.8`.
fn difference(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(
        || NOTHING.to_owned(),
        |e| {
            let bounds = interval_of_difference(e).replace(" to ", "..");
            let text = format!("{} {bounds}", signed(100.0 * e.value, 1));
            text.trim_end().to_owned()
        },
    )
}

fn names(row: &Row) -> [String; 3] {
    [&row.model, &row.arm, &row.state_reset].map(Clone::clone)
}

type Column = (&'static str, fn(&Row) -> &Option<Estimate>);

/// Lines of a table for each stream: model, arm and policy, and the readings of accuracy in per cent with their
/// intervals; with the mean recall over classes where some are rare.
pub fn table_lines(summary: &Summary, width: usize) -> Vec<String> {
    if summary.table.is_empty() {
        return Vec::new();
    }
    let mut columns: Vec<Column> = vec![
        ("summed", |r| &r.summed),
        ("last", |r| &r.last),
        ("detector", |r| &r.detector),
    ];
    if summary.table.iter().any(Row::has_rare_classes) {
        columns.insert(0, ("recall", |r| &r.balanced));
    }
    let head: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let title = format!(
        "accuracy in % with its 95 % interval on the {} split; chance level {:.1}",
        summary.split,
        100.0 * summary.chance
    );
    let mut lines = wrapped(&title, width);
    let mut left_out = 0;
    for stream in streams(summary) {
        let (first, _) = leading(summary, stream);
        left_out += rows(summary, stream).len() - first.len();
        let own: Vec<Fitted> = (first.into_iter())
            .map(|row| Fitted {
                names: names(row),
                numbers: columns
                    .iter()
                    .map(|(_, of)| reading(of(row).as_ref()))
                    .collect(),
            })
            .collect();
        lines.push(format!("{stream}:"));
        lines.extend(fitted(&head, &own, width));
    }
    if left_out > 0 {
        let rest =
            format!("and {left_out} more results under other reset policies are in the report");
        lines.extend(wrapped(&rest, width));
    }
    lines
}

/// A value with its interval: `94.5 91.7-97.3`.
fn reading(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(
        || "-".to_owned(),
        |e| {
            let bounds = interval(e).replace(" to ", "-");
            format!("{} {bounds}", percent(e.value))
                .trim_end()
                .to_owned()
        },
    )
}
