//! The picture of a run: progress, each net, validation by epoch, and of the newest net a stretch of its stream and
//! its health.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use super::dots;
use super::numbers::{fit, short, time};
use super::panel::{
    BLUE, GREEN, GREY, ORANGE, VERMILION, bar, bold, colour, lines, titled, titled_in,
};
use super::run_folder::{Net, RunScene};
use saturn_eval::trace::Trace;
use saturn_sim::scenario::ArmRole;

/// Colours of arms that have none in the figures.
const OTHERS: [Color; 4] = [
    GREEN,
    Color::Indexed(175),
    Color::Indexed(74),
    Color::Indexed(185),
];

/// Draws `run`; `moment` counts pictures, and moves the stretch of stream along.
pub fn draw(run: &RunScene, moment: u64, area: Rect, buffer: &mut Buffer) {
    let [head, above, below] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Fill(5),
        Constraint::Fill(6),
    ])
    .areas(area);
    lines(heading(run, head.width.into()), head, buffer);
    let halves = |area: Rect, right: u16| {
        let [left, gap, right] = Layout::horizontal([
            Constraint::Min(0),
            Constraint::Length(1),
            Constraint::Length(right.min(area.width)),
        ])
        .areas(area);
        let _: Rect = gap;
        (left, right)
    };
    let (left, right) = halves(above, area.width * 9 / 20);
    nets(run, left, buffer);
    epochs(run, right, buffer);
    let (left, right) = halves(below, (area.width * 9 / 20).clamp(34, 56));
    stretch(run, moment, left, buffer);
    health(run, right, buffer);
}

fn heading(run: &RunScene, width: usize) -> [Line<'_>; 2] {
    let done = run.nets.iter().filter(|net| net.done).count();
    let share = done as f64 / run.all.max(1) as f64;
    let state = if run.finished {
        "finished".to_owned()
    } else {
        let quiet = run.quiet_s.map(|s| format!("last news {} ago", time(s)));
        quiet.unwrap_or("no news yet".to_owned())
    };
    let first = format!("{}  {}", run.name, run.folder);
    let second = format!(" {done} of {} nets, {state}    q leaves", run.all);
    let room = width.saturating_sub(second.chars().count()).min(30);
    [
        Line::styled(fit(&first, width), bold()),
        Line::from(vec![
            Span::styled(bar(share, room), colour(BLUE)),
            Span::styled(fit(&second, width - room), colour(GREY)),
        ]),
    ]
}

/// The nets that were heard of last, as many as there is room for, in their order.
fn newest(run: &RunScene, rows: usize) -> Vec<&Net> {
    let mut nets: Vec<(usize, &Net)> = run.nets.iter().enumerate().collect();
    nets.sort_by_key(|(_, net)| std::cmp::Reverse(net.heard));
    nets.truncate(rows);
    nets.sort_by_key(|(at, _)| *at);
    nets.into_iter().map(|(_, net)| net).collect()
}

fn nets(run: &RunScene, area: Rect, buffer: &mut Buffer) {
    let rows = usize::from(area.height.saturating_sub(2));
    let shown = newest(run, rows);
    let title = if shown.len() < run.nets.len() {
        format!("nets: the newest {} of {}", shown.len(), run.nets.len())
    } else {
        "nets".to_owned()
    };
    let inner = titled(&title, area, buffer);
    let width = usize::from(inner.width);
    let names = width.saturating_sub(23).clamp(6, 30);
    let head = format!("  {} epoch valid  stream", fit("", names));
    let head = std::iter::once(Line::styled(fit(&head, width), colour(GREY)));
    let charted = charted(run);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let drawn = shown.into_iter().map(|net| {
        let (mark, style) = if net.done {
            ("✓", colour(GREEN))
        } else {
            ("…", colour(BLUE))
        };
        // As its line in the chart.
        let in_chart = charted.iter().any(|other| other.name == net.name);
        let own = if in_chart {
            colour(arm_colour(&charted, net))
        } else {
            Style::new()
        };
        let (epoch, valid) = match net.epochs.last() {
            Some(&(epoch, valid)) => (format!("{epoch}"), percent(valid)),
            None => (String::new(), String::new()),
        };
        let found = net
            .found
            .first()
            .map_or(String::new(), |(_, a)| percent(*a));
        Line::from(vec![
            Span::styled(format!("{mark} "), style),
            Span::styled(fit(&net.name, names), own),
            Span::raw(format!(" {epoch:>4} {valid:>7} {found:>7}")),
        ])
    });
    lines(head.chain(drawn), inner, buffer);
}

/// Model, arm and seed of a name.
fn parts(name: &str) -> (&str, &str, &str) {
    let (rest, seed) = name.rsplit_once('.').unwrap_or((name, ""));
    let (model, arm) = rest.rsplit_once('.').unwrap_or((rest, ""));
    (model, arm, seed)
}

/// The nets in the chart: one model, that of the newest net, in all of its arms.
fn charted(run: &RunScene) -> Vec<&Net> {
    let same = |net: &Net, other: &Net| {
        let (a, b) = (parts(&net.name), parts(&other.name));
        (a.0, a.2) == (b.0, b.2)
    };
    let trained = || run.nets.iter().filter(|net| !net.epochs.is_empty());
    let newest = trained().max_by_key(|net| net.heard);
    trained()
        .filter(|net| newest.is_some_and(|newest| same(net, newest)))
        .collect()
}

/// The colour of an arm, as in the figures; those that have none there share the others.
fn arm_colour(nets: &[&Net], net: &Net) -> Color {
    let known = |net: &Net| match net.role {
        Some(ArmRole::Classic) => Some(VERMILION),
        Some(ArmRole::Carry) => Some(ORANGE),
        Some(ArmRole::Adaptive) => Some(BLUE),
        _ => None,
    };
    known(net).unwrap_or_else(|| {
        let others = nets.iter().filter(|n| known(n).is_none());
        let at = others.take_while(|other| other.name != net.name).count();
        OTHERS[at % OTHERS.len()]
    })
}

/// Validation by epoch of the newest network and its seeds.
fn epochs(run: &RunScene, area: Rect, buffer: &mut Buffer) {
    let nets = charted(run);
    let model = nets.first().map_or("", |net| parts(&net.name).0);
    let title = format!("{model}: right in validation");
    let inner = titled(title.trim_start_matches(": "), area, buffer);
    if nets.is_empty() {
        let text = Line::styled("no epoch is over", colour(GREY));
        return lines([text], inner, buffer);
    }
    let last = nets
        .iter()
        .flat_map(|net| &net.epochs)
        .map(|&(epoch, _)| epoch);
    let last = last.fold(run.epochs as f64, f64::max).max(2.0);
    let sets = nets.iter().map(|net| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(colour(arm_colour(&nets, net)))
            .data(&net.epochs)
    });
    Chart::new(sets.collect())
        .x_axis(
            Axis::default()
                .bounds([1.0, last])
                .style(colour(GREY))
                .labels(["1".to_owned(), format!("{last:.0}")]),
        )
        .y_axis(
            Axis::default()
                .bounds([0.0, 1.0])
                .style(colour(GREY))
                .labels(["0 %", "50 %", "100 %"]),
        )
        .render(inner, buffer);
}

/// Input and outputs of a stretch of the newest net's stream.
fn stretch(run: &RunScene, moment: u64, area: Rect, buffer: &mut Buffer) {
    let Some((name, trace)) = &run.trace else {
        let inner = titled("stream", area, buffer);
        let text = Line::styled("nothing is recorded yet", colour(GREY));
        return lines([text], inner, buffer);
    };
    let [above, below] = Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(area);
    let steps = dots::size(above).0;
    let start = 4 * moment as usize % trace.steps().saturating_sub(steps).max(1);
    let name = name.rsplit_once('.').map_or(name.as_str(), |(net, _)| net);
    let title = format!("{name}: input from step {}", trace.start + start as u64);
    let inner = titled(&title, above, buffer);
    let height = dots::size(inner).1;
    let rows = trace.channels;
    let event = |x: usize, y: usize| {
        let row = |y: usize| y * rows / height;
        let (first, end) = (row(y), row(y + 1).max(row(y) + 1));
        let at = (start + x) * rows;
        (first..end).any(|c| trace.events.get(at + c).is_some_and(|&v| v > 0.0))
    };
    dots::draw(inner, buffer, &[(BLUE, &event)]);
    let inner = titled_in(
        "probability:",
        &[("right", GREEN), ("wrong", VERMILION), ("in a gap", GREY)],
        below,
        buffer,
    );
    let height = dots::size(inner).1;
    let dot = |kind: Answer| {
        move |x: usize, y: usize| {
            let Some((p, answer)) = answer(trace, start + x) else {
                return false;
            };
            let top = (f64::from(p) * (height - 1) as f64).round() as usize;
            answer == kind && y == top
        }
    };
    let (right, wrong, gap) = (dot(Answer::Right), dot(Answer::Wrong), dot(Answer::Gap));
    let sets: [dots::Dots; 3] = [(GREY, &gap), (GREEN, &right), (VERMILION, &wrong)];
    dots::draw(inner, buffer, &sets);
}

/// What the likeliest class of a step is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Right,
    Wrong,
    Gap,
}

fn answer(trace: &Trace, t: usize) -> Option<(f32, Answer)> {
    let p = trace
        .probability
        .get(t * trace.classes..(t + 1) * trace.classes)?;
    let label = *trace.label.get(t)?;
    let (class, &top) = p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let answer = match label {
        ..0 => Answer::Gap,
        label if label as usize == class => Answer::Right,
        _ => Answer::Wrong,
    };
    Some((top, answer))
}

fn health(run: &RunScene, area: Rect, buffer: &mut Buffer) {
    let Some(of) = &run.health else {
        let inner = titled("health", area, buffer);
        let text = Line::styled("no net is finished", colour(GREY));
        return lines([text], inner, buffer);
    };
    let inner = titled(&format!("health of {}", of.net), area, buffer);
    let width = usize::from(inner.width);
    let names = width.saturating_sub(18);
    let head = format!("{} {:>8} {:>8}", fit("", names), "first", "last");
    let head = std::iter::once(Line::styled(head, colour(GREY)));
    let drawn = of.figures.iter().map(|(name, first, last)| {
        Line::from(vec![
            Span::raw(fit(name, names)),
            Span::styled(format!(" {:>8}", short(*first)), colour(GREY)),
            Span::raw(format!(" {:>8}", short(*last))),
        ])
    });
    lines(head.chain(drawn), inner, buffer);
}
