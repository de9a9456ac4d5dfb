//! When a neuron spikes, what a spike takes from its membrane, and how the reverse pass sees both.
//!
//! The equations are those of [`crate::spike_reset`] and [`crate::surrogate`].

use saturn_cell::kernel::each;
use saturn_cell::{ConfigError, Real};

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
    /// The distance to the threshold from which on it is 0, if it is cut.
    pub cutoff: Option<R>,
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
            cutoff: None,
        }
    }

    /// The same, with a surrogate that is 0 from this distance to the threshold on.
    #[must_use]
    pub fn cut(self, cutoff: Option<f64>) -> Self {
        Self {
            cutoff: cutoff.map(R::of),
            ..self
        }
    }

    /// Checks a configuration's cutoff, if there is one.
    pub fn check_cutoff(cutoff: Option<f64>) -> Result<(), ConfigError> {
        cutoff.map_or(Ok(()), |c| {
            ConfigError::unless_positive("surrogate_cutoff", c)
        })
    }

    /// Whether the surrogate is 0 outside a window.
    pub fn is_windowed(&self) -> bool {
        self.cutoff.is_some() || self.surrogate.is_windowed()
    }

    /// Turns each distance u to the threshold into psi(u), in place.
    #[inline(always)]
    pub fn slopes(&self, u: &mut [R]) {
        if let Some(cutoff) = self.cutoff {
            // Every surrogate is 0 infinitely far away.
            let far = R::one() / R::zero();
            each([&mut *u], [], |[u], []| {
                [if u.abs() >= cutoff { far } else { u }]
            });
        }
        self.surrogate.slopes(u);
    }

    /// The antiderivative of psi, 1/2 at u = 0: see [`Surrogate::relaxed`].
    pub fn relaxed(&self, u: R) -> R {
        let inside = self.cutoff.map_or(u, |c| u.min(c).max(-c));
        self.surrogate.relaxed(inside)
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
