//! The comparison: models x arms x reset policies, with intervals.

use crate::axis::{Axis, Scale};
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::legend::{Legend, Note, Sample};
use crate::look::Look;
use crate::style::{self, FAINT, GRID, INK, MARGIN, MUTED};

/// One arm under one reset policy.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareItem {
    /// The legend's text: "classic, oracle reset".
    pub name: String,
    /// Colour and marker.
    pub look: Look,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareValue {
    /// The value.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// The same of each seed; empty where there is one.
    pub seeds: Vec<f64>,
}

/// One panel: one fill of the gaps, as a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ComparePanel {
    /// What fills the gaps.
    pub title: String,
    /// `values[model][item]`; `None` for missing values.
    pub values: Vec<Vec<Option<CompareValue>>>,
}

/// Accuracy of each model (rows) for each arm and reset policy (markers), a panel a fill.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// Title.
    pub title: String,
    /// The measured quantity, with its unit and range.
    pub x: Axis,
    /// The value that guessing gives.
    pub chance: Option<f64>,
    /// Names of the rows, from top to bottom.
    pub models: Vec<String>,
    /// Names of the markers, from the top to the bottom of a row.
    pub items: Vec<CompareItem>,
    /// One a fill or a reading.
    pub panels: Vec<ComparePanel>,
    /// Meaning of the bars, for the legend: "95 % interval over seeds".
    pub interval: String,
}

impl Default for Compare {
    fn default() -> Compare {
        Compare {
            title: "Accuracy on a stream that is never reset".to_owned(),
            x: Axis::linear("accuracy, %").over(0.0, 100.0),
            chance: None,
            models: Vec::new(),
            items: Vec::new(),
            panels: Vec::new(),
            interval: "95 % interval".to_owned(),
        }
    }
}

/// Height of one marker's line where there is room for it and where there are very many, and the air between
/// the rows, px.
const SLOT: f64 = 12.0;
/// Height of one marker's line if its name is next to it.
const NAMED_SLOT: f64 = 16.0;
/// Most items that a legend names; more have their names next to their markers.
const LEGEND: usize = 8;
const LOWEST_SLOT: f64 = 7.0;
const ROW_AIR: f64 = 14.0;
/// Height that the markers of all rows share, px; more of them move together, down to the lowest slot.
const MARKERS: f64 = 720.0;
/// Half the extent of a marker, as a share of its slot.
const MARKER_SHARE: f64 = 0.48;
/// Space inside a panel beyond the ends of its scale, so that markers at 0 and 100 stay whole.
const INSET: f64 = 8.0;

impl Compare {
    /// Whether names are next to the markers: one row needs no legend, and a legend of many names is hard to
    /// read.
    fn is_named(&self) -> bool {
        self.models.len() == 1 && self.items.len() > 1 || self.items.len() > LEGEND
    }

    fn slot(&self) -> f64 {
        if self.is_named() {
            return NAMED_SLOT;
        }
        let markers = self.models.len() * self.items.len();
        (MARKERS / markers.max(1) as f64).clamp(LOWEST_SLOT, SLOT)
    }

    fn row_height(&self) -> f64 {
        let slot = self.slot();
        (self.items.len() as f64 * slot + ROW_AIR * slot / SLOT).max(34.0)
    }

    /// The middle of an item's line below the top of its row.
    fn line(&self, item: usize) -> f64 {
        let middle = 0.5 * (self.items.len() as f64 - 1.0);
        0.5 * self.row_height() + (item as f64 - middle) * self.slot()
    }

    fn legend(&self) -> Legend {
        let all = || {
            self.panels
                .iter()
                .flat_map(|panel| panel.values.iter().flatten().flatten())
        };
        let mut notes = Vec::new();
        if all().any(|v| v.low.is_finite() && v.high.is_finite()) {
            notes.push((Note::Interval, self.interval.clone()));
        }
        if all().any(|v| v.seeds.len() > 1) {
            notes.push((Note::Seed, "single seeds".to_owned()));
        }
        let items = self.items.iter().map(|i| (i.look, i.name.clone()));
        Legend {
            items: items.filter(|_| !self.is_named()).collect(),
            sample: Sample::Marker,
            notes,
        }
    }

    /// Names of models, and of items if these are next to their markers, left of `x`.
    fn names(&self, canvas: &mut Canvas, x: f64, top: f64) {
        for (m, name) in self.models.iter().enumerate() {
            let y = top + m as f64 * self.row_height();
            if !self.is_named() {
                let text = Text::new(name, style::PANEL_TITLE, INK).end();
                canvas.centred(x, y + 0.5 * self.row_height(), text);
                continue;
            }
            let text = Text::new(name, style::PANEL_TITLE, INK).bold();
            canvas.centred(MARGIN, y + self.line(0), text);
            for (k, item) in self.items.iter().enumerate() {
                let text = Text::new(&item.name, style::LABEL, INK).end();
                canvas.centred(x, y + self.line(k), text);
            }
        }
    }

    /// Width of the names left of the panels.
    fn names_width(&self) -> f64 {
        let widest = |names: &mut dyn Iterator<Item = f64>| names.fold(0.0, f64::max);
        let models = self
            .models
            .iter()
            .map(|m| font::width(m, style::PANEL_TITLE, self.is_named()));
        let models = widest(&mut models.into_iter());
        if !self.is_named() {
            return models;
        }
        let items = self
            .items
            .iter()
            .map(|i| font::width(&i.name, style::LABEL, false));
        models + 16.0 + widest(&mut items.into_iter())
    }

    /// One value: its interval, its seeds and its marker.
    fn value(
        &self,
        canvas: &mut Canvas,
        item: &CompareItem,
        value: &CompareValue,
        y: f64,
        px: &dyn Fn(f64) -> f64,
    ) {
        let slot = self.slot();
        let colour = item.look.colour();
        if value.low.is_finite() && value.high.is_finite() {
            let ends = (px(value.low), px(value.high));
            canvas.rule(
                (ends.0, y),
                (ends.1, y),
                colour,
                style::LINE.min(0.25 * slot),
            );
        }
        let marker = (MARKER_SHARE * slot).min(style::MARKER);
        item.look.mark_of_size(canvas, (px(value.value), y), marker);
        // Below the bar, so that they cover neither it nor the marker.
        let radius = style::SEED.min(0.16 * slot);
        let seeds = value.seeds.iter().filter(|s| s.is_finite());
        for seed in seeds.filter(|_| value.seeds.len() > 1) {
            canvas.disc(
                px(*seed),
                y + 0.46 * slot,
                radius,
                colour.towards(INK, 0.35),
            );
        }
    }

    fn panel(&self, canvas: &mut Canvas, panel: &ComparePanel, rect: Rect, first: bool) {
        let values = panel.values.iter().flatten().flatten();
        let range = self
            .x
            .covering(values.flat_map(|v| [v.low, v.value, v.high]), false);
        let inner = Rect::new(rect.x + INSET, rect.y, rect.w - 2.0 * INSET, rect.h);
        let frame = Frame::new(inner, (range, self.x.scale), ((0.0, 1.0), Scale::Linear));
        for row in (1..self.models.len()).step_by(2) {
            let y = rect.y + row as f64 * self.row_height();
            canvas.rect(rect.x, y, rect.w, self.row_height(), style::STRIPE, 1.0);
        }
        for tick in frame.x_ticks() {
            let x = frame.x.at(tick.value);
            canvas.rule((x, rect.y), (x, rect.bottom()), GRID, style::SPINE);
        }
        if let Some(chance) = self.chance.filter(|c| c.is_finite()) {
            let x = frame.x.at(chance);
            canvas.dashes(
                &[(x, rect.y), (x, rect.bottom())],
                FAINT,
                style::SPINE,
                (3.0, 3.0),
            );
            let label = Text::new("chance", style::NOTE, MUTED);
            let x = x.min(rect.right() - label.width());
            canvas.text(x - 1.0, rect.y - 5.0, label);
        }
        let mut seen = false;
        let px = |v: f64| frame.x.at(v).clamp(rect.x, rect.right());
        for (row, items) in panel.values.iter().enumerate() {
            let top = rect.y + row as f64 * self.row_height();
            for (k, (value, item)) in items.iter().zip(&self.items).enumerate() {
                if let Some(value) = value.as_ref().filter(|v| v.value.is_finite()) {
                    seen = true;
                    self.value(canvas, item, value, top + self.line(k), &px);
                }
            }
        }
        if !seen {
            frame.no_data(canvas);
        }
        canvas.rule(
            (rect.x, rect.bottom()),
            (rect.right(), rect.bottom()),
            INK,
            style::SPINE,
        );
        frame.lower(canvas, true);
        if first {
            canvas.rule((rect.x, rect.y), (rect.x, rect.bottom()), INK, style::SPINE);
        }
        let limit = if self.chance.is_some() {
            rect.w - 50.0
        } else {
            rect.w
        };
        let title = font::shorten(&panel.title, style::PANEL_TITLE, true, limit);
        let above = if self.chance.is_some() { 21.0 } else { 8.0 };
        canvas.text(
            rect.x,
            rect.y - above,
            Text::new(title, style::PANEL_TITLE, INK).bold(),
        );
        for (k, line) in font::wrap(&self.x.label, style::LABEL, false, rect.w)
            .iter()
            .enumerate()
        {
            let y = rect.bottom() + 26.0 + style::LABEL + k as f64 * 15.0;
            canvas.text(
                rect.x + 0.5 * rect.w,
                y,
                Text::new(line, style::LABEL, INK).middle(),
            );
        }
    }

    fn check(&self) -> Result<(), PlotError> {
        for panel in &self.panels {
            let name = &panel.title;
            check_len(
                "compare",
                format!("panel `{name}`"),
                panel.values.len(),
                self.models.len(),
            )?;
            for (values, model) in panel.values.iter().zip(&self.models) {
                let what = format!("panel `{name}`, model `{model}`");
                check_len("compare", what, values.len(), self.items.len())?;
            }
        }
        Ok(())
    }
}

impl Figure for Compare {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        self.check()?;
        let nothing = [ComparePanel::default()];
        let panels = if self.panels.is_empty() {
            &nothing[..]
        } else {
            &self.panels
        };
        let (columns, panel_width) = match panels.len() {
            1 => (1, 620.0),
            2 | 4 => (2, 400.0),
            _ => (3, 300.0),
        };
        let left = MARGIN + self.names_width() + 10.0;
        let gap = 26.0;
        let width = left + columns as f64 * panel_width + (columns - 1) as f64 * gap + MARGIN + 6.0;
        let legend = self.legend();
        let width = width.max(legend.least_width() + 2.0 * MARGIN);
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let legend_top = MARGIN + title.len() as f64 * 22.0 + 4.0;
        let legend_height = legend.height(width - 2.0 * MARGIN);
        let height = self.models.len().max(1) as f64 * self.row_height();
        let label_lines = font::wrap(&self.x.label, style::LABEL, false, panel_width).len();
        let head = if self.chance.is_some() { 44.0 } else { 30.0 };
        let foot = 34.0 + label_lines as f64 * 15.0;
        let rows = panels.len().div_ceil(columns);
        let top = legend_top + legend_height;
        let total = top + rows as f64 * (head + height + foot) + MARGIN - 8.0;
        let mut canvas = Canvas::new(width, total);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        legend.draw(&mut canvas, MARGIN, legend_top, width - 2.0 * MARGIN);
        for (k, panel) in panels.iter().enumerate() {
            let (row, column) = (k / columns, k % columns);
            let x = left + column as f64 * (panel_width + gap);
            let y = top + row as f64 * (head + height + foot) + head;
            let rect = Rect::new(x, y, panel_width, height);
            self.panel(&mut canvas, panel, rect, column == 0);
            if column == 0 {
                self.names(&mut canvas, x - 8.0, y);
            }
        }
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "Each marker is the accuracy of one training arm (colour) under one reset policy (hollow: with resets), \
         the bar through it the interval that the legend names, and a dot one seed; grey and hollow is the reference. \
         An arm that needs no resets has its filled marker where the reference is."
            .to_owned()
    }
}
