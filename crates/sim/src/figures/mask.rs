//! What a wrong mask costs: accuracy of nets that are never reset against the share of steps in which the mask that
//! they were trained with is wrong.

use saturn_loss::{LossConfig, MaskConfig, MaskFault};
use saturn_plots::{Axis, LinePanel, Look, Role, Series, Sweep};

use super::names;
use super::scope::{NEVER, Scope, mean};
use super::sweep::line;
use super::{FiguresError, Sheet};
use crate::eval::bootstrap::Estimate;
use crate::scenario::Plot;

/// Streams that are drawn, a figure each.
const STREAMS: usize = 2;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let masks: Vec<(&str, Kind)> = (scope.arms.iter())
        .filter_map(|(arm, _)| Some((*arm, Kind::of(&scope.scenario.arms.get(arm)?.loss)?)))
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
            .map(|model| LinePanel::new(names::model(model), lines(scope, model, stream, &masks)))
            .filter(|panel| !panel.series.is_empty())
            .collect();
        if panels.is_empty() {
            continue;
        }
        let title = format!(
            "What a wrong mask costs, never reset, {}",
            names::stream(stream)
        );
        let figure = Sweep {
            title: title.clone(),
            caption: "Nets trained with masks that are wrong on purpose (steps flipped by chance; all edges late \
                      or early; known stretches longer or shorter) or estimated from the input: accuracy, with \
                      95 % intervals, against the share of steps in which the mask differs from the labels'."
                .to_owned(),
            x: Axis::linear("steps in which the mask is wrong, %"),
            chance: Some(100.0 * scope.summary.chance),
            panels,
            ..Sweep::default()
        };
        let name = format!("mask-{stream}").replace(' ', "-");
        sheet.add(Plot::Mask, &name, &title, &figure)?;
    }
    Ok(())
}

/// What is wrong with the mask of an arm.
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

/// A line for each kind of error, from the right mask on, and a point for each estimate.
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
    for (k, kind) in Kind::SWEPT.into_iter().enumerate() {
        let mut found: Vec<(f64, &Estimate)> = of(kind).map(|(_, point)| point).collect();
        if found.is_empty() {
            continue;
        }
        found.extend(right);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        series.push(line(
            kind.name().to_owned(),
            Look::of(Role::Other(k)),
            &found,
        ));
    }
    for (arm, found) in of(Kind::Estimated) {
        let look = Look::of(Role::AdaptiveEstimated);
        series.push(line(names::arm(arm), look, &[found]));
    }
    series
}
