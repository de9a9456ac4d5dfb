//! Quantised networks: a table for the page, and lines for the terminal.

use maud::{Markup, html};

use super::numbers::{NOTHING, count, fixed, percent};
use crate::figures::names;
use crate::run::summary::Summary;
use saturn_eval::precision::result::{Stored, StoredEvaluation};
use saturn_eval::stats::estimate::over_seeds;

/// One storage format of the networks of a model and an arm, on one stream under one policy, over their
/// seeds.
struct Line<'a> {
    model: &'a str,
    arm: &'a str,
    stream: &'a str,
    state_reset: &'a str,
    precision: &'a str,
    stored: Vec<&'a Stored>,
    evaluations: Vec<&'a StoredEvaluation>,
}

/// All of them, in the order of the cells.
fn all(summary: &Summary) -> Vec<Line<'_>> {
    let mut lines: Vec<Line> = Vec::new();
    for cell in &summary.cells {
        for stored in &cell.stored {
            for e in &stored.evaluations {
                let same = |line: &&mut Line| {
                    let own = (
                        line.model,
                        line.arm,
                        line.stream,
                        line.state_reset,
                        line.precision,
                    );
                    let this = (&*cell.model, &*cell.arm, &*stored.stream, &*e.state_reset);
                    own == (this.0, this.1, this.2, this.3, &*stored.precision)
                };
                if let Some(line) = lines.iter_mut().find(same) {
                    line.stored.push(stored);
                    line.evaluations.push(e);
                    continue;
                }
                lines.push(Line {
                    model: &cell.model,
                    arm: &cell.arm,
                    stream: &stored.stream,
                    state_reset: &e.state_reset,
                    precision: &stored.precision,
                    stored: vec![stored],
                    evaluations: vec![e],
                });
            }
        }
    }
    lines
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    over_seeds(&values.collect::<Vec<_>>()).map(|e| e.value)
}

impl Line<'_> {
    /// The three columns of accuracy, in per cent.
    fn accuracies(&self) -> [String; 3] {
        type Column = fn(&StoredEvaluation) -> Option<f64>;
        let columns: [Column; 3] = [
            |e| e.summed.map(|e| e.value),
            |e| e.last.map(|e| e.value),
            |e| e.detector.map(|e| e.value),
        ];
        columns.map(|column| {
            let value = mean(self.evaluations.iter().filter_map(|e| column(e)));
            value.map_or_else(|| NOTHING.to_owned(), percent)
        })
    }

    /// The mean over fields and seeds of the last window of the drift.
    fn at_the_end(
        &self,
        of: fn(&saturn_eval::precision::drift::FieldDrift) -> Option<f64>,
    ) -> Option<f64> {
        let last = self.stored.iter().filter_map(|s| s.drift.last());
        mean(last.flat_map(|window| &window.fields).filter_map(of))
    }

    fn distance(&self) -> String {
        let value = self.at_the_end(|f| f.distance);
        value.map_or_else(|| NOTHING.to_owned(), |d| fixed(d, 3))
    }

    fn saturated(&self) -> String {
        let value = self.at_the_end(|f| Some(f.saturated));
        value.map_or_else(|| NOTHING.to_owned(), |d| fixed(100.0 * d, 2))
    }

    fn held(&self) -> String {
        let value = self.at_the_end(|f| Some(f.held));
        value.map_or_else(|| NOTHING.to_owned(), percent)
    }
}

/// The table of the page; none without quantised networks.
pub fn precision(summary: &Summary) -> Markup {
    let lines = all(summary);
    html! {
        @if !lines.is_empty() {
            h2 id="precision" { "Finite precision" }
            p {
                "Storage formats of weights / states. Distance, saturated and held values are those of the \
                 last window of a stream that is never reset; bytes and operations are by NeuroBench's \
                 definitions."
            }
            div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
                table {
                    thead { tr {
                        th { "model" } th { "arm" } th { "stream" } th { "state" } th { "weights / states" }
                        th.number { "summed, %" } th.number { "last step, %" } th.number { "detector, %" }
                        th.number { "distance from full precision" }
                        th.number { "saturated, %" } th.number { "held, %" }
                        th.number { "footprint, bytes" } th.number { "of it state" }
                        th.number { "connection sparsity" } th.number { "activation sparsity" }
                        th.number { "effective MACs a step" } th.number { "effective ACs a step" }
                        th.number { "dense operations a step" }
                    } }
                    tbody {
                        @for (k, line) in lines.iter().enumerate() {
                            @let new = k > 0 && lines[k - 1].model != line.model;
                            @let cost = &line.stored[0].cost;
                            tr class=[new.then_some("new")] {
                                th scope="row" { (names::model(line.model)) }
                                td { (names::arm(line.arm)) }
                                td { (summary.roles.stream_label(line.stream)) }
                                td { (summary.roles.policy_label(line.state_reset)) }
                                td { (line.precision) }
                                @for accuracy in line.accuracies() { td.number { (accuracy) } }
                                td.number { (line.distance()) }
                                td.number { (line.saturated()) }
                                td.number { (line.held()) }
                                td.number { (count(cost.footprint_bytes().round() as u64)) }
                                td.number { (count(cost.state_bytes.ceil() as u64)) }
                                td.number { (fixed(cost.connection_sparsity, 3)) }
                                td.number { (fixed(cost.activation_sparsity, 3)) }
                                td.number { (count(cost.effective_macs.round() as u64)) }
                                td.number { (count(cost.effective_acs.round() as u64)) }
                                td.number { (count(cost.dense_operations.round() as u64)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lines of the same for the terminal, without the costs; none without quantised networks.
pub fn precision_lines(summary: &Summary) -> Vec<String> {
    let lines = all(summary);
    if lines.is_empty() {
        return Vec::new();
    }
    let head = [
        "model",
        "arm",
        "stream",
        "state_reset",
        "weights/states",
        "summed",
        "last",
        "detector",
        "distance",
        "saturated",
        "held",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(lines.iter().map(|line| {
        let [summed, last, detector] = line.accuracies();
        [
            line.model.to_owned(),
            line.arm.to_owned(),
            line.stream.to_owned(),
            line.state_reset.to_owned(),
            line.precision.to_owned(),
            summed,
            last,
            detector,
            line.distance(),
            line.saturated(),
            line.held(),
        ]
    }));
    let width = |c: usize| rows.iter().map(|row| row[c].chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|c| width(c).unwrap_or(0)).collect();
    let text = |row: &[String; 11]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(c, (cell, &w))| {
            if c < 5 {
                format!("{cell:<w$}")
            } else {
                format!("{cell:>w$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let title = "low precision: accuracy in %; relative distance from full precision, and % of values \
                 saturated and held, late in a stream that is never reset";
    [title.to_owned()]
        .into_iter()
        .chain(rows.iter().map(text))
        .collect()
}
