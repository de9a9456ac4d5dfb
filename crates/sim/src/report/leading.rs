//! The first part of a large table: networks without resets, and the reference.

use crate::figures::scope::NEVER;
use crate::run::summary::{Row, Summary};

/// Maximum rows of one stream that are shown as a whole.
pub const WHOLE: usize = 60;

/// The rows of `stream`, and whether they are all there are of it. Of more than [`WHOLE`] rows only those of nets
/// that are never reset and of the reference are taken, if there are such.
pub fn leading<'a>(summary: &'a Summary, stream: &str) -> (Vec<&'a Row>, bool) {
    let all: Vec<&Row> = rows(summary, stream);
    if all.len() <= WHOLE {
        return (all, true);
    }
    let first: Vec<&Row> = (all.iter().copied())
        .filter(|row| row.state_reset == NEVER || summary.reference.is(row))
        .collect();
    if first.is_empty() || first.len() == all.len() {
        return (all, true);
    }
    (first, false)
}

/// All rows of `stream`.
pub fn rows<'a>(summary: &'a Summary, stream: &str) -> Vec<&'a Row> {
    let rows = summary.table.iter();
    rows.filter(|row| row.stream == stream).collect()
}

/// The streams, in the order of the table.
pub fn streams(summary: &Summary) -> Vec<&str> {
    let mut streams: Vec<&str> = Vec::new();
    for row in &summary.table {
        if !streams.contains(&row.stream.as_str()) {
            streams.push(&row.stream);
        }
    }
    streams
}
