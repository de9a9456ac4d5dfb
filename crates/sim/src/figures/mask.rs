//! The cost of a wrong mask: accuracy of networks that are never reset against the share of wrong steps of
//! their training mask.

use saturn_loss::{LossConfig, MaskConfig, MaskFault};
use saturn_plots::{Axis, Level, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope, mean};
use super::sweep::{floor, line};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::stats::estimate::Estimate;

/// Streams that are drawn, a figure each.
const STREAMS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let masks: Vec<(&str, Kind)> = (scope.arms.iter())
        .filter_map(|(arm, _)| Some((*arm, Kind::of(&scope.scenario?.arms.get(arm)?.loss)?)))
        .collect();
    if masks
        .iter()
        .filter(|(_, kind)| *kind != Kind::Right)
        .count()
        < 2
    {
        return Ok(());
    }
    for stream in scope.streams.iter().take(STREAMS) {
        let panels: Vec<LinePanel> = (scope.models.iter())
            .map(|model| {
                let mut panel =
                    LinePanel::new(names::model(model), lines(scope, model, stream, &masks));
                if let Some(reference) = scope.reference(model, stream) {
                    let level = Level::new(100.0 * reference.value, scope.reference_name());
                    panel.levels.push(level);
                }
                panel
            })
            .filter(|panel| !panel.series.is_empty())
            .collect();
        if panels.is_empty() {
            continue;
        }
        let chance = 100.0 * scope.summary.chance;
        let from = floor(&panels);
        let title = format!(
            "Cost of a wrong mask, never reset, {}",
            scope.stream_name(stream)
        );
        let figure = Sweep {
            title: title.clone(),
            caption: "Nets trained with masks that are wrong on purpose (steps flipped by chance; all edges late \
                      or early; known stretches longer or shorter) or estimated from the input: accuracy, with \
                      95 % intervals, against the share of steps in which the mask differs from the labels'."
                .to_owned(),
            x: Axis::linear("steps in which the mask is wrong, %"),
            y: Axis::linear("accuracy, %").over(from, 100.0),
            chance: (from <= chance).then_some(chance),
            panels,
            ..Sweep::default()
        };
        let name = format!("mask-{stream}").replace(' ', "-");
        sheet.add(Plot::Mask, &name, &title, &figure)?;
    }
    Ok(())
}

/// The error of an arm's mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Right,
    Estimated,
    Flipped,
    Late,
    Early,
    Longer,
    Shorter,
}

impl Kind {
    /// Kinds that a line each has.
    const SWEPT: [Self; 5] = [
        Self::Flipped,
        Self::Late,
        Self::Early,
        Self::Longer,
        Self::Shorter,
    ];

    /// `None` for a loss that has no mask.
    fn of(loss: &LossConfig) -> Option<Self> {
        let LossConfig::Adaptive(adaptive) = loss else {
            return None;
        };
        Some(match loss.mask_error() {
            Some(MaskFault::Flip(_)) => Self::Flipped,
            Some(MaskFault::Shift(steps)) if steps < 0 => Self::Early,
            Some(MaskFault::Shift(_)) => Self::Late,
            Some(MaskFault::Dilate(_)) => Self::Longer,
            Some(MaskFault::Erode(_)) => Self::Shorter,
            None if adaptive.mask == MaskConfig::Labels => Self::Right,
            None => Self::Estimated,
        })
    }

    /// Colours that are far apart; arms that have them elsewhere are not drawn here.
    fn role(self) -> Role {
        match self {
            Self::Right | Self::Estimated => Role::Adaptive,
            Self::Flipped => Role::Classic,
            Self::Late => Role::Carry,
            Self::Early => Role::Other(0),
            Self::Longer => Role::Mask,
            Self::Shorter => Role::Lead,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Right => "labels",
            Self::Estimated => "estimated",
            Self::Flipped => "flipped",
            Self::Late => "late",
            Self::Early => "early",
            Self::Longer => "longer",
            Self::Shorter => "shorter",
        }
    }
}

/// A line for each kind of error, from the correct mask on, and a point for each estimate.
fn lines(scope: &Scope, model: &str, stream: &str, masks: &[(&str, Kind)]) -> Vec<Series> {
    let point = |arm: &str, kind: Kind| -> Option<(f64, &Estimate)> {
        let wrong = if kind == Kind::Right {
            0.0
        } else {
            let agreements = scope.cells(model, arm);
            1.0 - mean(agreements.filter_map(|cell| cell.training.mask?.valid.agreement))?
        };
        Some((100.0 * wrong, scope.summed(model, arm, stream, NEVER)?))
    };
    let of = |wanted: Kind| {
        let arms = masks.iter().filter(move |(_, kind)| *kind == wanted);
        arms.filter_map(|(arm, kind)| Some((*arm, point(arm, *kind)?)))
    };
    let right = of(Kind::Right).next().map(|(_, point)| point);
    let mut series = Vec::new();
    for kind in Kind::SWEPT {
        let mut found: Vec<(f64, &Estimate)> = of(kind).map(|(_, point)| point).collect();
        if found.is_empty() {
            continue;
        }
        found.extend(right);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        series.push(line(kind.name().to_owned(), Look::of(kind.role()), &found));
    }
    for (k, (arm, found)) in of(Kind::Estimated).enumerate() {
        // Filled and hollow, of two kinds.
        let roles = [Role::AdaptiveEstimated, Role::Adaptive];
        let look = Look {
            open: k % 2 == 1,
            ..Look::of(roles[k / 2 % 2])
        };
        series.push(line(names::arm(arm), look, &[found]));
    }
    series
}
