//! The picture of a stream: raster, outputs, health, counts, latency, log.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::numbers::{fit, latency, seconds, short, time, whole};
use super::panel::{BLUE, GREEN, GREY, VERMILION, bar, bold, colour, lines, titled};
use super::{dots, panel};
use saturn_live::latency::Quantiles;
use saturn_live::raster::{ROWS, Raster};
use saturn_live::status::{Health, Status};

/// The level from which on a cell of a raster is a dot.
const LIT: u8 = 96;

/// Draws `status`.
pub fn draw(status: &Status, area: Rect, buffer: &mut Buffer) {
    let log = status.log.len().clamp(1, 3) as u16 + 1;
    let [head, body, counts, said] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(6),
        Constraint::Length(4),
        Constraint::Length(log),
    ])
    .areas(area);
    lines(heading(status, head.width.into()), head, buffer);
    let right = (body.width / 2).clamp(34, 62).min(body.width);
    let [left, gap, right] = Layout::horizontal([
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(right),
    ])
    .areas(body);
    buffer.set_style(gap, colour(GREY));
    rasters(status, left, buffer);
    let [above, below] = outputs_and_health(status, right);
    outputs(status, above, buffer);
    health(status, below, buffer);
    let inner = titled("what was heard", counts, buffer);
    lines(heard(status, inner.width.into()), inner, buffer);
    let inner = titled("log", said, buffer);
    let from = status.log.len().saturating_sub(inner.height.into());
    let recent = status.log[from..].iter();
    let recent = recent.map(|text| Line::from(fit(text, inner.width.into())));
    lines(recent, inner, buffer);
}

/// The outputs take what they need, up to two thirds.
fn outputs_and_health(status: &Status, area: Rect) -> [Rect; 2] {
    let wanted = status.classes.len() as u16 + 2;
    let most = (area.height / 2).max(4);
    Layout::vertical([Constraint::Length(wanted.min(most)), Constraint::Min(0)]).areas(area)
}

fn heading(status: &Status, width: usize) -> [Line<'_>; 2] {
    let alarm = status.health.iter().any(|h| h.out);
    let state = match (alarm, status.falls_back) {
        (_, true) => Span::styled(format!(" falls back: {} ", status.fallback), warn()),
        (true, false) => Span::styled(" out of range ", warn()),
        _ => Span::styled(" well ", colour(GREEN).patch(bold())),
    };
    let room = width.saturating_sub(state.content.chars().count());
    let first = format!("{}  {}", status.place, status.source);
    let second = format!(
        "step {}  {}  {} steps/s  {} ms a step  {} pace    q leaves",
        whole(status.step),
        time(status.uptime_s),
        short(status.steps_per_second),
        seconds(status.dt_ms),
        status.pace
    );
    [
        Line::from(vec![Span::styled(fit(&first, room), bold()), state]),
        Line::from(Span::styled(fit(&second, width), colour(GREY))),
    ]
}

fn warn() -> ratatui::style::Style {
    colour(VERMILION).patch(bold())
}

fn rasters(status: &Status, area: Rect, buffer: &mut Buffer) {
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    for (raster, name, area) in [
        (&status.input, "input", above),
        (&status.layer, "first layer", below),
    ] {
        let steps = dots::size(area).0;
        let title = format!(
            "{name}: {} units, last {} s",
            raster.units,
            seconds(steps as f64 * status.dt_ms / 1e3)
        );
        let inner = titled(&title, area, buffer);
        draw_raster(raster, inner, buffer);
    }
}

/// The newest step at the right, the first unit at the bottom.
fn draw_raster(raster: &Raster, area: Rect, buffer: &mut Buffer) {
    let (width, height) = dots::size(area);
    let lit = |x: usize, y: usize| {
        let rows = raster.rows.min(ROWS);
        let back = width - 1 - x;
        let row = |y: usize| y * rows / height;
        // Several rows share a dot where there are more of them, and several dots show one where there are fewer.
        let (first, end) = (row(y), row(y + 1).max(row(y) + 1));
        (first..end).any(|row| raster.level(row, back) >= LIT)
    };
    dots::draw(area, buffer, &[(BLUE, &lit)]);
}

fn outputs(status: &Status, area: Rect, buffer: &mut Buffer) {
    let name = |class: usize| status.classes.get(class).map_or("?", String::as_str);
    let title = match status.decision {
        Some(class) => format!("says {}", name(class)),
        None => "says nothing".to_owned(),
    };
    let inner = titled(&title, area, buffer);
    let rows = usize::from(inner.height);
    let mut shown: Vec<usize> = (0..status.probabilities.len()).collect();
    if shown.len() > rows {
        // The likeliest, in their order.
        let p = |i: &usize| status.probabilities[*i];
        shown.sort_by(|a, b| p(b).total_cmp(&p(a)));
        shown.truncate(rows);
        shown.sort_unstable();
    }
    let longest = status.classes.iter().map(|n| n.chars().count()).max();
    let names = longest.unwrap_or(1).min(12);
    let room = usize::from(inner.width).saturating_sub(names + 8);
    let drawn = shown.into_iter().map(|class| {
        let p = f64::from(status.probabilities[class]);
        let said = status.decision == Some(class);
        let style = if said {
            colour(BLUE).patch(bold())
        } else {
            colour(GREY)
        };
        Line::from(vec![
            Span::styled(if said { "▶ " } else { "  " }, style),
            Span::styled(fit(name(class), names), style),
            Span::raw(format!(" {p:.2} ")),
            Span::styled(bar(p, room), style),
        ])
    });
    lines(drawn, inner, buffer);
}

fn health(status: &Status, area: Rect, buffer: &mut Buffer) {
    let rows = usize::from(area.height.saturating_sub(1));
    let all = status.health.len();
    let title = if all > rows {
        format!("health: the worst {rows} of {all}")
    } else {
        "health".to_owned()
    };
    let inner = titled(&title, area, buffer);
    if status.health.iter().all(|h| h.value.is_none()) {
        let text = "the first window is not over";
        return lines([Line::styled(text, colour(GREY))], inner, buffer);
    }
    let mut shown: Vec<&Health> = status.health.iter().collect();
    if all > rows {
        shown.sort_by(|a, b| strain(b).total_cmp(&strain(a)));
    }
    let names = usize::from(inner.width).saturating_sub(22).clamp(8, 26);
    let drawn = shown.into_iter().map(|figure| {
        let value = figure.value.map_or("NaN".to_owned(), short);
        let range = figure.limits.map_or("unknown".to_owned(), |[low, high]| {
            format!("{}–{}", short(low), short(high))
        });
        let (mark, style) = match (figure.out, strain(figure) > 1.0) {
            (true, _) => ("▲", warn()),
            (false, true) => ("△", colour(panel::ORANGE)),
            _ => ("·", colour(GREEN)),
        };
        Line::from(vec![
            Span::styled(format!("{mark} "), style),
            Span::raw(fit(&figure.name, names)),
            Span::styled(format!(" {value:>7} "), style),
            Span::styled(range, colour(GREY)),
        ])
    });
    lines(drawn, inner, buffer);
}

/// How far a figure is from the middle of its range; 1 at a limit.
fn strain(figure: &Health) -> f64 {
    match (figure.value, figure.limits) {
        (None, _) => f64::INFINITY,
        (Some(_), None) => -1.0,
        (Some(value), Some([low, high])) => {
            let off = (value - 0.5 * (high + low)).abs();
            let half = 0.5 * (high - low);
            // A share of nothing whose limits are nothing is as well as can be.
            if off <= 1e-12 {
                0.0
            } else {
                off / half.max(1e-12)
            }
        }
    }
}

fn heard(status: &Status, width: usize) -> [Line<'_>; 3] {
    let c = &status.counts;
    let dropped: Vec<String> = c
        .dropped()
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{} {name}", whole(*n)))
        .collect();
    let bad = !dropped.is_empty();
    let dropped = if bad {
        dropped.join(", ")
    } else {
        "nothing".to_owned()
    };
    let [waiting, room] = status.queue;
    let first = format!(
        "{} events  {} decisions  queue {} of {}",
        whole(c.taken),
        whole(status.decisions),
        whole(waiting),
        whole(room)
    );
    let of = |q: &Quantiles| format!("{} / {}", latency(q.p50_us), latency(q.p99_us));
    let third = format!(
        "median / 99 %: step {}, event to decision {}",
        of(&status.step_latency),
        of(&status.event_latency)
    );
    let style = if bad {
        colour(panel::ORANGE)
    } else {
        colour(GREY)
    };
    [
        Line::from(fit(&first, width)),
        Line::styled(fit(&format!("dropped: {dropped}"), width), style),
        Line::from(fit(&third, width)),
    ]
}
