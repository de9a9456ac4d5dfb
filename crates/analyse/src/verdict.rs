//! The findings of an analysis, in plain words.
//!
//! Each line states its basis ([`Basis`]): `proven` from the weights, for the inputs that it names; `not
//! excluded` by a bound, which does not mean that it happens; or `measured`, on the streams that were run.
//!
//! Proofs about a layer concern two of its states *under the same input*. If a layer below does not forget
//! its past, the input is not the same: then a layer that forgets for certain may still differ, and the line
//! about its two pasts names the source of the difference. If all layers up to it forget for certain, a
//! remaining difference has not vanished yet.

use super::claim::Basis;
use super::convergence::Settled;
use super::jacobian::Slope;
use super::report::{LayerAnalysis, Line, NetMeasured};
use super::theory::{Finding, StateBound};

fn line(topic: &str, basis: Basis, text: String) -> Line {
    Line {
        topic: topic.to_owned(),
        basis,
        text,
    }
}

/// Proven properties of the layers of a network together.
struct Certain<'a> {
    layers: &'a [&'a LayerAnalysis],
}

impl Certain<'_> {
    /// The first layer below `layer` that is not proven to forget.
    fn open_below(&self, layer: usize) -> Option<&LayerAnalysis> {
        let shrinks = |l: &LayerAnalysis| matches!(l.theory.finding(), Finding::Shrinks(_));
        let mut below = self.layers.iter().filter(|l| l.layer < layer);
        below.find(|l| !shrinks(l)).copied()
    }

    /// Whether all layers are proven to forget.
    fn whole(&self) -> bool {
        self.open_below(usize::MAX).is_none()
    }
}

/// All findings on a network.
pub fn verdict(
    layers: &[LayerAnalysis],
    settled: &Settled,
    exponents: &[NetMeasured],
    dt_ms: f64,
) -> Vec<Line> {
    let with_state: Vec<&LayerAnalysis> = layers.iter().filter(|l| l.state > 0).collect();
    let mut lines = vec![divergence(&with_state)];
    lines.extend(saturation(&with_state));
    let certain = Certain {
        layers: &with_state,
    };
    lines.extend(
        with_state
            .iter()
            .filter_map(|layer| contraction(layer, &certain)),
    );
    lines.extend(
        exponents
            .iter()
            .filter_map(|net| forgetting(net, &certain, dt_ms)),
    );
    lines.extend(attractors(exponents, &certain));
    lines.extend(
        with_state
            .iter()
            .filter_map(|layer| pasts(layer, &certain, dt_ms)),
    );
    lines.push(silence(settled));
    lines.extend(with_state.iter().filter_map(|layer| points(layer)));
    lines.extend(with_state.iter().filter_map(|layer| quiet_neurons(layer)));
    lines
}

fn named(layer: &LayerAnalysis) -> String {
    format!("layer {} ({})", layer.layer, layer.cell)
}

/// Whether a state can grow without bound.
fn divergence(layers: &[&LayerAnalysis]) -> Line {
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
fn saturation(layers: &[&LayerAnalysis]) -> Vec<Line> {
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

/// The result of a theorem on two states of a layer under the same input.
fn contraction(layer: &LayerAnalysis, certain: &Certain) -> Option<Line> {
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
fn forgetting(net: &NetMeasured, certain: &Certain, dt_ms: f64) -> Option<Line> {
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
fn attractors(exponents: &[NetMeasured], certain: &Certain) -> Vec<Line> {
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
fn pasts(layer: &LayerAnalysis, certain: &Certain, dt_ms: f64) -> Option<Line> {
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

/// Where the network settles.
fn silence(settled: &Settled) -> Line {
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
fn points(layer: &LayerAnalysis) -> Option<Line> {
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
fn quiet_neurons(layer: &LayerAnalysis) -> Option<Line> {
    let (silent, all) = layer.theory.silent?;
    let text = format!(
        "{}: {silent} of {all} neurons cannot fire once their membrane has leaked, regardless of the \
        layer's other neurons",
        named(layer)
    );
    Some(line("silence", Basis::Proven, text))
}

/// A number that is compared with 1.
fn digits(x: f64) -> String {
    if x < 100.0 {
        format!("{x:.3}")
    } else {
        short(x)
    }
}

/// A number in three digits.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if size == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{x:.2e}");
    }
    let decimals = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
