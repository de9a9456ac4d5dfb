//! What happens inside a net along the stream: several quantities, one above another.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid, Row};
use crate::series::{Level, Series};

/// One quantity of one model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaturationPanel {
    /// The quantity: "pinned units", "update gate".
    pub title: String,
    /// Its axis, with the unit.
    pub y: Axis,
    /// One line an arm; an interval is drawn as a band, for the quantiles of a gate.
    pub series: Vec<Series>,
    /// A bound or target.
    pub levels: Vec<Level>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaturationModel {
    /// The model.
    pub name: String,
    /// Its quantities from top to bottom; models may have different ones.
    pub panels: Vec<SaturationPanel>,
}

/// Saturation over stream position: a column a model, a row a quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Saturation {
    /// Title.
    pub title: String,
    /// Position in the stream, with its unit.
    pub x: Axis,
    /// One a model.
    pub models: Vec<SaturationModel>,
}

impl Default for Saturation {
    fn default() -> Saturation {
        Saturation {
            title: "Inside the nets along a stream that is never reset".to_owned(),
            x: Axis::linear("position in the stream, steps"),
            models: Vec::new(),
        }
    }
}

impl Saturation {
    /// A quantity that several models have gets one range, so that they can be compared.
    fn shared_axis(&self, panel: &SaturationPanel) -> Axis {
        let same = self
            .models
            .iter()
            .flat_map(|m| &m.panels)
            .filter(|p| p.title == panel.title && p.y.scale == panel.y.scale);
        let values = same.flat_map(|p| {
            let levels = p.levels.iter().map(|l| l.value);
            p.series.iter().flat_map(Series::ys).chain(levels)
        });
        let (low, high) = panel.y.covering(values, false);
        panel.y.clone().over(low, high)
    }

    fn rows(&self) -> (Vec<Row>, usize) {
        let columns = match self.models.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let mut rows = Vec::new();
        for block in self.models.chunks(columns) {
            let deepest = block.iter().map(|m| m.panels.len()).max().unwrap_or(0);
            for k in 0..deepest.max(1) {
                let cells = block.iter().map(|model| match model.panels.get(k) {
                    Some(panel) => Some(Cell {
                        title: panel.title.clone(),
                        y: self.shared_axis(panel),
                        series: panel.series.clone(),
                        levels: panel.levels.clone(),
                        notes: Vec::new(),
                    }),
                    None => (k == 0).then(Cell::default),
                });
                rows.push(Row {
                    headers: if k == 0 {
                        block.iter().map(|m| m.name.clone()).collect()
                    } else {
                        Vec::new()
                    },
                    cells: cells.collect(),
                });
            }
        }
        if rows.is_empty() {
            rows.push(Row {
                headers: Vec::new(),
                cells: vec![Some(Cell::default())],
            });
        }
        (rows, columns)
    }
}

impl Figure for Saturation {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let (rows, columns) = self.rows();
        let grid = Grid {
            title: self.title.clone(),
            x: self.x.clone(),
            rows,
            panel: match columns {
                1 => (600.0, 120.0),
                2 => (380.0, 112.0),
                _ => (265.0, 106.0),
            },
            own_y: true,
        };
        Ok(grid.draw())
    }

    fn caption(&self) -> String {
        "Each row follows one quantity of the state along the stream, a line an arm, and bands show \
         its quantiles: a quantity that drifts, or that sits at its bound, is a state that fills up; \
         rows with the same name have the same scale in every column."
            .to_owned()
    }
}
