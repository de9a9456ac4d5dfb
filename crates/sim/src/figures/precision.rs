//! Quantised networks: accuracy and held states against the bits of the state, and drift along the stream.

use saturn_plots::{Axis, Level, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope, mean};
use super::sweep::line;
use super::{FiguresError, Sheet};
use crate::run::summary::CellSummary;
use crate::scenario::Plot;
use saturn_eval::precision::result::Stored;
use saturn_eval::precision::{Format, PrecisionConfig, Rounding};
use saturn_eval::stats::crossed::of_estimates;
use saturn_eval::stats::estimate::{Estimate, over_seeds};

/// Streams that are drawn, two figures each.
const STREAMS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let found = |stream: &&&str| {
        let mut stored = scope.summary.cells.iter().flat_map(|cell| &cell.stored);
        stored.any(|s| s.stream == **stream && !s.config.is_full())
    };
    for stream in scope.streams.iter().filter(found).take(STREAMS) {
        let file = |name: &str| format!("{name}-{stream}").replace(' ', "-");
        let figure = bits(scope, stream, &Measure::ACCURACY);
        // Without an evaluation that is never reset there is nothing to draw.
        if !figure.panels.is_empty() {
            sheet.add(Plot::Precision, &file("precision"), &figure.title, &figure)?;
        }
        let figure = bits(scope, stream, &Measure::HELD);
        sheet.add(
            Plot::Precision,
            &file("precision-held"),
            &figure.title,
            &figure,
        )?;
        let figure = drift(scope, stream);
        sheet.add(
            Plot::Precision,
            &file("precision-drift"),
            &figure.title,
            &figure,
        )?;
    }
    Ok(())
}

/// The quantity drawn against the bits of the state.
struct Measure {
    title: &'static str,
    caption: &'static str,
    y: &'static str,
    /// For one network in one storage format.
    of: fn(&Stored) -> Option<Estimate>,
    /// Whether it is an accuracy, which has a chance and a reference.
    accuracy: bool,
}

impl Measure {
    const ACCURACY: Self = Self {
        title: "Accuracy against the bits of the state, never reset",
        caption: "Each line is one training regime with one rounding mode, and a band its 95 % interval: full \
                  lines with filled markers are states rounded to the nearest number, dashed ones with open \
                  markers states rounded at random. At 32 bits only the weights are quantised. The \
                  dashed grey level is the reference in full precision.",
        y: "accuracy, %",
        of: |stored| {
            stored
                .evaluations
                .iter()
                .find(|e| e.state_reset == NEVER)?
                .summed
        },
        accuracy: true,
    };
    const HELD: Self = Self {
        title: "Constant states: the dead zone of rounding to nearest",
        caption: "The share of stored values that are not zero and have been the same for 16 steps, late in \
                  the stream: where the quantisation step is coarser than twice the decrease by a leak, \
                  rounding to the nearest (full lines) returns the same number for ever, and rounding at \
                  random (dashed) does not.",
        y: "values that are held, %",
        of: |stored| {
            let last = stored.drift.last()?;
            let held = mean(last.fields.iter().map(|f| f.held))?;
            over_seeds(&[held])
        },
        accuracy: false,
    };
}

/// A measure against the bits of the state, a panel a model.
fn bits(scope: &Scope, stream: &str, measure: &Measure) -> Sweep {
    let panels = (scope.models.iter()).map(|model| {
        let lines = (scope.arms.iter())
            .flat_map(|&(arm, look)| arm_lines(scope, (model, arm), stream, look, measure));
        let mut panel = LinePanel::new(names::model(model), lines.collect());
        if measure.accuracy
            && let Some(reference) = scope.reference(model, stream)
        {
            let level = {
                let name = format!("{}, f32", scope.reference_name());
                Level::new(100.0 * reference.value, name)
            };
            panel.levels.push(level);
        }
        panel
    });
    Sweep {
        title: format!("{}, {}", measure.title, scope.stream_name(stream)),
        caption: measure.caption.to_owned(),
        x: Axis::linear("bits of the state").over(2.0, 34.0),
        y: if measure.accuracy {
            Axis::linear(measure.y).over(0.0, 100.0)
        } else {
            Axis::linear(measure.y)
        },
        chance: measure.accuracy.then_some(100.0 * scope.summary.chance),
        level: None,
        panels: panels.filter(|panel| !panel.series.is_empty()).collect(),
    }
}

/// The lines of one arm: one for each weight format and rounding mode, and a point for bf16.
fn arm_lines(
    scope: &Scope,
    (model, arm): (&str, &str),
    stream: &str,
    look: Look,
    measure: &Measure,
) -> Vec<Series> {
    let cells: Vec<&CellSummary> = scope.cells(model, arm).collect();
    let Some(first) = cells.first() else {
        return Vec::new();
    };
    let own = |cell: &'_ CellSummary, config: PrecisionConfig| -> Option<Estimate> {
        let mut stored = cell.stored.iter();
        let found = stored.find(|s| s.stream == stream && s.config == config)?;
        (measure.of)(found)
    };
    let estimate = |config: PrecisionConfig| -> Option<Estimate> {
        let seeds: Vec<Estimate> = cells.iter().filter_map(|cell| own(cell, config)).collect();
        match seeds[..] {
            [one] => Some(one),
            _ if measure.accuracy => of_estimates(&seeds),
            _ => over_seeds(&seeds.iter().map(|e| e.value).collect::<Vec<_>>()),
        }
    };
    let configs: Vec<PrecisionConfig> = (first.stored.iter())
        .filter(|s| s.stream == stream && !s.config.is_full())
        .map(|s| s.config)
        .collect();
    let mut weights: Vec<Format> = Vec::new();
    for config in &configs {
        if !weights.contains(&config.weights) {
            weights.push(config.weights);
        }
    }
    let mut lines = Vec::new();
    for (k, &format) in weights.iter().enumerate() {
        // Where there is one arm, colours distinguish the weights.
        let role = if scope.arms.len() == 1 && weights.len() > 1 {
            Role::Other(k)
        } else {
            look.role
        };
        for rounding in [Rounding::Nearest, Rounding::Stochastic] {
            let stochastic = rounding == Rounding::Stochastic;
            let mut found: Vec<(f64, Estimate)> = (configs.iter())
                .filter(|c| c.weights == format && c.states != Format::Bf16)
                // States in full precision have no rounding mode: they belong to both.
                .filter(|c| c.rounding == rounding || c.states == Format::F32)
                .filter_map(|c| Some((f64::from(c.states.bits()), estimate(*c)?)))
                .collect();
            let has = |c: &PrecisionConfig| c.weights == format && c.rounding == rounding;
            if found.is_empty() || !configs.iter().any(has) {
                continue;
            }
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut name = names::arm(arm);
            if weights.len() > 1 {
                name = format!("{name}, {} weights", format.name());
            }
            if stochastic {
                name = format!("{name}, at random");
            }
            let look = Look {
                role,
                open: stochastic,
                dashed: stochastic,
            };
            let points: Vec<(f64, &Estimate)> = found.iter().map(|(x, e)| (*x, e)).collect();
            lines.push(line(name, look, &points));
        }
    }
    for config in configs.iter().filter(|c| c.states == Format::Bf16) {
        if let Some(found) = estimate(*config) {
            let look = Look::of(Role::Mask);
            lines.push(line("bf16".to_owned(), look, &[(16.0, &found)]));
        }
    }
    if !measure.accuracy {
        lines = lines.into_iter().map(Series::without_interval).collect();
    }
    lines
}

/// The distance from full precision along the stream, a panel a model and arm of the pair, a line a format.
fn drift(scope: &Scope, stream: &str) -> Sweep {
    let arm = scope.pair().last().map(|(arm, _)| *arm);
    let panels = (scope.models.iter())
        .zip(std::iter::repeat(arm))
        .filter_map(|(model, arm)| {
            let cells: Vec<&CellSummary> = scope.cells(model, arm?).collect();
            let stored = cells.first()?.stored.iter().filter(|s| s.stream == stream);
            // One colour a format, however it is rounded.
            let mut formats: Vec<[Format; 2]> = Vec::new();
            let lines = stored.filter(|s| !s.config.is_full()).map(|s| {
                let own = [s.config.weights, s.config.states];
                let known = formats.iter().position(|format| *format == own);
                let colour = known.unwrap_or_else(|| {
                    formats.push(own);
                    formats.len() - 1
                });
                let look = Look {
                    role: Role::Other(colour),
                    open: s.config.rounding == Rounding::Stochastic,
                    dashed: s.config.rounding == Rounding::Stochastic,
                };
                let same = cells.iter().filter_map(|cell| {
                    let mut all = cell.stored.iter();
                    all.find(|o| o.stream == stream && o.config == s.config)
                });
                let seeds: Vec<Vec<(f64, f64)>> = same.map(distances).collect();
                let shortest = seeds.iter().map(Vec::len).min().unwrap_or(0);
                let average = (0..shortest).filter_map(|w| {
                    let value = mean(seeds.iter().map(|seed| seed[w].1))?;
                    Some((seeds[0][w].0, value))
                });
                Series::new(&s.precision, look, average.collect())
            });
            Some(LinePanel::new(names::model(model), lines.collect()))
        })
        .collect();
    Sweep {
        title: format!(
            "Distance of a quantised state from full precision{}, {}",
            arm.map_or(String::new(), |arm| format!(", {}", names::arm(arm))),
            scope.stream_name(stream)
        ),
        caption: "Two copies of one network receive the same stream and are never reset, one quantised \
                  (weights / states) and one in full precision: the distance of their states relative to \
                  the state's own size, in windows that grow with the position. A level line is the noise \
                  of rounding, a rising one drift."
            .to_owned(),
        x: Axis::log("position in the stream, steps"),
        y: Axis::log("relative distance of the states"),
        chance: None,
        level: None,
        panels,
    }
}

/// (end of the window, mean relative distance of the states' fields).
fn distances(stored: &Stored) -> Vec<(f64, f64)> {
    let windows = stored.drift.iter().filter_map(|window| {
        let distance = mean(window.fields.iter().filter_map(|f| f.distance))?;
        Some((window.step as f64, distance))
    });
    windows.filter(|(_, distance)| *distance > 0.0).collect()
}
