//! A very long stream: accuracy, resident memory, speed and the distance between f32 and f64, each against
//! stream position on a logarithmic axis; one line per network.
//!
//! It is drawn of streams of at least a million steps, and wherever the twin in f64 ran. Memory and speed are those
//! of the first seed; accuracy and distance are means over seeds.

use saturn_plots::{Axis, Level, LinePanel, LongRun, Look, Role, Series};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::evaluate::Evaluation;

/// Steps of a lane from which on a stream is very long.
pub const LONG: u64 = 1_000_000;
/// What rounding to f32 changes of a number, at most, as a share of it: 2^-24.
const ROUNDING: f64 = 5.960_464_477_539_063e-8;
/// Distances are drawn down to this; that of a net in f64 is 0.
const FLOOR: f64 = 1e-12;

/// A net on the first stream, never reset, seed by seed.
struct Net<'a> {
    name: String,
    look: Look,
    seeds: Vec<&'a Evaluation>,
}

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let nets = nets(scope, stream);
    if nets.is_empty() {
        return Ok(());
    }
    let low = scope.summary.chance * 100.0;
    let least = nets.iter().flat_map(|net| accuracy(net).points);
    let least = least.fold(100.0, |least: f64, (_, y)| least.min(y));
    // If all networks are nearly always correct, the axis is that of their errors.
    let from = if least > 90.0 { 90.0 } else { 0.0 };
    let mut correct = panel("accuracy", &nets, accuracy);
    if from < low {
        correct.levels.push(Level::new(low, "chance"));
    }
    let mut apart = panel("distance of f32 from f64", &nets, distance);
    apart.levels.push(Level::new(ROUNDING, "one rounding"));
    let memory = panel("resident memory", &nets, |net| {
        readings(net, |e| &e.memory_by_step)
    });
    let speed = panel("speed", &nets, |net| readings(net, |e| &e.speed_by_step));
    let from_zero = |label: &str, panel: &LinePanel| {
        let ys = panel.series.iter().flat_map(|line| &line.points);
        let most = ys.fold(0.0f64, |most, (_, y)| most.max(*y));
        Axis::linear(label).over(0.0, 1.1 * most)
    };
    let mut panels = vec![(Axis::linear("accuracy, %").over(from, 100.0), correct)];
    panels.push((from_zero("resident memory, MiB", &memory), memory));
    panels.push((from_zero("steps a second", &speed), speed));
    panels.push((decades("relative distance of the state", &apart), apart));
    panels.retain(|(_, panel)| !panel.series.is_empty());
    let title = format!(
        "A very long stream that is never reset, {}",
        scope.stream_name(stream)
    );
    let figure = LongRun {
        title: title.clone(),
        caption: "Accuracy with its 95 % interval, resident memory of the whole program, steps a second \
                  since the point before, and the distance of the f32 state, within a window, from that of \
                  the same network in f64 which began the window in the same state. A level line is a \
                  network that a long stream does not change; speed also depends on the machine's other \
                  work."
            .to_owned(),
        panels,
        ..LongRun::default()
    };
    sheet.add(Plot::LongRun, "long-run", &title, &figure)
}

/// A logarithmic axis of the decades from 10^-8 to 10^-5, or to larger values: noise within a decade should
/// not look like a change.
fn decades(label: &str, panel: &LinePanel) -> Axis {
    let ys = panel.series.iter().flat_map(|line| &line.points);
    let (least, most) = ys.fold((1e-8, 1e-5), |(least, most): (f64, f64), (_, y)| {
        (least.min(*y), most.max(*y))
    });
    let whole = |y: f64| 10f64.powf(y);
    let range = (whole(least.log10().floor()), whole(most.log10().ceil()));
    Axis::log(label).over(range.0, range.1).with_floor(FLOOR)
}

fn nets<'a>(scope: &Scope<'a>, stream: &str) -> Vec<Net<'a>> {
    let one_arm = scope.arms.len() == 1;
    let mut nets = Vec::new();
    for model in &scope.models {
        for (arm, _) in &scope.arms {
            let seeds = scope.never_reset(model, arm, stream);
            let is_long =
                |e: &&Evaluation| e.steps / e.lanes.max(1) as u64 >= LONG || !e.twin.is_empty();
            if seeds.is_empty() || !seeds.iter().all(is_long) {
                continue;
            }
            let (model, arm) = (names::model(model), names::arm(arm));
            nets.push(Net {
                name: if one_arm {
                    model
                } else {
                    format!("{model}, {arm}")
                },
                look: Look::of(Role::Other(nets.len())),
                seeds,
            });
        }
    }
    nets
}

fn panel(title: &str, nets: &[Net], line: impl Fn(&Net) -> Series) -> LinePanel {
    let lines = nets.iter().map(line);
    let drawn = lines.filter(|line| !line.points.is_empty());
    LinePanel::new(title, drawn.collect())
}

/// Windows that a sample ended in, in all seeds.
fn accuracy(net: &Net) -> Series {
    let windows = net.seeds.iter().map(|e| e.positions.len()).min();
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for k in 0..windows.unwrap_or(0) {
        let seeds = || net.seeds.iter().map(move |e| &e.positions[k]);
        let Some(share) = mean(seeds().filter_map(|w| w.accuracy)) else {
            continue;
        };
        let bound = |side: usize| {
            let bounds = seeds().filter_map(|w| w.interval.map(|i| 100.0 * i[side]));
            mean(bounds).unwrap_or(f64::NAN)
        };
        points.push((net.seeds[0].positions[k].end as f64, 100.0 * share));
        band.push((bound(0), bound(1)));
    }
    Series::new(&net.name, net.look, points).with_interval(band)
}

fn readings(net: &Net, of: impl Fn(&Evaluation) -> &Vec<(u64, f64)>) -> Series {
    let points = of(net.seeds[0]).iter().map(|&(at, y)| (at as f64, y));
    Series::new(&net.name, net.look, points.collect())
}

/// Windows of the twin, where they end.
fn distance(net: &Net) -> Series {
    let windows = net.seeds.iter().map(|e| e.twin.len()).min();
    let points = (0..windows.unwrap_or(0)).filter_map(|k| {
        let first = &net.seeds[0].twin[k];
        let found = mean(net.seeds.iter().map(|e| e.twin[k].state))?;
        Some(((first.start + first.steps) as f64, found.max(FLOOR)))
    });
    Series::new(&net.name, net.look, points.collect())
}
