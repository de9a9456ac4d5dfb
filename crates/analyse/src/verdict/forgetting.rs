//! Whether pasts are forgotten: theorems, exponents, attractors, two pasts.

use super::{Certain, line, named, short};
use crate::claim::Basis;
use crate::jacobian::Slope;
use crate::report::{LayerAnalysis, Line, NetMeasured};
use crate::theory::Finding;

/// The result of a theorem on two states of a layer under the same input.
pub(super) fn contraction(layer: &LayerAnalysis, certain: &Certain) -> Option<Line> {
    let all = &layer.theory.contraction;
    let name = named(layer);
    let any_input = all.first()?.any_input;
    let values: Vec<String> = all
        .iter()
        .map(|c| format!("{} = {}", c.name, digits(c.value)))
        .collect();
    let values = values.join(", ");
    let (basis, text) = match layer.theory.finding() {
        Finding::Shrinks(factor) => {
            let range = if any_input {
                ""
            } else {
                ", on inputs within the observed range"
            };
            let below = certain
                .open_below(layer.layer)
                .map_or_else(String::new, |below| {
                    format!(
                        ", under the same input; for {}, below, that is not proven",
                        named(below)
                    )
                });
            let text = format!(
                "{name} forgets for certain: {values}; a difference shrinks by {factor:.4} a step or faster in the \
                 end{range}{below}"
            );
            (Basis::Proven, text)
        }
        Finding::Stays => {
            let text = format!(
                "{name} has states that never converge: {values}; whether pasts lead to them is open"
            );
            (Basis::Proven, text)
        }
        Finding::Open => {
            let text = format!(
                "{name}: the sufficient condition is not met ({values}; it requires less than 1), which is \
                inconclusive"
            );
            (Basis::NotExcluded, text)
        }
    };
    Some(line("contraction", basis, text))
}

/// The result of the leading exponent.
pub(super) fn forgetting(net: &NetMeasured, certain: &Certain, dt_ms: f64) -> Option<Line> {
    let leading = net.spectrum.leading()?;
    let surrogate = net.slope == Slope::Surrogate;
    let on = if surrogate {
        format!(
            "on {}, with the surrogate's slope, as in training",
            net.label()
        )
    } else {
        format!("on {}", net.label())
    };
    let Some(rate) = leading.per_step else {
        let text = format!("{on}: differences are erased completely (exponent -∞)");
        return Some(line("forgetting", Basis::Measured, text));
    };
    let second = 1e3 / dt_ms;
    let error = leading.error.unwrap_or(0.0);
    let number = format!(
        "exponent {} ± {} /s",
        short(rate * second),
        short(error * second)
    );
    let time = short(-1.0 / (rate * second));
    let text = match (rate + 2.0 * error < 0.0, rate - 2.0 * error > 0.0) {
        (true, _) if surrogate => format!("{on}: gradients fade, {number}: to 37 % in {time} s"),
        (true, _) => format!("{on}: small differences fade, {number}: to 37 % in {time} s"),
        (_, true) if surrogate => format!("{on}: gradients explode, {number}"),
        (_, true) if certain.whole() => {
            format!(
                "{on}: undecided, {number}: the weights prove that differences shrink in the end"
            )
        }
        (_, true) => format!("{on}: does not forget, {number}: small differences grow (chaos)"),
        _ => format!("{on}: undecided, {number}"),
    };
    Some(line("forgetting", Basis::Measured, text))
}

/// Inputs under which several starts stay apart.
pub(super) fn attractors(exponents: &[NetMeasured], certain: &Certain) -> Vec<Line> {
    let mut lines = Vec::new();
    for net in exponents.iter().filter(|net| net.slope == Slope::True) {
        let Some(own) = net.attractor.filter(|own| own.number == 1 && own.of > 1) else {
            continue;
        };
        let text = format!(
            "on {}: {} starts lead to {} attractors",
            net.input, own.all, own.of
        );
        let text = if certain.whole() {
            format!(
                "{text} within {} steps; the weights prove that they converge in the end",
                net.steps
            )
        } else {
            format!("{text}: small differences may fade, but the network stays in one of them")
        };
        lines.push(line("forgetting", Basis::Measured, text));
    }
    lines
}

/// A share of the difference of two pasts that is not forgotten.
const KEPT: f64 = 0.01;

/// What became of two pasts.
pub(super) fn pasts(layer: &LayerAnalysis, certain: &Certain, dt_ms: f64) -> Option<Line> {
    let own = layer.forgetting.as_ref()?;
    let (lag, left) = own.last()?;
    let second = 1e3 / dt_ms;
    let rate = |r: Option<f64>| r.map_or("-".to_owned(), |r| format!("{} /s", short(r * second)));
    let after = short(lag as f64 * dt_ms / 1e3);
    let text = format!(
        "{}: after {after} s of the same gap two pasts differ in {} by {} of the initial difference; rate \
        {}, predicted {}",
        named(layer),
        own.field,
        short(left),
        rate(own.measured),
        rate(own.foretold)
    );
    let keeps = left > KEPT
        && own
            .foretold
            .is_some_and(|rate| rate * (lag as f64) < (0.1 * KEPT).ln());
    let why = match (layer.theory.finding(), certain.open_below(layer.layer)) {
        (Finding::Shrinks(_), None) => {
            "the weights prove that it will vanish, more slowly than the exponent predicts"
                .to_owned()
        }
        (Finding::Shrinks(_), Some(below)) => format!(
            "the difference comes from below, where {} is not proven to forget: under the same input it \
            would vanish",
            named(below)
        ),
        _ if layer.spiking => format!(
            "it did not forget within {after} s; differing spikes keep the pasts apart, which the exponent \
            does not capture"
        ),
        _ => format!(
            "it did not forget within {after} s; the pasts differ by more than a small difference: there \
            are several stable states or cycles, or spikes below differ"
        ),
    };
    let text = if keeps {
        format!("{text}: {why}")
    } else {
        text
    };
    Some(line("forgetting", Basis::Measured, text))
}

/// A number that is compared with 1.
fn digits(x: f64) -> String {
    if x < 100.0 {
        format!("{x:.3}")
    } else {
        short(x)
    }
}
