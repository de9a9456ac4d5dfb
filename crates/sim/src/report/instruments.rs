//! Optional instruments, as tables for the terminal and for the page.

use maud::{Markup, html};

use super::aligned::aligned;
use super::numbers::{NOTHING, count, fixed, p_value, percent};
use crate::figures::names;
use crate::figures::scope::{NEVER, mean};
use crate::run::summary::{CellSummary, Summary};
use saturn_eval::evaluate::Evaluation;
use saturn_eval::recovery::{KindRecovery, RecoveryBin};
use saturn_eval::stats::change_point::Changes;

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

fn answers(summary: &Summary, stream: &str) -> Table {
    let mut rows = Vec::new();
    for (model, arm, cells) in nets(summary) {
        let found = never_reset(&cells, stream);
        let scores: Vec<_> = (found.iter())
            .filter_map(|e| e.calibration.as_ref()?.summed)
            .collect();
        let changes: Vec<_> = (found.iter())
            .filter_map(|e| e.change_points.as_ref())
            .collect();
        if scores.is_empty() && changes.is_empty() {
            continue;
        }
        let over = |of: fn(&saturn_eval::calibration::Score) -> f64| mean(scores.iter().map(of));
        rows.push(vec![
            names::model(model),
            names::arm(arm),
            said(&changes.iter().map(|c| &c.summed).collect::<Vec<_>>()),
            said(&changes.iter().map(|c| &c.detector).collect::<Vec<_>>()),
            optional(over(|s| 100.0 * s.ece), 1),
            optional(over(|s| 100.0 * s.noise), 1),
            optional(over(|s| s.brier), 3),
        ]);
    }
    Table {
        title: format!(
            "Outputs along the stream, never reset, {}: where accuracy changes (one per seed), and calibration",
            summary.roles.stream_label(stream)
        ),
        names: 4,
        head: vec![
            "model",
            "arm",
            "changes of summed accuracy",
            "changes of the detector's",
            "calibration error, %",
            "by chance, %",
            "Brier score",
        ],
        rows,
    }
}

/// `none (p 0.31)`, or `at 12 000: 91 to 84 %`, seed by seed.
fn said(seeds: &[&Changes]) -> String {
    let one = |changes: &&Changes| {
        if changes.changes.is_empty() {
            let p = changes.p_value.map_or(NOTHING.to_owned(), p_value);
            return format!("none (p {p})");
        }
        let each = changes.changes.iter().map(|c| {
            let [before, after] = [c.before, c.after].map(|share| fixed(100.0 * share, 0));
            format!("at {}: {before} to {after} %", count(c.step))
        });
        each.collect::<Vec<_>>().join(", ")
    };
    if seeds.is_empty() {
        return NOTHING.to_owned();
    }
    seeds.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn states(summary: &Summary, stream: &str) -> Table {
    let mut rows = Vec::new();
    for (model, arm, cells) in nets(summary) {
        let found = never_reset(&cells, stream);
        // The last window of each hidden layer, seed by seed.
        let windows = found.iter().flat_map(|e| {
            let last = e.saturation.iter().map(|w| w.step).max();
            let readout = e.saturation.iter().map(|w| w.layer).max();
            (e.saturation.iter()).filter(move |w| Some(w.step) == last && Some(w.layer) != readout)
        });
        let asked: Vec<_> = windows.filter_map(|w| w.stats.asked.as_ref()).collect();
        if asked.is_empty() {
            continue;
        }
        let drift = |of: fn(&saturn_eval::monitor::drift::DriftStats) -> f64| {
            mean(asked.iter().flat_map(|a| a.drift.values()).map(of))
        };
        let quantile = |of: fn(&saturn_eval::monitor::quantiles::StateQuantiles) -> f64| {
            mean(asked.iter().flat_map(|a| a.quantiles.values()).map(of))
        };
        let intervals = || asked.iter().flat_map(|a| a.intervals.values());
        rows.push(vec![
            names::model(model),
            names::arm(arm),
            optional(quantile(|q| q.q05), 2),
            optional(quantile(|q| q.q50), 2),
            optional(quantile(|q| q.q95), 2),
            optional(drift(|d| 100.0 * d.drifted), 1),
            optional(drift(|d| d.median), 3),
            optional(drift(|d| d.max), 3),
            optional(mean(intervals().map(|i| i.mean_ms)), 0),
            optional(mean(intervals().filter_map(|i| i.cv)), 2),
            optional(mean(intervals().map(|i| 100.0 * i.bursts)), 1),
        ]);
    }
    Table {
        title: format!(
            "States in the last window, never reset, {}: quantiles, drift since the first window, inter-spike \
             intervals; mean over layers",
            summary.roles.stream_label(stream)
        ),
        names: 2,
        head: vec![
            "model",
            "arm",
            "5 %",
            "median",
            "95 %",
            "drifted, %",
            "distance",
            "largest",
            "interval, ms",
            "CV",
            "in bursts, %",
        ],
        rows,
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
