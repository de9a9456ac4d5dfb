//! Accuracy over stream position.

use crate::axis::{Axis, resolved};
use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::look::Look;
use crate::series::{Level, Series};
use crate::style::MUTED;

/// The trend of one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The line that it belongs to.
    pub name: String,
    /// Style of that line.
    pub look: Look,
    /// Percentage points per 10^6 steps.
    pub points_per_million: f64,
    /// Standard error of the slope, in the same unit.
    pub standard_error: f64,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccuracyPanel {
    /// The model.
    pub title: String,
    /// Accuracy in % against position; one line an arm and reset policy.
    pub series: Vec<Series>,
    /// Trends to be written above the panel.
    pub slopes: Vec<Slope>,
}

/// Accuracy over stream position with intervals; a panel a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// Title.
    pub title: String,
    /// Position in the stream, with its unit.
    pub x: Axis,
    /// Accuracy, %.
    pub y: Axis,
    /// Accuracy of guessing, %.
    pub chance: Option<f64>,
    /// One a model.
    pub panels: Vec<AccuracyPanel>,
}

impl Default for Accuracy {
    fn default() -> Accuracy {
        Accuracy {
            title: "Accuracy along a stream that is never reset".to_owned(),
            x: Axis::linear("position in the stream, steps"),
            y: Axis::linear("accuracy, %").over(0.0, 100.0),
            chance: None,
            panels: Vec::new(),
        }
    }
}

impl Accuracy {
    /// The last position that has a value, in two digits: `1,000,000`.
    fn length(&self) -> Option<String> {
        let lines = self.panels.iter().flat_map(|panel| &panel.series);
        let last = lines.flat_map(Series::xs).fold(f64::NEG_INFINITY, f64::max);
        if !(1.0..1e15).contains(&last) {
            return None;
        }
        let unit = 10f64.powf(last.log10().floor() - 1.0).max(1.0);
        let digits = format!("{:.0}", (last / unit).round() * unit);
        let groups: Vec<&str> = (0..digits.len())
            .filter(|k| k == &0 || (digits.len() - k).is_multiple_of(3))
            .map(|k| {
                let rest = digits.len() - k;
                let end = k + if rest.is_multiple_of(3) { 3 } else { rest % 3 };
                &digits[k..end]
            })
            .collect();
        Some(groups.join(","))
    }
}

impl Figure for Accuracy {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let cells = self.panels.iter().map(|panel| {
            let mut notes = Vec::new();
            if !panel.slopes.is_empty() {
                notes.push(("points per 10⁶ steps:".to_owned(), MUTED));
            }
            notes.extend(panel.slopes.iter().map(|slope| {
                let text = if slope.points_per_million.is_finite() {
                    let value = resolved(slope.points_per_million, 2);
                    let bare =
                        value.starts_with(['<', '>', '−']) || slope.points_per_million == 0.0;
                    let sign = if bare { "" } else { "+" };
                    let error = resolved(slope.standard_error, 2);
                    format!("{} {sign}{value} ± {error}", slope.name)
                } else {
                    format!("{} –", slope.name)
                };
                (text, slope.look.colour())
            }));
            Cell {
                title: panel.title.clone(),
                y: self.y.clone(),
                series: panel.series.clone(),
                levels: self
                    .chance
                    .map(|c| Level::new(c, "chance"))
                    .into_iter()
                    .collect(),
                notes,
            }
        });
        Ok(Grid::in_rows(&self.title, &self.x, cells.collect()).draw())
    }

    fn caption(&self) -> String {
        format!(
            "Each line is the accuracy of one arm in successive pieces of the same stream, and a band its \
            95 % interval: a level line means that the network is as accurate {} as at the start; the \
            slopes above a panel, with their standard errors, are points per 10⁶ steps, independent of the \
            length of the stream.",
            self.length()
                .map_or_else(|| "at the end".to_owned(), |n| format!("after {n} steps"))
        )
    }
}
