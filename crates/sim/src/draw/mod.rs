//! From a summary and traces to the figures of a run, one file a figure type.

mod accuracy;
mod compare;
mod contraction;
mod saturation;
mod stream;
mod traces;
mod training;

use std::path::{Path, PathBuf};

use saturn_plots::{Figure, PlotError};
use thiserror::Error;

use crate::run::summary::{CellSummary, NamedEvaluation, Summary};
use crate::run::trace::{Trace, TraceError};
use crate::scenario::{Plot, Scenario};

/// A figure that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its name in `figures/`, without ending.
    pub name: String,
    /// One sentence on how to read it.
    pub caption: String,
    /// The SVG file.
    pub svg: PathBuf,
}

/// What can go wrong with a figure.
#[derive(Debug, Error)]
pub enum FiguresError {
    /// It cannot be drawn or written.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A trace cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// Draws the figures that the scenario asks for into `folder/figures`, in reading order.
pub fn draw(
    scenario: &Scenario,
    folder: &Path,
    summary: &Summary,
) -> Result<Vec<Drawn>, FiguresError> {
    let wanted = |plot| scenario.plots.contains(&plot);
    let mut figures: Vec<(String, Box<dyn Figure>)> = Vec::new();
    let mut add = |name: String, figure: Box<dyn Figure>| figures.push((name, figure));
    if wanted(Plot::Compare) {
        add("compare".into(), Box::new(compare::bars(summary)));
        add("table".into(), Box::new(compare::table(summary)));
    }
    if wanted(Plot::Stream) {
        for model in models(summary) {
            if let Some(figure) = stream::stream(folder, summary, &model)? {
                add(format!("stream-{model}"), Box::new(figure));
            }
        }
    }
    if wanted(Plot::Accuracy) {
        add("accuracy".into(), Box::new(accuracy::accuracy(summary)));
    }
    if wanted(Plot::Contraction) {
        for (name, figure) in contraction::contraction(summary) {
            add(name, Box::new(figure));
        }
    }
    if wanted(Plot::Saturation) {
        for model in models(summary) {
            if let Some(figure) = saturation::saturation(summary, &model) {
                add(format!("saturation-{model}"), Box::new(figure));
            }
        }
    }
    if wanted(Plot::Raster)
        && let Some(figure) = stream::raster(folder, summary)?
    {
        add("raster".into(), Box::new(figure));
    }
    if wanted(Plot::Traces) {
        for model in models(summary) {
            if let Some(figure) = traces::traces(folder, summary, &model)? {
                add(format!("traces-{model}"), Box::new(figure));
            }
        }
    }
    if wanted(Plot::Training) {
        add("training".into(), Box::new(training::training(summary)));
    }
    figures
        .into_iter()
        .map(|(name, figure)| {
            let files = figure.draw(&folder.join("figures").join(&name))?;
            Ok(Drawn {
                name,
                caption: figure.caption(),
                svg: files.svg,
            })
        })
        .collect()
}

/// The models, in order.
pub(crate) fn models(summary: &Summary) -> Vec<String> {
    unique(summary.cells.iter().map(|cell| &cell.model))
}

/// The arms, in order.
pub(crate) fn arms(summary: &Summary) -> Vec<String> {
    unique(summary.cells.iter().map(|cell| &cell.arm))
}

/// The streams, in order.
pub(crate) fn streams(summary: &Summary) -> Vec<String> {
    unique(summary.table.iter().map(|row| &row.stream))
}

fn unique<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if !seen.contains(name) {
            seen.push(name.clone());
        }
    }
    seen
}

/// A name as a person reads it.
pub(crate) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The cells of one model and arm, one a seed.
fn cells<'a>(
    summary: &'a Summary,
    model: &'a str,
    arm: &'a str,
) -> impl Iterator<Item = &'a CellSummary> {
    summary
        .cells
        .iter()
        .filter(move |cell| cell.model == model && cell.arm == arm)
}

/// A cell's evaluation on the first stream without resets; else its first.
fn unreset(cell: &CellSummary) -> Option<&NamedEvaluation> {
    cell.evaluations
        .iter()
        .find(|e| e.state_reset == "none")
        .or(cell.evaluations.first())
}

/// The trace of a model's first seed in `arm`; `None` if there is none.
fn trace(
    folder: &Path,
    summary: &Summary,
    model: &str,
    arm: &str,
) -> Result<Option<Trace>, TraceError> {
    let Some(cell) = cells(summary, model, arm).next() else {
        return Ok(None);
    };
    let name = format!("{model}.{arm}.{}.{}.h5", cell.seed, summary.split);
    let path = folder.join("traces").join(name);
    path.exists().then(|| Trace::load(&path)).transpose()
}
