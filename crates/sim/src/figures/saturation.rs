//! Measurements of the instruments along the stream: one figure per model, one panel per quantity, one line
//! per arm.
//!
//! A point is the mean over seeds, over the layers but the readout, and over the fields of one kind in a
//! layer. The windows are those of the first stream without resets.

use saturn_plots::{Axis, Level, Look, Saturation, SaturationModel, SaturationPanel, Series};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::evaluate::{Evaluation, Watched};
use saturn_eval::monitor::WindowStats;
use saturn_eval::monitor::asked::AskedStats;

/// Line and ends of the band of each field in a window.
type Read = dyn Fn(&WindowStats) -> Vec<[f64; 3]>;

/// One quantity of a window: its value, with the ends of its band.
struct Quantity {
    /// Title of the panel, with the unit.
    title: String,
    /// Ends of the axis, where they are fixed.
    range: Option<(f64, f64)>,
    /// A line across the panel.
    level: Option<(f64, &'static str)>,
    /// Line and band of each cell in a window; empty if it does not apply.
    read: Box<Read>,
}

/// More arms than this, and bands would lie on each other.
const BANDS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let Some(&stream) = scope.streams.first() else {
        return Ok(());
    };
    let bands = scope.arms.len() <= BANDS;
    let quantities = quantities(scope, stream, bands);
    for model in &scope.models {
        let panel = |quantity: &Quantity| {
            let lines = scope.arms.iter().filter_map(|&(arm, look)| {
                let found = scope.never_reset(model, arm, stream);
                line(&names::arm(arm), look, &found, quantity, bands)
            });
            let series: Vec<Series> = lines.collect();
            let mut y = Axis::linear("");
            y.range = quantity.range;
            (!series.is_empty()).then(|| SaturationPanel {
                title: quantity.title.clone(),
                y,
                series,
                levels: (quantity.level.iter())
                    .map(|(value, label)| Level::new(*value, *label))
                    .collect(),
            })
        };
        let panels: Vec<SaturationPanel> = quantities.iter().filter_map(panel).collect();
        if panels.is_empty() {
            continue;
        }
        let title = format!(
            "Inside the {} along a stream that is never reset",
            names::model(model)
        );
        let figure = Saturation {
            title: title.clone(),
            x: scope.position_axis(),
            models: vec![SaturationModel {
                name: scope.stream_name(stream),
                panels,
            }],
        };
        let file = format!("saturation-{model}");
        sheet.add(Plot::Saturation, &file, &title, &figure)?;
    }
    Ok(())
}

/// A value without a band.
fn alone(v: f64) -> [f64; 3] {
    [v, f64::NAN, f64::NAN]
}

/// All quantities, in the order of their panels; one a gate that any net has.
fn quantities(scope: &Scope, stream: &str, bands: bool) -> Vec<Quantity> {
    let titled =
        |what: &str, band: &str| format!("{what}, {}", if bands { band } else { "median" });
    let plain = |title: &str, read: fn(&WindowStats) -> Vec<f64>| Quantity {
        title: title.to_owned(),
        range: None,
        level: None,
        read: Box::new(move |w| {
            read(w)
                .into_iter()
                .map(|v| [v, f64::NAN, f64::NAN])
                .collect()
        }),
    };
    let mut all = vec![
        plain("pinned units, %", |w| {
            let tanh = w
                .pinned
                .iter()
                .filter(|(field, _)| !w.gates.contains_key(*field));
            tanh.map(|(_, share)| 100.0 * share).collect()
        }),
        plain("pinned gates, %", |w| {
            let gates = w
                .pinned
                .iter()
                .filter(|(field, _)| w.gates.contains_key(*field));
            gates.map(|(_, share)| 100.0 * share).collect()
        }),
    ];
    let mut gates: Vec<&String> = (scope.summary.cells.iter())
        .flat_map(|cell| &cell.evaluations)
        .filter(|e| e.stream == stream)
        .flat_map(|e| &e.evaluation.saturation)
        .flat_map(|w| w.stats.gates.keys())
        .collect();
    gates.sort();
    gates.dedup();
    for gate in gates {
        let short = gate.strip_prefix("drive.").unwrap_or(gate);
        let gate = gate.clone();
        all.push(Quantity {
            title: if short == "gate" {
                titled("gate", "quartiles")
            } else {
                titled(&format!("gate {short}"), "quartiles")
            },
            range: Some((0.0, 1.0)),
            level: None,
            read: Box::new(move |w| {
                let found = w.gates.get(&gate);
                found.map(|g| [g.q50, g.q25, g.q75]).into_iter().collect()
            }),
        });
    }
    all.push(Quantity {
        title: titled("state, % of its bound", "median to largest"),
        range: None,
        level: None,
        read: Box::new(|w| {
            let bound = w
                .bound
                .map(|b| [100.0 * b.median, 100.0 * b.median, 100.0 * b.max]);
            bound.into_iter().collect()
        }),
    });
    all.push(plain("firing rate, Hz", |w| {
        w.spikes.values().map(|s| s.rate_hz).collect()
    }));
    all.push(plain("silent neurons, %", |w| {
        w.spikes.values().map(|s| 100.0 * s.silent).collect()
    }));
    all.push(plain("always-on neurons, %", |w| {
        w.spikes.values().map(|s| 100.0 * s.always_on).collect()
    }));
    all.push(Quantity {
        title: titled("membrane, thresholds", "5 to 95 %"),
        range: None,
        level: Some((1.0, "threshold")),
        read: Box::new(|w| w.membrane.values().map(|m| [m.q50, m.q05, m.q95]).collect()),
    });
    all.push(plain("effective rank, dimensions", |w| {
        w.rank.iter().map(|r| r.participation_ratio).collect()
    }));
    all.extend(asked(bands));
    all
}

/// Optional instruments.
fn asked(bands: bool) -> Vec<Quantity> {
    let quantity = |title: &str, read: fn(&AskedStats) -> Vec<[f64; 3]>| Quantity {
        title: title.to_owned(),
        range: None,
        level: None,
        read: Box::new(move |w| w.asked.as_ref().map(read).unwrap_or_default()),
    };
    let band = if bands { ", 5 to 95 %" } else { ", median" };
    vec![
        quantity(&format!("state{band}"), |a| {
            a.quantiles
                .values()
                .map(|q| [q.q50, q.q05, q.q95])
                .collect()
        }),
        quantity("units that drifted, %", |a| {
            a.drift.values().map(|d| alone(100.0 * d.drifted)).collect()
        }),
        quantity(
            if bands {
                "drift (KS), median to largest"
            } else {
                "drift (KS), median"
            },
            |a| {
                a.drift
                    .values()
                    .map(|d| [d.median, d.median, d.max])
                    .collect()
            },
        ),
        quantity(&format!("inter-spike interval, ms{band}"), |a| {
            a.intervals
                .values()
                .map(|i| [i.q50_ms, i.q05_ms, i.q95_ms])
                .collect()
        }),
        quantity("variation of intervals (CV)", |a| {
            a.intervals
                .values()
                .filter_map(|i| i.cv)
                .map(alone)
                .collect()
        }),
        quantity("intervals in bursts, %", |a| {
            a.intervals
                .values()
                .map(|i| alone(100.0 * i.bursts))
                .collect()
        }),
    ]
}

fn line(
    name: &str,
    look: Look,
    found: &[&Evaluation],
    quantity: &Quantity,
    bands: bool,
) -> Option<Series> {
    let steps = ends(found);
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for step in steps {
        let values: Vec<[f64; 3]> = (found.iter())
            .flat_map(|e| hidden(e))
            .filter(|w| w.step == step)
            .flat_map(|w| (quantity.read)(&w.stats))
            .collect();
        let part = |k: usize| mean(values.iter().map(|v| v[k])).unwrap_or(f64::NAN);
        points.push((step as f64, part(0)));
        band.push((part(1), part(2)));
    }
    if points.iter().all(|(_, value)| !value.is_finite()) {
        return None;
    }
    let banded = bands && band.iter().any(|(low, _)| low.is_finite());
    let series = Series::new(name, look, points);
    Some(if banded {
        series.with_interval(band)
    } else {
        series
    })
}

/// The windows' ends, ascending.
fn ends(found: &[&Evaluation]) -> Vec<u64> {
    let mut steps: Vec<u64> = (found.iter())
        .flat_map(|e| &e.saturation)
        .map(|w| w.step)
        .collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// The windows of all cells but the readout.
fn hidden(evaluation: &Evaluation) -> impl Iterator<Item = &Watched> {
    let windows = &evaluation.saturation;
    let readout = windows.iter().map(|w| w.layer).max();
    windows.iter().filter(move |w| Some(w.layer) != readout)
}
