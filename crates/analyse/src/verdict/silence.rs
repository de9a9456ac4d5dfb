//! What silence leads to: states, fixed points, quiet neurons.

use super::{line, named};
use crate::claim::Basis;
use crate::convergence::Settled;
use crate::report::{LayerAnalysis, Line};

/// Where the network settles.
pub(super) fn silence(settled: &Settled) -> Line {
    let text = if settled.not_finite {
        "a state stops being finite in silence".to_owned()
    } else if settled.one_point() {
        "the network settles in the same state from every past that was tried".to_owned()
    } else {
        let mut parts: Vec<String> = (settled.periods.iter())
            .map(|&(period, lanes)| match period {
                1 => format!("{lanes} settle in {} different states", settled.points),
                _ => format!("{lanes} circle with period {period}"),
            })
            .collect();
        if settled.moving > 0 {
            parts.push(format!("{} still move", settled.moving));
        }
        let (lanes, steps) = (settled.lanes, settled.steps);
        format!(
            "of {lanes} pasts, after {steps} steps of silence, {}",
            parts.join(", ")
        )
    };
    line("silence", Basis::Measured, text)
}

/// The fixed points of a layer.
pub(super) fn points(layer: &LayerAnalysis) -> Option<Line> {
    let quiet = layer.fixed_points.as_ref()?;
    let stable = quiet.points.iter().filter(|p| p.stable).count();
    let radii: Vec<String> = (quiet.points.iter().take(4))
        .map(|p| format!("{:.4}", p.radius))
        .collect();
    let text = format!(
        "{}: {} fixed point{} found, {stable} of them stable{}{}",
        named(layer),
        quiet.points.len(),
        if quiet.points.len() == 1 { "" } else { "s" },
        if radii.is_empty() {
            ""
        } else {
            ", spectral radius "
        },
        radii.join(", ")
    );
    Some(line("silence", Basis::Measured, text))
}

/// Neurons that must fall silent.
pub(super) fn quiet_neurons(layer: &LayerAnalysis) -> Option<Line> {
    let (silent, all) = layer.theory.silent?;
    let text = format!(
        "{}: {silent} of {all} neurons cannot fire once their membrane has leaked, regardless of the \
        layer's other neurons",
        named(layer)
    );
    Some(line("silence", Basis::Proven, text))
}
