//! The stream figure: input, mask, and the output of several arms on the same stretch.

use crate::axis::Scale;
use crate::canvas::{Canvas, Text};
use crate::error::{PlotError, check_len};
use crate::figure::Figure;
use crate::font;
use crate::frame::{Frame, Rect};
use crate::grid::readable;
use crate::look::Look;
use crate::raster::{Raster, x_label};
use crate::spans::{Span, runs_of, span_names, span_texts};
use crate::style::{self, Colour, INK, MARGIN, MASK, MUTED};

/// The output of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOutput {
    /// The arm.
    pub name: String,
    /// Its style.
    pub look: Look,
    /// `probabilities[step * classes + class]`.
    pub probabilities: Vec<f32>,
    /// The predicted class of each span; `None` without a detection.
    pub says: Vec<Option<usize>>,
}

/// A stretch of a stream: raster, mask, and the output of two or more arms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stream {
    /// Title.
    pub title: String,
    /// When the stretch starts, s since the last reset.
    pub start_s: f64,
    /// Length of a step, s.
    pub dt_s: f64,
    /// The input; a column a step.
    pub input: Raster,
    /// Number of channels that the rows of the input represent.
    pub channel_count: usize,
    /// The mask of each step: 1 informative, 0 not.
    pub mask: Vec<f32>,
    /// A mask estimated from the input, shown below the true one; may be empty.
    pub estimated_mask: Vec<f32>,
    /// The samples.
    pub spans: Vec<Span>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// One an arm, from top to bottom.
    pub outputs: Vec<StreamOutput>,
}

const WIDTH: f64 = 900.0;
const RASTER: f64 = 190.0;
const OUTPUT: f64 = 118.0;
const BAR: f64 = 20.0;
const LEFT: f64 = 96.0;

impl Stream {
    fn steps(&self) -> usize {
        self.input.columns
    }

    fn check(&self) -> Result<(), PlotError> {
        let steps = self.steps();
        self.input.check("stream")?;
        check_len("stream", "mask", self.mask.len(), steps)?;
        if !self.estimated_mask.is_empty() {
            check_len("stream", "estimated mask", self.estimated_mask.len(), steps)?;
        }
        for output in &self.outputs {
            let what = format!("output of `{}`", output.name);
            check_len(
                "stream",
                &what,
                output.probabilities.len(),
                steps * self.classes.len(),
            )?;
            check_len(
                "stream",
                format!("verdicts of `{}`", output.name),
                output.says.len(),
                self.spans.len(),
            )?;
        }
        Ok(())
    }

    fn time(&self, step: f64) -> f64 {
        self.start_s + step * self.dt_s
    }

    fn frame(&self, y: f64, height: f64, range: (f64, f64)) -> Frame {
        let end = self.time(self.steps().max(1) as f64);
        let end = if end > self.start_s {
            end
        } else {
            self.start_s + 1.0
        };
        Frame::new(
            Rect::new(LEFT, y, WIDTH, height),
            ((self.start_s, end), Scale::Linear),
            (range, Scale::Linear),
        )
    }

    fn masks(&self) -> Vec<(&'static str, &[f32], Colour)> {
        if self.estimated_mask.is_empty() {
            vec![("mask", &self.mask, MASK)]
        } else {
            vec![
                ("mask", &self.mask, MASK),
                ("estimated", &self.estimated_mask, MASK.tint(0.5)),
            ]
        }
    }

    /// Where an output's true class is drawn: the steps of a span.
    fn steps_of(&self, span: &Span) -> std::ops::Range<usize> {
        let step = |s: f64| ((s - self.start_s) / self.dt_s).round().max(0.0) as usize;
        let end = step(span.to_s).min(self.steps());
        step(span.from_s).min(end)..end
    }

    fn output(&self, canvas: &mut Canvas, output: &StreamOutput, frame: &Frame) {
        let count = self.classes.len();
        let curve = |class: usize, steps: std::ops::Range<usize>| -> Vec<(f64, f64)> {
            let p = |t: usize| f64::from(output.probabilities[t * count + class]);
            steps.map(|t| (self.time(t as f64 + 0.5), p(t))).collect()
        };
        for class in 0..count {
            for run in frame.runs(&curve(class, 0..self.steps())) {
                canvas.line(run, Colour(0xc4, 0xc4, 0xc4), style::THIN);
            }
        }
        let colour = output.look.colour();
        for span in self.spans.iter().filter(|s| s.class < count) {
            for run in frame.runs(&curve(span.class, self.steps_of(span))) {
                canvas.line(run, colour, style::LINE + 0.4);
            }
        }
        frame.lower(canvas, false);
        frame.left(canvas, true);
        let verdicts = self.spans.iter().zip(&output.says).map(|(span, says)| {
            let name = |c: usize| self.classes.get(c).map_or("?", String::as_str);
            let width = frame.x.at(span.to_s) - frame.x.at(span.from_s);
            let roomy = |text: &str| font::width(text, style::NOTE, true) < width + 14.0;
            match says {
                Some(c) if *c == span.class && roomy("right") => {
                    ("right".to_owned(), readable(colour), true)
                }
                Some(c) if *c == span.class => ("✓".to_owned(), readable(colour), true),
                Some(c) => {
                    let long = format!("detects {}", name(*c));
                    let text = if roomy(&long) {
                        long
                    } else {
                        name(*c).to_owned()
                    };
                    (text, MUTED, false)
                }
                None => ("–".to_owned(), MUTED, false),
            }
        });
        span_texts(
            canvas,
            &self.spans,
            verdicts,
            frame,
            frame.rect.y - 5.0,
            style::NOTE + 0.5,
        );
        let middle = frame.rect.y + 0.5 * frame.rect.h;
        let lines = font::wrap_evenly(&output.name, style::LABEL, true, frame.rect.h + 12.0);
        for (k, line) in lines.iter().rev().take(2).enumerate() {
            let line = font::shorten(line, style::LABEL, true, frame.rect.h + 24.0);
            let line = Text::new(line, style::LABEL, readable(colour))
                .bold()
                .middle()
                .upwards();
            canvas.centred(frame.rect.x - 62.0 - 15.0 * k as f64, middle, line);
        }
        let what = Text::new("P(class)", style::LABEL, INK).middle().upwards();
        canvas.centred(frame.rect.x - 46.0, middle, what);
        if self.steps() == 0 || output.probabilities.iter().all(|p| !p.is_finite()) {
            frame.no_data(canvas);
        }
    }

    fn input(&self, canvas: &mut Canvas, frame: &Frame) {
        let rect = frame.rect;
        span_names(canvas, &self.spans, frame, rect.y - 8.0);
        self.input.draw(canvas, rect, 0.0);
        frame.lower(canvas, false);
        frame.left(canvas, true);
        let text = Text::new("channel", style::LABEL, INK).middle().upwards();
        canvas.centred(rect.x - 46.0, rect.y + 0.5 * rect.h, text);
        if self.steps() == 0 {
            frame.no_data(canvas);
        }
    }
}

impl Figure for Stream {
    fn canvas(&self) -> Result<Canvas, PlotError> {
        self.check()?;
        let width = LEFT + WIDTH + MARGIN + 12.0;
        let title = font::wrap(&self.title, style::TITLE, true, width - 2.0 * MARGIN);
        let raster_top = MARGIN + title.len() as f64 * 22.0 + 30.0;
        let masks = self.masks();
        let mask_top = raster_top + RASTER + 16.0;
        let outputs_top = mask_top + masks.len() as f64 * (BAR + 5.0) + 28.0;
        let step = OUTPUT + 32.0;
        let bottom = outputs_top + self.outputs.len() as f64 * step - 32.0;
        let mut canvas = Canvas::new(width, bottom + 46.0 + MARGIN);
        for (k, line) in title.iter().enumerate() {
            let y = MARGIN + style::TITLE + k as f64 * 22.0;
            canvas.text(MARGIN, y, Text::new(line, style::TITLE, INK).bold());
        }
        let channels = self.channel_count.max(self.input.rows).max(1) as f64;
        self.input(
            &mut canvas,
            &self.frame(raster_top, RASTER, (0.0, channels)),
        );
        for (k, (name, mask, colour)) in masks.into_iter().enumerate() {
            let frame = self.frame(mask_top + k as f64 * (BAR + 5.0), BAR, (0.0, 1.0));
            for (from, to) in runs_of(mask) {
                let (x0, x1) = (
                    frame.x.at(self.time(from as f64)),
                    frame.x.at(self.time(to as f64)),
                );
                canvas.rect(x0, frame.rect.y, x1 - x0, BAR, colour, 1.0);
            }
            let text = Text::new(name, style::LABEL, INK).end();
            canvas.centred(LEFT - 8.0, frame.rect.y + 0.5 * BAR, text);
        }
        for (k, output) in self.outputs.iter().enumerate() {
            let frame = self.frame(outputs_top + k as f64 * step, OUTPUT, (0.0, 1.0));
            self.output(&mut canvas, output, &frame);
        }
        let last = if self.outputs.is_empty() {
            self.frame(mask_top, bottom - mask_top, (0.0, 1.0))
        } else {
            self.frame(bottom - OUTPUT, OUTPUT, (0.0, 1.0))
        };
        last.lower(&mut canvas, true);
        x_label(
            &mut canvas,
            last.rect,
            "stream time, s (never reset since 0 s)",
        );
        Ok(canvas)
    }

    fn caption(&self) -> String {
        "The input of one stretch of the stream with the true classes above it and the mask below, then the \
         class probabilities of the same network under several training regimes: the coloured line is the \
         true class while its sample lasts, grey lines are all classes, and above each sample is the \
         network's prediction."
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::runs_of;

    #[test]
    fn runs_of_a_mask() {
        assert_eq!(runs_of(&[0.0, 1.0, 1.0, 0.0, 1.0]), [(1, 3), (4, 5)]);
        assert_eq!(runs_of(&[f32::NAN, 0.6, 0.4]), [(1, 2)]);
        assert!(runs_of(&[]).is_empty());
    }
}
