//! A legend in rows above the panels, for figures in which labels find no room beside the lines.

use crate::canvas::{Canvas, Text};
use crate::font;
use crate::look::Look;
use crate::style::{INK, LABEL};

/// What a legend shows before each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A line, dashed where it is.
    Line,
    /// The same with its marker.
    MarkedLine,
    /// A marker on the line of an interval.
    Marker,
}

const SWATCH: f64 = 24.0;
const GAP: f64 = 20.0;
const ROW: f64 = 20.0;

/// Names with their looks, set in rows no wider than the space.
#[derive(Debug, Clone)]
pub(crate) struct Legend {
    pub items: Vec<(Look, String)>,
    pub sample: Sample,
}

impl Legend {
    fn item_width(name: &str) -> f64 {
        SWATCH + 6.0 + font::width(name, LABEL, false)
    }

    fn rows(&self, width: f64) -> Vec<Vec<&(Look, String)>> {
        let mut rows: Vec<Vec<&(Look, String)>> = Vec::new();
        let mut right = f64::INFINITY;
        for item in &self.items {
            let wide = Self::item_width(&item.1);
            if let Some(row) = rows.last_mut().filter(|_| right + GAP + wide <= width) {
                row.push(item);
                right += GAP + wide;
            } else {
                rows.push(vec![item]);
                right = wide;
            }
        }
        rows
    }

    /// Height in px when set within `width`.
    pub fn height(&self, width: f64) -> f64 {
        self.rows(width).len() as f64 * ROW
    }

    /// Width in px of the widest item: less than that is too narrow.
    pub fn least_width(&self) -> f64 {
        self.items
            .iter()
            .map(|i| Self::item_width(&i.1))
            .fold(0.0, f64::max)
    }

    /// Draws the legend with its upper left corner at (x, y).
    pub fn draw(&self, canvas: &mut Canvas, x: f64, y: f64, width: f64) {
        for (k, row) in self.rows(width).into_iter().enumerate() {
            let middle = y + (k as f64 + 0.5) * ROW;
            let mut left = x;
            for (look, name) in row {
                match self.sample {
                    Sample::Line => look.swatch(canvas, left, middle, SWATCH),
                    Sample::MarkedLine => {
                        look.swatch(canvas, left, middle, SWATCH);
                        look.mark(canvas, left + 0.5 * SWATCH, middle);
                    }
                    Sample::Marker => {
                        Look {
                            dashed: false,
                            ..*look
                        }
                        .swatch(canvas, left, middle, SWATCH);
                        look.mark(canvas, left + 0.5 * SWATCH, middle);
                    }
                }
                canvas.centred(left + SWATCH + 6.0, middle, Text::new(name, LABEL, INK));
                left += Self::item_width(name) + GAP;
            }
        }
    }
}
