//! A canvas: a list of marks in px, from which both the SVG and the PNG are made.
//!
//! x runs to the right and y down, from the upper left corner. Marks are drawn in the order in which they
//! were added.

use crate::font;
use crate::style::Colour;

/// Which point of a text its position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text and how it is set.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub words: String,
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    pub anchor: Anchor,
    /// Reads upwards, as the label of a vertical axis does.
    pub upwards: bool,
}

impl Text {
    pub fn new(text: impl Into<String>, size: f64, colour: Colour) -> Text {
        Text {
            words: text.into(),
            size,
            bold: false,
            colour,
            anchor: Anchor::Start,
            upwards: false,
        }
    }

    pub fn bold(mut self) -> Text {
        self.bold = true;
        self
    }

    pub fn middle(mut self) -> Text {
        self.anchor = Anchor::Middle;
        self
    }

    pub fn end(mut self) -> Text {
        self.anchor = Anchor::End;
        self
    }

    pub fn upwards(mut self) -> Text {
        self.upwards = true;
        self
    }

    pub fn width(&self) -> f64 {
        font::width(&self.words, self.size, self.bold)
    }

    /// Where the text starts, seen from its anchor, along its baseline.
    pub fn start(&self) -> f64 {
        match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * self.width(),
            Anchor::End => -self.width(),
        }
    }
}

/// One mark.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// An open line through points, round at ends and corners.
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
    },
    /// A filled polygon that does not cross itself.
    Area {
        points: Vec<(f64, f64)>,
        colour: Colour,
        opacity: f64,
    },
    /// A filled disc.
    Disc {
        x: f64,
        y: f64,
        radius: f64,
        colour: Colour,
    },
    /// A line of text; (x, y) lies on its baseline.
    Text { x: f64, y: f64, text: Text },
    /// An image of `columns` x `rows` cells, stretched over a rectangle; row 0 is at the top.
    Image {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        columns: usize,
        rows: usize,
        rgb: Vec<u8>,
    },
}

/// A drawing: its size in px, and its marks.
#[derive(Debug, Clone)]
pub struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) marks: Vec<Mark>,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Canvas {
        Canvas {
            width: width.ceil().max(1.0),
            height: height.ceil().max(1.0),
            marks: Vec::new(),
        }
    }

    /// Width and height in px.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        if points.len() > 1 {
            self.marks.push(Mark::Line {
                points,
                colour,
                width,
            });
        }
    }

    /// A straight line between two points.
    pub(crate) fn rule(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, width: f64) {
        self.line(vec![from, to], colour, width);
    }

    /// A full or dashed line.
    pub(crate) fn stroke(
        &mut self,
        points: &[(f64, f64)],
        colour: Colour,
        width: f64,
        dashed: bool,
    ) {
        if dashed {
            self.dashes(points, colour, width, (5.0, 4.0));
        } else {
            self.line(points.to_vec(), colour, width);
        }
    }

    /// A line in dashes: `(on, off)` lengths in px.
    pub(crate) fn dashes(
        &mut self,
        points: &[(f64, f64)],
        colour: Colour,
        width: f64,
        (on, off): (f64, f64),
    ) {
        let mut drawn = true;
        let mut left = on;
        let mut dash: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= left {
                    left -= length;
                    if drawn {
                        dash.push(to);
                    }
                    break;
                }
                let share = left / length;
                from = (
                    from.0 + share * (to.0 - from.0),
                    from.1 + share * (to.1 - from.1),
                );
                if drawn {
                    dash.push(from);
                    self.line(std::mem::take(&mut dash), colour, width);
                    left = off;
                } else {
                    dash = vec![from];
                    left = on;
                }
                drawn = !drawn;
            }
        }
        if drawn {
            self.line(dash, colour, width);
        }
    }

    pub(crate) fn area(&mut self, points: Vec<(f64, f64)>, colour: Colour, opacity: f64) {
        if points.len() > 2 {
            self.marks.push(Mark::Area {
                points,
                colour,
                opacity,
            });
        }
    }

    pub(crate) fn rect(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        colour: Colour,
        opacity: f64,
    ) {
        if width > 0.0 && height > 0.0 {
            let (right, bottom) = (x + width, y + height);
            self.area(
                vec![(x, y), (right, y), (right, bottom), (x, bottom)],
                colour,
                opacity,
            );
        }
    }

    pub(crate) fn disc(&mut self, x: f64, y: f64, radius: f64, colour: Colour) {
        self.marks.push(Mark::Disc {
            x,
            y,
            radius,
            colour,
        });
    }

    /// Text on a baseline at y.
    pub(crate) fn text(&mut self, x: f64, y: f64, text: Text) {
        if !text.words.is_empty() {
            self.marks.push(Mark::Text { x, y, text });
        }
    }

    /// Text whose capitals are centred on y (upright) or on x (upwards).
    pub(crate) fn centred(&mut self, x: f64, y: f64, text: Text) {
        let drop = font::middle_to_baseline(text.size);
        if text.upwards {
            self.text(x + drop, y, text);
        } else {
            self.text(x, y + drop, text);
        }
    }

    pub(crate) fn image(
        &mut self,
        (x, y, width, height): (f64, f64, f64, f64),
        (columns, rows): (usize, usize),
        rgb: Vec<u8>,
    ) {
        debug_assert_eq!(rgb.len(), columns * rows * 3);
        if columns > 0 && rows > 0 {
            self.marks.push(Mark::Image {
                x,
                y,
                width,
                height,
                columns,
                rows,
                rgb,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::INK;

    #[test]
    fn dashes_cover_their_share() {
        let mut canvas = Canvas::new(100.0, 10.0);
        canvas.dashes(
            &[(0.0, 5.0), (30.0, 5.0), (90.0, 5.0)],
            INK,
            1.0,
            (6.0, 3.0),
        );
        let length: f64 = canvas
            .marks
            .iter()
            .map(|mark| match mark {
                Mark::Line { points, .. } => points
                    .windows(2)
                    .map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1))
                    .sum(),
                _ => 0.0,
            })
            .sum();
        assert!((length - 60.0).abs() < 1e-9, "{length}");
        assert_eq!(canvas.marks.len(), 10);
    }
}
