//! `report.html`: one file that opens offline, on a phone too. The numbers first, then every figure with
//! one sentence on how to read it, then how it was measured.

use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use thiserror::Error;

use crate::draw::{Drawn, models, plain, streams};
use crate::eval::bootstrap::Estimate;
use crate::run::folder::{Folder, FolderError};
use crate::run::summary::{Row, Summary};
use crate::scenario::{Scenario, to_yaml};

/// What can go wrong with a report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A figure that was drawn cannot be read.
    #[error("{}: cannot be read: {source}\nhint: draw the figures again with `saturn plot`", path.display())]
    Figure {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The report cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1.2rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
p, li { max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--soft); }
th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
thead th { border-bottom: 2px solid var(--line); }
tr.first td { border-top: 1px solid var(--line); }
small { opacity: .75; }
figure { margin: 1.4rem 0; padding: .6rem; background: #fff; color: #222; border-radius: .5rem; border: 1px solid var(--line); }
figure svg { max-width: 100%; height: auto; display: block; margin: auto; }
figcaption { font-size: .95rem; padding: .3rem .5rem; }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; border-radius: .5rem; font-size: .85rem; }
";

/// Writes the report of a run.
pub fn write(
    scenario: &Scenario,
    folder: &Folder,
    summary: &Summary,
    drawn: &[Drawn],
) -> Result<(), ReportError> {
    let mut figures = Vec::with_capacity(drawn.len());
    for figure in drawn {
        let svg = std::fs::read_to_string(&figure.svg).map_err(|source| ReportError::Figure {
            path: figure.svg.clone(),
            source,
        })?;
        figures.push((figure, svg));
    }
    let page = page(scenario, summary, &figures);
    folder.write(Path::new("report.html"), page.into_string().as_bytes())?;
    Ok(())
}

fn page(scenario: &Scenario, summary: &Summary, figures: &[(&Drawn, String)]) -> Markup {
    let split = match summary.split.as_str() {
        "test" => "the test split",
        _ => "the validation split (`--final` reads the test split)",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (summary.name) " – Saturn" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (summary.name) }
                @if let Some(about) = &summary.about { p { (about) } }
                p { small {
                    (summary.cells.len()) " trained nets, measured on " (split) ". "
                    (summary.classes.len()) " classes: a guess is right in "
                    (format!("{:.1} %", 100.0 * summary.chance)) "."
                } }
                @for stream in streams(summary) { (table(summary, &stream)) }
                (nets(summary))
                @if !summary.failures.is_empty() {
                    h2 { "What failed" }
                    ul { @for f in &summary.failures {
                        li { (f.model) ", " (f.arm) ", seed " (f.seed) ": " (f.reason) }
                    } }
                }
                h2 { "Figures" }
                @for (drawn, svg) in figures {
                    figure id=(drawn.name) {
                        (PreEscaped(without_prolog(svg)))
                        figcaption { (drawn.caption) }
                    }
                }
                (method())
                details {
                    summary { "The scenario, with every default written out" }
                    pre { (to_yaml(scenario)) }
                }
            }
        }
    }
}

/// The accuracies of one stream.
fn table(summary: &Summary, stream: &str) -> Markup {
    let rows: Vec<&Row> = summary
        .table
        .iter()
        .filter(|r| r.stream == stream)
        .collect();
    html! {
        h2 { "Accuracy, gaps: " (plain(stream)) }
        div.scroll { table {
            thead { tr {
                th { "net" } th { "arm" } th { "state reset" }
                th { "summed, %" } th { "last step, %" } th { "detector, %" }
                th { "less classic + oracle" } th { "max p late in gaps" }
            } }
            tbody { @for model in models(summary) {
                @for (i, row) in rows.iter().filter(|r| r.model == model).enumerate() {
                    tr.first[i == 0] {
                        td { (row.model) } td { (plain(&row.arm)) } td { (reset(&row.state_reset)) }
                        td { (percent(row.summed)) }
                        td { (percent(row.last)) }
                        td { (percent(row.detector)) }
                        td { (points(row.from_classic_oracle)) }
                        td { (row.late_gap_max_probability.map_or_else(dash, |p| format!("{p:.2}"))) }
                    }
                }
            } }
        } }
    }
}

/// What each net is, and what it costs.
fn nets(summary: &Summary) -> Markup {
    html! {
        h2 { "The nets" }
        div.scroll { table {
            thead { tr {
                th { "net" } th { "arm" } th { "seed" }
                th { "parameters" } th { "training, s" } th { "epoch kept" }
                th { "slope, points per 10⁶ steps" } th { "spikes a step" }
                th { "synaptic operations a step" } th { "steps a second" }
                th { "mask agreement" }
            } }
            tbody { @for cell in &summary.cells {
                @let live = cell.evaluations.iter().find(|e| e.state_reset == "none");
                tr {
                    td { (cell.model) } td { (plain(&cell.arm)) } td { (cell.seed) }
                    td { (cell.training.parameters) }
                    td { (format!("{:.0}", cell.training.seconds)) }
                    td { (cell.training.kept_epoch) }
                    td { (live.and_then(|e| e.evaluation.slope.points_per_million_steps)
                        .map_or_else(dash, slope)) }
                    td { (live.map_or_else(dash, |e| format!("{:.1}", e.evaluation.spikes_per_step))) }
                    td { (live.map_or_else(dash, |e|
                        format!("{:.0}", e.evaluation.synaptic_operations_per_step))) }
                    td { (live.map_or_else(dash, |e| format!("{:.0}", e.evaluation.steps_per_second))) }
                    td { (cell.training.mask.and_then(|m| m.valid.agreement)
                        .map_or_else(dash, |a| format!("{:.1} %", 100.0 * a))) }
                }
            } }
        } }
    }
}

/// The definitions that decide results.
fn method() -> Markup {
    html! {
        h2 { "How this was measured" }
        ul {
            li { b { "Streams" } " are endless concatenations of samples and gaps. A net that is "
                i { "never reset" } " starts at rest once; an " i { "oracle" }
                " puts the state at rest at each sample's first step, as if boundaries were known." }
            li { b { "Summed" } ": the class with the highest probability, summed over the known segment, "
                "from a sample's first event to its last step. " b { "Last step" }
                ": the same at that step alone. " b { "Detector" }
                ": runs of steps in which the averaged probability of one class stays above a threshold; it "
                "knows no boundaries, and its threshold is chosen on a validation stream." }
            li { b { "Intervals" } " are 95 %. With one seed they come from a bootstrap over recordings, since a "
                "long stream repeats few of them; with several seeds they are Student's over seeds. Differences "
                "are paired by recording." }
            li { b { "Late in gaps" } " is 15 steps after a sample's end and later. A net that has returned to "
                "neutral gives each class the same small probability." }
            li { b { "Contraction" } ": nets that heard different pasts hear the same gap; how far apart their "
                "states still are, relative to the sample's end. Mean over hidden layers, without spikes." }
            li { b { "Pinned" } ": |h| above 0.95, or a gate below 0.05 or above 0.95. " b { "Effective rank" }
                " is the participation ratio of the state's covariance." }
            li { b { "Arms" } ": classic trains on single samples from a fresh state; lead on a gap and a sample; "
                "carry on samples in a row with cross-entropy alone; adaptive adds the divergence from the "
                "uniform distribution in gaps (after Yin & Corradi 2024). Every update of every arm sees the "
                "same samples." }
        }
    }
}

/// The table for the terminal, aligned.
pub fn table_lines(summary: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<14} {:<12} {:<10} {:<14} {:>8} {:>8} {:>8}   ({} split, %)",
        "stream", "model", "arm", "state_reset", "summed", "last", "detector", summary.split
    )];
    for row in &summary.table {
        let share =
            |e: Option<Estimate>| e.map_or_else(dash, |e| format!("{:.1}", 100.0 * e.value));
        lines.push(format!(
            "{:<14} {:<12} {:<10} {:<14} {:>8} {:>8} {:>8}",
            row.stream,
            row.model,
            row.arm,
            row.state_reset,
            share(row.summed),
            share(row.last),
            share(row.detector)
        ));
    }
    lines
}

fn dash() -> String {
    "–".into()
}

fn reset(policy: &str) -> String {
    match policy {
        "none" => "never".into(),
        other => plain(other),
    }
}

/// A share as percent, with half of its interval.
fn percent(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(dash, |e| match e.interval {
        Some([low, high]) => format!("{:.1} ± {:.1}", 100.0 * e.value, 50.0 * (high - low)),
        None => format!("{:.1}", 100.0 * e.value),
    })
}

/// A difference in percentage points, with half of its interval.
fn points(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(dash, |e| match e.interval {
        Some([low, high]) => format!("{:+.1} ± {:.1}", 100.0 * e.value, 50.0 * (high - low)),
        None => format!("{:+.1}", 100.0 * e.value),
    })
}

fn slope(e: Estimate) -> String {
    match e.standard_error {
        Some(error) => format!("{:+.1} (se {error:.1})", e.value),
        None => format!("{:+.1}", e.value),
    }
}

/// An SVG without the XML declaration, for a page.
fn without_prolog(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |at| &svg[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> Row {
        let estimate = Estimate {
            value,
            standard_error: Some(0.01),
            interval: Some([value - 0.02, value + 0.02]),
            units: 9,
        };
        Row {
            model: "lif".into(),
            arm: "<b>".into(),
            stream: "noise".into(),
            state_reset: "none".into(),
            seeds: 1,
            summed: Some(estimate),
            last: None,
            detector: Some(estimate),
            from_classic_oracle: Some(Estimate {
                value: -0.011,
                ..estimate
            }),
            late_gap_max_probability: None,
            spikes_per_step: 0.0,
            synaptic_operations_per_step: 0.0,
        }
    }

    fn summary() -> Summary {
        Summary {
            format: "saturn summary".into(),
            version: 1,
            name: "a & b".into(),
            about: None,
            split: "valid".into(),
            classes: vec!["x".into(), "y".into()],
            chance: 0.5,
            dt_ms: 10.0,
            cells: Vec::new(),
            table: vec![row(0.876)],
            failures: Vec::new(),
        }
    }

    #[test]
    fn the_terminal_table_is_aligned() {
        let lines = table_lines(&summary());
        assert_eq!(lines.len(), 2);
        assert!(lines[1].contains("87.6"), "{}", lines[1]);
        let column = |line: &str, word: &str| line.find(word).map(|at| at + word.len());
        assert_eq!(column(&lines[0], " summed"), column(&lines[1], " 87.6"));
    }

    #[test]
    fn a_page_escapes_names_and_holds_every_figure() {
        let text = "name: t\nmodels: {m: {layers: [rnn]}}\narms: {a: {streams: single}}\n";
        let scenario = Scenario::parse(text, "t", Path::new(""), &[""; 0]).unwrap();
        let drawn = Drawn {
            name: "compare".into(),
            caption: "Right is better.".into(),
            svg: PathBuf::new(),
        };
        let figures = [(
            &drawn,
            "<?xml version=\"1.0\"?><svg id=\"s\"></svg>".to_owned(),
        )];
        let page = page(&scenario, &summary(), &figures).into_string();
        assert!(page.contains("a &amp; b"));
        assert!(page.contains("Right is better."));
        assert!(page.contains("<svg id=\"s\">") && !page.contains("<?xml"));
        assert!(page.contains("viewport"));
        assert_eq!(percent(row(0.876).summed), "87.6 ± 2.0");
        assert_eq!(points(row(0.876).from_classic_oracle), "-1.1 ± 2.0");
    }
}
