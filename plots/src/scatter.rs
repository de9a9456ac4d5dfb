//! One quantity against another, a point a net, each with its name.

use crate::axis::Axis;
use crate::canvas::{Canvas, Text};
use crate::error::PlotError;
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::legend::{Legend, Sample};
use crate::look::Look;
use crate::style::{self, FAINT, GRID, INK, MARGIN};

/// One net.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPoint {
    /// Written next to the point.
    pub name: String,
    /// Colour and marker.
    pub look: Look,
    /// Where it lies.
    pub at: (f64, f64),
}

/// Some nets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScatterPanel {
    /// The common property of the points; may be empty.
    pub title: String,
    /// The nets.
    pub points: Vec<ScatterPoint>,
}

/// One quantity of nets against another; panels share their axes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scatter {
    /// Title.
    pub title: String,
    /// The horizontal quantity.
    pub x: Axis,
    /// The quantity upwards.
    pub y: Axis,
    /// Meaning of the markers.
    pub legend: Vec<(Look, String)>,
    /// The panels.
    pub panels: Vec<ScatterPanel>,
    /// One sentence on how to read it.
    pub caption: String,
}

/// Between the columns of panels, and above a panel, px.
const GAP: f64 = 30.0;
const HEAD: f64 = 28.0;
/// Half the side of the box that a marker takes, px.
const MARK: f64 = style::MARKER + 2.5;
/// A label further from its point than this has a line to it, px.
const NEAR: f64 = 16.0;

impl Scatter {
    /// Columns, and the size of a panel.
    fn shape(&self) -> (usize, (f64, f64)) {
        match self.panels.len() {
            0 | 1 => (1, (680.0, 440.0)),
            2 | 4 => (2, (440.0, 330.0)),
            _ => (3, (370.0, 300.0)),
        }
    }

    fn frame(&self, rect: Rect) -> Frame {
        let points = || self.panels.iter().flat_map(|p| &p.points);
        let xs: Vec<f64> = points().map(|p| p.at.0).collect();
        let ys: Vec<f64> = points().map(|p| p.at.1).collect();
        let across = self.x.covering(xs.iter().copied(), false);
        let up = self.y.covering(ys.iter().copied(), false);
        let floors = (
            self.x.ends_in_floor(across.0, xs.into_iter()),
            self.y.ends_in_floor(up.0, ys.into_iter()),
        );
        Frame::new(rect, (across, self.x.scale), (up, self.y.scale)).with_floors(floors.0, floors.1)
    }

    fn panel(canvas: &mut Canvas, panel: &ScatterPanel, frame: &Frame, left: bool) {
        let r = frame.rect;
        for tick in frame.x_ticks() {
            let x = frame.x.at(tick.value);
            canvas.rule((x, r.y), (x, r.bottom()), GRID, style::SPINE);
        }
        for tick in frame.y_ticks() {
            let y = frame.y.at(tick.value);
            canvas.rule((r.x, y), (r.right(), y), GRID, style::SPINE);
        }
        frame.lower(canvas, true);
        frame.left(canvas, left);
        let title = font::shorten(&panel.title, style::PANEL_TITLE, true, r.w);
        canvas.text(
            r.x,
            r.y - 10.0,
            Text::new(title, style::PANEL_TITLE, INK).bold(),
        );
        let placed: Vec<(&ScatterPoint, (f64, f64))> = (panel.points.iter())
            .filter(|p| p.at.0.is_finite() && p.at.1.is_finite())
            .map(|p| {
                let x = frame.x.at(p.at.0).clamp(r.x, r.right());
                (p, (x, frame.y.at(p.at.1).clamp(r.y, r.bottom())))
            })
            .collect();
        if placed.is_empty() {
            frame.no_data(canvas);
        }
        let marks: Vec<(f64, f64)> = placed.iter().map(|(_, at)| *at).collect();
        let names: Vec<&str> = placed.iter().map(|(p, _)| p.name.as_str()).collect();
        let boxes = labels(&r, &marks, &names);
        for (at, place) in marks.iter().zip(&boxes) {
            if let Some(place) = place {
                leader(canvas, *at, place);
            }
        }
        for (point, (x, y)) in &placed {
            point.look.mark(canvas, *x, *y);
        }
        for ((point, _), place) in placed.iter().zip(&boxes) {
            if let Some(place) = place {
                let text = Text::new(&point.name, style::NOTE, INK);
                canvas.centred(place.x, place.y + 0.5 * place.h, text);
            }
        }
    }
}

/// A line from a point to a label that lies away from it.
fn leader(canvas: &mut Canvas, (x, y): (f64, f64), place: &Rect) {
    let end = (
        x.clamp(place.x, place.right()),
        y.clamp(place.y, place.bottom()),
    );
    if (end.0 - x).hypot(end.1 - y) > NEAR {
        canvas.rule((x, y), end, FAINT, style::THIN);
    }
}

/// A box for each name near its mark, off all marks and off one another, where there is room. The mark that
/// has most others around it chooses first.
fn labels(panel: &Rect, marks: &[(f64, f64)], names: &[&str]) -> Vec<Option<Rect>> {
    let crowd = |i: usize| {
        let (x, y) = marks[i];
        let near = |m: &&(f64, f64)| (m.0 - x).hypot(m.1 - y) < 40.0;
        marks.iter().filter(near).count()
    };
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(crowd(i)));
    let mut taken: Vec<Rect> = Vec::new();
    let mut boxes = vec![None; marks.len()];
    for i in order.into_iter().filter(|&i| !names[i].is_empty()) {
        let width = font::width(names[i], style::NOTE, false);
        let own = marks[i];
        let free = |r: &Rect| {
            let inside = r.x >= panel.x + 1.0
                && r.right() <= panel.right() + MARGIN
                && r.y >= panel.y - 4.0
                && r.bottom() <= panel.bottom() - 1.0;
            let on_mark = marks.iter().any(|m| {
                let mark = Rect::new(m.0 - MARK, m.1 - MARK, 2.0 * MARK, 2.0 * MARK);
                mark.overlaps(r)
            });
            inside && !on_mark && !taken.iter().any(|t| t.overlaps(r))
        };
        boxes[i] = around(own, width).find(free);
        taken.extend(boxes[i].map(|r| Rect::new(r.x - 2.0, r.y, r.w + 4.0, r.h)));
    }
    boxes
}

/// Places for a label of `width` around a mark, the nearest first.
fn around((x, y): (f64, f64), width: f64) -> impl Iterator<Item = Rect> {
    let height = style::NOTE + 2.0;
    (0..24).flat_map(move |ring| {
        let away = MARK + 0.5 + 6.0 * f64::from(ring);
        // To the right, to the left, above and below, then between.
        [0, 8, 12, 4, 14, 2, 10, 6, 15, 1, 13, 3, 11, 5, 9, 7]
            .into_iter()
            .map(move |turn| {
                let (sin, cos) = (std::f64::consts::TAU * f64::from(turn) / 16.0).sin_cos();
                let (cx, cy) = (
                    x + cos * (away + 0.5 * width),
                    y + sin * (away + 0.5 * height),
                );
                Rect::new(cx - 0.5 * width, cy - 0.5 * height, width, height)
            })
    })
}

impl Figure for Scatter {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let nothing = [ScatterPanel::default()];
        let panels = if self.panels.is_empty() {
            &nothing[..]
        } else {
            &self.panels
        };
        let (columns, (w, h)) = self.shape();
        let numbers = self.frame(Rect::new(0.0, 0.0, w, h)).left_width();
        let left = MARGIN + 20.0 + numbers;
        let width =
            left + columns as f64 * w + (columns - 1) as f64 * (GAP + numbers) + 2.0 * MARGIN;
        let legend = Legend {
            notes: Vec::new(),
            items: self.legend.clone(),
            sample: Sample::Marker,
        };
        let width = width.max(legend.least_width() + 2.0 * MARGIN);
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let legend_top = MARGIN + title.len() as f64 * 22.0 + 4.0;
        let top = legend_top + legend.height(width - 2.0 * MARGIN) + 4.0;
        let x_label = font::wrap(&self.x.label, style::LABEL, false, w);
        let foot = 34.0 + x_label.len() as f64 * 15.0;
        let rows = panels.len().div_ceil(columns);
        let mut canvas = Canvas::new(width, top + rows as f64 * (HEAD + h + foot) + MARGIN - 8.0);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        legend.draw(&mut canvas, MARGIN, legend_top, width - 2.0 * MARGIN);
        for (k, panel) in panels.iter().enumerate() {
            let (row, column) = (k / columns, k % columns);
            let x = left + column as f64 * (w + GAP + numbers);
            let y = top + row as f64 * (HEAD + h + foot) + HEAD;
            let frame = self.frame(Rect::new(x, y, w, h));
            Self::panel(&mut canvas, panel, &frame, true);
            if column == 0 {
                let label = font::shorten(&self.y.label, style::LABEL, false, h + HEAD);
                let text = Text::new(label, style::LABEL, INK).middle().upwards();
                canvas.centred(MARGIN + 6.0, y + 0.5 * h, text);
            }
            for (k, line) in x_label.iter().enumerate() {
                let text = Text::new(line, style::LABEL, INK).middle();
                let y = y + h + 26.0 + style::LABEL + k as f64 * 15.0;
                canvas.text(x + 0.5 * w, y, text);
            }
        }
        Ok(canvas)
    }

    fn caption(&self) -> String {
        self.caption.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_meet_neither_marks_nor_one_another() {
        let panel = Rect::new(0.0, 0.0, 400.0, 300.0);
        // A crowd in one corner, and single ones.
        let marks: Vec<(f64, f64)> = (0..20)
            .map(|k| match k {
                0..12 => (380.0 - 4.0 * f64::from(k), 10.0 + 3.0 * f64::from(k % 5)),
                _ => (20.0 * f64::from(k), 200.0),
            })
            .collect();
        let names = ["resonate and fire"; 20];
        let boxes: Vec<Rect> = labels(&panel, &marks, &names)
            .into_iter()
            .flatten()
            .collect();
        assert!(boxes.len() >= 18, "{} of 20 have room", boxes.len());
        for (i, a) in boxes.iter().enumerate() {
            assert!(boxes[..i].iter().all(|b| !a.overlaps(b)));
            let on = |m: &(f64, f64)| a.contains(*m);
            assert!(!marks.iter().any(on));
        }
    }
}
