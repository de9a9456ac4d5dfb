//! The legend of a figure, one for all of its panels, in rows above them.

use crate::canvas::{Canvas, Text};
use crate::font;
use crate::look::Look;
use crate::style::{self, FAINT, INK, LABEL, MUTED};

/// The symbol before each name of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A line, dashed where it is.
    #[default]
    Line,
    /// The same with its marker.
    MarkedLine,
    /// A marker on the line of an interval.
    Marker,
}

/// Marks in panels that are not series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// A dashed reference line.
    Level,
    /// A triangle at an edge: what lies beyond it.
    Beyond,
    /// The bar of an interval.
    Interval,
    /// A small dot: one seed.
    Seed,
}

const SWATCH: f64 = 24.0;
const GAP: f64 = 20.0;
const ROW: f64 = 20.0;

/// Names with their symbols, set in rows no wider than the space.
#[derive(Debug, Clone, Default)]
pub(crate) struct Legend {
    pub items: Vec<(Look, String)>,
    pub sample: Sample,
    pub notes: Vec<(Note, String)>,
}

/// One entry.
#[derive(Clone, Copy)]
enum Entry {
    Series(Look),
    Note(Note),
}

impl Legend {
    fn entries(&self) -> Vec<(Entry, &str)> {
        let series = self
            .items
            .iter()
            .map(|(look, name)| (Entry::Series(*look), name.as_str()));
        let notes = self
            .notes
            .iter()
            .map(|(note, name)| (Entry::Note(*note), name.as_str()));
        series.chain(notes).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.notes.is_empty()
    }

    fn item_width(name: &str) -> f64 {
        SWATCH + 6.0 + font::width(name, LABEL, false)
    }

    fn rows(&self, width: f64) -> Vec<Vec<(Entry, &str)>> {
        let mut rows: Vec<Vec<(Entry, &str)>> = Vec::new();
        let mut right = f64::INFINITY;
        for item in self.entries() {
            let wide = Self::item_width(item.1);
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
        let entries = self.entries().into_iter();
        entries
            .map(|(_, name)| Self::item_width(name))
            .fold(0.0, f64::max)
    }

    /// Draws the legend with its upper left corner at (x, y).
    pub fn draw(&self, canvas: &mut Canvas, x: f64, y: f64, width: f64) {
        for (k, row) in self.rows(width).into_iter().enumerate() {
            let middle = y + (k as f64 + 0.5) * ROW;
            let mut left = x;
            for (entry, name) in row {
                match entry {
                    Entry::Series(look) => self.series(canvas, look, (left, middle)),
                    Entry::Note(note) => mark(note, canvas, (left, middle)),
                }
                canvas.centred(left + SWATCH + 6.0, middle, Text::new(name, LABEL, INK));
                left += Self::item_width(name) + GAP;
            }
        }
    }

    fn series(&self, canvas: &mut Canvas, look: Look, (x, y): (f64, f64)) {
        let dashed = look.dashed && self.sample != Sample::Marker;
        Look { dashed, ..look }.swatch(canvas, x, y, SWATCH);
        if self.sample != Sample::Line {
            look.mark(canvas, x + 0.5 * SWATCH, y);
        }
    }
}

fn mark(note: Note, canvas: &mut Canvas, (x, y): (f64, f64)) {
    let (right, middle) = (x + SWATCH, x + 0.5 * SWATCH);
    match note {
        Note::Level => canvas.dashes(&[(x, y), (right, y)], FAINT, style::SPINE, (3.0, 3.0)),
        Note::Beyond => {
            beyond(canvas, (middle - 5.0, y - 4.0), -1.0, MUTED);
            beyond(canvas, (middle + 5.0, y + 4.0), 1.0, MUTED);
        }
        Note::Interval => canvas.rule((x, y), (right, y), MUTED, style::LINE),
        Note::Seed => {
            for k in [-5.0, 0.0, 5.0] {
                canvas.disc(middle + k, y, style::SEED, MUTED);
            }
        }
    }
}

/// A small triangle with its tip at a place, which points up (-1) or down (1): there is something beyond.
pub(crate) fn beyond(canvas: &mut Canvas, (x, y): (f64, f64), way: f64, colour: style::Colour) {
    let base = y - way * 7.0;
    canvas.area(vec![(x, y), (x - 4.0, base), (x + 4.0, base)], colour, 1.0);
}
