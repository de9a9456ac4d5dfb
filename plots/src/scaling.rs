//! How a cost grows with a size: measured lines and, dashed, how they would grow at best.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid, Row, panel_for};
use crate::look::Look;
use crate::series::Series;
use crate::style::MUTED;

/// Lines on two logarithmic axes, each with the line of its ideal growth.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Title.
    pub title: String,
    /// The size that is varied, with its unit.
    pub x: String,
    /// The cost, with its unit.
    pub y: String,
    /// What was measured: a line a model.
    pub measured: Vec<Series>,
    /// How each would grow at best; dashed, thin and without a label, in the colour of its model.
    pub ideal: Vec<Series>,
    /// Meaning of `ideal`, in a few words; written above the panel if there is an ideal line.
    pub note: String,
}

impl Default for Scaling {
    fn default() -> Scaling {
        Scaling {
            title: "How time grows".to_owned(),
            x: "size".to_owned(),
            y: "time, ms".to_owned(),
            measured: Vec::new(),
            ideal: Vec::new(),
            note: "dashed: ideal growth".to_owned(),
        }
    }
}

impl Figure for Scaling {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let dashed = |series: &Series| {
            let look = Look {
                dashed: true,
                ..series.look
            };
            Series {
                look,
                ..series.clone().as_thin()
            }
        };
        let notes = if self.ideal.is_empty() {
            Vec::new()
        } else {
            vec![(self.note.clone(), MUTED)]
        };
        let cell = Cell {
            y: Axis::log(&self.y),
            series: self
                .measured
                .iter()
                .cloned()
                .chain(self.ideal.iter().map(dashed))
                .collect(),
            notes,
            ..Cell::default()
        };
        let grid = Grid {
            title: self.title.clone(),
            x: Axis::log(&self.x),
            rows: vec![Row {
                headers: Vec::new(),
                cells: vec![Some(cell)],
            }],
            panel: panel_for(1),
            own_y: false,
        };
        Ok(grid.draw())
    }

    fn caption(&self) -> String {
        "Each line is a measurement, on logarithmic axes, and the dashed line of its colour is the ideal \
        growth: where the two are parallel, the cost scales ideally; where they diverge, a cost dominates \
        that does not grow with the work."
            .to_owned()
    }
}
