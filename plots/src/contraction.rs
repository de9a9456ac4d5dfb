//! Remaining effect of the past after the same gap.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::series::{Level, LinePanel};

/// Distance between states of one net that saw different samples and then the same gap, against the
/// time since the gap began; a panel a model, a line an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Contraction {
    /// Title.
    pub title: String,
    /// The lag, with its unit.
    pub x: Axis,
    /// The distance that remains, over the distance at the start of the gap; linear or logarithmic.
    pub y: Axis,
    /// The target, if there is one.
    pub threshold: Option<Level>,
    /// One a model.
    pub panels: Vec<LinePanel>,
}

impl Default for Contraction {
    fn default() -> Contraction {
        Contraction {
            title: "Remaining effect of the past after the same gap".to_owned(),
            x: Axis::linear("time in the same gap, s"),
            y: Axis::linear("remaining effect of the past (1 = at its start)"),
            threshold: None,
            panels: Vec::new(),
        }
    }
}

impl Figure for Contraction {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let cells = self.panels.iter().map(|panel| Cell {
            title: panel.title.clone(),
            y: self.y.clone(),
            series: panel.series.clone(),
            levels: self
                .threshold
                .iter()
                .chain(&panel.levels)
                .cloned()
                .collect(),
            notes: Vec::new(),
        });
        Ok(Grid::in_rows(&self.title, &self.x, cells.collect()).draw())
    }

    fn caption(&self) -> String {
        "Copies of one network received different samples and then exactly the same gap. The line is the \
        distance between their states, relative to its value at the start of the gap: a line that falls to \
        0 is a network that forgets the past; a line that stays up is one that does not."
            .to_owned()
    }
}
