//! When a neuron spikes, what a spike takes from its membrane, and how the reverse pass sees both.
//!
//! The equations are those of [`crate::spike_reset`] and [`crate::surrogate`].

use saturn_cell::Real;

use crate::spike_reset::{ResetGradient, SpikeReset};
use crate::surrogate::Surrogate;

/// Threshold, spike reset and surrogate of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Firing<R: Real> {
    /// theta: the membrane potential above which a neuron spikes.
    pub threshold: R,
    /// z: the share of the membrane that a spike takes.
    pub zeroing: R,
    /// k: what a spike subtracts from the membrane.
    pub subtracted: R,
    /// What the gradient through the reset is multiplied by: 1 or 0.
    pub through_reset: R,
    /// The stand-in for the derivative of a spike.
    pub surrogate: Surrogate,
}

impl<R: Real> Firing<R> {
    /// The constants of a checked configuration.
    pub fn new(
        threshold: f64,
        reset: SpikeReset,
        gradient: ResetGradient,
        surrogate: Surrogate,
    ) -> Self {
        let (zeroing, subtracted) = reset.factors(threshold);
        Self {
            threshold: R::of(threshold),
            zeroing: R::of(zeroing),
            subtracted: R::of(subtracted),
            through_reset: gradient.factor(),
            surrogate,
        }
    }

    /// theta, z and k.
    #[inline(always)]
    pub fn constants(&self) -> (R, R, R) {
        (self.threshold, self.zeroing, self.subtracted)
    }

    /// What is left of the membrane `v` after the spike `s`: (1 - z s) v - k s.
    #[inline(always)]
    pub fn left(&self, v: R, s: R) -> R {
        (R::one() - self.zeroing * s) * v - self.subtracted * s
    }
}
