//! The trained nets: sizes, times, masks, and what failed.

use maud::{Markup, html};

use super::matched::unmatched;
use super::numbers::{NOTHING, count, fixed, percent};
use crate::figures::names;
use crate::run::summary::Summary;

/// One row a trained net.
pub fn nets(summary: &Summary) -> Markup {
    let warnings = unmatched(summary);
    html! {
        @if !warnings.is_empty() {
            div.failures { ul { @for warning in &warnings { li { (warning) } } } }
        }
        div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
            table {
                thead { tr {
                    th { "model" } th { "arm" } th.number { "seed" } th.number { "parameters" } th.number { "weight steps" }
                    th.number { "training, s" } th.number { "kept epoch" }
                    th.number { "validation, summed, %" }
                } }
                tbody {
                    @for cell in &summary.cells {
                        @let training = &cell.training;
                        @let kept = training.kept();
                        tr {
                            th scope="row" { (names::model(&cell.model)) }
                            td { (names::arm(&cell.arm)) }
                            td.number { (cell.seed) }
                            td.number { (count(training.parameters as u64)) }
                            td.number { (training.weight_steps.map_or(NOTHING.to_owned(), count)) }
                            td.number { (fixed(training.seconds, 1)) }
                            td.number { (training.kept_epoch) " of " (training.epochs()) }
                            td.number { (kept.map_or(NOTHING.to_owned(), |e| percent(e.validation.summed))) }
                        }
                    }
                }
            }
        }
    }
}

/// Agreement of masks with the labels, if these are estimated or wrong on purpose; empty if there are none.
pub fn masks(summary: &Summary) -> Markup {
    let estimated: Vec<_> = (summary.cells.iter())
        .filter_map(|cell| Some((cell, cell.training.mask?)))
        .collect();
    let share = |s: Option<f64>| s.map_or(NOTHING.to_owned(), percent);
    html! {
        @if !estimated.is_empty() {
            h3 { "Masks against the labels" }
            p.caption {
                "Agreement is the share of all steps where both are equal, hits of the informative steps "
                "where the mask is up, false alarms of the others; the threshold of an estimated mask was set on training "
                "streams, and a mask without one is wrong on purpose."
            }
            div.scroll tabindex="0" role="region" aria-label="a table that scrolls sideways" {
                table {
                    thead { tr {
                        th { "model" } th { "arm" } th.number { "seed" } th.number { "threshold" } th { "streams" }
                        th.number { "agreement, %" } th.number { "hits, %" } th.number { "false alarms, %" }
                    } }
                    tbody {
                        @for (cell, mask) in &estimated {
                            @for (k, (streams, found)) in [("training", &mask.train), ("validation", &mask.valid)].into_iter().enumerate() {
                                tr {
                                    @if k == 0 {
                                        th scope="row" { (names::model(&cell.model)) } td { (names::arm(&cell.arm)) }
                                        td.number { (cell.seed) } td.number { (mask.threshold.map_or(NOTHING.to_owned(), |at| fixed(at, 3))) }
                                    } @else { th {} td {} td {} td {} }
                                    td { (streams) }
                                    td.number { (share(found.agreement)) }
                                    td.number { (share(found.hits)) }
                                    td.number { (share(found.false_alarms)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What failed, with its reasons.
pub fn failures(summary: &Summary) -> Markup {
    html! {
        @if !summary.failures.is_empty() {
            div.failures {
                h2 { "What failed" }
                p { "These nets have no results; the others are complete." }
                ul {
                    @for failure in &summary.failures {
                        li {
                            strong { (names::model(&failure.model)) ", " (names::arm(&failure.arm)) ", seed " (failure.seed) }
                            ": " (failure.reason)
                        }
                    }
                }
            }
        }
    }
}
