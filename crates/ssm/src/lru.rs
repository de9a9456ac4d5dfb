//! The linear recurrent unit (LRU): `lru`.
//!
//! A diagonal linear recurrence with nothing continuous behind it: modulus and phase of each state's factor
//! are learnt as they are, and start spread over a ring of the complex plane. The recurrence, its products
//! and their reverses are those of the cell [`crate::ssm`]; what is the LRU's own is how L and γ are learnt, in
//! [`crate::exponential`].
//!
//! ```text
//! (1) ν = exp(nu_log),  θ = exp(theta_log),  γ = exp(gamma_log)
//! (2) L = exp(-ν + iθ)                                   |L| < 1 for any learnt values
//! (3) x_t = L x_{t-1} + γ ∘ B' u_t                       advance
//! (4) y_t = Re(C' x_t) + D u_t                           emit
//! ```
//!
//! | symbol | where | meaning | shape |
//! |---|---|---|---|
//! | u, y | input, output | | `[I, N]`, `[O, N]` |
//! | ν, θ, γ | parameters `nu_log`, `theta_log`, `gamma_log` | decay, phase and input gain of a step | `[P, 1]` |
//! | B' | parameter `B`: the paper's `B_re` above `B_im` | input weights | `[2P, I]` |
//! | C' | parameter `C`: the paper's `C_re` left of -`C_im` | readout | `[O, 2P]` |
//! | D | parameter `D`, if `skip` | what the output reads of the input | `[O, I]` |
//! | γ B' u | drive field `v`, real parts above imaginary parts | the states' inputs | `[2P, N]` |
//! | x | state field `x`, likewise | states | `[2P, N]` |
//!
//! # Where they start
//!
//! ```text
//! (5) |L|² uniform in r_min² .. r_max²,  θ uniform in 0 .. max_phase      uniform on a ring, or a slice of it
//! (6) γ = √(1 - |L|²)                     every state has variance 1 under white input for any memory
//! (7) B_re, B_im normal with variance 1/(2I),  C_re, C_im with 1/P,  D with 1/I
//! ```
//!
//! γ is learnt from there on, apart from L. Under n active channels of 700 with counts of 1 states start
//! at about √(n/700), as those of `ssm`.
//!
//! # Reverse
//!
//! In the notation of [`crate::diagonal`]; ν, θ and γ are real, so only real parts count:
//!
//! ```text
//! (3)ᵀ grad gamma_log = Re(γ γ̄)
//! (2)ᵀ ν̄ = Re(-L* L̄),   θ̄ = Re((iL)* L̄)
//! (1)ᵀ grad nu_log = ν ν̄,   grad theta_log = θ θ̄
//! ```
//!
//! **Source.** Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu & De 2023: equations 2 and 7, Lemma 3.2 for
//! (5), §3.4 for γ, and names and initial values of the listing in its appendix.
//!
//! **Departures.** L is that of bins of 10 ms, and is L^(dt/10 ms) in others, so that a memory keeps its
//! length in milliseconds; at 10 ms all is the paper's. D is a whole matrix, since O need not be I. The ring
//! reaches from 0.8 to 0.999 by default and not from 0 to 1, for memories of 5 to 1,000 steps.

#[cfg(test)]
mod tests;

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Ssm;
use crate::dynamics::Dynamics;
use crate::exponential::{Lru, Ring};
use crate::ssm::ssm_size;

/// Linear recurrent units.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LruConfig {
    /// O, outputs; at least 1; default 96. More outputs read the same states in more ways.
    pub width: usize,
    /// P, complex states; at least 1; default 64. More states remember more at once.
    pub states: usize,
    /// The smallest initial modulus |L| at bins of 10 ms; at least 0 and below 1; default 0.8. Larger leaves
    /// out short memories.
    pub r_min: f64,
    /// The largest initial modulus |L| at bins of 10 ms; above 0 and at most 1, no less than `r_min`; default
    /// 0.999. Larger remembers longer.
    pub r_max: f64,
    /// The largest initial phase θ in radians a bin of 10 ms; above 0 and at most 2π, which is the default.
    /// Smaller starts with slower oscillations.
    pub max_phase: f64,
    /// Whether γ starts as √(1 - |L|²), so that every state has variance 1 under white input; default true.
    /// Without it γ starts at 1, which leaves slow states largest.
    pub normalise: bool,
    /// Whether the output also reads the input directly; default true.
    pub skip: bool,
}

impl Default for LruConfig {
    fn default() -> Self {
        let Ring {
            r_min,
            r_max,
            max_phase,
        } = Ring::default();
        Self {
            width: 96,
            states: 64,
            r_min,
            r_max,
            max_phase,
            normalise: true,
            skip: true,
        }
    }
}

impl CellConfig for LruConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        self.dynamics().check()
    }

    fn size(&self, inputs: Count) -> Size {
        ssm_size(&self.dynamics(), inputs, self.width.into(), self.skip)
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(self.cell(inputs, dt_ms, rng)?))
    }
}

impl LruConfig {
    /// The cell on `inputs` inputs at bins of `dt_ms`.
    pub fn cell<R: Real>(
        &self,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Ssm<R>, ConfigError> {
        self.check()?;
        let sizes = (inputs, self.width);
        Ssm::with_dynamics("lru", self.dynamics(), sizes, self.skip, dt_ms, rng)
    }

    fn dynamics(&self) -> Dynamics {
        Dynamics::Lru(Lru {
            states: self.states,
            normalise: self.normalise,
            ring: Ring {
                r_min: self.r_min,
                r_max: self.r_max,
                max_phase: self.max_phase,
            },
        })
    }
}
