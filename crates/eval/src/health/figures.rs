//! Measurements of a live network, window by window.
//!
//! With W the steps of a window, I channels and C classes:
//!
//! | figure | definition | unit |
//! |---|---|---|
//! | `input.rate_hz` | events of a channel: sum of counts / (I W dt) | Hz |
//! | `output.entropy` | mean over steps of -sum_c p_c log p_c / log C | 0..1 |
//! | `LAYER.FIELD.rate_hz`, `.always_on` | spikes: see [`crate::instruments::on_states::spikes`] | Hz, 0..1 |
//! | `LAYER.FIELD.pinned` | tanh units and gates: see [`crate::instruments::on_states::pinned`] | 0..1 |
//! | `LAYER.FIELD.rms` | every other field of the state: see [`crate::instruments::on_states::norm`] | |
//! | `state.not_finite` | the largest share of a field's values that are infinite or NaN | 0..1 |
//!
//! The cost is one pass over drive and state a step. Nothing is allocated after the start.

use std::ops;

use saturn_cell::{EventBatch, FieldKind, Real, column};
use serde::{Deserialize, Serialize};

use crate::instruments::definition::OnStates;
use crate::instruments::on_states::norm::Norm;
use crate::instruments::on_states::pinned::Pinned;
use crate::instruments::on_states::spikes::Spikes;
use saturn_network::{Network, NetworkStream};

/// The figures that every net has: the first ones, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// Events of a channel, Hz.
    InputRate,
    /// Entropy of the output, 0..1.
    OutputEntropy,
    /// The largest share of a field's values that are infinite or no number.
    NotFinite,
}

impl Common {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::InputRate, Self::OutputEntropy, Self::NotFinite];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::InputRate => "input.rate_hz",
            Self::OutputEntropy => "output.entropy",
            Self::NotFinite => "state.not_finite",
        }
    }

    /// Its value among those of a window; `None` before the first.
    pub fn of(self, values: &[f64]) -> Option<f64> {
        values.get(self as usize).copied()
    }
}

/// The figures of one net, and of the window that is open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    names: Vec<String>,
    dt_ms: f64,
    channels: usize,
    watched: Vec<Watched>,
    /// Steps of the open window.
    steps: u64,
    /// Events of the open window, and the sum of the entropies.
    events: f64,
    entropy: f64,
}

/// An instrument on some rows of a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Watched {
    layer: usize,
    drive: bool,
    rows: ops::Range<usize>,
    instrument: Instrument,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Instrument {
    Pinned(Pinned),
    Spikes(Spikes),
    Norm(Norm),
}

impl Figures {
    /// The figures of `net`, on steps of `dt_ms`.
    pub fn new<R: Real>(net: &Network<R>, channels: usize, dt_ms: f64) -> Self {
        let mut names = Common::ALL.map(|figure| figure.name().to_owned()).to_vec();
        let mut watched = Vec::new();
        for (layer, cell) in net.cells().iter().enumerate() {
            let state = cell.fields();
            let drive = cell.drive_fields();
            let sides = [(&state, false), (&drive, true)];
            for (field, drive) in sides.iter().flat_map(|(f, d)| f.iter().map(|f| (f, *d))) {
                let side = if drive { "drive." } else { "" };
                let name = format!("{layer}.{side}{}", field.name);
                let mut add = |what: &[&str], instrument| {
                    names.extend(what.iter().map(|what| format!("{name}.{what}")));
                    watched.push(Watched {
                        layer,
                        drive,
                        rows: field.rows.clone(),
                        instrument,
                    });
                };
                if let Some(pinned) = Pinned::new(field.kind) {
                    add(&["pinned"], Instrument::Pinned(pinned));
                }
                match field.kind {
                    FieldKind::Spikes => add(
                        &["rate_hz", "always_on"],
                        Instrument::Spikes(Spikes::new(field.rows.len())),
                    ),
                    kind if !drive => add(&["rms"], Instrument::Norm(Norm::new(kind))),
                    _ => {}
                }
            }
        }
        Self {
            names,
            dt_ms,
            channels,
            watched,
            steps: 0,
            events: 0.0,
            entropy: 0.0,
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Steps of the open window.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether both are of the same net.
    pub fn fits(&self, other: &Self) -> bool {
        let rows = |of: &Self| -> Vec<_> {
            let each = of.watched.iter();
            each.map(|w| (w.layer, w.drive, w.rows.clone())).collect()
        };
        self.names == other.names && rows(self) == rows(other) && self.channels == other.channels
    }

    /// One step: the input, the network's state, and its output `[C]`.
    pub fn observe<R: Real>(&mut self, events: &EventBatch, net: &NetworkStream<R>, p: &[f32]) {
        self.steps += 1;
        let (_, counts) = events.view().column(0);
        self.events += counts.iter().map(|&n| f64::from(n)).sum::<f64>();
        self.entropy += entropy(p);
        for watched in &mut self.watched {
            let layer = net.layer(watched.layer);
            let side = if watched.drive {
                layer.drive()
            } else {
                layer.state()
            };
            let values = &column(&side, 0)[watched.rows.clone()];
            match &mut watched.instrument {
                Instrument::Pinned(pinned) => pinned.lane(values),
                Instrument::Spikes(spikes) => spikes.lane(values),
                Instrument::Norm(norm) => norm.lane(values),
            }
        }
    }

    /// Closes the window: a value for each name.
    pub fn take(&mut self, values: &mut Vec<f64>) {
        let steps = std::mem::take(&mut self.steps).max(1) as f64;
        let seconds = steps * self.dt_ms / 1e3;
        values.clear();
        values.extend(Common::ALL.map(|figure| match figure {
            Common::InputRate => {
                std::mem::take(&mut self.events) / seconds / self.channels.max(1) as f64
            }
            Common::OutputEntropy => std::mem::take(&mut self.entropy) / steps,
            Common::NotFinite => 0.0,
        }));
        let mut worst = 0.0f64;
        for watched in &mut self.watched {
            match &mut watched.instrument {
                Instrument::Pinned(pinned) => values.push(pinned.take(self.dt_ms).unwrap_or(0.0)),
                Instrument::Spikes(spikes) => {
                    let stats = spikes.take(self.dt_ms);
                    values.push(stats.map_or(0.0, |s| s.rate_hz));
                    values.push(stats.map_or(0.0, |s| s.always_on));
                }
                Instrument::Norm(norm) => {
                    let stats = norm.take(self.dt_ms);
                    values.push(stats.map_or(0.0, |s| s.rms));
                    worst = worst.max(stats.map_or(0.0, |s| s.not_finite));
                }
            }
        }
        values[Common::NotFinite as usize] = worst;
    }
}

/// -sum p log p / log C, 0 for a certain output and 1 for a uniform one.
fn entropy(p: &[f32]) -> f64 {
    let sum: f64 = p
        .iter()
        .map(|&p| f64::from(p))
        .filter(|p| *p > 0.0)
        .map(|p| -p * p.ln())
        .sum();
    if p.iter().any(|p| p.is_nan()) {
        f64::NAN
    } else {
        sum / (p.len().max(2) as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_by_hand() {
        assert!((entropy(&[0.25; 4]) - 1.0).abs() < 1e-12);
        assert!((entropy(&[0.5, 0.5, 0.0, 0.0]) - 0.5).abs() < 1e-12);
        assert!(entropy(&[1.0, 0.0]).abs() < 1e-12);
        assert!(entropy(&[f32::NAN, 0.5]).is_nan());
    }
}
