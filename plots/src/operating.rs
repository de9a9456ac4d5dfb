//! The operating curve of a detector: errors against false alarms, as the threshold goes up.

use crate::axis::{Axis, minus};
use crate::canvas::Canvas;
use crate::contraction::panels_in_rows;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::look::Look;
use crate::series::Series;
use crate::style::MUTED;

/// Where a detector works, at the threshold that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingPoint {
    /// The arm.
    pub name: String,
    /// Colour and marker.
    pub look: Look,
    /// False alarms an hour.
    pub false_alarms_per_hour: f64,
    /// Samples answered with another class, %.
    pub substitutions: f64,
    /// Samples without an answer, %.
    pub misses: f64,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperatingPanel {
    /// The model.
    pub title: String,
    /// (false alarms an hour, samples not answered rightly in %), a line an arm, a point a threshold.
    pub curves: Vec<Series>,
    /// Where each arm works.
    pub points: Vec<OperatingPoint>,
}

/// Samples that a boundary-free detector misses or mistakes against its false alarms an hour; a panel a
/// model, a line an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Operating {
    /// What is to be seen.
    pub title: String,
    /// False alarms an hour.
    pub x: Axis,
    /// Samples not answered rightly, %.
    pub y: Axis,
    /// One a model.
    pub panels: Vec<OperatingPanel>,
}

impl Default for Operating {
    fn default() -> Operating {
        Operating {
            title: "What a detector without boundaries misses, and what it makes up".to_owned(),
            x: Axis::log("false alarms an hour"),
            y: Axis::linear("samples missed or mistaken, %").over(0.0, 100.0),
            panels: Vec::new(),
        }
    }
}

impl Figure for Operating {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let cells = self.panels.iter().map(|panel| {
            let mut notes = Vec::new();
            if !panel.points.is_empty() {
                notes.push((
                    "mistaken + missed %, false alarms an hour:".to_owned(),
                    MUTED,
                ));
            }
            notes.extend(panel.points.iter().map(|p| {
                let text = format!(
                    "{} {:.1} + {:.1}, {:.0}",
                    p.name, p.substitutions, p.misses, p.false_alarms_per_hour
                );
                (minus(&text), p.look.colour())
            }));
            // A series of one point is its marker; without a name it has no label.
            let points = panel.points.iter().map(|p| {
                let at = (p.false_alarms_per_hour, p.substitutions + p.misses);
                Series::new("", p.look, vec![at])
            });
            Cell {
                title: panel.title.clone(),
                y: self.y.clone(),
                series: panel.curves.iter().cloned().chain(points).collect(),
                levels: Vec::new(),
                notes,
            }
        });
        let (rows, panel) = panels_in_rows(cells.collect());
        let grid = Grid {
            title: self.title.clone(),
            x: self.x.clone(),
            rows,
            panel,
            own_y: false,
        };
        Ok(grid.draw())
    }

    fn caption(&self) -> String {
        "Each line is one way of training as the detector's threshold rises from right to left: the \
         lower and the further left, the better, and the marker is where the threshold lies that was \
         chosen on the validation set (thresholds without any false alarm lie at the left edge); what is mistaken has another class, what is missed has no answer."
            .to_owned()
    }
}
