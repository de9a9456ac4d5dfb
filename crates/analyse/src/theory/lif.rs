//! Leaky integrate-and-fire neurons: the bounds of a membrane, and which neurons cannot fire at every step.
//!
//! v' = a (1 - z s) v + g d - k s, s = 1 where v > theta. Let d stay in [d_low, d_high]: over inputs in the
//! given range and any spikes of the layer itself. From the initial state v = 0,
//!
//! ```text
//! (1) never fires, if  p = g d_high / (1 - a) <= theta:                                  v <= max(0, p)
//! (2) subtract:  v <= max(a theta + g d_high, (g d_high - theta) / (1 - a))
//!     zero:      v <= max(a theta + g d_high, g d_high)
//!     none:      v <= p
//! (3) subtract:  v >= min(0, g d_low / (1 - a), g d_low - (1 - a) theta)
//!     zero:      v >= min(0, g d_low / (1 - a), g d_low)
//!     none:      v >= min(0, g d_low / (1 - a))
//! (4) may fire at every step, and else cannot:  subtract  g d_high > (2 - a) theta;  zero  g d_high > theta;  none  p > theta
//! ```
//!
//! (2): below the threshold the membrane adds at most g d_high to a theta; above it the reset is subtracted, and the remainder grows to its own fixed point. (4): the steady membrane under d_high, spikes and all, is above
//! theta. With x = 0, (1) gives the neurons that must be silent without input, even if all others fire.
//!
//! A spiking step is not a smooth map, so no condition for contraction is given: below, between and above the
//! jumps the membranes contract by a, and at a jump differences can reappear.

use saturn_cell::Cell;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::spike_reset::SpikeReset;

use super::leaky::{decays, heard_by};
use super::{Heard, StateBound, Theory, block, products, seen, tensor};

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, config: &LifConfig, heard: Heard) -> Theory {
    let Some(w) = tensor(cell, "weight") else {
        return Theory::default();
    };
    let units = w.nrows();
    let (a, g) = decays(cell, units);
    let (bias, recurrent) = (tensor(cell, "bias"), cell.recurrent());
    let own = recurrent.as_deref().map_or_else(
        || vec![(0.0, 0.0); units],
        |u| products(u, &vec![(0.0, 1.0); u.ncols()]),
    );
    let neurons = |input: &[(f64, f64)]| -> Vec<Neuron> {
        (heard_by(w, bias, input).into_iter().zip(&own))
            .enumerate()
            .map(|(i, (heard, own))| Neuron {
                a: a[i],
                low: g[i] * (heard.0 + own.0),
                high: g[i] * (heard.1 + own.1),
                theta: config.threshold,
                reset: config.spike_reset,
            })
            .collect()
    };
    let driven = neurons(heard.input);
    let alone = neurons(&vec![(0.0, 0.0); heard.input.len()]);
    let low = driven.iter().map(Neuron::least).fold(0.0, f64::min);
    let high = driven.iter().map(Neuron::most).fold(0.0, f64::max);
    let always = driven.iter().filter(|n| n.may_always_fire()).count();
    let silent = alone.iter().filter(|n| n.never_fires()).count();
    let bounded = a.iter().all(|a| *a < 1.0) && low.is_finite() && high.is_finite();
    Theory {
        blocks: recurrent.map_or_else(Vec::new, |u| vec![block("W_r", &u)]),
        bounds: vec![StateBound {
            field: "v".to_owned(),
            range: bounded.then_some((low, high)),
            any_input: false,
            seen: seen(heard.state, 0..units),
            pinning: Some((always, units).into()),
        }],
        silent: Some((silent, units)),
        ..Theory::default()
    }
}

/// One neuron, and g d between `low` and `high`.
pub(super) struct Neuron {
    pub a: f64,
    pub low: f64,
    pub high: f64,
    pub theta: f64,
    pub reset: SpikeReset,
}

impl Neuron {
    fn steady(&self) -> f64 {
        self.high / (1.0 - self.a)
    }

    /// (1)
    pub fn never_fires(&self) -> bool {
        self.steady() <= self.theta
    }

    /// (2)
    pub fn most(&self) -> f64 {
        if self.never_fires() {
            return self.steady().max(0.0);
        }
        let below = self.a * self.theta + self.high;
        match self.reset {
            SpikeReset::Subtract => below.max((self.high - self.theta) / (1.0 - self.a)),
            SpikeReset::Zero => below.max(self.high),
            SpikeReset::None => self.steady(),
        }
    }

    /// (3)
    pub fn least(&self) -> f64 {
        let sinks = (self.low / (1.0 - self.a)).min(0.0);
        match self.reset {
            SpikeReset::Subtract => sinks.min(self.low - (1.0 - self.a) * self.theta),
            SpikeReset::Zero => sinks.min(self.low),
            SpikeReset::None => sinks,
        }
    }

    /// (4)
    pub fn may_always_fire(&self) -> bool {
        match self.reset {
            SpikeReset::Subtract => self.high > (2.0 - self.a) * self.theta,
            SpikeReset::Zero => self.high > self.theta,
            SpikeReset::None => self.steady() > self.theta,
        }
    }
}
