//! The report of a run: one HTML file that opens anywhere, and a table for the terminal.
//!
//! `report.html` is self-contained: the style is in its head, and figures are data URIs. Each SVG is a
//! separate image, so that ids cannot clash.

mod aligned;
mod captions;
pub mod checklist;
pub mod committed;
pub mod fault;
mod fitted;
mod headline;
mod instruments;
mod leading;
mod matched;
mod method;
mod nets;
mod page;
mod precision;
mod results;
mod terminal;
#[cfg(test)]
mod tests;
mod verdicts;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::figures::Drawn;
use crate::run::summary::Summary;
use crate::scenario::Scenario;
pub(crate) use saturn_eval::numbers;
use saturn_store::folder::{FolderError, write_beside};

pub use aligned::aligned;
pub use fitted::wrapped;
pub use instruments::instrument_lines;
pub use matched::unmatched;
pub use precision::precision_lines;
pub use terminal::{difference_lines, table_lines};
pub use verdicts::verdict_lines;

/// Why a report could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A figure that was drawn cannot be read back.
    #[error("{}: cannot read the figure: {source}\nhint: run `saturn plot` on the folder", path.display())]
    Figure {
        /// The figure.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The report cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Writes `report.html` of a run whose figures are drawn.
pub fn write(
    scenario: &Scenario,
    folder: &Path,
    summary: &Summary,
    drawn: &[Drawn],
) -> Result<(), ReportError> {
    let html = page::page(scenario, summary, &read(folder, drawn)?);
    write_beside(&folder.join("report.html"), html.as_bytes())?;
    Ok(())
}

/// Writes `report.html` of one finished net whose figures are drawn; `facts` are lines on what was run.
pub fn write_one(
    facts: &[String],
    folder: &Path,
    summary: &Summary,
    drawn: &[Drawn],
) -> Result<(), ReportError> {
    let html = page::page_of_one(facts, summary, &read(folder, drawn)?);
    write_beside(&folder.join("report.html"), html.as_bytes())?;
    Ok(())
}

/// The figures with the bytes of their SVG.
fn read<'a>(folder: &Path, drawn: &'a [Drawn]) -> Result<Vec<(&'a Drawn, Vec<u8>)>, ReportError> {
    drawn
        .iter()
        .map(|figure| {
            let path = folder.join(format!("{}.svg", figure.file_stem));
            match std::fs::read(&path) {
                Ok(svg) => Ok((figure, svg)),
                Err(source) => Err(ReportError::Figure { path, source }),
            }
        })
        .collect()
}
