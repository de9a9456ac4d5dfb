//! The main result of the run: a sentence, and the few numbers behind it, by each of the three readings.
//!
//! The run's roles and its reference determine the arms and the policy.

use maud::{Markup, html};

use super::numbers::{interval, percent};
use crate::figures::names;
use crate::figures::scope::NEVER;
use crate::run::summary::{Row, Summary};
use crate::scenario::ArmRole;
use saturn_eval::reading::Reading;

/// An arm under a policy, at a glance.
struct Column<'a> {
    arm: &'a str,
    policy: &'a str,
    rows: Vec<&'a Row>,
}

/// The sentence and its table; nothing if the run has fewer than two arms, or one of them was not evaluated
/// without resets.
pub fn headline(summary: &Summary) -> Markup {
    let Some(stream) = summary.table.first().map(|row| row.stream.as_str()) else {
        return html! {};
    };
    let (roles, reference) = (&summary.roles, &summary.reference);
    let Some(subject) = roles.subject(reference) else {
        return html! {};
    };
    let arm = reference.arm.as_str();
    let carry = roles
        .arm(ArmRole::Carry)
        .filter(|c| ![arm, subject].contains(c));
    let of = |arm, policy| column(summary, stream, arm, policy);
    let helped = of(arm, &reference.state_reset);
    let (bare, own) = (of(arm, NEVER), of(subject, NEVER));
    if bare.rows.is_empty() || own.rows.is_empty() || arm == subject {
        return html! {};
    }
    html! {
        p.lead {
            "On a stream that is never reset, with " (roles.stream_label(stream)) ", networks trained in the arm "
            em { (names::arm(arm)) } " reach accuracies of " (by_reading(&bare.rows)) "; those trained in "
            em { (names::arm(subject)) } ", " (by_reading(&own.rows)) "."
            @if !helped.rows.is_empty() && helped.policy != NEVER {
                " With the policy " em { (roles.policy_label(helped.policy)) } ", networks of " em { (names::arm(arm)) }
                " reach accuracies of " (by_reading(&helped.rows)) "."
            }
            " Chance level is " (percent(summary.chance)) " %."
        }
        (glance(summary, &columns(helped, bare, carry.map(|arm| of(arm, NEVER)), own)))
    }
}

fn column<'a>(summary: &'a Summary, stream: &str, arm: &'a str, policy: &'a str) -> Column<'a> {
    let of = |row: &&Row| (&*row.stream, &*row.arm, &*row.state_reset) == (stream, arm, policy);
    Column {
        arm,
        policy,
        rows: summary.table.iter().filter(of).collect(),
    }
}

/// Those of the columns that have rows, each once.
fn columns<'a>(
    helped: Column<'a>,
    bare: Column<'a>,
    carry: Option<Column<'a>>,
    own: Column<'a>,
) -> Vec<Column<'a>> {
    let repeated = helped.policy == NEVER;
    let helped = Some(helped).filter(|_| !repeated);
    let all = helped.into_iter().chain([bare]).chain(carry).chain([own]);
    all.filter(|column| !column.rows.is_empty()).collect()
}

/// A row a reading of each model.
fn glance(summary: &Summary, columns: &[Column]) -> Markup {
    let mut models: Vec<&str> = Vec::new();
    for row in columns.iter().flat_map(|column| &column.rows) {
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
            table.glance {
                thead { tr {
                    th {}
                    th { "reading" }
                    @for c in columns { th.number { (names::arm(c.arm)) ", " (summary.roles.policy_label(c.policy)) } }
                } }
                @for model in models {
                    tbody {
                        @for (k, reading) in Reading::ALL.into_iter().enumerate() {
                            tr {
                                @if k == 0 { th scope="rowgroup" rowspan=(Reading::ALL.len()) { (names::model(model)) } }
                                th scope="row" { (reading.name()) }
                                @for column in columns {
                                    @let row = column.rows.iter().find(|r| r.model == model);
                                    td.number {
                                        @if let Some(found) = row.and_then(|r| r.of(reading)) {
                                            span.big { (percent(found.value)) " %" }
                                            small { (interval(found)) }
                                        } @else { "–" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `33 to 74 % (summed), 30 to 71 % (last step), 20 to 60 % (detector)`.
fn by_reading(rows: &[&Row]) -> Markup {
    html! {
        @for (k, reading) in Reading::ALL.into_iter().enumerate() {
            @if k > 0 { ", " }
            strong { (range(rows, reading)) } " (" (reading.name()) ")"
        }
    }
}

/// From the lowest to the highest: `33 to 74 %`.
fn range(rows: &[&Row], reading: Reading) -> String {
    let values = rows
        .iter()
        .filter_map(|row| row.of(reading))
        .map(|e| 100.0 * e.value);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    if low > high {
        "–".to_owned()
    } else if high - low < 1.0 {
        format!("{high:.0} %")
    } else {
        format!("{low:.0} to {high:.0} %")
    }
}
