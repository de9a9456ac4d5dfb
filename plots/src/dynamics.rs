//! A network's dynamics: eigenvalues of its layers in the complex plane, and next to them how the states
//! after two pasts converge, measured and predicted.

use crate::axis::{Axis, Scale};
use crate::canvas::{Canvas, Text};
use crate::error::PlotError;
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::look::{Look, Role};
use crate::series::Series;
use crate::style::{self, Colour, FAINT, GRID, INK, MARGIN, MUTED, WHITE};

/// One layer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DynamicsRow {
    /// Its name.
    pub title: String,
    /// Eigenvalues of its derivative at moments of a stream, (re, im).
    pub along: Vec<(f64, f64)>,
    /// The same with the surrogate's slope.
    pub surrogate: Vec<(f64, f64)>,
    /// Eigenvalues at its fixed points in silence.
    pub at_rest: Vec<(f64, f64)>,
    /// The share of the initial distance of two pasts that remains, against time in s.
    pub measured: Vec<(f64, f64)>,
    /// The same if the leading exponent held from the start.
    pub foretold: Vec<(f64, f64)>,
    /// Notes, one line each.
    pub notes: Vec<String>,
}

/// The layers of a net.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamics {
    /// Title.
    pub title: String,
    /// The colour of measurements.
    pub look: Look,
    /// From input to readout.
    pub rows: Vec<DynamicsRow>,
}

/// Side of a plane, width of a panel of distances, px.
const PLANE: f64 = 270.0;
const PANEL: f64 = 400.0;
/// Between the two, above and below a row, px.
const GAP: f64 = 96.0;
const HEAD: f64 = 30.0;
const FOOT: f64 = 54.0;
const NOTE: f64 = 15.0;
/// Eigenvalues further out are counted, not drawn.
const FURTHEST: f64 = 4.0;
/// Shares below this are rounding.
const LEAST: f64 = 1e-12;
/// The surrogate's eigenvalues.
const SURROGATE: Role = Role::Other(1);
/// What an exponent foretells.
const FORETOLD: Look = Look {
    role: Role::Reference,
    open: false,
    dashed: true,
};
/// Height of the legend, px.
const LEGEND: f64 = 20.0;

/// A mark of the legend.
#[derive(Clone, Copy)]
enum Item {
    Dot(Colour),
    Ring,
    Line(Look),
}

/// An eigenvalue at a fixed point.
fn ring(canvas: &mut Canvas, (x, y): (f64, f64)) {
    canvas.disc(x, y, 3.0, INK);
    canvas.disc(x, y, 1.7, WHITE);
}

impl Dynamics {
    fn colour(&self) -> Colour {
        self.look.colour()
    }

    /// Legend of the marks in use.
    fn items(&self) -> Vec<(Item, &'static str)> {
        let any = |f: &dyn Fn(&DynamicsRow) -> &Vec<(f64, f64)>| {
            self.rows.iter().any(|row| !f(row).is_empty())
        };
        let all = [
            (
                any(&|row| &row.along),
                Item::Dot(self.colour().tint(0.75)),
                "along the stream",
            ),
            (
                any(&|row| &row.surrogate),
                Item::Dot(SURROGATE.colour().tint(0.6)),
                "with the surrogate's slope",
            ),
            (
                any(&|row| &row.at_rest),
                Item::Ring,
                "at the fixed point in silence",
            ),
            (
                any(&|row| &row.measured),
                Item::Line(Look::of(self.look.role)),
                "measured",
            ),
            (
                any(&|row| &row.foretold),
                Item::Line(FORETOLD),
                "slope predicted by the exponent",
            ),
        ];
        let there = all.into_iter().filter(|(there, ..)| *there);
        there.map(|(_, item, name)| (item, name)).collect()
    }

    /// One row above all panels.
    fn legend(&self, canvas: &mut Canvas, top: f64) {
        let (mut x, y) = (MARGIN, top + 0.5 * LEGEND);
        for (item, name) in self.items() {
            let width = match item {
                Item::Dot(colour) => {
                    canvas.disc(x + 4.0, y, 3.0, colour);
                    8.0
                }
                Item::Ring => {
                    ring(canvas, (x + 4.0, y));
                    8.0
                }
                Item::Line(look) => {
                    look.swatch(canvas, x, y, 24.0);
                    24.0
                }
            };
            canvas.centred(x + width + 6.0, y, Text::new(name, style::LABEL, INK));
            x += width + 6.0 + font::width(name, style::LABEL, false) + 18.0;
        }
    }

    fn plane(&self, canvas: &mut Canvas, row: &DynamicsRow, rect: Rect) {
        let all = || row.along.iter().chain(&row.surrogate).chain(&row.at_rest);
        let finite = |e: &&(f64, f64)| e.0.is_finite() && e.1.is_finite();
        let far = (all().filter(finite)).map(|e| e.0.abs().max(e.1.abs()));
        let reach = (1.08 * far.fold(0.0, f64::max)).clamp(1.18, FURTHEST);
        let range = ((-reach, reach), Scale::Linear);
        let frame = Frame::new(rect, range, range);
        let at = |(re, im): (f64, f64)| (frame.x.at(re), frame.y.at(im));
        let (cx, cy) = at((0.0, 0.0));
        canvas.rule((rect.x, cy), (rect.right(), cy), GRID, style::SPINE);
        canvas.rule((cx, rect.y), (cx, rect.bottom()), GRID, style::SPINE);
        let circle = (0..=120).map(|k| {
            let (sin, cos) = (std::f64::consts::TAU * f64::from(k) / 120.0).sin_cos();
            at((cos, sin))
        });
        canvas.line(circle.collect(), FAINT, 1.2);
        frame.lower(canvas, true);
        frame.left(canvas, true);
        let mut outside = 0;
        let mut dots = |canvas: &mut Canvas, points: &[(f64, f64)], dot: Option<(f64, Colour)>| {
            for &point in points.iter().filter(finite) {
                let (x, y) = at(point);
                if !rect.contains((x, y)) {
                    outside += 1;
                    continue;
                }
                match dot {
                    Some((radius, colour)) => canvas.disc(x, y, radius, colour),
                    None => ring(canvas, (x, y)),
                }
            }
        };
        let pale = SURROGATE.colour().tint(0.6);
        // Rings below: they are few and large.
        dots(canvas, &row.at_rest, None);
        dots(canvas, &row.surrogate, Some((1.3, pale)));
        dots(canvas, &row.along, Some((1.5, self.colour().tint(0.75))));
        if all().next().is_none() {
            frame.no_data(canvas);
        }
        if outside > 0 {
            let text = format!("{outside} further out");
            let text = Text::new(text, style::NOTE, MUTED).end();
            canvas.text(rect.right() - 2.0, rect.y + style::NOTE, text);
        }
        let label = Text::new("real part of eigenvalues", style::LABEL, INK).middle();
        canvas.text(
            rect.x + 0.5 * rect.w,
            rect.bottom() + 26.0 + style::LABEL,
            label,
        );
        let label = Text::new("imaginary part", style::LABEL, INK)
            .middle()
            .upwards();
        canvas.centred(rect.x - 44.0, rect.y + 0.5 * rect.h, label);
    }

    fn distances(&self, canvas: &mut Canvas, row: &DynamicsRow, rect: Rect) {
        let kept = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            let useful = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite() && p.1 > LEAST;
            points.iter().filter(useful).copied().collect()
        };
        let measured = kept(&row.measured);
        let end = measured.iter().map(|p| p.0).fold(0.0, f64::max);
        let values = measured.iter().map(|p| p.1);
        let (low, high) = values.fold((1.0f64, 1.0f64), |(l, h), v| (l.min(v), h.max(v)));
        // At least two decades, so that a flat line looks flat.
        let y = (low.min(0.05 * high) / 1.5, high * 1.5);
        let frame = Frame::new(
            rect,
            ((0.0, if end > 0.0 { end } else { 1.0 }), Scale::Linear),
            (y, Scale::Log),
        );
        for tick in frame.y_ticks() {
            let y = frame.y.at(tick.value);
            canvas.rule((rect.x, y), (rect.right(), y), GRID, style::SPINE);
        }
        frame.lower(canvas, true);
        frame.left(canvas, true);
        if measured.is_empty() {
            frame.no_data(canvas);
        }
        let mut line = |look: Look, points: Vec<(f64, f64)>| {
            let mut series = Series::new(String::new(), look, points);
            series.unmarked = true;
            frame.series(canvas, &series);
        };
        line(FORETOLD, kept(&row.foretold));
        line(Look::of(self.look.role), measured);
        let x = Axis::linear("time in the same gap, s");
        let label = Text::new(x.label, style::LABEL, INK).middle();
        canvas.text(
            rect.x + 0.5 * rect.w,
            rect.bottom() + 26.0 + style::LABEL,
            label,
        );
        let label = "remaining effect of the past";
        let label = Text::new(label, style::LABEL, INK).middle().upwards();
        canvas.centred(rect.x - 56.0, rect.y + 0.5 * rect.h, label);
    }
}

impl Figure for Dynamics {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        let nothing = [DynamicsRow::default()];
        let rows = if self.rows.is_empty() {
            &nothing[..]
        } else {
            &self.rows
        };
        let left = MARGIN + 56.0;
        let width = left + PLANE + GAP + PANEL + 2.0 * MARGIN;
        let inner = width - 2.0 * MARGIN;
        let title = font::wrap(&self.title, style::TITLE, true, inner);
        let legend_top = MARGIN + title.len() as f64 * 22.0 + 6.0;
        let mut top = legend_top + LEGEND + 8.0;
        let heights: Vec<(Vec<String>, f64)> = (rows.iter())
            .map(|row| {
                let notes: Vec<String> = (row.notes.iter())
                    .flat_map(|note| font::wrap(note, style::NOTE, false, inner))
                    .collect();
                let height = HEAD + notes.len() as f64 * NOTE + 8.0 + PLANE + FOOT;
                (notes, height)
            })
            .collect();
        let height = top + heights.iter().map(|h| h.1).sum::<f64>() + MARGIN - 8.0;
        let mut canvas = Canvas::new(width, height);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        self.legend(&mut canvas, legend_top);
        for (row, (notes, height)) in rows.iter().zip(&heights) {
            let head = Text::new(&row.title, style::PANEL_TITLE, INK).bold();
            canvas.text(MARGIN, top + 18.0, head);
            for (k, note) in notes.iter().enumerate() {
                let text = Text::new(note, style::NOTE, MUTED);
                canvas.text(MARGIN, top + HEAD + 4.0 + k as f64 * NOTE, text);
            }
            let y = top + HEAD + notes.len() as f64 * NOTE + 8.0;
            self.plane(&mut canvas, row, Rect::new(left, y, PLANE, PLANE));
            let x = left + PLANE + GAP;
            self.distances(&mut canvas, row, Rect::new(x, y, PANEL, PLANE));
            top += height;
        }
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "Left: the eigenvalues of a layer's step as a linear map, along a stream and at its fixed point in \
        silence. Inside the circle differences shrink, outside they grow. Right: how much of the difference \
        of two pasts remains after some time in the same gap, and the long-term slope predicted by the \
        leading Lyapunov exponent."
            .to_owned()
    }
}
