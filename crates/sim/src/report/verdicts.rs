//! Whether networks that are never reset stay within the margin of the reference, by each reading.
//!
//! For the terminal a line per arm, stream and reading, with the number of networks of each verdict; for the
//! page the same, and each network with its difference.

use maud::{Markup, html};

use super::aligned::aligned;
use super::leading::streams;
use super::numbers::{NOTHING, interval, interval_of_difference, percent, signed};
use crate::figures::names;
use crate::figures::scope::NEVER;
use crate::run::summary::{Row, Summary};
use saturn_eval::reading::Reading;
use saturn_eval::stats::crossed::Difference;
use saturn_eval::stats::verdict::Verdict;

/// How the nets of an arm did on one stream by one reading.
struct Counted<'a> {
    arm: &'a str,
    stream: &'a str,
    reading: Reading,
    /// In the order of the verdicts.
    verdicts: [usize; 3],
    /// Mean difference over nets, points.
    mean: f64,
}

/// Every arm, stream and reading with a difference.
fn counted(summary: &Summary) -> Vec<Counted<'_>> {
    let mut arms: Vec<&str> = Vec::new();
    for row in &summary.table {
        if !arms.contains(&row.arm.as_str()) {
            arms.push(&row.arm);
        }
    }
    let mut all = Vec::new();
    for arm in arms {
        for stream in streams(summary) {
            for reading in Reading::ALL {
                let found: Vec<&Difference> = (rows(summary, arm, stream))
                    .filter_map(|row| row.against.of(reading))
                    .collect();
                if found.is_empty() {
                    continue;
                }
                let mut verdicts = [0; 3];
                for difference in &found {
                    verdicts[difference.verdict.unwrap_or(Verdict::NotShown) as usize] += 1;
                }
                let sum: f64 = found.iter().map(|d| 100.0 * d.estimate.value).sum();
                all.push(Counted {
                    arm,
                    stream,
                    reading,
                    verdicts,
                    mean: sum / found.len() as f64,
                });
            }
        }
    }
    all
}

/// The rows of an arm on a stream that are never reset.
fn rows<'a>(summary: &'a Summary, arm: &str, stream: &str) -> impl Iterator<Item = &'a Row> {
    let place = (arm.to_owned(), stream.to_owned());
    (summary.table.iter())
        .filter(move |row| row.state_reset == NEVER && row.arm == place.0 && row.stream == place.1)
}

fn title(summary: &Summary) -> String {
    format!(
        "never reset, at most {} points below {}, {}? Nets by verdict (one-sided 95 %), and the mean difference in points",
        100.0 * summary.margin,
        summary.reference.arm,
        summary.reference.state_reset
    )
}

/// Lines for the terminal. None without a comparison.
pub fn verdict_lines(summary: &Summary) -> Vec<String> {
    let all = counted(summary);
    if all.is_empty() {
        return Vec::new();
    }
    let head = [
        "arm",
        "stream",
        "reading",
        "shown",
        "not shown",
        "otherwise",
        "mean",
    ];
    let row = |c: &Counted| {
        let [shown, not, otherwise] = c.verdicts.map(|n| n.to_string());
        vec![
            c.arm.to_owned(),
            c.stream.to_owned(),
            c.reading.name().to_owned(),
            shown,
            not,
            otherwise,
            signed(c.mean, 1),
        ]
    };
    let table: Vec<Vec<String>> = std::iter::once(head.map(str::to_owned).to_vec())
        .chain(all.iter().map(row))
        .collect();
    std::iter::once(title(summary))
        .chain(aligned(&table, 3))
        .collect()
}

/// The section of the page.
pub fn verdicts(summary: &Summary) -> Markup {
    let all = counted(summary);
    let reference = &summary.reference;
    let margin = 100.0 * summary.margin;
    html! {
        @if !all.is_empty() {
            h2 id="verdicts" { "At most " (margin) " points below the reference?" }
            p.caption {
                "Nets that are never reset against " (names::arm(&reference.arm)) ", " (summary.roles.policy_label(&reference.state_reset))
                ". Shown: the one-sided 95 % lower bound of the difference is above −" (margin)
                ". Shown otherwise: the upper bound is below it. Not shown: the data are inconclusive."
            }
            div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
                table {
                    thead { tr {
                        th { "arm" } th { "stream" } th { "reading" }
                        th.number { "nets shown" } th.number { "not shown" } th.number { "shown otherwise" }
                        th.number { "mean difference, points" }
                    } }
                    tbody {
                        @for c in &all {
                            tr {
                                th scope="row" { (names::arm(c.arm)) } td { (summary.roles.stream_label(c.stream)) } td { (c.reading.name()) }
                                @for n in c.verdicts { td.number { (n) } }
                                td.number { (signed(c.mean, 1)) }
                            }
                        }
                    }
                }
            }
            details {
                summary { h4 { "Net by net" } }
                (by_net(summary))
            }
        }
    }
}

/// Each net by each reading.
fn by_net(summary: &Summary) -> Markup {
    let all: Vec<(&Row, Reading, &Difference)> = (summary.table.iter())
        .filter(|row| row.state_reset == NEVER)
        .flat_map(|row| Reading::ALL.map(|reading| (row, reading)))
        .filter_map(|(row, reading)| Some((row, reading, row.against.of(reading)?)))
        .collect();
    let of_reference = |row: &Row, reading: Reading| {
        let other = summary.table.iter().find(|other| {
            summary.reference.is(other)
                && (&other.model, &other.stream) == (&row.model, &row.stream)
        });
        let found = other.and_then(|other| other.of(reading));
        found.map_or(NOTHING.to_owned(), |e| percent(e.value))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
            table {
                thead { tr {
                    th { "model" } th { "arm" } th { "stream" } th { "reading" } th { "verdict" }
                    th.number { "reference, %" } th.number { "never reset, %" } th.number { "difference, points (two-sided 95 %)" }
                    th.number { "one-sided bound" } th { "holds" }
                } }
                tbody {
                    @for (row, reading, difference) in &all {
                        tr {
                            th scope="row" { (names::model(&row.model)) } td { (names::arm(&row.arm)) }
                            td { (summary.roles.stream_label(&row.stream)) } td { (reading.name()) }
                            td { (difference.verdict.unwrap_or(Verdict::NotShown)) }
                            td.number { (of_reference(row, *reading)) }
                            td.number { @if let Some(e) = row.of(*reading) { span { (percent(e.value)) } small { (interval(e)) } } }
                            td.number {
                                span { (signed(100.0 * difference.estimate.value, 1)) } small { (interval_of_difference(&difference.estimate)) }
                            }
                            td.number { (difference.bounds.map_or(NOTHING.to_owned(), |[low, _]| signed(100.0 * low, 1))) }
                            td { (difference.basis.words()) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::{scenario, summary};
    use crate::run::summary::table;

    /// Two models of three seeds: one network as good as the reference, one far below it at the last step.
    #[test]
    fn every_reading_has_its_verdict() {
        let s = scenario(&["rnn", "gru"], &["classic", "adaptive"]);
        let mut made = summary(&s, 0.9);
        let one = std::mem::take(&mut made.cells);
        for seed in 1..=3u64 {
            for mut cell in one.clone() {
                cell.seed = seed;
                for e in &mut cell.evaluations {
                    let e = &mut e.evaluation;
                    for estimate in [&mut e.summed, &mut e.last].into_iter().flatten() {
                        estimate.units = 5_000;
                        estimate.value += 1e-4 * seed as f64;
                    }
                    if (&*cell.model, &*cell.arm) == ("gru", "adaptive") {
                        e.last.as_mut().unwrap().value -= 0.1;
                    }
                }
                made.cells.push(cell);
            }
        }
        made.table = table(&made.cells, &made.reference);
        let lines = verdict_lines(&made);
        assert!(
            lines[0].contains("at most 2.5 points below classic, oracle"),
            "{lines:#?}"
        );
        let of = |reading: &str| {
            let mut lines = lines.iter();
            let line = lines.find(|l| l.starts_with("adaptive") && l.contains(reading));
            let words: Vec<&str> = line.unwrap().split_whitespace().collect();
            words[words.len() - 4..].to_vec()
        };
        assert_eq!(of("summed"), ["2", "0", "0", "+0.0"]);
        assert_eq!(of("last step"), ["1", "0", "1", "−5.0"]);
        let page = verdicts(&made).into_string();
        assert!(
            page.contains("shown otherwise") && page.contains("seeds alone"),
            "{page}"
        );
        made.table
            .retain(|row| row.arm != "adaptive" && row.state_reset == "oracle");
        assert!(verdict_lines(&made).is_empty());
        assert!(verdicts(&made).into_string().is_empty());
    }
}
