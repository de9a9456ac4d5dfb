//! Rasters: an image of activity, and the events of one recording with their rates.

use crate::axis::Scale;
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::spans::{Span, span_names};
use crate::style::{self, Colour, INK, MARGIN, WHITE};

/// Activity on a grid of rows (channels or groups of them) and columns (steps).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Raster {
    /// Channels or groups of channels; row 0 is drawn at the bottom.
    pub rows: usize,
    /// Steps.
    pub columns: usize,
    /// `values[row * columns + column]`, 0 or more; NaN is not drawn.
    pub values: Vec<f32>,
}

impl Raster {
    pub(crate) fn check(&self, figure: &'static str) -> Result<(), PlotError> {
        check_len(
            figure,
            "raster values",
            self.values.len(),
            self.rows * self.columns,
        )
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        let v = self.values[row * self.columns + column];
        if v.is_finite() { v.max(0.0) } else { 0.0 }
    }

    /// Merges neighbours by their mean until there are no more rows and columns than `limit`.
    fn coarse(&self, limit: (usize, usize)) -> Raster {
        let (columns, rows) = (self.columns.min(limit.0), self.rows.min(limit.1));
        let part = |k: usize, of: usize, all: usize| k * all / of..(k + 1) * all / of;
        let mut values = Vec::with_capacity(rows * columns);
        for r in 0..rows {
            for c in 0..columns {
                let (mut sum, mut count) = (0.0, 0);
                for row in part(r, rows, self.rows) {
                    for column in part(c, columns, self.columns) {
                        sum += self.at(row, column);
                        count += 1;
                    }
                }
                values.push(sum / count.max(1) as f32);
            }
        }
        Raster {
            rows,
            columns,
            values,
        }
    }

    /// Draws the activity in greys over a rectangle: white is 0, black the 99.5th percentile of the nonzero
    /// values. `floor` is the share of black of the smallest activity.
    pub(crate) fn draw(&self, canvas: &mut Canvas, rect: Rect, floor: f64) {
        let coarse = self.coarse(((2.0 * rect.w) as usize, (2.0 * rect.h) as usize));
        let mut active: Vec<f32> = coarse.values.iter().copied().filter(|v| *v > 0.0).collect();
        active.sort_unstable_by(f32::total_cmp);
        let top = active
            .get(active.len().saturating_sub(1) * 199 / 200)
            .copied()
            .unwrap_or(1.0);
        let mut rgb = Vec::with_capacity(coarse.values.len() * 3);
        for row in (0..coarse.rows).rev() {
            for column in 0..coarse.columns {
                let v = coarse.at(row, column);
                let share = f64::from(v / top).min(1.0).sqrt();
                let dark = if v > 0.0 {
                    floor + (1.0 - floor) * share
                } else {
                    0.0
                };
                let grey = WHITE.towards(Colour(0x11, 0x11, 0x11), dark);
                rgb.extend([grey.0, grey.1, grey.2]);
            }
        }
        canvas.image(
            (rect.x, rect.y, rect.w, rect.h),
            (coarse.columns, coarse.rows),
            rgb,
        );
    }
}

/// The events of one recording or of a stretch of a stream, with the rate of each channel at the side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RasterPlot {
    /// Title: the label, the speaker, the file.
    pub title: String,
    /// Time of each event, s.
    pub times_s: Vec<f64>,
    /// Channel of each event.
    pub channels: Vec<u32>,
    /// How many channels there are; a higher one is left out.
    pub channel_count: u32,
    /// First and last time, s; from 0 to the last event if `None`.
    pub window_s: Option<(f64, f64)>,
    /// Samples, named above the raster.
    pub spans: Vec<Span>,
}

impl RasterPlot {
    pub(crate) fn window(&self) -> (f64, f64) {
        if let Some((from, to)) = self.window_s
            && from.is_finite()
            && to > from
        {
            return (from, to);
        }
        let finite = self.times_s.iter().copied().filter(|t| t.is_finite());
        let (first, last) = finite.fold((0.0f64, 0.0f64), |(a, b), t| (a.min(t), b.max(t)));
        if last > first {
            (first, last)
        } else {
            (0.0, 1.0)
        }
    }

    /// The events inside the window, as (time, channel).
    fn events(&self) -> impl Iterator<Item = (f64, u32)> + '_ {
        let (from, to) = self.window();
        let pairs = self
            .times_s
            .iter()
            .copied()
            .zip(self.channels.iter().copied());
        pairs.filter(move |(t, c)| *t >= from && *t <= to && *c < self.channel_count)
    }

    pub(crate) fn check(&self, figure: &'static str) -> Result<(), PlotError> {
        check_len(figure, "channels", self.channels.len(), self.times_s.len())
    }

    /// Events a second of each channel inside the window.
    fn rates_hz(&self) -> Vec<f64> {
        let (from, to) = self.window();
        let mut rates = vec![0.0; self.channel_count as usize];
        for (_, c) in self.events() {
            rates[c as usize] += 1.0 / (to - from);
        }
        rates
    }

    /// The raster with its axes in a rectangle.
    pub(crate) fn draw_events(&self, canvas: &mut Canvas, rect: Rect) {
        let (from, to) = self.window();
        let channels = f64::from(self.channel_count.max(1));
        let frame = Frame::new(
            rect,
            ((from, to), Scale::Linear),
            ((0.0, channels), Scale::Linear),
        );
        // Few events are drawn wider, or they could not be seen.
        let columns = if self.times_s.len() < 3000 {
            0.5 * rect.w
        } else {
            rect.w
        } as usize;
        let rows = (self.channel_count as usize).clamp(1, rect.h as usize);
        let mut raster = Raster {
            rows,
            columns,
            values: vec![0.0; rows * columns],
        };
        let mut any = false;
        for (t, c) in self.events() {
            any = true;
            let column = ((t - from) / (to - from) * columns as f64) as usize;
            let row = c as usize * rows / self.channel_count as usize;
            raster.values[row * columns + column.min(columns - 1)] += 1.0;
        }
        raster.draw(canvas, rect, 0.45);
        frame.lower(canvas, true);
        frame.left(canvas, true);
        let label = Text::new("channel", style::LABEL, INK).middle().upwards();
        let x = rect.x - frame.left_width() - 12.0;
        canvas.centred(x, rect.y + 0.5 * rect.h, label);
        x_label(canvas, rect, "time, s");
        if !any {
            frame.no_data(canvas);
        }
    }
}

/// The label of a horizontal axis.
pub(crate) fn x_label(canvas: &mut Canvas, rect: Rect, label: &str) {
    let text = Text::new(label, style::LABEL, INK).middle();
    canvas.text(
        rect.x + 0.5 * rect.w,
        rect.bottom() + 26.0 + style::LABEL,
        text,
    );
}

/// Rates of the channels as a profile to the right of a raster, with the same vertical axis.
pub(crate) fn draw_profile(canvas: &mut Canvas, rect: Rect, rates_hz: &[f64]) {
    let top = rates_hz
        .iter()
        .copied()
        .filter(|r| r.is_finite())
        .fold(0.0, f64::max);
    let range = (0.0, if top > 0.0 { 1.05 * top } else { 1.0 });
    let channels = rates_hz.len().max(1) as f64;
    let frame = Frame::new(
        rect,
        (range, Scale::Linear),
        ((0.0, channels), Scale::Linear),
    );
    // As many bars as there are px; a bar is the mean of its channels.
    let bars = rates_hz.len().min(rect.h as usize);
    let mut outline = vec![(rect.x, rect.bottom())];
    for k in 0..bars {
        let part = &rates_hz[k * rates_hz.len() / bars..(k + 1) * rates_hz.len() / bars];
        let finite: Vec<f64> = part.iter().copied().filter(|r| r.is_finite()).collect();
        let mean = finite.iter().sum::<f64>() / finite.len().max(1) as f64;
        let x = frame.x.at(mean);
        let share = |k: usize| rect.bottom() - k as f64 / bars as f64 * rect.h;
        outline.extend([(x, share(k)), (x, share(k + 1))]);
    }
    outline.push((rect.x, rect.y));
    if top > 0.0 {
        canvas.area(outline, style::MUTED, 0.75);
    } else {
        frame.no_data(canvas);
    }
    frame.lower(canvas, true);
    canvas.rule((rect.x, rect.y), (rect.x, rect.bottom()), INK, style::SPINE);
    x_label(canvas, rect, "rate, Hz");
}

impl Figure for RasterPlot {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        self.check("raster")?;
        let (width, height) = (980.0, 420.0);
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let top =
            MARGIN + title.len() as f64 * 22.0 + if self.spans.is_empty() { 10.0 } else { 28.0 };
        let mut canvas = Canvas::new(width, height + title.len() as f64 * 22.0);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        let bottom = canvas.height - MARGIN - 40.0;
        let rect = Rect::new(78.0, top, 712.0, bottom - top);
        self.draw_events(&mut canvas, rect);
        let time = Frame::new(
            rect,
            (self.window(), Scale::Linear),
            ((0.0, 1.0), Scale::Linear),
        );
        span_names(&mut canvas, &self.spans, &time, rect.y - 8.0);
        let side = Rect::new(rect.right() + 38.0, top, 122.0, rect.h);
        draw_profile(&mut canvas, side, &self.rates_hz());
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "Each dark spot is an event: time runs to the right, channels upwards; the profile at the \
         right is each channel's mean rate over the time shown."
            .to_owned()
    }
}
