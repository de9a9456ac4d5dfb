//! Changes along a stream: quantities with their own scales against one position.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::series::LinePanel;

/// A panel a quantity, each with a vertical scale of its own; a line a net.
#[derive(Debug, Clone, PartialEq)]
pub struct LongRun {
    /// Title.
    pub title: String,
    /// How it is read, in a sentence.
    pub caption: String,
    /// The stream position, with its unit; linear or logarithmic.
    pub x: Axis,
    /// The quantities with their axes.
    pub panels: Vec<(Axis, LinePanel)>,
}

impl Default for LongRun {
    fn default() -> LongRun {
        LongRun {
            title: "What changes along a very long stream".to_owned(),
            caption: "Each panel is one quantity against stream position, each line one net: a level line \
                is a network that a long stream does not change."
                .to_owned(),
            x: Axis::log("stream position, steps"),
            panels: Vec::new(),
        }
    }
}

impl Figure for LongRun {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let cells = self.panels.iter().map(|(y, panel)| Cell {
            title: panel.title.clone(),
            y: y.clone(),
            series: panel.series.clone(),
            levels: panel.levels.clone(),
            notes: Vec::new(),
        });
        let grid = Grid {
            own_y: true,
            ..Grid::in_rows(&self.title, &self.x, cells.collect())
        };
        Ok(grid.draw())
    }

    fn caption(&self) -> String {
        self.caption.clone()
    }
}
