//! Samples along a stretch of time: where they are, and their names above a panel.

use crate::canvas::{Canvas, Text};
use crate::frame::Frame;
use crate::style::{self, Colour, INK};

/// A sample inside the stretch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Span {
    /// Its first moment, s.
    pub from_s: f64,
    /// Its last moment, s.
    pub to_s: f64,
    /// Its class.
    pub class: usize,
    /// The name of its class.
    pub name: String,
}

/// Writes the names of spans above a panel; where two would overlap, the later one is left out.
pub(crate) fn span_names(canvas: &mut Canvas, spans: &[Span], frame: &Frame, baseline: f64) {
    let names = spans.iter().map(|s| (s.name.clone(), INK, true));
    span_texts(canvas, spans, names, frame, baseline, style::PANEL_TITLE);
}

pub(crate) fn span_texts(
    canvas: &mut Canvas,
    spans: &[Span],
    texts: impl Iterator<Item = (String, Colour, bool)>,
    frame: &Frame,
    baseline: f64,
    size: f64,
) {
    let mut free_from = frame.rect.x - 10.0;
    for (span, (text, colour, bold)) in spans.iter().zip(texts) {
        let from = frame.x.at(span.from_s).max(frame.rect.x);
        let to = frame.x.at(span.to_s).min(frame.rect.right());
        let mut text = Text::new(text, size, colour).middle();
        text.bold = bold;
        let half = 0.5 * text.width();
        let middle = 0.5 * (from + to);
        if to - from > 4.0 && middle - half > free_from && middle + half < frame.rect.right() + 8.0
        {
            free_from = middle + half + 4.0;
            canvas.text(middle, baseline, text);
        }
    }
}

/// The stretches (first step, step after the last) on which a mask is up.
pub(crate) fn runs_of(mask: &[f32]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut start = None;
    for (t, m) in mask.iter().chain([&0.0]).enumerate() {
        match (start, *m >= 0.5) {
            (None, true) => start = Some(t),
            (Some(from), false) => {
                runs.push((from, t));
                start = None;
            }
            _ => {}
        }
    }
    runs
}
