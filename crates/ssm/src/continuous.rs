//! Dynamics learnt through continuous eigenvalues λ and steps Δ, as in S4D and S5.
//!
//! ```text
//! (1) λ_p = -exp(log_re_p) + i im_p                     so that Re λ < 0 for any learnt values
//! (2) Δ_p = exp(log_step_p)                             the step at bins of 10 ms
//! (3) L_p, F_p from λ_p, Δ_p and n = dt_ms / 10         `discretize`'s L and f
//! (4) f_p = exp(log_gain_p) F_p
//! ```
//!
//! The gain only scales rows of B, but it keeps B's numbers of one size: F is about Δ where λΔ is small,
//! and if B alone made up for that, its large rows would hardly move under an optimiser whose steps have
//! one size (Adam). It is LRU's exp(γ^log).
//!
//! # Reverse
//!
//! In the notation of [`crate::diagonal`], with L_λ, L_Δ, f_λ, f_Δ the derivatives of [`crate::discretize`],
//! times the gain for f:
//!
//! ```text
//! (4)ᵀ grad log_gain = Re(f* f̄)
//! (3)ᵀ λ̄ = L_λ* L̄ + f_λ* f̄            Δ̄ = Re(L_Δ* L̄ + f_Δ* f̄)
//! (2)ᵀ grad log_step = Δ Δ̄
//! (1)ᵀ grad log_re = Re λ Re λ̄         grad im = Im λ̄
//! ```
//!
//! # Where they start
//!
//! ```text
//! (5) λ            see [`crate::init`]
//! (6) steps        ln Δ_p uniform in ln dt_min .. ln dt_max
//! (7) gain_p = γ_p / max(|F_p|, nΔ_p/(1 + |λ_p| nΔ_p)),  γ_p = √(1 - |L_p|²)
//! ```
//!
//! By (7) a state has variance 1 under white input of variance 1 for any memory (the γ of the LRU),
//! and so has the readout. The second term of the maximum is a floor: a state that turns about once a step
//! averages a held input to almost nothing, and is left small.
//!
//! Sources: Gu, Gupta, Goel & Ré 2022 (S4D: (1)); Smith, Warrington & Linderman 2023 (S5: (2), (3), (6));
//! Orvieto et al. 2023 (LRU, §3.4: γ).
//!
//! Departure: S4 and S5 draw steps from 0.001..0.1, which at Re λ = -1/2 means memories of 20 to 2,000
//! steps. Ours are drawn from 0.002..0.4 (5 to 1,000 steps, |L| in 0.82..0.999 under the hold), since a
//! net that is never reset must also forget.

use nalgebra::{Complex, DMatrix};
use saturn_cell::init::uniform;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, Count, Kind, Params, Real, Tensor};

use crate::discretize::{Discrete, Discretization};
use crate::init::Init;

/// Position of log_re `[P, 1]`, the logarithm of -Re λ, among what is learnt.
pub const LOG_RE: usize = 0;
/// Position of im `[P, 1]`, Im λ.
pub const IM: usize = 1;
/// Position of log_step `[P, 1]`, ln Δ for bins of 10 ms.
pub const LOG_STEP: usize = 2;
/// Position of log_gain `[P, 1]`.
pub const LOG_GAIN: usize = 3;
/// How many tensors are learnt.
pub(crate) const TENSORS: usize = 4;

/// The choices from which continuous dynamics are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuous {
    /// P, complex states.
    pub states: usize,
    /// How eigenvalues become steps.
    pub discretization: Discretization,
    /// The eigenvalues.
    pub init: Init,
    /// How many different frequencies there are at most; then they start again.
    pub frequencies: usize,
    /// The shortest step, for bins of 10 ms.
    pub dt_min: f64,
    /// The longest step, for bins of 10 ms.
    pub dt_max: f64,
    /// Whether one of each conjugate pair is kept.
    pub conjugate: bool,
    /// Whether gains start as in (7), else at 1.
    pub normalise: bool,
}

impl Default for Continuous {
    fn default() -> Self {
        Self {
            states: 64,
            discretization: Discretization::Zoh,
            init: Init::S4dLin,
            frequencies: 16,
            dt_min: 0.002,
            dt_max: 0.4,
            conjugate: true,
            normalise: true,
        }
    }
}

/// Whether steps can be drawn between these.
pub(crate) fn check_steps(dt_min: f64, dt_max: f64) -> Result<(), ConfigError> {
    ConfigError::unless_positive("dt_min", dt_min)?;
    ConfigError::unless_positive("dt_max", dt_max)?;
    if dt_min > dt_max {
        return Err(ConfigError::Reversed {
            low: "dt_min",
            high: "dt_max",
            low_value: dt_min,
            high_value: dt_max,
        });
    }
    Ok(())
}

/// (6): so many logarithms of steps `[count, 1]`.
pub(crate) fn log_steps(
    dt_min: f64,
    dt_max: f64,
    count: usize,
    rng: &mut ChaCha8Rng,
) -> DMatrix<f64> {
    let (low, high) = (dt_min.ln(), dt_max.ln());
    uniform::<f64>(count, 1, 1.0, rng).map(|u| f64::midpoint(low, high) + 0.5 * u * (high - low))
}

impl Continuous {
    /// Whether a cell can be built from these.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in [("states", self.states), ("frequencies", self.frequencies)] {
            ConfigError::unless_at_least_one(key, value)?;
        }
        if !self.conjugate && !self.states.is_multiple_of(2) {
            return Err(ConfigError::Mismatch {
                key: "states",
                value: self.states,
                allowed: "even, as `conjugate` is false".to_owned(),
            });
        }
        check_steps(self.dt_min, self.dt_max)
    }

    /// Multiplications of drawing them, about: HiPPO's eigenvalues are those of a matrix.
    pub(crate) fn drawing(&self) -> Count {
        let n = Count::from(self.frequencies.min(self.states));
        (240 * (n * n * n)).only_if(self.init == Init::S5)
    }

    /// Numbers held while they are drawn, about.
    pub(crate) fn scratch(&self) -> Count {
        let n = Count::from(self.frequencies.min(self.states));
        (24 * (n * n)).only_if(self.init == Init::S5)
    }

    /// The eigenvalues λ `[P]`.
    pub fn eigenvalues(&self) -> Vec<Complex<f64>> {
        (self.init).eigenvalues(self.states, self.frequencies, self.conjugate)
    }

    /// (5)-(7): the four tensors, in the order of the constants above.
    pub(crate) fn draw<R: Real>(&self, bins: f64, rng: &mut ChaCha8Rng) -> Params<R> {
        let p = self.states;
        let lambda = self.eigenvalues(); // (5)
        let log_step = log_steps(self.dt_min, self.dt_max, p, rng); // (6)
        let log_gain = |i: usize| {
            if !self.normalise {
                return 0.0;
            }
            let delta = log_step[i].exp();
            let at = self.discretization.at(lambda[i], delta, bins);
            let floor = delta * bins / (1.0 + lambda[i].norm() * delta * bins);
            0.5 * (1.0 - at.l.norm_sqr()).ln() - at.f.norm().max(floor).ln() // (7)
        };
        let real = |f: &dyn Fn(usize) -> f64| DMatrix::from_fn(p, 1, |i, _| R::of(f(i)));
        Params::new()
            .with("log_re", Kind::Dynamics, real(&|i| (-lambda[i].re).ln()))
            .with("im", Kind::Dynamics, real(&|i| lambda[i].im))
            .with("log_step", Kind::Dynamics, real(&|i| log_step[i]))
            .with("log_gain", Kind::Dynamics, real(&log_gain))
    }

    /// (1)-(4): L and f of state `p`.
    pub(crate) fn step<R: Real>(
        &self,
        bins: f64,
        learnt: &[Tensor<R>],
        p: usize,
    ) -> (Complex<f64>, Complex<f64>) {
        let at = self.discrete(bins, learnt, p).2;
        (at.l, at.f)
    }

    /// λ, Δ and what follows from them, for state `p`.
    fn discrete<R: Real>(
        &self,
        bins: f64,
        learnt: &[Tensor<R>],
        p: usize,
    ) -> (Complex<f64>, f64, Discrete) {
        let learnt = |i: usize| learnt[i].value[p].wide();
        let lambda = Complex::new(-learnt(LOG_RE).exp(), learnt(IM)); // (1)
        let delta = learnt(LOG_STEP).exp(); // (2)
        let mut at = self.discretization.at(lambda, delta, bins); // (3)
        let gain = learnt(LOG_GAIN).exp();
        for f in [&mut at.f, &mut at.f_lambda, &mut at.f_delta] {
            *f *= gain; // (4)
        }
        (lambda, delta, at)
    }

    /// (4)ᵀ-(1)ᵀ
    pub(crate) fn step_backward<R: Real>(
        &self,
        bins: f64,
        learnt: &[Tensor<R>],
        p: usize,
        (d_l, d_f): (Complex<f64>, Complex<f64>),
        grad: &mut [Tensor<R>],
    ) {
        let (lambda, delta, at) = self.discrete(bins, learnt, p);
        let d_lambda = at.l_lambda.conj() * d_l + at.f_lambda.conj() * d_f; // (3)ᵀ
        let d_delta = (at.l_delta.conj() * d_l + at.f_delta.conj() * d_f).re; // (3)ᵀ
        let mut add = |i: usize, d: f64| grad[i].value[p] += R::of(d);
        add(LOG_GAIN, (at.f.conj() * d_f).re); // (4)ᵀ
        add(LOG_STEP, d_delta * delta); // (2)ᵀ
        add(LOG_RE, d_lambda.re * lambda.re); // (1)ᵀ
        add(IM, d_lambda.im); // (1)ᵀ
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saturn_cell::rng::generator;

    fn dynamics() -> Continuous {
        Continuous {
            states: 8,
            ..Continuous::default()
        }
    }

    #[test]
    fn moduli_start_where_the_head_says() {
        let spec = Continuous {
            states: 512,
            ..dynamics()
        };
        let params = spec.draw::<f64>(1.0, &mut generator(1, "init", 0));
        let moduli: Vec<_> = spec
            .eigenvalues()
            .iter()
            .zip(params[LOG_STEP].iter())
            .map(|(l, s)| spec.discretization.at(*l, s.exp(), 1.0).l.norm())
            .collect();
        let least = moduli.iter().copied().fold(1.0, f64::min);
        let most = moduli.iter().copied().fold(0.0, f64::max);
        assert!((0.818..0.83).contains(&least), "{least}");
        assert!((0.9985..0.9991).contains(&most), "{most}");
    }

    #[test]
    fn bad_choices_are_named() {
        let message = |d: Continuous| d.check().unwrap_err().to_string();
        let good = dynamics();
        assert_eq!(
            message(Continuous { states: 0, ..good }),
            "`states` is 0: it must be at least 1"
        );
        assert_eq!(
            message(Continuous {
                frequencies: 0,
                ..good
            }),
            "`frequencies` is 0: it must be at least 1"
        );
        assert_eq!(
            message(Continuous {
                states: 7,
                conjugate: false,
                ..good
            }),
            "`states` is 7: it must be even, as `conjugate` is false"
        );
        assert_eq!(
            message(Continuous {
                dt_min: 0.0,
                ..good
            }),
            "`dt_min` is 0: it must be greater than 0"
        );
        assert_eq!(
            message(Continuous {
                dt_min: 0.5,
                ..good
            }),
            "`dt_min` is 0.5: it must be at most `dt_max`, which is 0.4"
        );
    }
}
