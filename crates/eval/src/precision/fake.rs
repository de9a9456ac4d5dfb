//! Quantisation-aware training (fake quantisation).
//!
//! Forward passes read stored weights and put states on their grids; gradients go straight through (see
//! [`super::quantised`]) to weights in full, which the optimiser steps. Ranges of states are measured again
//! on a training stream at the beginning of each epoch, so that grids follow the network's training; they
//! depend only on the weights, the seed and the number of the epoch.
//!
//! Source: Jacob et al. 2018, §3 (ranges there are moving averages over batches).

use saturn_cell::Real;
use saturn_data::DataError;

use super::calibrate::ranges;
use super::config::PrecisionConfig;
use super::quantise;
use saturn_network::Network;
use saturn_stream::Source;

/// Fake quantisation of a network in training.
pub struct Fake<R: Real> {
    config: PrecisionConfig,
    /// The same net in full.
    plain: Network<R>,
    seed: u64,
}

impl<R: Real> Fake<R> {
    /// For `net`, in full, under `config`.
    pub fn new(net: &Network<R>, config: PrecisionConfig, seed: u64) -> Self {
        Self {
            config,
            plain: net.clone(),
            seed,
        }
    }

    /// `net` as it is stored, with ranges of its states from streams of `source`.
    pub fn renew(
        &mut self,
        net: &mut Network<R>,
        source: Source,
        channels: usize,
    ) -> Result<(), DataError> {
        self.plain.copy_from(net);
        let ranges = ranges(&self.plain, &self.config, source, channels, self.seed)?;
        *net = quantise(&self.plain, &self.config, &ranges, self.seed);
        Ok(())
    }

    /// `net` in full again.
    pub fn finish(mut self, net: &mut Network<R>) {
        self.plain.copy_from(net);
        *net = self.plain;
    }
}
