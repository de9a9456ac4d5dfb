//! The results as a table for the terminal.

use super::leading::{leading, rows, streams};
use super::numbers::{NOTHING, interval_of_difference, p_value, signed};
use crate::eval::bootstrap::Estimate;
use crate::run::summary::{Row, Summary};

/// Lines of the differences from the reference on the first stream: in points, with the interval, and p
/// after Holm's correction. None where nothing is compared.
pub fn difference_lines(summary: &Summary) -> Vec<String> {
    let Some(stream) = streams(summary).first().copied() else {
        return Vec::new();
    };
    let rows: Vec<[String; 6]> = (leading(summary, stream).0.into_iter())
        .filter_map(|row| {
            let difference = row.from_reference.as_ref()?;
            let p = |p: Option<f64>| p.map_or_else(|| NOTHING.to_owned(), p_value);
            Some([
                row.model.clone(),
                row.arm.clone(),
                row.state_reset.clone(),
                signed(100.0 * difference.value, 1),
                interval_of_difference(difference),
                p(row.p_holm),
            ])
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = ["model", "arm", "state_reset", "points", "95 %", "p"].map(str::to_owned);
    let all: Vec<&[String; 6]> = std::iter::once(&head).chain(&rows).collect();
    let widths: Vec<usize> = (0..6)
        .map(|c| all.iter().map(|r| r[c].chars().count()).max().unwrap_or(0))
        .collect();
    let reference = &summary.reference;
    let title = format!(
        "{stream}: summed accuracy less that of {}, {}; p by Student's paired test over seeds, after Holm's correction for all nets and arms under the same policy",
        reference.arm, reference.state_reset
    );
    let line = |row: &&[String; 6]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(c, (cell, &w))| {
            if c < 3 {
                format!("{cell:<w$}")
            } else {
                format!("{cell:>w$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    [title].into_iter().chain(all.iter().map(line)).collect()
}

type Column = (&'static str, fn(&Row) -> &Option<Estimate>);

/// Model, arm and policy of the rows that are read first, and how many rows are left out.
fn places<'a>(summary: &'a Summary, streams: &[&str]) -> (Vec<[&'a str; 3]>, usize) {
    let mut keys = Vec::new();
    let mut left_out = 0;
    for stream in streams {
        let (first, _) = leading(summary, stream);
        left_out += rows(summary, stream).len() - first.len();
        for row in first {
            let key = [
                row.model.as_str(),
                row.arm.as_str(),
                row.state_reset.as_str(),
            ];
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    (keys, left_out)
}

/// Lines of a table with aligned columns: model, arm, policy, and for each stream the columns of accuracy
/// in per cent; with the mean recall over classes where some are rare.
pub fn table_lines(summary: &Summary) -> Vec<String> {
    if summary.table.is_empty() {
        return Vec::new();
    }
    let streams = streams(summary);
    let (keys, left_out) = places(summary, &streams);
    let mut columns: Vec<Column> = vec![
        ("summed", |r| &r.summed),
        ("last", |r| &r.last),
        ("detector", |r| &r.detector),
    ];
    if summary.table.iter().any(Row::has_rare_classes) {
        columns.insert(0, ("recall", |r| &r.balanced));
    }
    let own = columns.len();
    let mut head = vec![
        "model".to_owned(),
        "arm".to_owned(),
        "state_reset".to_owned(),
    ];
    let mut lines: Vec<Vec<String>> = (keys.iter())
        .map(|key| key.iter().map(ToString::to_string).collect())
        .collect();
    for stream in &streams {
        head.extend(columns.iter().map(|(name, _)| (*name).to_owned()));
        for (key, line) in keys.iter().zip(&mut lines) {
            let row = summary.table.iter().find(|row| {
                row.stream == *stream && [&*row.model, &*row.arm, &*row.state_reset] == *key
            });
            line.extend(columns.iter().map(|(_, column)| {
                row.and_then(|row| column(row).as_ref())
                    .map_or_else(|| "-".to_owned(), |e| format!("{:.1}", 100.0 * e.value))
            }));
        }
    }
    let width = |column: usize| {
        let cells = lines
            .iter()
            .chain([&head])
            .map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..head.len()).map(width).collect();
    for (k, stream) in streams.iter().enumerate() {
        // A long name of a stream needs room above its columns.
        let first = 3 + own * k;
        let room: usize = widths[first..first + own].iter().sum::<usize>() + 2 * (own - 1);
        widths[first] += stream.chars().count().saturating_sub(room);
    }
    let row = |line: &Vec<String>| -> String {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &w))| {
                let between = if column > 3 && (column - 3) % own == 0 {
                    "  "
                } else {
                    ""
                };
                if column < 3 {
                    format!("{cell:<w$}")
                } else {
                    format!("{between}{cell:>w$}")
                }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let left: usize = widths[..3].iter().sum::<usize>() + 6;
    let names = streams.iter().enumerate().map(|(k, stream)| {
        let first = 3 + own * k;
        let room = widths[first..first + own].iter().sum::<usize>() + 2 * (own - 1);
        format!("{stream:>room$}")
    });
    let above = " ".repeat(left) + &names.collect::<Vec<_>>().join("    ");
    let mut table = vec![
        format!(
            "accuracy in % on the {} split; a guess has {:.1}",
            summary.split,
            100.0 * summary.chance
        ),
        above,
        row(&head),
    ];
    table.extend(lines.iter().map(row));
    if left_out > 0 {
        table.push(format!(
            "and {left_out} more results under other policies of resets, which the report has"
        ));
    }
    table
}
