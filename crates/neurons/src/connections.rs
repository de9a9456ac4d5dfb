//! Which of a layer's recurrent connections exist.
//!
//! ```text
//! (1) K = round(density H), at least 1
//! (2) {t[1, j], .., t[K, j]}: K distinct neurons of all H, each such set equally likely, one draw for each neuron j
//! (3) v ~ N(0, (recurrent_scale / sqrt(K))²)
//! ```
//!
//! | symbol | parameter          | meaning                                      | unit | shape    |
//! |--------|--------------------|----------------------------------------------|------|----------|
//! | K      |                    | neurons that each neuron reaches             | 1    |          |
//! | t      |                    | which neurons these are, ascending for each j | index | `[K, H]` |
//! | v      | `recurrent_values` | weights of the connections: W_r[t[k, j], j] = v[k, j] | as W_r | `[1, H K]`, by j, then k |
//!
//! The draw (2) has a seed of its own in the configuration. So a layer is connected in the same way under every seed of a
//! trial, and files of weights contain v alone. A neuron may reach itself, as in a dense W_r. At `density: 1` W_r is dense and
//! nothing is drawn.
//!
//! Products are in [`FanOut`].

use saturn_cell::kernel::FanOut;
use saturn_cell::rng::{distinct, generator};
use saturn_cell::{ConfigError, Count};

/// The keys of the recurrent connections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connections {
    /// Share of the connections that exist.
    pub density: f64,
    /// Seed of the draw (2).
    pub seed: u64,
}

impl Connections {
    /// Every neuron reaches every neuron.
    pub const ALL: Self = Self {
        density: 1.0,
        seed: 0,
    };

    /// Whether W_r is dense.
    pub fn are_all(&self) -> bool {
        is_complete(&self.density)
    }

    /// (1), K.
    pub fn each(&self, hidden: usize) -> usize {
        let each = (self.density * hidden as f64).round() as usize;
        each.max(1).min(hidden)
    }

    /// Connections of a layer of `hidden` neurons, H K or H².
    pub fn count(&self, hidden: usize) -> Count {
        self.each(hidden) * Count::from(hidden)
    }

    /// (2) for `hidden` neurons; none where W_r is dense.
    pub fn draw(&self, hidden: usize) -> Option<FanOut> {
        if self.are_all() {
            return None;
        }
        let each = self.each(hidden);
        let mut rng = generator(self.seed, "connections", 0);
        let mut targets = Vec::with_capacity(hidden * each);
        for _ in 0..hidden {
            distinct(hidden, each, &mut rng, &mut targets);
        }
        Some(FanOut::new(hidden, each, targets))
    }

    /// Checks the keys of a layer of `hidden` neurons.
    pub fn check(&self, hidden: usize, recurrent: bool) -> Result<(), ConfigError> {
        let density = self.density;
        let is_share = density > 0.0 && density <= 1.0;
        ConfigError::unless(
            is_share,
            "density",
            density,
            "greater than 0 and at most 1, the share of the recurrent connections that exist",
        )?;
        if self.are_all() {
            return match self.seed {
                0 => Ok(()),
                _ => Err(ConfigError::Unread {
                    key: "connection_seed",
                    with: "`density: 1`, which connects all neurons",
                }),
            };
        }
        ConfigError::unless(
            recurrent,
            "density",
            density,
            "1, or left out, in a layer without `recurrent: true`: it is the share of the recurrent connections",
        )?;
        ConfigError::unless(
            u32::try_from(hidden).is_ok(),
            "hidden",
            hidden as f64,
            "at most 4294967295 where `density` is below 1",
        )
    }
}

/// Whether all connections exist, so that a description leaves the key `density` out.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) fn is_complete(density: &f64) -> bool {
    *density >= 1.0
}

/// Whether this is the default, so that a description leaves the key `connection_seed` out.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) fn is_first_seed(seed: &u64) -> bool {
    *seed == 0
}

#[cfg(test)]
mod tests;
