//! Spikes: how often neurons fire, and how many never or nearly always do.
//!
//! Over the steps and lanes of a window, with n_i the spikes of neuron i in N = steps x lanes:
//!
//! ```text
//! (1) rate = mean over i of n_i / N      a step;   x 1000 / dt_ms in Hz
//! (2) silent    = share of neurons with n_i = 0
//! (3) always on = share of neurons with n_i > N / 2
//! ```

use saturn_cell::{FieldKind, Real};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Definition, OnStates, Panel, Place};

/// The spikes of one field in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpikeStats {
    /// (1) Mean spikes of a neuron in a step.
    pub rate_per_step: f64,
    /// (1) Mean spikes of a neuron in a second.
    pub rate_hz: f64,
    /// (2) Share of neurons without a spike in the window, 0..1.
    pub silent: f64,
    /// (3) Share of neurons that spike in more than half of the steps, 0..1.
    pub always_on: f64,
}

/// Counts the spikes of one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spikes {
    /// n_i, `[H]`.
    counts: Vec<u64>,
    /// N.
    columns: u64,
}

impl Spikes {
    /// For `neurons` neurons.
    pub fn new(neurons: usize) -> Self {
        Self {
            counts: vec![0; neurons],
            columns: 0,
        }
    }
}

impl OnStates for Spikes {
    type Stats = SpikeStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "spikes",
        columns: &[],
        panels: &[
            Panel::line("firing rate, Hz", |s| Some(s.rate_hz)),
            Panel::line("silent neurons, %", |s| Some(100.0 * s.silent)),
            Panel::line("always-on neurons, %", |s| Some(100.0 * s.always_on)),
        ],
    };

    fn on(place: &Place) -> Option<Self> {
        let spikes = place.field.kind == FieldKind::Spikes;
        spikes.then(|| Self::new(place.field.rows.len()))
    }

    /// The spikes `[H]` of one lane at one step, 0 or 1.
    fn lane<R: Real>(&mut self, values: &[R]) {
        for (count, spike) in self.counts.iter_mut().zip(values) {
            *count += u64::from(spike.wide() > 0.5);
        }
        self.columns += 1;
    }

    /// Closes the window, for steps of `dt_ms`.
    fn take(&mut self, dt_ms: f64) -> Option<Self::Stats> {
        let neurons = self.counts.len() as f64;
        let columns = std::mem::take(&mut self.columns);
        if columns == 0 || self.counts.is_empty() {
            return None;
        }
        let share = |which: &dyn Fn(u64) -> bool| {
            self.counts.iter().filter(|&&n| which(n)).count() as f64 / neurons
        };
        let rate = self.counts.iter().sum::<u64>() as f64 / neurons / columns as f64;
        let stats = SpikeStats {
            rate_per_step: rate,
            rate_hz: rate * 1_000.0 / dt_ms,
            silent: share(&|n| n == 0),
            always_on: share(&|n| 2 * n > columns),
        };
        self.counts.fill(0);
        Some(stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four neurons one is silent, one fires every fifth step, one every second, one always.
    #[test]
    fn four_neurons_by_hand() {
        let mut spikes = Spikes::new(4);
        for step in 0..20 {
            let every = |k| f32::from(step % k == 0);
            spikes.lane(&[0.0, every(5), every(2), 1.0]);
        }
        let stats = spikes.take(5.0).unwrap();
        assert!((stats.rate_per_step - (0.2 + 0.5 + 1.0) / 4.0).abs() < 1e-12);
        assert!((stats.rate_hz - 200.0 * stats.rate_per_step).abs() < 1e-9);
        assert!((stats.silent - 0.25).abs() < 1e-12 && (stats.always_on - 0.25).abs() < 1e-12);
        assert_eq!(spikes.take(5.0), None);
        spikes.lane(&[1.0f32, 1.0, 0.0, 0.0]);
        let next = spikes.take(5.0).unwrap();
        assert!((next.silent - 0.5).abs() < 1e-12 && (next.always_on - 0.5).abs() < 1e-12);
    }
}
