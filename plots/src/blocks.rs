//! A large table on one page: columns in blocks, a shade and a whole number a place.

use crate::axis::minus;
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::heat::shade;
use crate::style::{self, FAINT, INK, MARGIN, MUTED, STRIPE, WHITE};

/// One block of columns: one reset policy, as a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// What its columns have in common.
    pub title: String,
    /// `values[row * columns + column]`; NaN for missing values.
    pub values: Vec<f64>,
}

/// Models (rows) x reset policies (blocks) x arms (the columns of each block).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Blocks {
    /// Title.
    pub title: String,
    /// The quantity, with its unit.
    pub unit: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns of each block.
    pub columns: Vec<String>,
    /// From left to right.
    pub blocks: Vec<Block>,
    /// Values of the palest and the darkest shade.
    pub range: (f64, f64),
    /// How it is read, in a sentence.
    pub caption: String,
}

/// Width and height of a place, and the air between blocks and around a place, px.
const PLACE: (f64, f64) = (27.0, 25.0);
const AIR: f64 = 12.0;
const GAP: f64 = 1.5;
/// A block is no narrower, so that its title has room, px.
const NARROWEST: f64 = 92.0;

impl Blocks {
    /// Width of a place, and of a block.
    fn widths(&self) -> (f64, f64) {
        let count = self.columns.len().max(1) as f64;
        let place = PLACE.0.max(NARROWEST / count);
        (place, place * count)
    }

    fn place(&self, canvas: &mut Canvas, value: f64, (x, y, w): (f64, f64, f64)) {
        let (w, h) = (w - GAP, PLACE.1 - GAP);
        let (cx, cy) = (x + 0.5 * w, y + 0.5 * h);
        if !value.is_finite() {
            canvas.rect(x, y, w, h, STRIPE, 1.0);
            canvas.centred(cx, cy, Text::new("–", style::TICK, MUTED).middle());
            return;
        }
        let (low, high) = self.range;
        let share = if low < high {
            (value - low) / (high - low)
        } else {
            0.5
        };
        let colour = shade(share.clamp(0.0, 1.0));
        let ink = if colour.lightness() < 0.5 { WHITE } else { INK };
        canvas.rect(x, y, w, h, colour, 1.0);
        let text = minus(&format!("{value:.0}"));
        canvas.centred(cx, cy - 0.5, Text::new(text, style::TICK, ink).middle());
    }
}

impl Figure for Blocks {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let count = self.rows.len() * self.columns.len();
        for block in &self.blocks {
            let what = format!("block `{}`", block.title);
            check_len("blocks", what, block.values.len(), count)?;
        }
        let widest = |names: &[String], size: f64| {
            let widths = names.iter().map(|name| font::width(name, size, false));
            widths.fold(0.0, f64::max)
        };
        let left = MARGIN + widest(&self.rows, style::PANEL_TITLE) + 12.0;
        let upwards = widest(&self.columns, style::LABEL);
        let (place, block_width) = self.widths();
        let blocks = self.blocks.len().max(1) as f64;
        let width = (left + blocks * (block_width + AIR) - AIR + MARGIN).max(360.0);
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let unit = font::wrap(&self.unit, style::LABEL, false, width - 2.0 * MARGIN);
        let heads: Vec<Vec<String>> = (self.blocks.iter())
            .map(|b| font::wrap_evenly(&b.title, style::LABEL, true, block_width))
            .collect();
        let deepest = heads.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let under_title = MARGIN + title.len() as f64 * 22.0 + unit.len() as f64 * 16.0;
        let rule = under_title + 12.0 + deepest * 15.0 + 5.0;
        let top = rule + 8.0 + upwards + 6.0;
        let height = top + self.rows.len().max(1) as f64 * PLACE.1 + MARGIN;
        let mut canvas = Canvas::new(width, height);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        for (k, line) in unit.iter().enumerate() {
            let y = MARGIN + title.len() as f64 * 22.0 + 13.0 + k as f64 * 16.0;
            canvas.text(MARGIN, y, Text::new(line, style::LABEL, MUTED));
        }
        if self.rows.is_empty() || self.blocks.is_empty() {
            let text = Text::new("no data", style::LABEL, MUTED).middle();
            canvas.centred(0.5 * width, top, text);
        }
        for (r, name) in self.rows.iter().enumerate() {
            let y = top + (r as f64 + 0.5) * PLACE.1 - 0.5 * GAP;
            let text = Text::new(name, style::PANEL_TITLE, INK).end();
            canvas.centred(left - 9.0, y, text);
        }
        for (b, (block, head)) in self.blocks.iter().zip(&heads).enumerate() {
            let x = left + b as f64 * (block_width + AIR);
            for (k, line) in head.iter().rev().enumerate() {
                let text = Text::new(line, style::LABEL, INK).bold();
                canvas.text(x, rule - 7.0 - k as f64 * 15.0, text);
            }
            canvas.rule(
                (x, rule),
                (x + block_width - GAP, rule),
                FAINT,
                style::SPINE,
            );
            for (c, name) in self.columns.iter().enumerate() {
                // A name that runs upwards is centred on its middle, and ends just above the places.
                let text = Text::new(name, style::LABEL, INK).middle().upwards();
                let half = 0.5 * text.width();
                let x = x + (c as f64 + 0.5) * place - 0.5 * GAP;
                canvas.centred(x, top - 6.0 - half, text);
            }
            for (k, value) in block.values.iter().enumerate() {
                let (r, c) = (k / self.columns.len(), k % self.columns.len());
                let at = (x + c as f64 * place, top + r as f64 * PLACE.1, place);
                self.place(&mut canvas, *value, at);
            }
        }
        Ok(canvas)
    }

    fn caption(&self) -> String {
        self.caption.clone()
    }
}
