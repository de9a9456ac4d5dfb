//! Lines: a named series of points, and the panel that holds some of them.

use crate::look::Look;

/// A line through points, identified by its style.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Written next to the line; an empty name is not written.
    pub name: String,
    /// Colour, marker and dash.
    pub look: Look,
    /// (x, y) in the order in which they are joined. A point that is not finite is a gap.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper bound of the interval at each point, drawn as a band; one for each point.
    pub interval: Option<Vec<(f64, f64)>>,
    /// A thin pale line: one seed of several, or context.
    pub thin: bool,
    /// A plain line even where its points are few enough for markers: they are corners, not measurements.
    pub unmarked: bool,
}

impl Series {
    /// A plain line.
    pub fn new(name: impl Into<String>, look: Look, points: Vec<(f64, f64)>) -> Series {
        Series {
            name: name.into(),
            look,
            points,
            interval: None,
            thin: false,
            unmarked: false,
        }
    }

    /// The same line with an interval (low, high) at each point.
    #[must_use]
    pub fn with_interval(mut self, interval: Vec<(f64, f64)>) -> Series {
        self.interval = Some(interval);
        self
    }

    /// The same line without an interval.
    #[must_use]
    pub fn without_interval(mut self) -> Series {
        self.interval = None;
        self
    }

    /// The same line, thin and without a label.
    #[must_use]
    pub fn as_thin(mut self) -> Series {
        self.thin = true;
        self
    }

    pub(crate) fn xs(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().filter(|p| p.1.is_finite()).map(|p| p.0)
    }

    /// All ordinates, those of the interval included.
    pub(crate) fn ys(&self) -> impl Iterator<Item = f64> + '_ {
        let bounds = self.interval.iter().flatten().flat_map(|b| [b.0, b.1]);
        self.points.iter().map(|p| p.1).chain(bounds)
    }

    /// Whether its points have markers: few of them, which are measurements.
    pub(crate) fn is_marked(&self) -> bool {
        let few = self.points.iter().filter(|p| p.1.is_finite()).count() <= 10;
        few && !self.thin && !self.unmarked
    }

    pub(crate) fn has_data(&self) -> bool {
        self.points
            .iter()
            .any(|p| p.0.is_finite() && p.1.is_finite())
    }
}

/// A horizontal reference line.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Where it lies on the y axis.
    pub value: f64,
    /// Title; may be empty.
    pub label: String,
}

impl Level {
    /// A reference line with a label.
    pub fn new(value: f64, label: impl Into<String>) -> Level {
        Level {
            value,
            label: label.into(),
        }
    }
}

/// A panel with lines, one of several in a figure.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinePanel {
    /// The model, as a rule.
    pub title: String,
    /// The lines.
    pub series: Vec<Series>,
    /// Reference lines of this panel's own.
    pub levels: Vec<Level>,
}

impl LinePanel {
    /// A panel with a title.
    pub fn new(title: impl Into<String>, series: Vec<Series>) -> LinePanel {
        LinePanel {
            title: title.into(),
            series,
            levels: Vec::new(),
        }
    }
}
