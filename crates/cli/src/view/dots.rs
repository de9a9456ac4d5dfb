//! Dots of Braille: two steps and four rows in a column of text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Points};

/// A colour, and which dots have it.
pub type Dots<'a> = (Color, &'a dyn Fn(usize, usize) -> bool);

/// Dots across and down `area`.
pub fn size(area: Rect) -> (usize, usize) {
    (2 * usize::from(area.width), 4 * usize::from(area.height))
}

/// Draws those dots, counted from the left and from the bottom, that `is` there, each set of its colour.
pub fn draw(area: Rect, buffer: &mut Buffer, sets: &[Dots]) {
    let (width, height) = size(area);
    if width == 0 || height == 0 {
        return;
    }
    let dots: Vec<(Color, Vec<(f64, f64)>)> = sets
        .iter()
        .map(|(colour, is)| {
            let all = (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
            let there = all.filter(|&(x, y)| is(x, y));
            (*colour, there.map(|(x, y)| (x as f64, y as f64)).collect())
        })
        .collect();
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, (width - 1) as f64])
        .y_bounds([0.0, (height - 1) as f64])
        .paint(|context| {
            for (colour, dots) in &dots {
                context.draw(&Points::new(dots, *colour));
            }
        })
        .render(area, buffer);
}
