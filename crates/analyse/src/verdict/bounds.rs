//! What bounds on the state exclude: divergence and saturation.

use super::{line, named, short};
use crate::claim::Basis;
use crate::report::{LayerAnalysis, Line};
use crate::theory::StateBound;

/// Whether a state can grow without bound.
pub(super) fn divergence(layers: &[&LayerAnalysis]) -> Line {
    let grows: Vec<String> = (layers.iter())
        .flat_map(|layer| {
            let broken = layer
                .theory
                .contraction
                .iter()
                .filter(|c| c.exact && !c.holds);
            broken.map(|c| format!("{}: {} = {:.6}", named(layer), c.name, c.value))
        })
        .collect();
    if !grows.is_empty() {
        let text = format!(
            "the bound does not exclude divergence: {} is not below 1; a state diverges only where its input drives it",
            grows.join("; ")
        );
        return line("divergence", Basis::NotExcluded, text);
    }
    let open: Vec<String> = (layers.iter())
        .filter(|l| l.theory.bounds.is_empty() || l.theory.bounds.iter().any(|b| b.range.is_none()))
        .map(|l| {
            let largest = l.largest.unwrap_or(0.0);
            format!("{}, largest number seen {}", named(l), short(largest))
        })
        .collect();
    if !open.is_empty() {
        let text = format!("no theorem here excludes divergence of {}", open.join("; "));
        return line("divergence", Basis::NotExcluded, text);
    }
    let bounds = layers.iter().flat_map(|layer| {
        (layer.theory.bounds.iter()).filter_map(|bound| Some(bounded(layer, bound, bound.range?)))
    });
    let text = format!("cannot diverge: {}", bounds.collect::<Vec<_>>().join("; "));
    line("divergence", Basis::Proven, text)
}

fn bounded(layer: &LayerAnalysis, bound: &StateBound, (low, high): (f64, f64)) -> String {
    let condition = if bound.any_input {
        "for any input"
    } else {
        "for inputs within the observed range"
    };
    let seen = bound.seen.map_or_else(String::new, |(low, high)| {
        format!(" (seen: {} to {})", short(low), short(high))
    });
    format!(
        "{}: {} stays within {} to {}{seen}, {condition}",
        named(layer),
        bound.field,
        short(low),
        short(high)
    )
}

/// Whether units can be pinned, or can fire at every step.
pub(super) fn saturation(layers: &[&LayerAnalysis]) -> Vec<Line> {
    (layers.iter())
        .flat_map(|layer| {
            let linear = layer.theory.gain.map(|_| {
                let text = format!(
                    "{} is linear in its state and does not saturate",
                    named(layer)
                );
                line("saturation", Basis::Proven, text)
            });
            let bounds = layer.theory.bounds.iter();
            let pinned = bounds.flat_map(|bound| {
                let what = match (layer.spiking, bound.field.as_str()) {
                    (true, _) => "fire at every step",
                    (_, "c") => "fill their memory (tanh c above 0.95)",
                    _ => "reach ±0.95 (saturate)",
                };
                let said = bound
                    .pinning
                    .map_or_else(Vec::new, |pinning| pinning.says(what));
                said.into_iter().map(|(basis, text)| {
                    let name = named(layer);
                    let text = format!("{name}: {text}, on inputs within the observed range");
                    line("saturation", basis, text)
                })
            });
            let seen = layer.pinned.map(|share| {
                let text = format!(
                    "{}: {:.1} % of its activities were beyond ±0.95",
                    named(layer),
                    100.0 * share
                );
                line("saturation", Basis::Measured, text)
            });
            linear
                .into_iter()
                .chain(pinned)
                .chain(seen)
                .collect::<Vec<_>>()
        })
        .collect()
}
