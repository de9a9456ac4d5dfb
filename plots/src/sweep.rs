//! Accuracy against something that is swept: the error of a boundary, the length of a gap.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::series::{Level, LinePanel};

/// Accuracy against a swept quantity with intervals; a panel a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Title.
    pub title: String,
    /// How it is read, in a sentence.
    pub caption: String,
    /// The swept quantity, with its unit; linear or logarithmic.
    pub x: Axis,
    /// Accuracy, %.
    pub y: Axis,
    /// Accuracy of guessing, %.
    pub chance: Option<f64>,
    /// A reference line, if there is one in addition to chance level.
    pub level: Option<Level>,
    /// One a model.
    pub panels: Vec<LinePanel>,
}

impl Default for Sweep {
    fn default() -> Sweep {
        Sweep {
            title: "Accuracy against the swept quantity".to_owned(),
            caption: "Each line is the accuracy of one net, with its 95 % interval as a band."
                .to_owned(),
            x: Axis::linear("swept quantity"),
            y: Axis::linear("accuracy, %").over(0.0, 100.0),
            chance: None,
            level: None,
            panels: Vec::new(),
        }
    }
}

impl Figure for Sweep {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let chance = self.chance.map(|c| Level::new(c, "chance"));
        let cells = self.panels.iter().map(|panel| Cell {
            title: panel.title.clone(),
            y: self.y.clone(),
            series: panel.series.clone(),
            levels: (chance.iter().chain(&self.level).chain(&panel.levels))
                .cloned()
                .collect(),
            notes: Vec::new(),
        });
        Ok(Grid::in_rows(&self.title, &self.x, cells.collect()).draw())
    }

    fn caption(&self) -> String {
        self.caption.clone()
    }
}
