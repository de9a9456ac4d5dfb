//! Panels: a title in a line of its own, and what stands under it. Colours mean the same as in the figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Widget, Wrap};

use super::numbers::fit;

/// What is wrong, and classic nets.
pub const VERMILION: Color = Color::Indexed(166);
/// What is said, and adaptive nets.
pub const BLUE: Color = Color::Indexed(32);
/// What is right.
pub const GREEN: Color = Color::Indexed(36);
/// What is in the background.
pub const GREY: Color = Color::Indexed(245);
/// For networks next to the others.
pub const ORANGE: Color = Color::Indexed(214);

/// A style of one colour.
pub fn colour(colour: Color) -> Style {
    Style::new().fg(colour)
}

/// Bold.
pub fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// Draws a rule with a title; returns the room under it.
pub fn titled(title: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    titled_in(title, &[], area, buffer)
}

/// The same, with words of their own colours after the title.
pub fn titled_in(title: &str, words: &[(&str, Color)], area: Rect, buffer: &mut Buffer) -> Rect {
    let room = usize::from(area.width.saturating_sub(4));
    let title = format!(" {} ", fit(title, room).trim_end());
    let mut spans = vec![Span::styled(title, bold().fg(Color::Reset))];
    for (word, own) in words {
        spans.push(Span::styled(format!("{word} "), colour(*own)));
    }
    let block = Block::new()
        .borders(Borders::TOP)
        .border_style(colour(GREY))
        .title(Line::from(spans));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Draws lines from the top of `area` on.
pub fn lines<'a>(lines: impl IntoIterator<Item = Line<'a>>, area: Rect, buffer: &mut Buffer) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        line.render(row, buffer);
    }
}

/// A message in the middle of nothing.
pub fn message(text: &str, area: Rect, buffer: &mut Buffer) {
    let inner = titled("saturn view", area, buffer);
    Paragraph::new(text)
        .wrap(Wrap { trim: true })
        .render(inner, buffer);
}

/// A bar of `width` columns of which `share` is filled, in eighths of a column.
pub fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    bar.push_str(part);
    fit(&bar, width)
}
