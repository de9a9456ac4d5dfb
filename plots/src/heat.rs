//! A table as a heat map with its numbers.

use crate::axis::resolved;
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::style::{self, Colour, INK, MARGIN, MUTED, STRIPE, WHITE};

/// Models (rows) x arms (columns), the value printed in each cell and as its shade.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heat {
    /// Title.
    pub title: String,
    /// The quantity, with its unit.
    pub unit: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// `values[row * columns + column]`; NaN for missing values.
    pub values: Vec<f64>,
    /// Half the width of each value's interval, printed below it; as many as values, or none.
    pub half_widths: Vec<f64>,
    /// Values of the palest and the darkest shade; of the data where `None`.
    pub range: Option<(f64, f64)>,
    /// Digits after the point.
    pub places: usize,
}

const ROW: f64 = 40.0;
const GAP: f64 = 2.0;

/// Shades from pale yellow over green and blue to dark blue, each darker than the one before: high accuracies,
/// of which a table has most, differ to the eye. After `YlGnBu` of C. Brewer, *ColorBrewer*, 2003.
const SHADES: [(f64, Colour); 6] = [
    (0.0, Colour(0xff, 0xff, 0xe5)),
    (0.3, Colour(0xd0, 0xec, 0xb8)),
    (0.55, Colour(0x8a, 0xd0, 0xba)),
    (0.75, Colour(0x46, 0xb0, 0xc4)),
    (0.9, Colour(0x23, 0x7f, 0xb8)),
    (1.0, Colour(0x14, 0x3d, 0x86)),
];

/// The shade of a value at `share` of the range, 0..1.
pub(crate) fn shade(share: f64) -> Colour {
    let above = SHADES.iter().position(|(at, _)| *at >= share);
    let k = above.unwrap_or(SHADES.len() - 1).max(1);
    let ((low, from), (high, to)) = (SHADES[k - 1], SHADES[k]);
    from.towards(to, (share - low) / (high - low))
}

/// The lines of a column's name: a comma begins a new one.
fn head(name: &str, width: f64) -> Vec<String> {
    let parts = name.split_inclusive(", ");
    parts
        .flat_map(|part| font::wrap_evenly(part.trim_end(), style::LABEL, false, width))
        .collect()
}

impl Heat {
    fn range(&self) -> (f64, f64) {
        let finite = self.values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = self.range.unwrap_or_else(|| {
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            })
        });
        if low < high {
            (low, high)
        } else {
            (low - 1.0, low + 1.0)
        }
    }

    fn cell(&self, canvas: &mut Canvas, index: usize, (x, y, w): (f64, f64, f64)) {
        let value = self.values[index];
        let (cx, cy) = (x + 0.5 * w, y + 0.5 * ROW);
        if !value.is_finite() {
            canvas.rect(x, y, w - GAP, ROW - GAP, STRIPE, 1.0);
            canvas.centred(cx, cy, Text::new("–", style::LABEL, MUTED).middle());
            return;
        }
        let (low, high) = self.range();
        let colour = shade(((value - low) / (high - low)).clamp(0.0, 1.0));
        let ink = if colour.lightness() < 0.5 { WHITE } else { INK };
        canvas.rect(x, y, w - GAP, ROW - GAP, colour, 1.0);
        let text = resolved(value, self.places);
        let half = self.half_widths.get(index).filter(|h| h.is_finite());
        let number = Text::new(text, style::PANEL_TITLE, ink).middle();
        canvas.centred(cx, if half.is_some() { cy - 8.0 } else { cy - 1.0 }, number);
        if let Some(half) = half {
            let text = format!("± {}", resolved(*half, self.places));
            canvas.centred(cx, cy + 9.0, Text::new(text, style::NOTE, ink).middle());
        }
    }
}

impl Figure for Heat {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let count = self.rows.len() * self.columns.len();
        check_len("heat", "values", self.values.len(), count)?;
        if !self.half_widths.is_empty() {
            check_len("heat", "half_widths", self.half_widths.len(), count)?;
        }
        let names = self
            .rows
            .iter()
            .map(|r| font::width(r, style::PANEL_TITLE, false));
        let left = MARGIN + names.fold(0.0, f64::max) + 12.0;
        // Columns are wide enough for the longest word of their names.
        let words = self.columns.iter().flat_map(|c| c.split_whitespace());
        let widest = words
            .map(|w| font::width(w, style::LABEL, false))
            .fold(0.0, f64::max);
        let cell = (widest + 14.0).max(88.0);
        let heads: Vec<Vec<String>> = self.columns.iter().map(|c| head(c, cell - 8.0)).collect();
        let deepest = heads.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let width = (left + self.columns.len() as f64 * cell + MARGIN).max(360.0);
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let unit = font::wrap(&self.unit, style::LABEL, false, width - 2.0 * MARGIN);
        let under_title = MARGIN + title.len() as f64 * 22.0 + unit.len() as f64 * 16.0;
        let top = under_title + 14.0 + deepest * 15.0 + 6.0;
        let mut canvas = Canvas::new(width, top + self.rows.len().max(1) as f64 * ROW + MARGIN);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        for (k, line) in unit.iter().enumerate() {
            let y = MARGIN + title.len() as f64 * 22.0 + 13.0 + k as f64 * 16.0;
            canvas.text(MARGIN, y, Text::new(line, style::LABEL, MUTED));
        }
        for (c, lines) in heads.iter().enumerate() {
            for (k, line) in lines.iter().rev().enumerate() {
                let x = left + (c as f64 + 0.5) * cell - 0.5 * GAP;
                let y = top - 7.0 - k as f64 * 15.0;
                canvas.text(x, y, Text::new(line, style::LABEL, INK).middle());
            }
        }
        for (r, name) in self.rows.iter().enumerate() {
            let y = top + r as f64 * ROW;
            let text = Text::new(name, style::PANEL_TITLE, INK).end();
            canvas.centred(left - 9.0, y + 0.5 * (ROW - GAP), text);
            for c in 0..self.columns.len() {
                let place = (left + c as f64 * cell, y, cell);
                self.cell(&mut canvas, r * self.columns.len() + c, place);
            }
        }
        if count == 0 {
            let text = Text::new("no data", style::LABEL, MUTED).middle();
            canvas.centred(0.5 * width, top + 0.5 * ROW, text);
        }
        Ok(canvas)
    }

    fn caption(&self) -> String {
        format!(
            "Each cell is one model (row) under one condition (column), {}; the darker, the higher, \
             and the small number is half the width of the interval.",
            if self.unit.is_empty() {
                "as printed"
            } else {
                &self.unit
            }
        )
    }
}
