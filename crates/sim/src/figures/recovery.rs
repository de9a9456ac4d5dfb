//! Recovery from disturbances: accuracy and the distance of the state from an undisturbed copy, against the
//! time since the disturbance ended; a panel a net, a line a kind.

use saturn_plots::{Axis, Level, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::recovery::{KindRecovery, NEAR, Recovery, RecoveryBin};

/// Segments that a point rests on, at least.
const FEWEST: u64 = 20;
/// Distances are drawn down to this.
const FLOOR: f64 = 1e-4;

/// The recovery of one net on a stream, seed by seed.
struct Net<'a> {
    title: String,
    seeds: Vec<&'a Recovery>,
}

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for stream in &scope.streams {
        let nets = nets(scope, stream);
        if nets.is_empty() {
            continue;
        }
        let of = scope.stream_name(stream);
        let file = |what: &str| format!("recovery-{what}-{stream}").replace(' ', "-");
        let title = format!("Accuracy after disturbances of the input, {of}");
        let step_s = scope.summary.dt_ms / 1e3;
        let one = nets[0].seeds[0];
        let (from_s, to_s) = (-step_s * one.last as f64, step_s * one.horizon as f64);
        let figure = Sweep {
            title: title.clone(),
            caption: format!(
                "Accuracy of samples by the time from a disturbance's end to the sample's first step, where \
                 there are at least {FEWEST}; left of 0 are those that a disturbance overlapped. The grey \
                 dashed line is an undisturbed copy of the network on the same samples. A line below it on \
                 the right shows the lasting effect of the disturbance on the state."
            ),
            x: Axis::linear("time since the disturbance's end, s").over(from_s, to_s),
            chance: Some(100.0 * scope.summary.chance),
            panels: panels(&nets, |net| accuracy(scope, net)),
            ..Sweep::default()
        };
        sheet.add(Plot::Recovery, &file("accuracy"), &title, &figure)?;
        let title = format!("Lasting effect of disturbances on the state, {of}");
        let figure = Sweep {
            title: title.clone(),
            caption: format!(
                "Distance of a net's state from that of a copy that was not disturbed, over the root mean \
                 square distance of two states of the stream, mean over layers and disturbances; the lower \
                 end of the axis, marked ≤, means {FLOOR} and less. A line that stays up is a network that \
                 a disturbance changes permanently."
            ),
            x: Axis::log("time since the disturbance, s"),
            y: Axis::log("distance from an undisturbed copy")
                .over(FLOOR, 2.0)
                .with_floor(FLOOR),
            level: Some(Level::new(NEAR, "recovered")),
            panels: panels(&nets, |net| distance(scope, net)),
            ..Sweep::default()
        };
        sheet.add(Plot::Recovery, &file("distance"), &title, &figure)?;
    }
    Ok(())
}

fn nets<'a>(scope: &Scope<'a>, stream: &str) -> Vec<Net<'a>> {
    let each = scope.models.iter().flat_map(|model| {
        scope.arms.iter().map(move |(arm, _)| Net {
            title: format!("{}, {}", names::model(model), names::arm(arm)),
            seeds: (scope.cells(model, arm))
                .flat_map(|cell| &cell.experiments.recovery)
                .filter(|r| r.stream == stream)
                .collect(),
        })
    });
    each.filter(|net| !net.seeds.is_empty()).collect()
}

fn panels(nets: &[Net], lines: impl Fn(&Net) -> Vec<Series>) -> Vec<LinePanel> {
    let panel = |net: &Net| LinePanel::new(net.title.clone(), lines(net));
    nets.iter().map(panel).collect()
}

/// The kinds with their styles, each over all seeds.
fn kinds<'a>(net: &'a Net) -> impl Iterator<Item = (String, Look, Vec<&'a KindRecovery>)> {
    net.seeds[0].kinds.iter().enumerate().map(|(i, kind)| {
        let seeds = net.seeds.iter().filter_map(|seed| seed.kinds.get(i));
        let look = Look::of(Role::Other(i));
        (kind.kind.replace('_', " "), look, seeds.collect())
    })
}

fn accuracy(scope: &Scope, net: &Net) -> Vec<Series> {
    let step_s = scope.summary.dt_ms / 1e3;
    let last = net.seeds[0].last as f64;
    let line =
        |name: &str, look: Look, bins: &[Vec<&RecoveryBin>], right: fn(&RecoveryBin) -> u64| {
            let points = bins.iter().filter_map(|bins| {
                let sum =
                    |of: &dyn Fn(&RecoveryBin) -> u64| bins.iter().map(|b| of(b)).sum::<u64>();
                let total = sum(&|b| b.total);
                let bin = bins.first()?;
                let at = match bin.from {
                    0 => -last / 2.0,
                    from => f64::midpoint(from as f64, bin.to as f64),
                };
                let share = 100.0 * sum(&right) as f64 / total as f64;
                (total >= FEWEST).then_some((at * step_s, share))
            });
            Series::new(name, look, points.collect())
        };
    let mut lines = Vec::new();
    let mut all: Vec<Vec<&RecoveryBin>> = Vec::new();
    for (name, look, seeds) in kinds(net) {
        let during = seeds.iter().map(|s| &s.during).collect();
        let after =
            (0..seeds[0].bins.len()).map(|k| seeds.iter().filter_map(|s| s.bins.get(k)).collect());
        let bins: Vec<Vec<&RecoveryBin>> = std::iter::once(during).chain(after).collect();
        all.resize(all.len().max(bins.len()), Vec::new());
        for (to, from) in all.iter_mut().zip(&bins) {
            to.extend(from);
        }
        lines.push(line(&name, look, &bins, |b| b.right));
    }
    let grey = Look {
        dashed: true,
        open: true,
        ..Look::of(Role::Reference)
    };
    lines.push(line("undisturbed", grey, &all, |b| b.undisturbed));
    lines.retain(|line| !line.points.is_empty());
    lines
}

fn distance(scope: &Scope, net: &Net) -> Vec<Series> {
    let line = |(name, look, seeds): (String, Look, Vec<&KindRecovery>)| {
        // Lag 0 has no place on a logarithmic axis.
        let lags = seeds[0].lags.iter().enumerate().filter(|(_, k)| **k > 0);
        let points = lags.filter_map(|(i, &k)| {
            let value = mean(seeds.iter().filter_map(|s| s.distances.get(i).copied()))?;
            Some((k as f64 * scope.summary.dt_ms / 1e3, value.max(FLOOR)))
        });
        let mut series = Series::new(name, look, points.collect());
        series.unmarked = true;
        series
    };
    kinds(net).map(line).collect()
}
