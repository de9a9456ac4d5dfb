//! The page: what was run, what came out, the figures, how it was measured.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::checklist::{self, arm_of};
use super::{captions, headline, instruments, method, nets, precision, results, verdicts};
use crate::figures::{Drawn, names};
use crate::run::summary::Summary;
use crate::scenario::{Scenario, to_yaml};
use saturn_eval::stats::verdict::Verdict;

/// The style of the page, which it carries in its head.
const STYLE: &str = include_str!("page.css");

/// The whole page of a run; each figure comes with the bytes of its SVG.
pub fn page(scenario: &Scenario, summary: &Summary, figures: &[(&Drawn, Vec<u8>)]) -> String {
    let content = html! {
        header {
            h1 { (summary.name) }
            @if let Some(about) = &summary.about { p.about { (about.trim()) } }
            (what_was_run(scenario, summary))
        }
        (headline::headline(summary))
        (nets::failures(summary))
        h2 id="results" { "Results" }
        @if summary.table.is_empty() { p { "No net was evaluated." } }
        (results::results(summary))
        (verdicts::verdicts(summary))
        (precision::precision(summary))
        (instruments::instruments(summary))
        (checklists(summary))
        (drawn(figures))
        h2 id="nets" { "The nets" }
        (nets::nets(summary))
        (nets::masks(summary))
        h2 id="method" { "How this was measured" }
        (method::method(scenario, summary))
        h2 id="scenario" { "The scenario" }
        details {
            summary { "Every setting, defaults included" }
            div.scroll tabindex="0" role="region" aria-label="text that scrolls sideways" { pre { code { (to_yaml(scenario)) } } }
        }
    };
    framed(&summary.name, &content)
}

/// The page of one finished net on one file; `facts` are lines on what was run.
pub fn page_of_one(facts: &[String], summary: &Summary, figures: &[(&Drawn, Vec<u8>)]) -> String {
    let content = html! {
        header {
            h1 { (summary.name) }
            @for fact in facts { p.facts { (fact) } }
        }
        h2 id="results" { "Results" }
        (results::results(summary))
        (precision::precision(summary))
        (instruments::instruments(summary))
        (drawn(figures))
    };
    framed(&summary.name, &content)
}

/// The figures, if there are any.
fn drawn(figures: &[(&Drawn, Vec<u8>)]) -> Markup {
    html! {
        @if !figures.is_empty() {
            h2 id="figures" { "Figures" }
            (captions::figures(figures))
        }
    }
}

/// A page with this title.
fn framed(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("saturn ", env!("CARGO_PKG_VERSION")));
                title { (title) " – Saturn" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (content)
                    footer {
                        p { "Made by Saturn " (env!("CARGO_PKG_VERSION")) ". The numbers behind this page are in " code { "summary.json" } " in the same folder." }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// What must hold of nets that are never reset, item by item; all models but the first are folded.
fn checklists(summary: &Summary) -> Markup {
    let lists = arm_of(summary).map_or_else(Vec::new, |arm| checklist::checklists(summary, arm));
    html! {
        @if !lists.is_empty() {
            h2 id="checklist" { "Fit to run without resets?" }
            @for (k, list) in lists.iter().enumerate() {
                details open[k == 0] {
                    summary { h3 { (names::model(&list.model)) ", " (names::arm(&list.arm)) } }
                    div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
                        table.checklist {
                            thead { tr { th { "verdict" } th { "asked" } th { "found" } } }
                            tbody {
                                @for item in &list.items {
                                    tr {
                                        td { @if item.verdict == Verdict::Shown { (item.verdict) } @else { strong { (item.verdict) } } }
                                        td { (item.asked) } td { (item.found) }
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

/// One line: the nets, the split, the streams.
fn what_was_run(scenario: &Scenario, summary: &Summary) -> Markup {
    let mut seeds: Vec<u64> = summary.cells.iter().map(|cell| cell.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let all = scenario.models.len() * scenario.arms.len() * seeds.len();
    let split = match summary.split.as_str() {
        "valid" => "validation",
        other => other,
    };
    let plural = |n: usize, one: &str| {
        let s = if n == 1 { "" } else { "s" };
        format!("{} {one}{s}", names::count(n))
    };
    html! {
        p.facts {
            (plural(scenario.models.len(), "model")) " × "
            (plural(scenario.arms.len(), "arm")) " × "
            (plural(seeds.len(), "seed"))
            @if summary.cells.len() < all { ", " (summary.cells.len()) " of these " (all) " nets so far" }
            " · evaluated on the " strong { (split) } " split"
            @if !summary.events.is_empty() { " · " (summary.events) }
            " · " (super::numbers::count(scenario.evaluate.steps)) " steps of " (summary.dt_ms) " ms a stream"
            " · " (summary.classes.len()) " classes, chance " (super::numbers::percent(summary.chance)) " %"
        }
    }
}
