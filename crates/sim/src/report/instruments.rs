//! Optional instruments, as tables for the terminal and for the page.

use maud::{Markup, html};

use super::aligned::aligned;
use super::numbers::{NOTHING, count, fixed, percent};
use crate::figures::names;
use crate::figures::scope::{NEVER, mean};
use crate::run::summary::{CellSummary, Summary};
use saturn_eval::evaluate::Evaluation;
use saturn_eval::instruments::shown::{ShownColumn, Values};
use saturn_eval::instruments::{OptionalStats, Reports};
use saturn_eval::recovery::{KindRecovery, RecoveryBin};

/// A table whose first columns are names.
struct Table {
    title: String,
    names: usize,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Lines for the terminal; none without optional instruments.
pub fn instrument_lines(summary: &Summary) -> Vec<String> {
    tables(summary)
        .into_iter()
        .flat_map(|table| {
            let head = table.head.iter().map(ToString::to_string).collect();
            let rows: Vec<Vec<String>> = std::iter::once(head).chain(table.rows).collect();
            std::iter::once(table.title).chain(aligned(&rows, table.names))
        })
        .collect()
}

/// The same for the page.
pub fn instruments(summary: &Summary) -> Markup {
    let tables = tables(summary);
    html! {
        @if !tables.is_empty() {
            h2 id="instruments" { "Optional instruments" }
            @for table in &tables {
                h3 { (table.title) }
                div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
                    table {
                        thead { tr {
                            @for (c, head) in table.head.iter().enumerate() {
                                @if c < table.names { th { (head) } } @else { th.number { (head) } }
                            }
                        } }
                        tbody {
                            @for row in &table.rows {
                                tr {
                                    @for (c, cell) in row.iter().enumerate() {
                                        @if c < table.names { td { (cell) } } @else { td.number { (cell) } }
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

fn tables(summary: &Summary) -> Vec<Table> {
    let mut streams: Vec<&str> = Vec::new();
    for e in summary.cells.iter().flat_map(|c| &c.evaluations) {
        if !streams.contains(&e.stream.as_str()) {
            streams.push(&e.stream);
        }
    }
    let each = streams.iter().flat_map(|stream| {
        [
            recovery(summary, stream),
            answers(summary, stream),
            states(summary, stream),
            lags(summary, stream),
        ]
    });
    each.filter(|table| !table.rows.is_empty()).collect()
}

/// Model and arm of each net, with its seeds.
fn nets(summary: &Summary) -> Vec<(&str, &str, Vec<&CellSummary>)> {
    let mut nets: Vec<(&str, &str, Vec<&CellSummary>)> = Vec::new();
    for cell in &summary.cells {
        let key = (cell.model.as_str(), cell.arm.as_str());
        match nets.iter_mut().find(|n| (n.0, n.1) == key) {
            Some(net) => net.2.push(cell),
            None => nets.push((key.0, key.1, vec![cell])),
        }
    }
    nets
}

fn recovery(summary: &Summary, stream: &str) -> Table {
    let mut rows = Vec::new();
    for (model, arm, cells) in nets(summary) {
        let seeds: Vec<_> = (cells.iter())
            .flat_map(|c| &c.experiments.recovery)
            .filter(|r| r.stream == stream)
            .collect();
        let kinds = seeds.first().map_or(0, |r| r.kinds.len());
        for k in 0..kinds {
            let of: Vec<&KindRecovery> = seeds.iter().filter_map(|r| r.kinds.get(k)).collect();
            let share = |bins: &[&RecoveryBin], right: fn(&RecoveryBin) -> u64| {
                let total: u64 = bins.iter().map(|b| b.total).sum();
                let right: u64 = bins.iter().map(|b| right(b)).sum();
                percent(right as f64 / total as f64)
            };
            let during: Vec<&RecoveryBin> = of.iter().map(|k| &k.during).collect();
            let after: Vec<&RecoveryBin> = of.iter().filter_map(|k| k.bins.first()).collect();
            // A seed in which too few settled leaves no number.
            let seconds = |steps: fn(&KindRecovery) -> Option<f64>| {
                let all: Option<Vec<f64>> = of.iter().map(|k| steps(k)).collect();
                let steps = all.and_then(mean);
                steps.map_or(NOTHING.to_owned(), |s| fixed(s * summary.dt_ms / 1e3, 2))
            };
            let never = mean(of.iter().map(|k| k.never)).unwrap_or(f64::NAN);
            rows.push(vec![
                names::model(model),
                names::arm(arm),
                of[0].kind.replace('_', " "),
                count(of.iter().map(|k| k.disturbances).sum()),
                share(&during, |b| b.right),
                share(&during, |b| b.undisturbed),
                share(&after, |b| b.right),
                share(&after, |b| b.undisturbed),
                seconds(|k| k.settled_median),
                seconds(|k| k.settled_q90),
                percent(never),
            ]);
        }
    }
    Table {
        title: format!(
            "After disturbances, {}: accuracy in % while they last and of samples that begin in the first steps \
             after, each with an undisturbed copy's; seconds until the state is within 5 % of its copy's",
            summary.roles.stream_label(stream)
        ),
        names: 3,
        head: vec![
            "model",
            "arm",
            "disturbance",
            "times",
            "during",
            "(copy)",
            "after",
            "(copy)",
            "half, s",
            "90 %, s",
            "never, %",
        ],
        rows,
    }
}

/// The evaluations of a net on a stream that is never reset.
fn never_reset<'a>(cells: &[&'a CellSummary], stream: &str) -> Vec<&'a Evaluation> {
    (cells.iter())
        .flat_map(|cell| &cell.evaluations)
        .filter(|e| e.stream == stream && e.state_reset == NEVER)
        .map(|e| &e.evaluation)
        .collect()
}

fn optional(value: Option<f64>, places: usize) -> String {
    value.map_or(NOTHING.to_owned(), |v| fixed(v, places))
}

/// What instruments returned of one net, in its columns: a text where there is any.
type Cells = Vec<Option<String>>;

fn answers(summary: &Summary, stream: &str) -> Table {
    let rows = nets(summary).into_iter().map(|(model, arm, cells)| {
        let found = never_reset(&cells, stream).into_iter();
        (model, arm, found.map(|e| &e.answers).collect())
    });
    let table = shown(Reports::columns(), rows);
    Table {
        title: format!(
            "Answers along the stream, never reset, {}: {}",
            summary.roles.stream_label(stream),
            table.title
        ),
        ..table
    }
}

fn states(summary: &Summary, stream: &str) -> Table {
    let rows = nets(summary).into_iter().map(|(model, arm, cells)| {
        // The last window of each hidden layer, seed by seed.
        let windows = never_reset(&cells, stream).into_iter().flat_map(|e| {
            let last = e.saturation.iter().map(|w| w.step).max();
            let readout = e.saturation.iter().map(|w| w.layer).max();
            (e.saturation.iter()).filter(move |w| Some(w.step) == last && Some(w.layer) != readout)
        });
        let optional = windows.filter_map(|w| w.stats.optional.as_ref());
        (model, arm, optional.collect())
    });
    let table = shown(OptionalStats::columns(), rows);
    Table {
        title: format!(
            "States in the last window, never reset, {}: {}; mean over layers",
            summary.roles.stream_label(stream),
            table.title
        ),
        ..table
    }
}

/// A row for each net that has anything to show, a column for each that any net has, texts first. Its title is what the
/// columns are about.
fn shown<'a, W: 'a>(
    mut columns: Vec<ShownColumn<W>>,
    nets: impl Iterator<Item = (&'a str, &'a str, Vec<&'a W>)>,
) -> Table {
    columns.sort_by_key(|column| matches!(column.values, Values::Numbers(..)));
    let cell = |column: &ShownColumn<W>, found: &[&W]| match &column.values {
        Values::Numbers(places, read) => {
            let value = mean(found.iter().flat_map(|w| read(w)));
            value.map(|v| fixed(v, *places))
        }
        Values::Texts(read) => {
            let texts: Vec<String> = found.iter().flat_map(|w| read(w)).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
    };
    let rows: Vec<(&str, &str, Cells)> = nets
        .map(|(model, arm, found)| {
            let cells = columns.iter().map(|column| cell(column, &found));
            (model, arm, cells.collect())
        })
        .filter(|(_, _, cells): &(_, _, Cells)| cells.iter().any(Option::is_some))
        .collect();
    let kept: Vec<usize> = (0..columns.len())
        .filter(|&c| rows.iter().any(|(_, _, cells)| cells[c].is_some()))
        .collect();
    let mut titles: Vec<&str> = kept.iter().map(|&c| columns[c].title).collect();
    titles.dedup();
    let is_text = |c: &&usize| matches!(columns[**c].values, Values::Texts(_));
    let row = |(model, arm, cells): (&str, &str, Cells)| {
        let names = [names::model(model), names::arm(arm)].into_iter();
        let own = kept.iter().map(|&c| cells[c].clone());
        names
            .chain(own.map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned())))
            .collect()
    };
    Table {
        title: titles.join(", "),
        names: 2 + kept.iter().filter(is_text).count(),
        head: ["model", "arm"]
            .into_iter()
            .chain(kept.iter().map(|&c| columns[c].head))
            .collect(),
        rows: rows.into_iter().map(row).collect(),
    }
}

fn lags(summary: &Summary, stream: &str) -> Table {
    const LAGS: [usize; 3] = [16, 64, 256];
    let mut rows = Vec::new();
    for (model, arm, cells) in nets(summary) {
        let at = |lags: &[usize], values: &[f64], lag: usize| {
            let i = lags.iter().position(|k| *k == lag)?;
            values.get(i).copied()
        };
        let past = |lag: usize| {
            let curves = cells.iter().flat_map(|c| &c.experiments.far_past);
            let of = curves.filter(|f| f.stream == stream);
            mean(of.filter_map(|f| at(&f.lags, &f.variation, lag)))
        };
        let gradient = |lag: usize| {
            let curves = cells.iter().flat_map(|c| &c.experiments.gradient_lag);
            let of = curves.filter(|g| g.stream == stream);
            mean(of.filter_map(|g| Some(at(&g.lags, &g.norm, lag)? / at(&g.lags, &g.norm, 1)?)))
        };
        if past(1).is_none() && gradient(1).is_none() {
            continue;
        }
        let tiny = |v: Option<f64>| v.map_or(NOTHING.to_owned(), |v| format!("{v:.1e}"));
        let names = [names::model(model), names::arm(arm)].into_iter();
        let past = LAGS.map(|lag| optional(past(lag), 3));
        let gradient = LAGS.map(|lag| tiny(gradient(lag)));
        rows.push(names.chain(past).chain(gradient).collect());
    }
    Table {
        title: format!(
            "The past, {}: total variation of the output from that after only the last 16, 64, 256 steps; \
            the gradient by the state 16, 64, 256 steps before, over that one step before",
            summary.roles.stream_label(stream)
        ),
        names: 2,
        head: vec![
            "model",
            "arm",
            "past 16",
            "past 64",
            "past 256",
            "gradient 16",
            "gradient 64",
            "gradient 256",
        ],
        rows,
    }
}
