//! The results as a table for the terminal.

use crate::eval::bootstrap::Estimate;
use crate::run::summary::{Row, Summary};

/// Lines of a table with aligned columns: model, arm, policy, and for each stream the three columns of
/// accuracy in per cent.
pub fn table_lines(summary: &Summary) -> Vec<String> {
    if summary.table.is_empty() {
        return Vec::new();
    }
    let mut streams: Vec<&str> = Vec::new();
    let mut keys: Vec<[&str; 3]> = Vec::new();
    for row in &summary.table {
        let key = [
            row.model.as_str(),
            row.arm.as_str(),
            row.state_reset.as_str(),
        ];
        if !streams.contains(&row.stream.as_str()) {
            streams.push(&row.stream);
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut head = vec![
        "model".to_owned(),
        "arm".to_owned(),
        "state_reset".to_owned(),
    ];
    let mut lines: Vec<Vec<String>> = (keys.iter())
        .map(|key| key.iter().map(ToString::to_string).collect())
        .collect();
    for stream in &streams {
        head.extend(["summed", "last", "detector"].map(str::to_owned));
        for (key, line) in keys.iter().zip(&mut lines) {
            let row = summary.table.iter().find(|row| {
                row.stream == *stream && [&*row.model, &*row.arm, &*row.state_reset] == *key
            });
            let of = |column: fn(&Row) -> &Option<Estimate>| {
                row.and_then(|row| column(row).as_ref())
                    .map_or_else(|| "-".to_owned(), |e| format!("{:.1}", 100.0 * e.value))
            };
            line.extend([of(|r| &r.summed), of(|r| &r.last), of(|r| &r.detector)]);
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
        // A long name of a stream needs room above its three columns.
        let first = 3 + 3 * k;
        let own: usize = widths[first..first + 3].iter().sum::<usize>() + 4;
        widths[first] += stream.chars().count().saturating_sub(own);
    }
    let row = |line: &Vec<String>| -> String {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &w))| {
                let between = if column > 3 && column % 3 == 0 {
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
        let own = widths[3 + 3 * k..6 + 3 * k].iter().sum::<usize>() + 4;
        format!("{stream:>own$}")
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
    table
}
