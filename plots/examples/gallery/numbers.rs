//! Made-up numbers, and the arms and models that they belong to.

use saturn_plots::{Look, Role};

pub const MODELS: [&str; 6] = ["LIF", "ALIF", "SSM", "GRU", "LSTM", "RNN"];
/// As many as a whole comparison has.
pub const MANY: [&str; 20] = [
    "LIF",
    "LIF 2",
    "ALIF",
    "CuBa-LIF",
    "adLIF",
    "RNN",
    "GRU",
    "LSTM",
    "input-gated RNN",
    "surprisal RNN",
    "S4D zoh",
    "S4D bilinear",
    "S4D dirac",
    "S4D async",
    "S5",
    "LRU",
    "selective SSM",
    "spiking SSM",
    "resonate and fire",
    "attention",
];
pub const ARMS: [&str; 6] = [
    "classic",
    "lead",
    "carry",
    "adaptive",
    "adaptive, estimated mask",
    "state passing",
];
/// The share of the past that an arm retains, in order.
pub const KEEPS: [f64; 6] = [0.9, 0.45, 0.12, 0.02, 0.04, 0.3];

/// A small generator of numbers in [0, 1).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    pub fn around(&mut self, middle: f64, spread: f64) -> f64 {
        middle + spread * (self.next() + self.next() + self.next() - 1.5)
    }
}

pub fn arms(count: usize) -> Vec<(&'static str, Look, f64)> {
    let roles = [
        Role::Classic,
        Role::Lead,
        Role::Carry,
        Role::Adaptive,
        Role::AdaptiveEstimated,
        Role::Other(0),
    ];
    (ARMS.iter().take(count))
        .zip(roles)
        .zip(KEEPS)
        .map(|((name, role), keep)| (*name, Look::of(role), keep))
        .collect()
}
