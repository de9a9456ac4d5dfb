//! Adaptive LIF neurons with a membrane that resonates (adLIF), in symplectic Euler steps.
//!
//! Next to the membrane is an adaptation current that the membrane itself feeds, and that works against
//! it: input is answered by an overshoot or a fading oscillation, and spikes by a pause. One step of one
//! neuron:
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! (2) p_t = (1 - z s_t) v_t - k s_t
//! (3) v_t = alpha p_{t-1} + (1 - alpha) (d_t - w_{t-1})
//! (4) s_t = H(v_t - theta)
//! (5) w_t = rho w_{t-1} + (1 - rho) (a p_t + b s_t)
//! ```
//!
//! The output is s. In (5) the new membrane stands and not the old one: that is the symplectic step. p is
//! what a spike leaves of the membrane. (1) is in [`crate::fan_in`], z and k are in
//! [`crate::spike_reset`], decays and their learning in [`crate::decay`], the derivative of (4) in
//! [`crate::surrogate`].
//!
//! | symbol | field         | meaning                            | unit     | shape  |
//! |--------|---------------|------------------------------------|----------|--------|
//! | x      |               | input, values or event counts      | 1        | `[I]`    |
//! | W      | `weight`      | input weights                      | membrane | `[H, I]` |
//! | W_r    | `recurrent`   | weights from the layer's own spikes | membrane | `[H, H]` |
//! | c      | `bias`        | constant input                     | membrane | `[H]`    |
//! | alpha  | `tau_mem_ms`  | decay exp(-dt / tau_mem)           | 1        | `[H]`    |
//! | rho    | `tau_adapt_ms` | decay exp(-dt / tau_adapt)        | 1        | `[H]`    |
//! | a      | `a_max`       | how much the membrane feeds the adaptation, a_max sigmoid(`a_logit`) | 1 | `[H]` |
//! | b      | `b_max`       | how much a spike feeds it, b_max sigmoid(`b_logit`) | membrane | `[H]` |
//! | v      | state `v`     | membrane potential before the spike takes its share | membrane | `[H]`    |
//! | w      | state `w`     | adaptation current                 | membrane | `[H]`    |
//! | s      | state `s`     | spikes                             | 0 or 1   | `[H]`    |
//! | theta  | `threshold`   | threshold                          | membrane |        |
//! | z, k   | `spike_reset` | shares of v and theta that a spike takes | 1, membrane |  |
//!
//! **Below the threshold** (v, w) is turned in every step by a matrix with determinant alpha rho and trace
//!
//! ```text
//! (6) m = alpha + rho - (1 - alpha) (1 - rho) a
//! ```
//!
//! so that v oscillates, with angle acos(m / 2 sqrt(alpha rho)) and decay sqrt(alpha rho) a step, where
//! m^2 < 4 alpha rho, and goes to rest for all a from 0 to
//!
//! ```text
//! (7) (1 + alpha) (1 + rho) / ((1 - alpha) (1 - rho)) = coth(dt / 2 tau_mem) coth(dt / 2 tau_adapt).
//! ```
//!
//! An `a_max` beyond (7) for the shortest time constants that can be learnt is refused.
//!
//! **Source.** Baronig, Ferrand, Sabathiel & Legenstein 2024.
//!
//! **Departures.** v is recorded before the reset, and p stands for their potential after it. Their reset
//! is `zero` with `detached`, the default here; `subtract`, which takes theta off at once, and so before the
//! leak, and `none` are ours. a and b are kept inside their ranges by a sigmoid, where they are clipped
//! after every update, and time constants by the map of [`crate::bounded`]. Their a goes up to 120 and b to
//! 240, at time constants of 5 to 25 and 60 to 300 steps; with steps of 10 ms that would diverge. Initial
//! states are 0 and are not learnt.

mod config;
#[cfg(test)]
mod tests;

use nalgebra::DMatrix;
use saturn_cell::kernel::each;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, FieldKind, Lane, Name, Params, Real, Step, blocks, blocks_mut};

use crate::decay::{Decays, InputScale, TimeConstants};
use crate::fan_in::FanInConfig;
use crate::firing::Firing;
use crate::layer::{Layer, Neurons};
use crate::share::Share;
use crate::surrogate::Surrogate;
pub use config::AdLifConfig;

/// A layer of H adLIF neurons. State rows: v `[H]`, w `[H]`, s `[H]`; the drive is d `[H]`.
pub type AdLif<R> = Layer<R, AdLifNeurons<R>>;

/// (2) to (5). What is learnt: `tau_mem_logit [H, 1]` and `tau_adapt_logit [H, 1]`, then `a_logit [H, 1]` and
/// `b_logit [H, 1]`, where configured.
#[derive(Clone, Debug)]
pub struct AdLifNeurons<R: Real> {
    /// alpha and 1 - alpha.
    decays: Decays<R>,
    /// rho and 1 - rho.
    adaptation: Decays<R>,
    /// a and b of equation (5).
    a: Share<R>,
    b: Share<R>,
    firing: Firing<R>,
}

impl<R: Real> Neurons<R> for AdLifNeurons<R> {
    type Config = AdLifConfig;
    const NAME: &'static str = "adlif";

    fn fan_in(config: &AdLifConfig) -> FanInConfig {
        config.fan_in()
    }

    fn draw(c: &AdLifConfig, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError> {
        let decays = Decays::new(&c.tau_mem_ms, InputScale::Decay, c.hidden, dt_ms, rng)?;
        let adaptation = Decays::new(&c.tau_adapt_ms, InputScale::Decay, c.hidden, dt_ms, rng)?;
        let factor = |decays: &Decays<R>, tau: &TimeConstants| {
            let shortest_ms = if c.learn_tau {
                decays.shortest_ms()
            } else {
                tau.range()[0]
            };
            (0.5 * dt_ms / shortest_ms).tanh().recip()
        };
        let limit = factor(&decays, &c.tau_mem_ms) * factor(&adaptation, &c.tau_adapt_ms);
        ConfigError::unless(
            c.a_max < limit, // (7)
            "a_max",
            c.a_max,
            "below coth(dt / 2 tau_mem) coth(dt / 2 tau_adapt) for the shortest time constants, a third \
             of the configured ones where they are learnt",
        )?;
        Ok(Self {
            decays,
            adaptation,
            a: Share::draw(c.a_max, c.hidden, rng),
            b: Share::draw(c.b_max, c.hidden, rng),
            firing: Firing::new(c.threshold, c.spike_reset, c.reset_gradient, c.surrogate)
                .cut(c.surrogate_cutoff),
        })
    }

    fn divide_by_gain(&self, weights: DMatrix<R>) -> DMatrix<R> {
        self.decays.divide_by_gain(weights)
    }

    fn learn(&mut self, config: &AdLifConfig, params: &mut Params<R>) {
        if config.learn_tau {
            self.decays.learn("tau_mem_logit", params);
            self.adaptation.learn("tau_adapt_logit", params);
        }
        if config.learn_adaptation {
            self.a.learn("a_logit", params);
            self.b.learn("b_logit", params);
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.decays.refresh(params);
        self.adaptation.refresh(params);
        self.a.refresh(params);
        self.b.refresh(params);
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        let (membrane, adaptation) = (self.decays.tau_ms(), self.adaptation.tau_ms());
        vec![("tau_mem_ms", membrane), ("tau_adapt_ms", adaptation)]
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        let (membrane, adaptation) = (&self.decays, &self.adaptation);
        vec![
            ("alpha".into(), membrane.decay()),
            ("1 - alpha".into(), membrane.gain()),
            ("rho".into(), adaptation.decay()),
            ("1 - rho".into(), adaptation.gain()),
            ("a".into(), self.a.value()),
            ("b".into(), self.b.value()),
        ]
    }

    fn blocks(&self) -> &'static [(&'static str, FieldKind)] {
        &[
            ("v", FieldKind::Membrane),
            ("w", FieldKind::Value),
            ("s", FieldKind::Spikes),
        ]
    }

    fn firing(&self) -> Option<&Firing<R>> {
        Some(&self.firing)
    }

    /// (2) for this step, (5)
    #[inline(always)]
    fn follow(&self, prev: &[R], next: &mut [R]) {
        let ([_, w, _], [v, w_next, s]) = (blocks(prev), blocks_mut(next));
        let (rho, gain) = (self.adaptation.decay(), self.adaptation.gain());
        let (a, b) = (self.a.value(), self.b.value());
        let firing = self.firing;
        each([w_next], [v, s, a, b], |_, [v, s, a, b]| {
            [a * firing.left(v, s) + b * s] // (2), (5)
        });
        each([w_next], [w, rho, gain], |[fed], [w, rho, gain]| {
            [rho * w + gain * fed] // (5)
        });
    }
}

impl<R: Real> AdLif<R> {
    /// Sets a and b `[H]`, each above 0 and below its maximum: for weights that come from elsewhere.
    pub fn set_adaptation(&mut self, a: &[f64], b: &[f64]) -> Result<(), ConfigError> {
        self.neurons.a.set(a, "a", &mut self.params)?;
        self.neurons.b.set(b, "b", &mut self.params)
    }

    /// Sets the time constants `[H]` of membrane and adaptation, in ms.
    pub fn set_tau_ms(&mut self, membrane: &[f64], adaptation: &[f64]) -> Result<(), ConfigError> {
        let (neurons, params) = (&mut self.neurons, &mut self.params);
        neurons.decays.set_tau_ms(membrane, "tau_mem_ms", params)?;
        (neurons.adaptation).set_tau_ms(adaptation, "tau_adapt_ms", params)
    }
}

impl<R: Real> Step<R> for AdLifNeurons<R> {
    /// (2) for the step before, (3), (4), then (2) for this step and (5)
    #[inline(always)]
    fn step(&self, d: &mut [R], prev: &[R], next: &mut [R]) {
        let ([v, w, s], [v_next, _, s_next]) = (blocks(prev), blocks_mut(next));
        let (alpha, gain) = (self.decays.decay(), self.decays.gain());
        let firing = self.firing;
        each([v_next], [v, s, alpha], |_, [v, s, alpha]| {
            [alpha * firing.left(v, s)] // (2), (3)
        });
        each([v_next, s_next], [w, d, gain], |[v, _], [w, d, gain]| {
            let v = v + gain * (d - w); // (3)
            [v, Surrogate::step(v - firing.threshold)] // (4)
        });
        self.follow(prev, next);
    }

    /// (5)ᵀ to (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let ([v, w, s], [v_next, w_next, s_next]) = (blocks(at.prev), blocks(at.next));
        let [adj_v, adj_w, adj_s] = blocks_mut(adj);
        let (firing, one) = (self.firing, R::one());
        let ((theta, z, k), through) = (firing.constants(), firing.through_reset);
        let (alpha, g) = (self.decays.decay(), self.decays.gain());
        let (rho, gain) = (self.adaptation.decay(), self.adaptation.gain());
        let (a, b) = (self.a.value(), self.b.value());

        // (5)ᵀ for the parameters. What is fed into w_t is (w_t - rho w_{t-1}) / (1 - rho), and
        // dw_t / drho is w_{t-1} less that.
        if let Some(tau) = self.adaptation.position() {
            each(
                [grad[tau].as_mut_slice()],
                [self.adaptation.slope(), adj_w, gain, w, w_next],
                |[d_tau], [slope, adj_w, gain, w, w_next]| {
                    [d_tau + slope * adj_w * ((w - w_next) / gain)]
                },
            );
        }
        if let Some(rho_a) = self.a.position() {
            each(
                [grad[rho_a].as_mut_slice()],
                [self.a.slope(), gain, adj_w, v_next, s_next],
                |[d_a], [slope, gain, adj_w, v, s]| [d_a + slope * gain * adj_w * firing.left(v, s)],
            );
        }
        if let Some(rho_b) = self.b.position() {
            each(
                [grad[rho_b].as_mut_slice()],
                [self.b.slope(), gain, adj_w, s_next],
                |[d_b], [slope, gain, adj_w, s]| [d_b + slope * gain * adj_w * s],
            );
        }

        // (5)ᵀ for p_t, in delta, and (2)ᵀ for v_t and s_t.
        each([delta], [adj_w, a, gain], |_, [adj_w, a, gain]| {
            [a * gain * adj_w]
        });
        each(
            [adj_v, adj_s],
            [delta, v_next, s_next],
            |[adj_v, adj_s], [delta, v, s]| {
                let adj_s = adj_s - through * delta * (z * v + k);
                [adj_v + (one - z * s) * delta, adj_s]
            },
        );
        each([adj_s], [adj_w, b, gain], |[adj_s], [adj_w, b, gain]| {
            [adj_s + b * gain * adj_w]
        });

        // (4)ᵀ: delta becomes psi(v_t - theta), then the adjoint of v_t.
        each([delta], [v_next], |_, [v]| [v - theta]);
        firing.slopes(delta);
        each([delta], [adj_v, adj_s], |[psi], [from_v, from_s]| {
            [from_v + from_s * psi]
        });

        // (3)ᵀ for the time constants.
        if let Some(tau) = self.decays.position() {
            each(
                [grad[tau].as_mut_slice()],
                [self.decays.slope(), delta, v, s, at.drive, w],
                |[d_tau], [slope, delta, v, s, d, w]| {
                    [d_tau + slope * delta * (firing.left(v, s) - d + w)]
                },
            );
        }

        // (3)ᵀ, (2)ᵀ for the state and the drive.
        each(
            [adj_v, adj_s],
            [delta, v, s, alpha],
            |_, [delta, v, s, alpha]| {
                let adj_p = delta * alpha;
                [
                    adj_p * (one - z * s),
                    -through * delta * alpha * (z * v + k),
                ]
            },
        );
        each([delta, adj_w], [g, rho], |[delta, adj_w], [g, rho]| {
            let delta = delta * g;
            [delta, rho * adj_w - delta]
        });
    }
}
