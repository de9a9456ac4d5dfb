//! The tables of results, one per stream: accuracy and further measures.

use maud::{Markup, html};

use super::leading::{WHOLE, leading, rows, streams};
use super::numbers::{
    NOTHING, count, fixed, interval, interval_of_difference, p_value, percent, signed,
};
use crate::figures::names;
use crate::run::summary::{Row, Summary};
use saturn_eval::evaluate::Evaluation;
use saturn_eval::reading::Reading;
use saturn_eval::stats::estimate::{Estimate, over_seeds};

/// Both tables of each stream; all streams but the first are folded, and so are the details of a large table.
pub fn results(summary: &Summary) -> Markup {
    html! {
        @for (k, stream) in streams(summary).into_iter().enumerate() {
            @let (first, whole) = leading(summary, stream);
            details open[k == 0] {
                summary { h3 { (capital(&summary.roles.stream_label(stream))) } }
                (tables(summary, &first))
                @if !whole {
                    @let all = rows(summary, stream);
                    details {
                        summary { h4 { "Every reset policy: all " (all.len()) " rows" } }
                        (tables(summary, &all))
                    }
                }
            }
        }
    }
}

/// Accuracy, and further measures under a fold.
fn tables(summary: &Summary, rows: &[&Row]) -> Markup {
    html! {
        (accuracy(summary, rows))
        details open[rows.len() <= WHOLE] {
            summary { h4 { "Further measures" } }
            (cost(summary, rows))
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}

/// Model, arm and policy at the start of a row; the model is written once.
fn row_head(summary: &Summary, rows: &[&Row], k: usize) -> Markup {
    let row = rows[k];
    let first = k == 0 || rows[k - 1].model != row.model;
    html! {
        th scope="row" { @if first { (names::model(&row.model)) } }
        td { (names::arm(&row.arm)) }
        td { (summary.roles.policy_label(&row.state_reset)) }
    }
}

/// Whether a line goes above row `k`.
fn new_model(rows: &[&Row], k: usize) -> Option<&'static str> {
    (k > 0 && rows[k - 1].model != rows[k].model).then_some("new")
}

fn accuracy(summary: &Summary, rows: &[&Row]) -> Markup {
    let from = format!(
        "less {} with {}, points",
        names::arm(&summary.reference.arm),
        summary.roles.policy_label(&summary.reference.state_reset)
    );
    let cell = |estimate: &Option<Estimate>| {
        html! {
            td.number {
                @if let Some(e) = estimate { span { (percent(e.value)) } small { (interval(e)) } }
                @else { (NOTHING) }
            }
        }
    };
    let rare = summary.table.iter().any(Row::has_rare_classes);
    html! {
        div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
            table {
                thead { tr {
                    th { "model" } th { "arm" } th { "state" }
                    @if rare { th.number { "mean recall of the classes, %" } }
                    th.number { "summed, %" } th.number { "last step, %" } th.number { "detector, %" }
                    @for reading in Reading::ALL { th.number { (reading.name()) ", " (from) } }
                    th.number { "p, summed; Holm, of this stream and policy" }
                } }
                tbody {
                    @for (k, row) in rows.iter().enumerate() {
                        tr class=[new_model(rows, k)] {
                            (row_head(summary, rows, k))
                            @if rare { (cell(&row.balanced)) }
                            (cell(&row.summed)) (cell(&row.last)) (cell(&row.detector))
                            @for reading in Reading::ALL {
                                td.number {
                                    @if let Some(e) = row.against.of(reading).map(|d| &d.estimate) {
                                        span { (signed(100.0 * e.value, 1)) } small { (interval_of_difference(e)) }
                                    } @else { (NOTHING) }
                                }
                            }
                            td.number { (row.p_holm.map_or(NOTHING.to_owned(), p_value)) }
                        }
                    }
                }
            }
        }
    }
}

fn cost(summary: &Summary, rows: &[&Row]) -> Markup {
    let several = rows.iter().any(|row| row.computed_steps_per_step > 1.0);
    html! {
        div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
            table {
                thead { tr {
                    th { "model" } th { "arm" } th { "state" }
                    th.number { "slope, points per 10⁶ steps" }
                    th.number { "highest probability late in gaps" }
                    th.number { "false alarms an hour" }
                    th.number { "spikes a step" }
                    th.number { "synaptic operations a step" }
                    @if several { th.number { "steps computed a step" } }
                    th.number { "resets in 1,000 steps" }
                } }
                tbody {
                    @for (k, row) in rows.iter().enumerate() {
                        @let found = evaluations(summary, row);
                        @let alarms: Vec<f64> = found.iter().filter_map(|e| e.false_alarms_per_hour).collect();
                        tr class=[new_model(rows, k)] {
                            (row_head(summary, rows, k))
                            td.number { (slope(&found)) }
                            td.number { (row.late_gap_max_probability.map_or(NOTHING.to_owned(), |p| fixed(p, 3))) }
                            td.number { (over_seeds(&alarms).map_or(NOTHING.to_owned(), |e| fixed(e.value, 0))) }
                            td.number { @if row.spikes_per_step > 0.0 { (fixed(row.spikes_per_step, 1)) } @else { (NOTHING) } }
                            td.number { (whole(row.synaptic_operations_per_step)) }
                            @if several { td.number { (fixed(row.computed_steps_per_step, 0)) } }
                            td.number { (fixed(row.resets_per_1000_steps, 1)) }
                        }
                    }
                }
            }
        }
    }
}

fn whole(value: f64) -> String {
    if value.is_finite() && value >= 0.0 {
        count(value.round() as u64)
    } else {
        NOTHING.to_owned()
    }
}

fn evaluations<'a>(summary: &'a Summary, row: &Row) -> Vec<&'a Evaluation> {
    (summary.cells.iter())
        .filter(|cell| cell.model == row.model && cell.arm == row.arm)
        .flat_map(|cell| &cell.evaluations)
        .filter(|e| e.stream == row.stream && e.state_reset == row.state_reset)
        .map(|e| &e.evaluation)
        .collect()
}

/// The slope with its standard error: of one seed over recordings, of several over the seeds.
fn slope(found: &[&Evaluation]) -> String {
    let slopes: Vec<Estimate> = (found.iter())
        .filter_map(|e| e.slope.points_per_million_steps)
        .collect();
    let one = match slopes[..] {
        [] => return NOTHING.to_owned(),
        [one] => one,
        _ => match over_seeds(&slopes.iter().map(|s| s.value).collect::<Vec<_>>()) {
            Some(mean) => mean,
            None => return NOTHING.to_owned(),
        },
    };
    let places = if one.value.abs() < 10.0 { 2 } else { 0 };
    let error = one
        .standard_error
        .map_or(String::new(), |se| format!(" ± {}", fixed(se, places)));
    format!("{}{error}", signed(one.value, places))
}
