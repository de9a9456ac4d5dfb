//! What the run found, first: a sentence, and the few numbers behind it.

use maud::{Markup, html};

use super::numbers::{interval, percent};
use crate::figures::names;
use crate::run::summary::{Row, Summary};

/// The columns at a glance: arm, policy, heading.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("classic", "oracle", "classic, oracle reset"),
    ("classic", "none", "classic, never reset"),
    ("adaptive", "none", "adaptive, never reset"),
];

/// The sentence and its table; nothing if the run has no classic and adaptive arm.
pub fn headline(summary: &Summary) -> Markup {
    let Some(stream) = summary.table.first().map(|row| row.stream.as_str()) else {
        return html! {};
    };
    let of = |(arm, state_reset, _): (&str, &str, &str)| -> Vec<&Row> {
        let rows = summary.table.iter();
        rows.filter(|row| row.stream == stream && row.arm == arm && row.state_reset == state_reset)
            .collect()
    };
    let columns = COLUMNS.map(of);
    if columns[1].is_empty() || columns[2].is_empty() {
        return html! {};
    }
    let models: Vec<&str> = columns[2].iter().map(|row| row.model.as_str()).collect();
    html! {
        p.lead {
            "On a stream that is never reset, with " (names::stream(stream)) ", nets trained the classic way "
            "get " strong { (range(&columns[1])) } " of the samples right; trained with the adaptive loss, "
            strong { (range(&columns[2])) } "."
            @if !columns[0].is_empty() {
                " Classic nets that are put back to rest before each sample get " (range(&columns[0])) "."
            }
            " A guess is right in " (percent(summary.chance)) " %."
        }
        div.scroll {
            table.glance {
                thead { tr { th {} @for (_, _, heading) in COLUMNS { th.number { (heading) } } } }
                tbody {
                    @for model in models {
                        tr {
                            th scope="row" { (names::model(model)) }
                            @for column in &columns {
                                @let summed = column.iter().find(|r| r.model == model).and_then(|r| r.summed.as_ref());
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
