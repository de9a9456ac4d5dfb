//! The operating curve of a detector: errors against false alarms, as the threshold goes up.

use crate::axis::{Axis, resolved};
use crate::canvas::Canvas;
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
    /// Samples without a detection, %.
    pub misses: f64,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperatingPanel {
    /// The model.
    pub title: String,
    /// (false alarms an hour, samples not answered rightly in %), a line an arm, a point a threshold, in any
    /// order: drawn is their frontier.
    pub curves: Vec<Series>,
    /// Where each arm works.
    pub points: Vec<OperatingPoint>,
}

/// Most arms whose numbers are written above a panel: more would be a table.
const NOTED: usize = 3;

/// Samples that a boundary-free detector misses or mistakes against its false alarms an hour; a panel a
/// model, a line an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Operating {
    /// Title.
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
            title: "Missed samples and false alarms of a detector without boundaries".to_owned(),
            x: Axis::log("false alarms an hour"),
            y: Axis::linear("samples missed or confused, %").over(0.0, 100.0),
            panels: Vec::new(),
        }
    }
}

impl Figure for Operating {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let cells = self.panels.iter().map(|panel| {
            let mut notes = Vec::new();
            let noted = panel.points.len() <= NOTED;
            if noted && !panel.points.is_empty() {
                notes.push((
                    "confused + missed %, false alarms an hour:".to_owned(),
                    MUTED,
                ));
            }
            notes.extend(panel.points.iter().filter(|_| noted).map(|p| {
                let text = format!(
                    "{} {} + {}, {}",
                    p.name,
                    resolved(p.substitutions, 1),
                    resolved(p.misses, 1),
                    resolved(p.false_alarms_per_hour, 0)
                );
                (text, p.look.colour())
            }));
            let curves = panel.curves.iter().map(|curve| Series {
                points: frontier(&curve.points),
                unmarked: true,
                ..curve.clone()
            });
            // A series of one point is its marker; without a name it has no label.
            let points = panel.points.iter().map(|p| {
                let at = (p.false_alarms_per_hour, p.substitutions + p.misses);
                Series::new("", p.look, vec![at])
            });
            Cell {
                title: panel.title.clone(),
                y: self.y.clone(),
                series: curves.chain(points).collect(),
                levels: Vec::new(),
                notes,
            }
        });
        Ok(Grid::in_rows(&self.title, &self.x, cells.collect()).draw())
    }

    fn caption(&self) -> String {
        "Each line is one training regime: the fewest samples that any threshold misses or confuses at no \
        more than this rate of false alarms; lower and further left is better. The marker is the threshold \
        chosen on the validation set, on its line or above it (thresholds without any false alarm are at \
        the left end, marked ≤). A confused sample is detected as another class, a missed one is not \
        detected."
            .to_owned()
    }
}

/// The fewest errors that a threshold reaches with at most a given number of false alarms, as a staircase.
///
/// Thresholds in their own order give no such line. An overconfident network has one long detection of one
/// class under a low threshold and many short ones under a higher, so that its false alarms fall and rise
/// again: the track folds back over itself.
fn frontier(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
    let mut sorted: Vec<(f64, f64)> = points.iter().copied().filter(finite).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for &(alarms, errors) in &sorted {
        match steps.last() {
            Some(&(_, best)) if errors >= best => {}
            Some(&(_, best)) => steps.extend([(alarms, best), (alarms, errors)]),
            None => steps.push((alarms, errors)),
        }
    }
    // As many false alarms as the busiest threshold has are no fewer than they need be.
    if let (Some(&(last, best)), Some(&(most, _))) = (steps.last(), sorted.last())
        && most > last
    {
        steps.push((most, best));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_that_folds_is_a_staircase() {
        // Thresholds from low to high: false alarms rise at first, then fall.
        let track = [
            (20.0, 60.0),
            (40.0, 30.0),
            (30.0, 50.0),
            (10.0, 90.0),
            (60.0, 45.0),
        ];
        let stairs = [
            (10.0, 90.0),
            (20.0, 90.0),
            (20.0, 60.0),
            (30.0, 60.0),
            (30.0, 50.0),
            (40.0, 50.0),
            (40.0, 30.0),
            (60.0, 30.0),
        ];
        assert_eq!(frontier(&track), stairs);
        assert_eq!(frontier(&[(5.0, f64::NAN)]), []);
        assert_eq!(frontier(&[(5.0, 1.0)]), [(5.0, 1.0)]);
    }
}
