//! State traces of a few units over a stretch, the arms one above another.

use crate::axis::{Scale, trim};
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect, clip};
use crate::grid::readable;
use crate::look::Look;
use crate::raster::x_label;
use crate::spans::{Span, runs_of, span_names};
use crate::style::{self, INK, MARGIN, MASK, MUTED};

/// The traces of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceArm {
    /// The arm.
    pub name: String,
    /// Its style.
    pub look: Look,
    /// Name and values, one a step, of each unit.
    pub units: Vec<(String, Vec<f32>)>,
}

/// States of a few units over a stretch, with the mask shaded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traces {
    /// Title.
    pub title: String,
    /// The traced quantity, with the unit: "membrane, thresholds".
    pub quantity: String,
    /// When the stretch starts, s since the last reset.
    pub start_s: f64,
    /// Length of a step, s.
    pub dt_s: f64,
    /// The mask of each step: 1 informative, 0 not.
    pub mask: Vec<f32>,
    /// The samples, named at the top.
    pub spans: Vec<Span>,
    /// One an arm, from top to bottom.
    pub arms: Vec<TraceArm>,
}

const WIDTH: f64 = 840.0;
const LANE: f64 = 36.0;
const HEAD: f64 = 26.0;
/// Least width of the text next to the scale bar, px.
const SCALE_LABEL: f64 = 76.0;

impl Traces {
    /// The length of the scale bar: a round number near half of the largest spread of a trace.
    fn scale(&self) -> f64 {
        let spread = self
            .arms
            .iter()
            .flat_map(|a| &a.units)
            .map(|(_, v)| spread(v));
        let widest = spread.map(|(low, high)| high - low).fold(0.0, f64::max);
        let rough = 0.6 * if widest > 0.0 { widest } else { 1.0 };
        let power = 10f64.powf(rough.log10().floor());
        let lead = if rough >= 5.0 * power {
            5.0
        } else if rough >= 2.0 * power {
            2.0
        } else {
            1.0
        };
        lead * power
    }

    /// px a unit of the quantity, the same in all lanes.
    fn gain(&self) -> f64 {
        let spread = self
            .arms
            .iter()
            .flat_map(|a| &a.units)
            .map(|(_, v)| spread(v));
        let widest = spread.map(|(low, high)| high - low).fold(0.0, f64::max);
        (LANE - 6.0) / if widest > 0.0 { widest } else { 1.0 }
    }

    fn arm(&self, canvas: &mut Canvas, arm: &TraceArm, frame: &Frame) {
        let rect = frame.rect;
        for (from, to) in runs_of(&self.mask) {
            let at = |step: usize| frame.x.at(self.start_s + step as f64 * self.dt_s);
            canvas.rect(at(from), rect.y, at(to) - at(from), rect.h, MASK, 0.13);
        }
        let colour = arm.look.colour();
        let name = font::shorten(&arm.name, style::PANEL_TITLE, true, rect.w);
        let name = Text::new(name, style::PANEL_TITLE, readable(colour)).bold();
        canvas.text(rect.x, rect.y - 7.0, name);
        let gain = self.gain();
        for (k, (name, values)) in arm.units.iter().enumerate() {
            let middle = rect.y + (k as f64 + 0.5) * LANE;
            let (low, high) = spread(values);
            let centre = 0.5 * (low + high);
            let points: Vec<(f64, f64)> = values
                .iter()
                .enumerate()
                .map(|(t, v)| {
                    // The frame's vertical ruler counts px from its lower end.
                    let px = middle - gain * (f64::from(*v) - centre);
                    (
                        self.start_s + (t as f64 + 0.5) * self.dt_s,
                        rect.bottom() - px,
                    )
                })
                .collect();
            for run in frame.runs(&points) {
                for piece in clip(&run, &rect) {
                    canvas.line(piece, colour, 1.3);
                }
            }
            let limit = 84.0;
            let name = font::shorten(name, style::TICK, false, limit);
            canvas.centred(
                rect.x - 9.0,
                middle,
                Text::new(name, style::TICK, INK).end(),
            );
        }
        if !arm
            .units
            .iter()
            .any(|(_, v)| v.iter().any(|x| x.is_finite()))
        {
            frame.no_data(canvas);
        }
    }

    fn frame(&self, left: f64, y: f64, height: f64) -> Frame {
        let end = self.start_s + self.mask.len() as f64 * self.dt_s;
        let end = if end > self.start_s {
            end
        } else {
            self.start_s + 1.0
        };
        Frame::new(
            Rect::new(left, y, WIDTH, height),
            ((self.start_s, end), Scale::Linear),
            ((0.0, height), Scale::Linear),
        )
    }
}

fn spread(values: &[f32]) -> (f64, f64) {
    let finite = values
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .map(f64::from);
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

impl Figure for Traces {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        for (arm, (name, values)) in self
            .arms
            .iter()
            .flat_map(|a| a.units.iter().map(move |u| (a, u)))
        {
            let what = format!("trace `{name}` of `{}`", arm.name);
            check_len("traces", what, values.len(), self.mask.len())?;
        }
        let left = 108.0;
        let words = self.quantity.split_whitespace();
        let widest = words
            .map(|w| font::width(w, style::NOTE, false))
            .fold(SCALE_LABEL, f64::max);
        let width = left + WIDTH + 12.0 + widest + MARGIN;
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let mut y = MARGIN + title.len() as f64 * 22.0 + 4.0;
        let names_at = y + 16.0;
        y += if self.spans.is_empty() { 0.0 } else { 16.0 };
        let height = |arm: &TraceArm| arm.units.len().max(1) as f64 * LANE;
        let all: f64 = self.arms.iter().map(|a| HEAD + height(a)).sum();
        let all = if self.arms.is_empty() {
            HEAD + LANE
        } else {
            all
        };
        let mut canvas = Canvas::new(width, y + all + 58.0);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        let mut last = self.frame(left, y + HEAD, LANE);
        span_names(&mut canvas, &self.spans, &last, names_at);
        if self.arms.is_empty() {
            last.no_data(&mut canvas);
        }
        for (k, arm) in self.arms.iter().enumerate() {
            last = self.frame(left, y + HEAD, height(arm));
            self.arm(&mut canvas, arm, &last);
            if k == 0 {
                let x = last.rect.right() + 12.0;
                let (from, to) = (
                    last.rect.y + 3.0,
                    last.rect.y + 3.0 + self.scale() * self.gain(),
                );
                canvas.rule((x, from), (x, to), INK, style::LINE);
                let text = trim(&format!("{:.6}", self.scale()));
                canvas.centred(
                    x + 6.0,
                    0.5 * (from + to),
                    Text::new(text, style::TICK, INK),
                );
                for (n, line) in font::wrap(&self.quantity, style::NOTE, false, widest)
                    .iter()
                    .enumerate()
                {
                    let y = to + 16.0 + n as f64 * 13.0;
                    canvas.text(x - 1.0, y, Text::new(line, style::NOTE, MUTED));
                }
            }
            y += HEAD + height(arm);
        }
        last.lower(&mut canvas, true);
        x_label(
            &mut canvas,
            last.rect,
            "stream time, s (never reset since 0 s)",
        );
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "States of a few units over one stretch of the stream, each around its own centre and all on the \
        scale of the bar at the right. Green is where the input is informative; elsewhere the traces show \
        the network's response to the gap."
            .to_owned()
    }
}
