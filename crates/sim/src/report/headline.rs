//! What the run found, first: a sentence, and the few numbers behind it.
//!
//! Which arms and which policy it is about comes from the run's roles and its reference.

use maud::{Markup, html};

use super::numbers::{interval, percent};
use crate::figures::names;
use crate::figures::scope::NEVER;
use crate::run::summary::{Row, Summary};
use crate::scenario::ArmRole;

/// An arm under a policy, at a glance.
struct Column<'a> {
    arm: &'a str,
    policy: &'a str,
    rows: Vec<&'a Row>,
}

/// The sentence and its table; nothing if the run has no two arms, or one of them was not evaluated without resets.
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
            "On a stream that is never reset, with " (roles.stream_label(stream)) ", nets trained in the arm "
            em { (names::arm(arm)) } " get " strong { (range(&bare.rows)) } " of the samples right; those trained in "
            em { (names::arm(subject)) } ", " strong { (range(&own.rows)) } "."
            @if !helped.rows.is_empty() && helped.policy != NEVER {
                " With the policy " em { (roles.policy_label(helped.policy)) } ", nets of " em { (names::arm(arm)) }
                " get " (range(&helped.rows)) "."
            }
            " A guess is right in " (percent(summary.chance)) " %."
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

/// A row a model.
fn glance(summary: &Summary, columns: &[Column]) -> Markup {
    let mut models: Vec<&str> = Vec::new();
    for row in columns.iter().flat_map(|column| &column.rows) {
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    html! {
        div.scroll {
            table.glance {
                thead { tr {
                    th {}
                    @for c in columns { th.number { (names::arm(c.arm)) ", " (summary.roles.policy_label(c.policy)) } }
                } }
                tbody {
                    @for model in models {
                        tr {
                            th scope="row" { (names::model(model)) }
                            @for column in columns {
                                @let summed = column.rows.iter().find(|r| r.model == model).and_then(|r| r.summed.as_ref());
                                td.number {
                                    @if let Some(summed) = summed {
                                        span.big { (percent(summed.value)) " %" }
                                        small { (interval(summed)) }
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

/// From the lowest to the highest: `33 to 74 %`.
fn range(rows: &[&Row]) -> String {
    let values = rows
        .iter()
        .filter_map(|row| row.summed.as_ref())
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
