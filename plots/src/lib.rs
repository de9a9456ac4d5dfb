//! Saturn's figures: plain numbers in, SVG and PNG out.
//!
//! A figure is a plain struct with public fields. [`Figure::draw`] writes `stem.svg` and `stem.png` from one
//! list of marks, and [`Figure::caption`] explains how to read it. This crate does not depend on the
//! simulator.
//!
//! | figure | shows |
//! |---|---|
//! | [`Compare`] | accuracy of models x arms x reset policies, with intervals, a panel a gap fill |
//! | [`Stream`] | input, mask, and the output of several arms on the same stretch of a stream |
//! | [`Contraction`] | how much of the past remains after the same gap |
//! | [`Accuracy`] | accuracy over stream position, with its slope |
//! | [`LongRun`] | accuracy, memory, speed and rounding along a very long stream |
//! | [`Sweep`] | accuracy against the error of boundaries, the length of gaps |
//! | [`Saturation`] | pinned units, gates, rates and rank over stream position |
//! | [`Traces`] | states of a few units over a stretch, with the mask shaded |
//! | [`Training`] | loss and validation accuracy against epoch |
//! | [`RasterPlot`] | the events of one recording or stretch, with its rates |
//! | [`Inspect`] | summary of a data set |
//! | [`Scaling`] | how a cost grows with a size, with its ideal growth |
//! | [`Operating`] | errors of a detector against its false alarms |
//! | [`Scatter`] | one quantity of networks against another |
//! | [`Heat`] | a table as a heat map, numbers printed |
//! | [`Dynamics`] | eigenvalues of a network's layers, and convergence after two pasts |
//! | [`Blocks`] | a large table on one page, columns in blocks |
//!
//! # Conventions
//!
//! Colours have the same meaning in all figures: they come from a [`Look`], and a look from a [`Role`], which
//! the caller sets. A value that is NaN or infinite leaves a gap; a panel without a finite value shows "no
//! data". Equal input gives equal bytes.
//!
//! ```
//! use saturn_plots::{Contraction, Figure, Look, LinePanel, Role, Series};
//!
//! let remaining = (0..80).map(|k| (k as f64 * 0.01, (-0.1 * k as f64).exp())).collect();
//! let figure = Contraction {
//!     panels: vec![LinePanel::new("GRU", vec![Series::new("adaptive", Look::of(Role::Adaptive), remaining)])],
//!     ..Contraction::default()
//! };
//! let folder = std::env::temp_dir().join("saturn-plots-doc");
//! std::fs::create_dir_all(&folder)?;
//! let files = figure.draw(&folder.join("contraction"))?;
//! assert!(files.svg.exists() && files.png.exists());
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accuracy;
mod axis;
mod blocks;
mod canvas;
mod compare;
mod contraction;
mod dynamics;
mod error;
mod figure;
mod font;
mod frame;
mod grid;
mod heat;
mod inspect;
mod legend;
mod long_run;
mod look;
mod operating;
mod palette;
mod png;
mod raster;
mod saturation;
mod scaling;
mod scatter;
mod series;
mod spans;
mod stream;
pub mod style;
mod svg;
mod sweep;
mod traces;
mod training;

pub use accuracy::{Accuracy, AccuracyPanel, Slope};
pub use axis::{Axis, Scale};
pub use blocks::{Block, Blocks};
pub use canvas::Canvas;
pub use compare::{Compare, CompareItem, ComparePanel, CompareValue};
pub use contraction::Contraction;
pub use dynamics::{Dynamics, DynamicsRow};
pub use error::PlotError;
pub use figure::{Drawing, Figure, Files};
pub use heat::Heat;
pub use inspect::Inspect;
pub use long_run::LongRun;
pub use look::{CYCLES, Look, Role};
pub use operating::{Operating, OperatingPanel, OperatingPoint};
pub use raster::{Raster, RasterPlot};
pub use saturation::{Saturation, SaturationModel, SaturationPanel};
pub use scaling::Scaling;
pub use scatter::{Scatter, ScatterPanel, ScatterPoint};
pub use series::{Level, LinePanel, Series};
pub use spans::Span;
pub use stream::{Stream, StreamOutput};
pub use style::Colour;
pub use sweep::Sweep;
pub use traces::{TraceArm, Traces};
pub use training::{Training, TrainingArm, TrainingModel, TrainingRun};
