//! (3) of [`crate::resonate_and_fire`]: from periods and time constants to the factor of a step.
//!
//! With phi = epsilon omega, the factor for q = 0 is
//!
//! ```text
//! (1) L = sqrt(1 - phi^2) - epsilon b' + i phi       euler
//! (2) L = exp(-epsilon b') (cos phi + i sin phi)     exponential
//! ```
//!
//! and what is learnt are the rho of [`crate::bounded`], of the period and of 1 / b':
//!
//! ```text
//! (3) d phi / d rho = -phi d ln period / d rho
//! (4) d (epsilon b') / d rho = -epsilon b' d ln tau / d rho
//! ```

use std::f64::consts::TAU;

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, Kind, Params, Real};

use super::{ResonateAndFireConfig, ResonatorStep};
use crate::bounded::Bounded;

/// The dynamics of H resonators.
#[derive(Clone, Debug)]
pub(super) struct Resonance<R: Real> {
    pub step: ResonatorStep,
    dt_ms: f64,
    period_ms: Bounded,
    tau_ms: Bounded,
    /// Position of the periods' rho `[H, 1]` among the parameters, if they are learnt; the time constants'
    /// rho `[H, 1]` is next.
    at: Option<usize>,
    /// Re L and Im L for q = 0, `[H]` each.
    pub re: Vec<R>,
    pub im: Vec<R>,
    /// phi / sqrt(1 - phi^2) `[H]`: -d Re L / d phi of (1).
    pub tilt: Vec<R>,
    /// (3) `[H]`.
    pub period_slope: Vec<R>,
    /// (4), with the other sign `[H]`.
    pub tau_slope: Vec<R>,
}

impl<R: Real> Resonance<R> {
    /// Dynamics drawn from a checked configuration, for steps of `dt_ms`.
    pub fn new(
        config: &ResonateAndFireConfig,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        ConfigError::unless_positive("dt_ms", dt_ms)?;
        let (h, zeros) = (config.hidden, vec![R::zero(); config.hidden]);
        let mut resonance = Self {
            step: config.step,
            dt_ms,
            period_ms: Bounded::draw(config.period_ms.range(), h, rng),
            tau_ms: Bounded::draw(config.tau_mem_ms.range(), h, rng),
            at: None,
            re: zeros.clone(),
            im: zeros.clone(),
            tilt: zeros.clone(),
            period_slope: zeros.clone(),
            tau_slope: zeros,
        };
        if config.step == ResonatorStep::Euler {
            resonance.check_stability(config)?;
        }
        resonance.derive();
        Ok(resonance)
    }

    /// (7) of the cell, for the shortest period and time constant that can be learnt.
    fn check_stability(&self, config: &ResonateAndFireConfig) -> Result<(), ConfigError> {
        let [period, tau] = if config.learn_dynamics {
            [self.period_ms.range()[0], self.tau_ms.range()[0]]
        } else {
            [config.period_ms.range()[0], config.tau_mem_ms.range()[0]]
        };
        let phi = TAU * self.dt_ms / period;
        ConfigError::unless(
            phi < 1.0,
            "period_ms",
            config.period_ms.range()[0],
            "above 2 pi dt, three times that where it is learnt: give longer periods, or `step: exponential`",
        )?;
        let q = if config.balanced() {
            1.0 / (1.0 - config.refractory_decay)
        } else {
            0.0
        };
        let damping = self.dt_ms / tau + 1e-3 * self.dt_ms * q;
        ConfigError::unless(
            damping < 2.0 * (1.0 - phi * phi).sqrt(),
            "tau_mem_ms",
            config.tau_mem_ms.range()[0],
            "so long that a step damps less than the divergence boundary allows: give longer time constants or \
             periods, or `step: exponential`",
        )
    }

    /// Adds what is learnt to `params`: from now on it is.
    pub fn learn(&mut self, params: &mut Params<R>) {
        self.at = Some(params.tensors().len());
        *params = std::mem::take(params)
            .with("period_logit", Kind::Dynamics, self.period_ms.logits())
            .with("tau_mem_logit", Kind::Dynamics, self.tau_ms.logits());
    }

    /// Position of the periods' rho, if they are learnt; the time constants' is next.
    pub fn position(&self) -> Option<usize> {
        self.at
    }

    /// Follows a change of the parameters.
    pub fn refresh(&mut self, params: &Params<R>) {
        if let Some(at) = self.at {
            self.period_ms.set_logits(&params[at]);
            self.tau_ms.set_logits(&params[at + 1]);
            self.derive();
        }
    }

    /// Periods and time constants `[H]`, in ms, with their keys in a scenario.
    pub fn times_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![
            ("period_ms", self.period_ms.values()),
            ("tau_mem_ms", self.tau_ms.values()),
        ]
    }

    /// Sets periods and time constants `[H]`, in ms, and rho in `params` if it is learnt.
    pub fn set_ms(
        &mut self,
        period: &[f64],
        tau: &[f64],
        params: &mut Params<R>,
    ) -> Result<(), ConfigError> {
        self.period_ms.set(period, "period_ms")?;
        self.tau_ms.set(tau, "tau_mem_ms")?;
        if let Some(at) = self.at {
            params[at] = self.period_ms.logits();
            params[at + 1] = self.tau_ms.logits();
        }
        self.derive();
        Ok(())
    }

    /// epsilon, dt in seconds: what q is multiplied by in (3) of the cell.
    pub fn seconds(&self) -> R {
        R::of(1e-3 * self.dt_ms)
    }

    fn derive(&mut self) {
        let both = self.period_ms.values().iter().zip(self.tau_ms.values());
        for (i, (&period, &tau)) in both.enumerate() {
            let (phi, damping) = (TAU * self.dt_ms / period, self.dt_ms / tau);
            let circle = (1.0 - phi * phi).sqrt();
            let (re, im) = match self.step {
                ResonatorStep::Euler => (circle - damping, phi), // (1)
                ResonatorStep::Exponential => {
                    let fade = (-damping).exp();
                    (fade * phi.cos(), fade * phi.sin()) // (2)
                }
            };
            (self.re[i], self.im[i]) = (R::of(re), R::of(im));
            self.tilt[i] = R::of(phi / circle);
            self.period_slope[i] = R::of(-phi * self.period_ms.log_slope(period)); // (3)
            self.tau_slope[i] = R::of(damping * self.tau_ms.log_slope(tau)); // (4)
        }
    }
}
