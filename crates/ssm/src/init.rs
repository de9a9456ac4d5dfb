//! Where a diagonal cell starts: eigenvalues, steps, matrices.
//!
//! ```text
//! (1) S4D-Lin        λ_n = -1/2 + iπn                          n = 0 .. N/2
//! (2) HiPPO-LegS-N   λ   = eigenvalues of A + p pᵀ,            Re λ = -1/2
//!                    A_nk = -√((2n+1)(2k+1)) for n > k, -(n+1) for n = k, 0 for n < k;  p_n = √(n + 1/2)
//! (3) steps          ln Δ_p uniform in ln dt_min .. ln dt_max
//! (4) gain_p = γ_p / max(|f_p|, Δ_p/(1 + |λ_p| Δ_p)),  γ_p = √(1 - |L_p|²);  B, C normal
//! ```
//!
//! Of (2) only the eigenvalues are needed: A + p pᵀ = -1/2 + K with K real and antisymmetric, K_nk =
//! -√((2n+1)(2k+1))/2 below the diagonal. -iK is Hermitian and has the real eigenvalues ω, in pairs ±ω,
//! so λ = -1/2 ± iω. S5 turns B and C into the basis of the eigenvectors; we draw them there, where a
//! unitary change of basis leaves complex normal matrices as they are.
//!
//! The eigenvalues start again after `frequencies` states, as those of S5 do in its blocks: the states of
//! one frequency differ in their steps. Frequencies far above π/Δ only fold back (|Im λ| Δ > π).
//!
//! By (4) a state has variance 1 under white input of variance 1, whatever its memory (the γ of the LRU),
//! and so has the readout; f is the one before its gain. The second term of the maximum is a floor: a
//! state that turns about once a step averages a held input to almost nothing, and is left small.
//!
//! With `conjugate` one eigenvalue of each pair is kept and the readout takes twice the real part. As
//! half of the pair is implied, P states stand for a real system of 2P dimensions.
//!
//! Sources: Gu, Gupta, Goel & Ré 2022 (S4D: (1)); Smith, Warrington & Linderman 2023 (S5: (2), (3),
//! blocks); Orvieto et al. 2023 (LRU, §3.4: γ).
//!
//! Departure: S4 and S5 draw steps from 0.001..0.1, which at Re λ = -1/2 means memories of 20 to 2,000
//! steps. Ours are drawn from 0.002..0.4 (5 to 1,000 steps, |L| in 0.82..0.999 under the hold), since a
//! net that is never reset must also forget.

use std::f64::consts::PI;

use nalgebra::{Complex, DMatrix};
use saturn_cell::init::{normal, uniform};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, Kind, Params, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::discretize::Discretization;

/// The initial eigenvalues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// S4D-Lin: evenly spaced frequencies, -1/2 + iπn.
    #[default]
    S4dLin,
    /// The normal part of HiPPO-LegS, as in S5: frequencies that grow ever faster.
    S5,
}

/// The checked choices from which the dynamics of a diagonal cell are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dynamics {
    /// P, complex states.
    pub states: usize,
    /// How eigenvalues become steps.
    pub discretization: Discretization,
    /// The eigenvalues.
    pub init: Init,
    /// How many different frequencies there are at most; then they start again.
    pub frequencies: usize,
    /// The shortest step, for bins of [`REFERENCE_DT_MS`].
    pub dt_min: f64,
    /// The longest step, for bins of [`REFERENCE_DT_MS`].
    pub dt_max: f64,
    /// Whether one of each conjugate pair is kept.
    pub conjugate: bool,
    /// Whether gains start as in (4) of the module, else at 1.
    pub normalise: bool,
}

/// The bin width that steps Δ are given for. Other widths scale them, so that a memory keeps its length
/// in milliseconds.
pub const REFERENCE_DT_MS: f64 = 10.0;

impl Dynamics {
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
        for (key, value) in [("dt_min", self.dt_min), ("dt_max", self.dt_max)] {
            ConfigError::unless_positive(key, value)?;
        }
        if self.dt_min > self.dt_max {
            return Err(ConfigError::Reversed {
                low: "dt_min",
                high: "dt_max",
                low_value: self.dt_min,
                high_value: self.dt_max,
            });
        }
        Ok(())
    }

    /// The eigenvalues λ `[P]`.
    pub fn eigenvalues(&self) -> Vec<Complex<f64>> {
        let copies = if self.conjugate { 1 } else { 2 };
        let different = self.frequencies.min(self.states / copies);
        let ladder: Vec<f64> = match self.init {
            Init::S4dLin => (0..different).map(|n| PI * n as f64).collect(),
            Init::S5 => hippo_frequencies(different),
        };
        (0..self.states)
            .map(|p| {
                let mirrored = p % copies == 1;
                let w = ladder[(p / copies) % different];
                Complex::new(-0.5, if mirrored { -w } else { w })
            })
            .collect()
    }

    /// The six tensors of the recurrence for I inputs and O outputs, in the order of the constants of
    /// [`crate::diagonal`]; `bins` is the bin width over [`REFERENCE_DT_MS`].
    pub(crate) fn draw<R: Real>(
        &self,
        inputs: usize,
        outputs: usize,
        bins: f64,
        rng: &mut ChaCha8Rng,
    ) -> Params<R> {
        let p = self.states;
        let lambda = self.eigenvalues();
        let (low, high) = (self.dt_min.ln(), self.dt_max.ln());
        let log_step = uniform::<f64>(p, 1, 1.0, rng)
            .map(|u| f64::midpoint(low, high) + 0.5 * u * (high - low));
        let log_gain = |i: usize| {
            if !self.normalise {
                return 0.0;
            }
            let delta = log_step[i].exp() * bins;
            let at = self.discretization.at(lambda[i], delta);
            let floor = delta / (1.0 + lambda[i].norm() * delta);
            0.5 * (1.0 - at.l.norm_sqr()).ln() - at.f.norm().max(floor).ln() // (4)
        };
        let b = normal(2 * p, inputs, (0.5 / inputs as f64).sqrt(), rng);
        let c = normal(outputs, 2 * p, 1.0 / (p as f64).sqrt(), rng);
        let real = |f: &dyn Fn(usize) -> f64| DMatrix::from_fn(p, 1, |i, _| R::of(f(i)));
        Params::new()
            .with("log_re", Kind::Dynamics, real(&|i| (-lambda[i].re).ln()))
            .with("im", Kind::Dynamics, real(&|i| lambda[i].im))
            .with("log_step", Kind::Dynamics, real(&|i| log_step[i]))
            .with("log_gain", Kind::Dynamics, real(&log_gain))
            .with("B", Kind::Weight, b)
            .with("C", Kind::Weight, c)
    }
}

/// The positive frequencies ω of HiPPO-LegS-N with N = 2 `pairs`, ascending.
fn hippo_frequencies(pairs: usize) -> Vec<f64> {
    let n = 2 * pairs;
    let root = |n: usize| (2.0 * n as f64 + 1.0).sqrt();
    let hermitian = DMatrix::from_fn(n, n, |n, k| {
        let k_nk = match n.cmp(&k) {
            std::cmp::Ordering::Greater => -0.5 * root(n) * root(k),
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Less => 0.5 * root(n) * root(k),
        };
        Complex::new(0.0, -k_nk)
    });
    let mut frequencies = hermitian.symmetric_eigenvalues().as_slice().to_vec();
    frequencies.sort_by(f64::total_cmp);
    frequencies.split_off(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use saturn_cell::rng::generator;

    fn dynamics() -> Dynamics {
        Dynamics {
            states: 8,
            discretization: Discretization::Zoh,
            init: Init::S4dLin,
            frequencies: 16,
            dt_min: 0.002,
            dt_max: 0.4,
            conjugate: true,
            normalise: true,
        }
    }

    #[test]
    fn s4d_lin_by_its_formula() {
        let lambda = dynamics().eigenvalues();
        assert_eq!(lambda.len(), 8);
        assert_eq!(lambda[3], Complex::new(-0.5, 3.0 * PI));
        let full = Dynamics {
            conjugate: false,
            frequencies: 2,
            ..dynamics()
        };
        let im: Vec<_> = full.eigenvalues().iter().map(|l| l.im).collect();
        assert_eq!(im, [0.0, 0.0, PI, -PI, 0.0, 0.0, PI, -PI]);
    }

    #[test]
    #[allow(clippy::float_cmp)] // these are exact
    fn hippo_is_numpys() {
        // import numpy as np
        // n = np.arange(16); r = np.sqrt(2*n + 1)
        // A = -np.tril(np.outer(r, r), -1) - np.diag(n + 1); p = np.sqrt(n + .5)
        // w = np.linalg.eigvals(A + np.outer(p, p)); print(w.real, sorted(w.imag[w.imag > 0]))
        let golden = [
            0.352_017_915_888_684_1,
            1.371_988_781_914_499_1,
            2.899_668_222_763_490_5,
            5.090_023_629_703_039_5,
            8.362_104_531_407_246,
            13.834_341_819_052_241,
            25.629_226_437_423_704,
            80.966_080_924_513_38,
        ];
        let lambda = Dynamics {
            init: Init::S5,
            ..dynamics()
        }
        .eigenvalues();
        for (l, w) in lambda.iter().zip(golden) {
            assert_eq!(l.re, -0.5);
            assert!((l.im - w).abs() < 1e-11 * w, "{} is not {w}", l.im);
        }
    }

    #[test]
    fn moduli_start_where_the_head_says() {
        let spec = Dynamics {
            states: 512,
            ..dynamics()
        };
        let params = spec.draw::<f64>(3, 2, 1.0, &mut generator(1, "init", 0));
        let moduli: Vec<_> = spec
            .eigenvalues()
            .iter()
            .zip(params[2].iter())
            .map(|(l, s)| spec.discretization.at(*l, s.exp()).l.norm())
            .collect();
        let least = moduli.iter().copied().fold(1.0, f64::min);
        let most = moduli.iter().copied().fold(0.0, f64::max);
        assert!((0.818..0.83).contains(&least), "{least}");
        assert!((0.9985..0.9991).contains(&most), "{most}");
    }

    #[test]
    fn bad_choices_are_named() {
        let message = |d: Dynamics| d.check().unwrap_err().to_string();
        let good = dynamics();
        assert_eq!(
            message(Dynamics { states: 0, ..good }),
            "`states` is 0: it must be at least 1"
        );
        assert_eq!(
            message(Dynamics {
                frequencies: 0,
                ..good
            }),
            "`frequencies` is 0: it must be at least 1"
        );
        assert_eq!(
            message(Dynamics {
                states: 7,
                conjugate: false,
                ..good
            }),
            "`states` is 7: it must be even, as `conjugate` is false"
        );
        assert_eq!(
            message(Dynamics {
                dt_min: 0.0,
                ..good
            }),
            "`dt_min` is 0: it must be greater than 0"
        );
        assert_eq!(
            message(Dynamics {
                dt_min: 0.5,
                ..good
            }),
            "`dt_min` is 0.5: it must be at most `dt_max`, which is 0.4"
        );
    }
}
