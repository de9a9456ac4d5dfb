//! The dynamics of [`crate::lru`], whose equations have these numbers: modulus and phase of L and the input gain γ are
//! learnt as logarithms, and L starts on a ring of the complex plane.
//!
//! ```text
//! (1) ν = exp(nu_log),  θ = exp(theta_log),  γ = exp(gamma_log)
//! (2) L = exp(-ν + iθ)                                   |L| < 1 for any learnt values
//! (5) |L|² uniform in r_min² .. r_max²,  θ uniform in 0 .. max_phase
//! (6) γ = √(1 - |L|²)
//! ```

use std::f64::consts::TAU;

use nalgebra::{Complex, DMatrix};
use saturn_cell::init::uniform;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, Kind, Params, Real, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Position of nu_log `[P, 1]` among what is learnt.
pub const NU_LOG: usize = 0;
/// Position of theta_log `[P, 1]`.
pub const THETA_LOG: usize = 1;
/// Position of gamma_log `[P, 1]`.
pub const GAMMA_LOG: usize = 2;
/// How many tensors are learnt.
pub(crate) const TENSORS: usize = 3;

/// The ring of the complex plane on which L starts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ring {
    /// The smallest initial modulus |L| at bins of 10 ms; at least 0 and below 1; default 0.8. Larger leaves
    /// out short memories.
    pub r_min: f64,
    /// The largest initial modulus |L| at bins of 10 ms; above 0 and at most 1, no less than `r_min`; default
    /// 0.999. Larger remembers longer.
    pub r_max: f64,
    /// The largest initial phase θ in radians a bin of 10 ms; above 0 and at most 2π, which is the default.
    /// Smaller starts with slower oscillations.
    pub max_phase: f64,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            r_min: 0.8,
            r_max: 0.999,
            max_phase: TAU,
        }
    }
}

/// The choices from which an LRU's dynamics are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lru {
    /// P, complex states.
    pub states: usize,
    /// Whether γ starts as in (6), else at 1.
    pub normalise: bool,
    /// Where L starts.
    pub ring: Ring,
}

impl Lru {
    /// Whether a cell can be built from these.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Ring {
            r_min,
            r_max,
            max_phase,
        } = self.ring;
        ConfigError::unless_at_least_one("states", self.states)?;
        let inside = (0.0..1.0).contains(&r_min);
        ConfigError::unless(inside, "r_min", r_min, "at least 0 and below 1")?;
        let inside = r_max > 0.0 && r_max <= 1.0;
        ConfigError::unless(inside, "r_max", r_max, "above 0 and at most 1")?;
        if r_min > r_max {
            return Err(ConfigError::Reversed {
                low: "r_min",
                high: "r_max",
                low_value: r_min,
                high_value: r_max,
            });
        }
        let inside = max_phase > 0.0 && max_phase <= TAU;
        ConfigError::unless(inside, "max_phase", max_phase, "above 0 and at most 2π")
    }

    /// (5), (6): the three tensors, in the order of the constants above.
    pub(crate) fn draw<R: Real>(&self, bins: f64, rng: &mut ChaCha8Rng) -> Params<R> {
        let Ring {
            r_min,
            r_max,
            max_phase,
        } = self.ring;
        let mut unit = || uniform::<f64>(self.states, 1, 1.0, rng).map(|u| 0.5 + 0.5 * u);
        let square = unit().map(|u| u * (r_max * r_max - r_min * r_min) + r_min * r_min); // (5)
        let nu = square.map(|square| -0.5 * square.ln());
        let theta = unit().map(|u| max_phase * u); // (5)
        let gamma_log = |nu: f64| {
            if self.normalise {
                0.5 * (-(-2.0 * nu * bins).exp_m1()).ln() // (6)
            } else {
                0.0
            }
        };
        let real = |values: DMatrix<f64>| values.map(R::of);
        Params::new()
            .with("nu_log", Kind::Dynamics, real(nu.map(f64::ln)))
            .with("theta_log", Kind::Dynamics, real(theta.map(f64::ln)))
            .with("gamma_log", Kind::Dynamics, real(nu.map(gamma_log)))
    }
}

/// (1), (2): L and γ of state `p`.
pub(crate) fn step<R: Real>(
    bins: f64,
    learnt: &[Tensor<R>],
    p: usize,
) -> (Complex<f64>, Complex<f64>) {
    let [nu, theta, gamma] =
        [NU_LOG, THETA_LOG, GAMMA_LOG].map(|i| learnt[i].value[p].wide().exp()); // (1)
    let l = Complex::new(-nu * bins, theta * bins).exp(); // (2)
    (l, Complex::from(gamma))
}

/// (3)ᵀ-(1)ᵀ
pub(crate) fn step_backward<R: Real>(
    bins: f64,
    learnt: &[Tensor<R>],
    p: usize,
    (d_l, d_f): (Complex<f64>, Complex<f64>),
    grad: &mut [Tensor<R>],
) {
    let (l, gamma) = step(bins, learnt, p);
    let [nu, theta] = [NU_LOG, THETA_LOG].map(|i| learnt[i].value[p].wide().exp());
    // Re(-L* L̄) and Re((iL)* L̄) are the parts of L* L̄, but for a sign.
    let along = l.conj() * d_l;
    let mut add = |i: usize, d: f64| grad[i].value[p] += R::of(d);
    add(GAMMA_LOG, gamma.re * d_f.re); // (3)ᵀ
    add(NU_LOG, -nu * bins * along.re); // (2)ᵀ, (1)ᵀ
    add(THETA_LOG, theta * bins * along.im); // (2)ᵀ, (1)ᵀ
}
