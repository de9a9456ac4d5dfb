//! Small multiples: panels with lines in rows and columns, one horizontal scale, one legend.

use crate::axis::Axis;
use crate::canvas::{Canvas, Text};
use crate::font;
use crate::frame::{Frame, Rect};
use crate::legend::{Legend, Note, Sample};
use crate::look::Look;
use crate::series::{Level, Series};
use crate::style::{self, Colour, FAINT, INK, MARGIN};

/// One panel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub title: String,
    pub y: Axis,
    pub series: Vec<Series>,
    pub levels: Vec<Level>,
    /// Short texts under the title, in colour.
    pub notes: Vec<(String, Colour)>,
}

/// One row of panels; `None` leaves a place empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// Names of the columns, above this row; may be empty.
    pub headers: Vec<String>,
    pub cells: Vec<Option<Cell>>,
}

/// Panels in rows and columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    pub title: String,
    pub x: Axis,
    pub rows: Vec<Row>,
    /// Width and height of a plotting area, px.
    pub panel: (f64, f64),
    /// Each panel has a vertical scale of its own, with numbers and label.
    pub own_y: bool,
}

/// How many columns `count` equal panels are set in.
pub(crate) fn columns_for(count: usize) -> usize {
    match count {
        0 | 1 => 1,
        2 | 4 => 2,
        3..=9 => 3,
        _ => 4,
    }
}

/// Width and height of the panels of a figure with `columns` columns.
pub(crate) fn panel_for(columns: usize) -> (f64, f64) {
    match columns {
        0 | 1 => (560.0, 300.0),
        2 => (400.0, 240.0),
        3 => (300.0, 215.0),
        _ => (244.0, 168.0),
    }
}

const LINE_HEIGHT: f64 = 15.0;
const NOTE_HEIGHT: f64 = 14.0;
const HEADER: f64 = 26.0;

/// Layout of all parts.
struct Layout {
    width: f64,
    height: f64,
    /// Of each row and cell: the frame, and whether it has numbers below.
    frames: Vec<Vec<Option<(Frame, bool)>>>,
    /// Where the first row starts.
    top: f64,
    title: Vec<String>,
}

impl Grid {
    /// Equal panels in as many rows as they need, at the least an empty one.
    pub fn in_rows(title: &str, x: &Axis, mut cells: Vec<Cell>) -> Grid {
        if cells.is_empty() {
            cells.push(Cell::default());
        }
        let columns = columns_for(cells.len());
        let row = |cells: &[Cell]| Row {
            headers: Vec::new(),
            cells: cells.iter().cloned().map(Some).collect(),
        };
        Grid {
            title: title.to_owned(),
            x: x.clone(),
            rows: cells.chunks(columns).map(row).collect(),
            panel: panel_for(columns),
            own_y: false,
        }
    }

    pub fn draw(&self) -> Canvas {
        let legend = self.legend();
        let bare = self.layout(0.0);
        let legend_height = if legend.is_empty() {
            0.0
        } else {
            legend.height(bare.width - 2.0 * MARGIN) + 8.0
        };
        let layout = self.layout(legend_height);
        let mut canvas = Canvas::new(layout.width, layout.height);
        for (k, line) in layout.title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        let y = layout.top - legend_height;
        legend.draw(&mut canvas, MARGIN, y, layout.width - 2.0 * MARGIN);
        for (r, row) in self.rows.iter().enumerate() {
            for (c, cell) in row.cells.iter().enumerate() {
                if let (Some(cell), Some((frame, numbers))) = (cell, layout.frames[r][c]) {
                    self.cell(&mut canvas, cell, &frame, numbers, c == 0 || self.own_y);
                    if let Some(header) = row.headers.get(c) {
                        let y = frame.rect.y - self.head_height(r) + style::PANEL_TITLE;
                        let limit = self.panel.0;
                        let text = font::shorten(header, style::PANEL_TITLE + 1.0, true, limit);
                        let text = Text::new(text, style::PANEL_TITLE + 1.0, INK).bold();
                        canvas.text(frame.rect.x, y, text);
                    }
                }
            }
        }
        canvas
    }

    /// Space above the plotting areas of a row: header, titles, notes.
    fn head_height(&self, row: usize) -> f64 {
        let row = &self.rows[row];
        let cells = row.cells.iter().flatten();
        let notes = cells
            .clone()
            .map(|c| self.note_rows(c).len())
            .max()
            .unwrap_or(0);
        let titled = cells.clone().any(|c| !c.title.is_empty());
        let header = match (row.headers.is_empty(), titled) {
            (true, _) => 0.0,
            (false, true) => HEADER,
            (false, false) => HEADER - 8.0,
        };
        let air = if titled || notes > 0 { 10.0 } else { 6.0 };
        let title = if titled {
            style::PANEL_TITLE + 2.0
        } else {
            0.0
        };
        header + title + notes as f64 * NOTE_HEIGHT + air
    }

    /// Notes set in rows no wider than a panel.
    fn note_rows<'a>(&self, cell: &'a Cell) -> Vec<Vec<(f64, &'a (String, Colour))>> {
        let mut rows: Vec<Vec<(f64, &(String, Colour))>> = Vec::new();
        let mut right = f64::INFINITY;
        for note in &cell.notes {
            let width = font::width(&note.0, style::NOTE, false);
            if right + 12.0 + width > self.panel.0 {
                rows.push(Vec::new());
                right = -12.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((right + 12.0, note));
            }
            right += 12.0 + width;
        }
        rows
    }

    /// The lines of a vertical label.
    fn y_label(&self, cell: &Cell) -> Vec<String> {
        let mut label = cell.y.label.clone();
        if let (true, Some((low, _))) = (cell.y.is_cut(), cell.y.range) {
            label = format!("{label}, from {low:.0} on");
        }
        font::wrap_evenly(&label, style::LABEL, false, self.panel.1 + 24.0)
    }

    fn x_label(&self) -> Vec<String> {
        font::wrap(&self.x.label, style::LABEL, false, self.panel.0 + 20.0)
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().flat_map(|row| row.cells.iter().flatten())
    }

    /// The range that a panel's vertical scale must cover.
    fn ys(&self, cell: &Cell) -> Vec<f64> {
        let of = |c: &Cell| -> Vec<f64> {
            let levels = c.levels.iter().map(|l| l.value);
            c.series.iter().flat_map(Series::ys).chain(levels).collect()
        };
        if self.own_y {
            of(cell)
        } else {
            self.cells().flat_map(of).collect()
        }
    }

    fn y_range(&self, cell: &Cell) -> (f64, f64) {
        cell.y.covering(self.ys(cell).into_iter(), false)
    }

    /// Whether something of a series lies above or below its panel.
    fn has_beyond(&self) -> bool {
        let mut nowhere = Canvas::new(1.0, 1.0);
        self.cells().any(|cell| {
            let frame = self.frame(cell, 0.0, 0.0);
            let mut all = cell.series.iter();
            all.any(|series| frame.beyond(&mut nowhere, series))
        })
    }

    /// The frame of a cell at a place.
    fn frame(&self, cell: &Cell, x: f64, y: f64) -> Frame {
        let xs: Vec<f64> = (self.cells().flat_map(|c| &c.series))
            .flat_map(Series::xs)
            .collect();
        let across = self.x.covering(xs.iter().copied(), true);
        let up = self.y_range(cell);
        Frame::new(
            Rect::new(x, y, self.panel.0, self.panel.1),
            (across, self.x.scale),
            (up, cell.y.scale),
        )
        .with_floors(
            self.x.ends_in_floor(across.0, xs.into_iter()),
            cell.y.ends_in_floor(up.0, self.ys(cell).into_iter()),
        )
        .with_zero(self.x.zero)
    }

    /// Space left of the plotting areas of a column: label and numbers.
    fn left_of(&self, column: usize) -> f64 {
        if column > 0 && !self.own_y {
            return 36.0;
        }
        let needed = self
            .rows
            .iter()
            .filter_map(|row| row.cells.get(column)?.as_ref())
            .map(|cell| {
                let label = self.y_label(cell).len() as f64 * LINE_HEIGHT;
                self.frame(cell, 0.0, 0.0).left_width() + label + 6.0
            })
            .fold(0.0, f64::max);
        if column > 0 { needed + 26.0 } else { needed }
    }

    fn layout(&self, above: f64) -> Layout {
        let columns = self.rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
        let mut lefts = Vec::new();
        let mut x = MARGIN;
        for column in 0..columns {
            x += self.left_of(column);
            lefts.push(x);
            x += self.panel.0;
        }
        let width = x + MARGIN + 8.0;
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let title_height = title.len() as f64 * 22.0;
        let top = MARGIN + title_height + if title.is_empty() { 0.0 } else { 10.0 } + above;
        let mut y = top;
        let mut frames = Vec::new();
        for (r, row) in self.rows.iter().enumerate() {
            y += self.head_height(r);
            let mut foot: f64 = 8.0;
            let below = self.rows.get(r + 1).filter(|next| next.headers.is_empty());
            let places = row.cells.iter().enumerate().map(|(c, cell)| {
                let cell = cell.as_ref()?;
                let last = below
                    .and_then(|next| next.cells.get(c))
                    .is_none_or(Option::is_none);
                // An empty place below has room for numbers and label.
                if last && below.is_none() {
                    foot = 26.0 + self.x_label().len() as f64 * LINE_HEIGHT + 6.0;
                }
                Some((self.frame(cell, lefts[c], y), last))
            });
            frames.push(places.collect());
            y += self.panel.1 + foot + if r + 1 < self.rows.len() { 8.0 } else { 0.0 };
        }
        Layout {
            width,
            height: y + MARGIN - 6.0,
            frames,
            top,
            title,
        }
    }

    /// Draws one panel but for the labels of its lines.
    fn cell(&self, canvas: &mut Canvas, cell: &Cell, frame: &Frame, numbers: bool, left: bool) {
        let r = frame.rect;
        let notes = self.note_rows(cell);
        let mut baseline = r.y - 8.0 - notes.len() as f64 * NOTE_HEIGHT;
        if !cell.title.is_empty() {
            let text = font::shorten(&cell.title, style::PANEL_TITLE, true, r.w);
            canvas.text(
                r.x,
                baseline,
                Text::new(text, style::PANEL_TITLE, INK).bold(),
            );
        }
        for row in notes {
            baseline += NOTE_HEIGHT;
            for (x, (text, colour)) in row {
                canvas.text(
                    r.x + x,
                    baseline,
                    Text::new(text, style::NOTE, readable(*colour)),
                );
            }
        }
        for level in &cell.levels {
            let y = frame.y.at(level.value);
            if level.value.is_finite() && y >= r.y && y <= r.bottom() {
                canvas.dashes(&[(r.x, y), (r.right(), y)], FAINT, style::SPINE, (3.0, 3.0));
            }
        }
        let banded = cell.series.iter().filter(|s| s.interval.is_some()).count();
        for series in &cell.series {
            frame.band(canvas, series, if banded > 3 { 0.09 } else { 0.16 });
        }
        for thin in [true, false] {
            for series in cell.series.iter().filter(|s| s.thin == thin) {
                frame.series(canvas, series);
            }
        }
        for series in &cell.series {
            frame.beyond(canvas, series);
        }
        frame.lower(canvas, numbers);
        frame.left(canvas, left);
        if cell.y.is_cut() {
            frame.cut(canvas);
        }
        if left {
            let lines = self.y_label(cell);
            let right = r.x - frame.left_width() - 4.0;
            for (k, line) in lines.iter().rev().enumerate() {
                let x = right - (k as f64 + 0.5) * LINE_HEIGHT;
                let text = Text::new(line, style::LABEL, INK).middle().upwards();
                canvas.centred(x, r.y + 0.5 * r.h, text);
            }
        }
        if numbers {
            for (k, line) in self.x_label().iter().enumerate() {
                let y = r.bottom() + 26.0 + style::LABEL + k as f64 * LINE_HEIGHT;
                canvas.text(
                    r.x + 0.5 * r.w,
                    y,
                    Text::new(line, style::LABEL, INK).middle(),
                );
            }
        }
        if !cell.series.iter().any(Series::has_data) {
            frame.no_data(canvas);
        }
    }

    /// Names with their styles, in the order in which they appear.
    fn names(&self) -> Vec<(Look, String)> {
        let mut names: Vec<(Look, String)> = Vec::new();
        for series in self.cells().flat_map(|c| &c.series) {
            if !series.thin && !series.name.is_empty() && !names.iter().any(|n| n.1 == series.name)
            {
                names.push((series.look, series.name.clone()));
            }
        }
        names
    }

    /// One legend for all panels: series, reference lines, and what lies beyond an edge.
    fn legend(&self) -> Legend {
        let cells = self.rows.iter().flat_map(|row| row.cells.iter().flatten());
        let marked = cells.flat_map(|cell| &cell.series).all(Series::is_marked);
        let mut notes: Vec<(Note, String)> = Vec::new();
        for level in self.cells().flat_map(|cell| &cell.levels) {
            if !level.label.is_empty() && !notes.iter().any(|(_, name)| *name == level.label) {
                notes.push((Note::Level, level.label.clone()));
            }
        }
        if self.has_beyond() {
            notes.push((Note::Beyond, "beyond the axis".to_owned()));
        }
        Legend {
            items: self.names(),
            sample: if marked {
                Sample::MarkedLine
            } else {
                Sample::Line
            },
            notes,
        }
    }
}

/// A colour dark enough for text.
pub(crate) fn readable(colour: Colour) -> Colour {
    let excess = (colour.lightness() - 0.5).max(0.0);
    colour.towards(Colour(0, 0, 0), 0.8 * excess)
}
