//! The figures of a run: from its summary and traces to `figures/*.svg` and `figures/*.png`.
//!
//! Each kind of figure has its own file, which selects its data and leaves the drawing to `saturn-plots`.
//! Missing parts of a run (an arm, a trace, a data file) are left out of a figure, and a figure without data
//! is left out of the report.
//!
//! | figure | from |
//! |---|---|
//! | `stream` | traces: input, mask and the outputs of two arms on one stretch |
//! | `compare` | the summary's table: accuracy with intervals, and as a heat map; recalls where classes are rare |
//! | `accuracy` | accuracy by stream position |
//! | `long_run` | accuracy, resident memory, speed and the distance from f64 along a very long stream |
//! | `boundary` | the summary's table: accuracy against the error of resets at boundaries |
//! | `gap` | accuracy by the length of the gap before a sample |
//! | `mask` | the summary's table: accuracy against the share of wrong steps of the mask in training |
//! | `updates` | the summary's table: accuracy against the updates of training |
//! | `precision` | quantised networks: accuracy and held states against bits, drift along the stream |
//! | `contraction` | remaining effect of the past after the same gap |
//! | `recovery` | accuracy and distance of the state after disturbances |
//! | `calibration` | confidence against accuracy |
//! | `far-past`, `gradient-lag` | effect of earlier steps and states on the output |
//! | `saturation` | the instruments, window by window |
//! | `operating` | the detector's errors against its false alarms, threshold by threshold |
//! | `nets` | one point per network: saturation against contraction, operations against accuracy |
//! | `raster` | the data: one recording |
//! | `traces` | traces: states of a few units |
//! | `training` | loss and validation accuracy of each epoch |

mod accuracy;
pub mod analyse;
mod boundary;
mod calibration;
mod compare;
mod contraction;
mod gap;
mod items;
mod lags;
mod long_run;
pub mod looks;
mod mask;
pub mod names;
pub mod nets;
mod operating;
mod precision;
mod raster;
mod recall;
mod recovery;
mod saturation;
pub mod scope;
mod stream;
mod stretch;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;
mod traces;
mod training;
mod updates;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use saturn_plots::{Drawing, Figure, PlotError};
use thiserror::Error;

use crate::run::summary::Summary;
use crate::scenario::{Evaluate, Plot, Scenario};
pub use long_run::LONG;
use saturn_eval::trace::TraceError;
use scope::Scope;

/// A figure that was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Path in the run's folder without its extension: `figures/compare`, say.
    pub file_stem: String,
    /// Title.
    pub title: String,
    /// One sentence on how to read it.
    pub caption: String,
    /// Which of the scenario's plots it belongs to.
    pub plot: Plot,
}

/// Why figures could not be drawn.
#[derive(Debug, Error)]
pub enum FiguresError {
    /// The folder for the figures could not be made.
    #[error("{}: cannot create the folder: {source}\nhint: free some space or choose another folder with --out", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A figure could not be drawn or written.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A trace exists but cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// Draws the figures requested by `scenario` into `folder/figures`, and returns them in the best order for
/// reading.
pub fn draw(
    scenario: &Scenario,
    folder: &Path,
    summary: &Summary,
) -> Result<Vec<Drawn>, FiguresError> {
    let scope = Scope::new(scenario, folder, summary);
    let mut sheet = Sheet::new(folder)?;
    for plot in Plot::ALL {
        if !scenario.plots.contains(&plot) {
            continue;
        }
        match plot {
            Plot::Stream => stream::draw(&scope, &mut sheet)?,
            Plot::Compare => compare::draw(&scope, &mut sheet)?,
            Plot::Accuracy => accuracy::draw(&scope, &mut sheet)?,
            Plot::LongRun => long_run::draw(&scope, &mut sheet)?,
            Plot::Boundary => boundary::draw(&scope, &mut sheet)?,
            Plot::Gap => gap::draw(&scope, &mut sheet)?,
            Plot::Mask => mask::draw(&scope, &mut sheet)?,
            Plot::Updates => updates::draw(&scope, &mut sheet)?,
            Plot::Precision => precision::draw(&scope, &mut sheet)?,
            Plot::Recovery => recovery::draw(&scope, &mut sheet)?,
            Plot::Calibration => calibration::draw(&scope, &mut sheet)?,
            Plot::FarPast => lags::far_past(&scope, &mut sheet)?,
            Plot::GradientLag => lags::gradient(&scope, &mut sheet)?,
            Plot::Contraction => contraction::draw(&scope, &mut sheet)?,
            Plot::Operating => operating::draw(&scope, &mut sheet)?,
            Plot::Nets => nets::draw(&scope, &mut sheet)?,
            Plot::Saturation => saturation::draw(&scope, &mut sheet)?,
            Plot::Raster => raster::draw(&scope, &mut sheet)?,
            Plot::Traces => traces::draw(&scope, &mut sheet)?,
            Plot::Training => training::draw(&scope, &mut sheet)?,
        }
    }
    sheet.written()
}

/// Draws the figures of the one net in `summary`, evaluated with `evaluate`, into `folder/figures`: those that
/// need no training, and have data.
pub fn draw_one(
    evaluate: &Evaluate,
    folder: &Path,
    summary: &Summary,
) -> Result<Vec<Drawn>, FiguresError> {
    let scope = Scope::of_one(evaluate, folder, summary);
    let mut sheet = Sheet::new(folder)?;
    accuracy::draw(&scope, &mut sheet)?;
    gap::draw(&scope, &mut sheet)?;
    precision::draw(&scope, &mut sheet)?;
    operating::draw(&scope, &mut sheet)?;
    calibration::draw(&scope, &mut sheet)?;
    lags::far_past(&scope, &mut sheet)?;
    lags::gradient(&scope, &mut sheet)?;
    saturation::draw(&scope, &mut sheet)?;
    sheet.written()
}

/// Figures that are written at the same time: each takes some megabytes.
pub const AT_ONCE: usize = 4;

/// Collects figures, which are written at the end.
struct Sheet<'a> {
    folder: &'a Path,
    drawn: Vec<Drawn>,
    drawings: Vec<Drawing>,
}

impl<'a> Sheet<'a> {
    /// None yet, for the folder `figures` in `folder`, which is made.
    fn new(folder: &'a Path) -> Result<Self, FiguresError> {
        let figures = folder.join("figures");
        std::fs::create_dir_all(&figures).map_err(|source| FiguresError::Folder {
            path: figures,
            source,
        })?;
        Ok(Self {
            folder,
            drawn: Vec::new(),
            drawings: Vec::new(),
        })
    }

    /// Writes all, [`AT_ONCE`] at a time.
    fn written(mut self) -> Result<Vec<Drawn>, FiguresError> {
        while !self.drawings.is_empty() {
            let few = self.drawings.drain(..AT_ONCE.min(self.drawings.len()));
            let few: Vec<Drawing> = few.collect();
            let written: Vec<_> = few.into_par_iter().map(Drawing::write).collect();
            // The first error in order, on whichever thread it was.
            for one in written {
                one?;
            }
        }
        Ok(self.drawn)
    }

    /// Adds `figure` as `figures/NAME.svg` and `.png`.
    fn add(
        &mut self,
        plot: Plot,
        name: &str,
        title: &str,
        figure: &impl Figure,
    ) -> Result<(), FiguresError> {
        let file_stem = format!("figures/{name}");
        self.drawings
            .push(figure.drawing(&self.folder.join(&file_stem))?);
        self.drawn.push(Drawn {
            file_stem,
            title: title.to_owned(),
            caption: figure.caption(),
            plot,
        });
        Ok(())
    }
}
