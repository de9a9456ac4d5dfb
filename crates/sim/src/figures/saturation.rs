//! Measurements of the instruments along the stream: one figure per model, one panel per quantity, one line
//! per arm.
//!
//! A point is the mean over seeds, over the layers but the readout, and over the fields of one kind in a
//! layer. The windows are those of the first stream without resets.

use std::rc::Rc;

use saturn_plots::{Axis, Level, Look, Saturation, SaturationModel, SaturationPanel, Series};

use super::names;
use super::scope::{Scope, mean};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::evaluate::{Evaluation, Watched};
use saturn_eval::instruments::shown::ShownPanel;
use saturn_eval::instruments::{AlwaysStats, OptionalStats, WindowStats};

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

/// All quantities, in the order of their panels; one a gate that any net has.
fn quantities(scope: &Scope, stream: &str, bands: bool) -> Vec<Quantity> {
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
            let tanh =
                (w.always.pinned.iter()).filter(|(field, _)| !w.always.gates.contains_key(*field));
            tanh.map(|(_, share)| 100.0 * share).collect()
        }),
        plain("pinned gates, %", |w| {
            let gates =
                (w.always.pinned.iter()).filter(|(field, _)| w.always.gates.contains_key(*field));
            gates.map(|(_, share)| 100.0 * share).collect()
        }),
    ];
    let windows: Vec<&WindowStats> = (scope.summary.cells.iter())
        .flat_map(|cell| &cell.evaluations)
        .filter(|e| e.stream == stream)
        .flat_map(|e| e.evaluation.saturation.iter().map(|w| &w.stats))
        .collect();
    let always = |by_field: bool| {
        let panels = AlwaysStats::panels().into_iter();
        panels.filter(move |panel| panel.by_field == by_field)
    };
    for panel in always(true) {
        all.extend(of_fields(panel, &windows, bands));
    }
    all.push(Quantity {
        title: titled("state, % of its bound", Some("median to largest"), bands),
        range: None,
        level: None,
        read: Box::new(|w| {
            let bound = w
                .bound
                .map(|b| [100.0 * b.median, 100.0 * b.median, 100.0 * b.max]);
            bound.into_iter().collect()
        }),
    });
    all.extend(always(false).map(|panel| of_panel(panel, bands, |w| Some(&w.always))));
    all.push(plain("effective rank, dimensions", |w| {
        w.rank.iter().map(|r| r.participation_ratio).collect()
    }));
    let optional = OptionalStats::panels().into_iter();
    all.extend(optional.map(|panel| of_panel(panel, bands, |w| w.optional.as_ref())));
    all
}

/// A panel's title, with what its band is or, where bands are left out, its line.
fn titled(what: &str, band: Option<&str>, bands: bool) -> String {
    match band {
        Some(band) => format!("{what}, {}", if bands { band } else { "median" }),
        None => what.to_owned(),
    }
}

/// What an instrument shows of all fields together.
fn of_panel<W: 'static>(
    panel: ShownPanel<W>,
    bands: bool,
    part: fn(&WindowStats) -> Option<&W>,
) -> Quantity {
    Quantity {
        title: titled(panel.title, panel.band, bands),
        range: panel.range,
        level: panel.level,
        read: Box::new(move |w| {
            let found = part(w).map(&panel.values).unwrap_or_default();
            found.into_iter().map(|(_, value)| value).collect()
        }),
    }
}

/// What an instrument shows of each field, by name.
fn of_fields(
    panel: ShownPanel<AlwaysStats>,
    windows: &[&WindowStats],
    bands: bool,
) -> Vec<Quantity> {
    let mut fields: Vec<String> = (windows.iter())
        .flat_map(|w| (panel.values)(&w.always))
        .map(|(field, _)| field)
        .collect();
    fields.sort();
    fields.dedup();
    let panel = Rc::new(panel);
    let of = |field: String| {
        let short = field.strip_prefix("drive.").unwrap_or(&field);
        let what = if short == panel.title {
            short.to_owned()
        } else {
            format!("{} {short}", panel.title)
        };
        let read = Rc::clone(&panel);
        Quantity {
            title: titled(&what, panel.band, bands),
            range: panel.range,
            level: panel.level,
            read: Box::new(move |w| {
                let found = (read.values)(&w.always).into_iter();
                let own = found.filter(|(of, _)| *of == field);
                own.map(|(_, value)| value).collect()
            }),
        }
    };
    fields.into_iter().map(of).collect()
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
