//! The findings of an analysis, in plain words.
//!
//! Each line states its basis ([`Basis`]): `proven` from the weights, for the inputs that it names; `not
//! excluded` by a bound, which does not mean that it happens; or `measured`, on the streams that were run.
//!
//! Proofs about a layer concern two of its states *under the same input*. If a layer below does not forget
//! its past, the input is not the same: then a layer that forgets for certain may still differ, and the line
//! about its two pasts names the source of the difference. If all layers up to it forget for certain, a
//! remaining difference has not vanished yet.

mod bounds;
mod forgetting;
mod silence;

use super::claim::Basis;
use super::convergence::Settled;
use super::report::{LayerAnalysis, Line, NetMeasured};
use super::theory::Finding;
use bounds::{divergence, saturation};
use forgetting::{attractors, contraction, forgetting, pasts};
use silence::{points, quiet_neurons, silence};

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
