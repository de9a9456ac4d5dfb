//! A data set at a glance: one example, channel rates, durations, classes.

use crate::axis::{Axis, Ruler, Scale};
use crate::canvas::{Canvas, Text};
use crate::error::PlotError;
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::raster::{RasterPlot, draw_profile, x_label};
use crate::style::{self, INK, MARGIN, MUTED};

/// Contents of a file: the raster of one example, mean rates, durations, class counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inspect {
    /// The file and a summary of its contents.
    pub title: String,
    /// One recording.
    pub example: RasterPlot,
    /// Mean rate of each channel over all recordings, Hz.
    pub rates_hz: Vec<f64>,
    /// Duration of each recording, s.
    pub durations_s: Vec<f64>,
    /// Name and number of recordings of each class.
    pub classes: Vec<(String, usize)>,
}

const WIDTH: f64 = 1020.0;
const LEFT: f64 = 78.0;

fn panel_title(canvas: &mut Canvas, rect: Rect, title: &str) {
    let title = font::shorten(title, style::PANEL_TITLE, true, rect.w);
    canvas.text(
        rect.x,
        rect.y - 10.0,
        Text::new(title, style::PANEL_TITLE, INK).bold(),
    );
}

fn count_label(canvas: &mut Canvas, frame: &Frame) {
    let x = frame.rect.x - frame.left_width() - 12.0;
    let label = Text::new("recordings", style::LABEL, INK)
        .middle()
        .upwards();
    canvas.centred(x, frame.rect.y + 0.5 * frame.rect.h, label);
}

fn bar(canvas: &mut Canvas, frame: &Frame, (left, right): (f64, f64), count: usize) {
    let top = frame.y.at(count as f64);
    canvas.rect(
        left,
        top,
        right - left,
        frame.rect.bottom() - top,
        MUTED,
        0.8,
    );
}

impl Inspect {
    fn durations(&self, canvas: &mut Canvas, rect: Rect) {
        let finite: Vec<f64> = self
            .durations_s
            .iter()
            .copied()
            .filter(|d| d.is_finite())
            .collect();
        let (low, high) = Axis::default().covering(finite.iter().copied(), false);
        let bins = ((finite.len() as f64).sqrt().ceil() as usize).clamp(8, 40);
        let mut counts = vec![0usize; bins];
        for d in &finite {
            let k = ((d - low) / (high - low) * bins as f64) as usize;
            counts[k.min(bins - 1)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let frame = Frame::new(
            rect,
            ((low, high), Scale::Linear),
            ((0.0, 1.06 * most), Scale::Linear),
        );
        for (k, count) in counts.iter().enumerate() {
            let edge = |k: usize| rect.x + k as f64 / bins as f64 * rect.w;
            bar(canvas, &frame, (edge(k) + 0.5, edge(k + 1) - 0.5), *count);
        }
        frame.lower(canvas, true);
        frame.left(canvas, true);
        count_label(canvas, &frame);
        x_label(canvas, rect, "duration, s");
        panel_title(canvas, rect, "Durations");
        if finite.is_empty() {
            frame.no_data(canvas);
        }
    }

    fn class_counts(&self, canvas: &mut Canvas, rect: Rect) {
        let most = self.classes.iter().map(|c| c.1).max().unwrap_or(0).max(1) as f64;
        let slots = self.classes.len().max(1) as f64;
        let frame = Frame::new(
            rect,
            ((0.0, slots), Scale::Linear),
            ((0.0, 1.06 * most), Scale::Linear),
        );
        let slot = rect.w / slots;
        let widest = self
            .classes
            .iter()
            .map(|c| font::width(&c.0, style::TICK, false));
        let upright = widest.fold(0.0, f64::max) < slot - 3.0;
        let every = if upright {
            1
        } else {
            (13.0 / slot).ceil() as usize
        };
        let places = Ruler::new((0.0, slots), Scale::Linear, rect.x, rect.right());
        for (k, (name, count)) in self.classes.iter().enumerate() {
            let middle = places.at(k as f64 + 0.5);
            bar(
                canvas,
                &frame,
                (middle - 0.38 * slot, middle + 0.38 * slot),
                *count,
            );
            if upright {
                let y = rect.bottom() + style::TICK_LENGTH + 3.0 + style::TICK;
                canvas.text(middle, y, Text::new(name, style::TICK, INK).middle());
            } else if k % every == 0 {
                let name = font::shorten(name, style::TICK, false, 60.0);
                let text = Text::new(name, style::TICK, INK).end().upwards();
                canvas.centred(middle, rect.bottom() + 5.0, text);
            }
        }
        canvas.rule(
            (rect.x, rect.bottom()),
            (rect.right(), rect.bottom()),
            INK,
            style::SPINE,
        );
        frame.left(canvas, true);
        count_label(canvas, &frame);
        if upright {
            x_label(canvas, rect, "class");
        }
        panel_title(canvas, rect, "Classes");
        if self.classes.is_empty() {
            frame.no_data(canvas);
        }
    }
}

impl Figure for Inspect {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        self.example.check("inspect")?;
        let title = font::wrap(&self.title, style::TITLE, true, WIDTH - 2.0 * MARGIN);
        let top = MARGIN + title.len() as f64 * 22.0 + 32.0;
        let mut canvas = Canvas::new(WIDTH, top + 260.0 + 82.0 + 190.0 + 80.0);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        let raster = Rect::new(LEFT, top, 660.0, 260.0);
        self.example.draw_events(&mut canvas, raster);
        panel_title(&mut canvas, raster, &self.example.title);
        let side = Rect::new(raster.right() + 40.0, top, 210.0, 260.0);
        draw_profile(&mut canvas, side, &self.rates_hz);
        panel_title(&mut canvas, side, "Channel rates");
        let below = raster.bottom() + 82.0;
        let half = 0.5 * (WIDTH - LEFT - MARGIN - 16.0 - 78.0);
        self.durations(&mut canvas, Rect::new(LEFT, below, half, 190.0));
        self.class_counts(
            &mut canvas,
            Rect::new(LEFT + half + 78.0, below, half, 190.0),
        );
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "One recording as a raster, the mean rate of each channel on the same vertical axis, how long \
         the recordings are, and how many there are of each class."
            .to_owned()
    }
}
