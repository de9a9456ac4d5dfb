//! How a diagonal cell's factors L and f are learnt: through continuous eigenvalues and steps, or directly.
//!
//! | choice | learnt | L | f |
//! |---|---|---|---|
//! | [`Dynamics::Continuous`], see [`crate::continuous`] | `log_re`, `im`, `log_step`, `log_gain` | exp(λΔ), say | gain (exp(λΔ) - 1)/λ, say |
//! | [`Dynamics::Lru`], see [`crate::lru`] | `nu_log`, `theta_log`, `gamma_log` | exp(-ν + iθ) | γ |
//!
//! B and C start alike in both: normal, B so that B u has variance 1 for an input of variance 1, C so that
//! the readout of states of variance 1 has variance 1.

use nalgebra::Complex;
use saturn_cell::init::normal;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{ConfigError, Count, Kind, Params, Real, Size, Tensor};

use crate::continuous::{self, Continuous};
use crate::exponential::{self, Lru};

/// The bin width that dynamics are given for. Other widths raise L to the power of their share of it, so
/// that a memory keeps its length in milliseconds.
pub const REFERENCE_DT_MS: f64 = 10.0;

/// The dynamics of P states; `bins` is everywhere the bin width over [`REFERENCE_DT_MS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dynamics {
    /// Continuous eigenvalues and steps.
    Continuous(Continuous),
    /// The factors of the linear recurrent unit.
    Lru(Lru),
}

impl Dynamics {
    /// Whether a cell can be built from these.
    pub fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::Continuous(c) => c.check(),
            Self::Lru(l) => l.check(),
        }
    }

    /// P, complex states.
    pub fn states(&self) -> usize {
        match self {
            Self::Continuous(c) => c.states,
            Self::Lru(l) => l.states,
        }
    }

    /// B and C on `inputs` inputs for `outputs` outputs with what is learnt: a drive and a state of 2P rows.
    pub(crate) fn size(&self, inputs: Count, outputs: Count) -> Size {
        let p = Count::from(self.states());
        Size {
            parameters: 2 * (p * inputs) + 2 * (p * outputs) + self.tensors() * p,
            copies: 8 * p,
            drive: 2 * p,
            state: 2 * p,
            output: outputs,
            drawing: match self {
                Self::Continuous(c) => c.drawing(),
                Self::Lru(_) => Count::default(),
            },
            scratch: match self {
                Self::Continuous(c) => c.scratch(),
                Self::Lru(_) => Count::default(),
            },
            ..Size::default()
        }
    }

    /// How many tensors are learnt.
    pub fn tensors(&self) -> usize {
        match self {
            Self::Continuous(_) => continuous::TENSORS,
            Self::Lru(_) => exponential::TENSORS,
        }
    }

    /// Initial values of what is learnt.
    pub(crate) fn draw<R: Real>(&self, bins: f64, rng: &mut ChaCha8Rng) -> Params<R> {
        match self {
            Self::Continuous(c) => c.draw(bins, rng),
            Self::Lru(l) => l.draw(bins, rng),
        }
    }

    /// L and f of state `p`.
    pub(crate) fn step<R: Real>(
        &self,
        bins: f64,
        learnt: &[Tensor<R>],
        p: usize,
    ) -> (Complex<f64>, Complex<f64>) {
        match self {
            Self::Continuous(c) => c.step(bins, learnt, p),
            Self::Lru(_) => exponential::step(bins, learnt, p),
        }
    }

    /// Reverse of [`Self::step`]: adds to `grad` what the adjoints (L̄, f̄) of state `p` are to what is learnt.
    pub(crate) fn step_backward<R: Real>(
        &self,
        bins: f64,
        learnt: &[Tensor<R>],
        p: usize,
        adjoint: (Complex<f64>, Complex<f64>),
        grad: &mut [Tensor<R>],
    ) {
        match self {
            Self::Continuous(c) => c.step_backward(bins, learnt, p, adjoint, grad),
            Self::Lru(_) => exponential::step_backward(bins, learnt, p, adjoint, grad),
        }
    }
}

/// B `[2P, I]` and C `[O, 2P]`, the first parameters of a diagonal cell.
pub(crate) fn matrices<R: Real>(
    states: usize,
    inputs: usize,
    outputs: usize,
    rng: &mut ChaCha8Rng,
) -> Params<R> {
    let b = normal(2 * states, inputs, (0.5 / inputs as f64).sqrt(), rng);
    let c = normal(outputs, 2 * states, 1.0 / (states as f64).sqrt(), rng);
    Params::new()
        .with("B", Kind::Weight, b)
        .with("C", Kind::Weight, c)
}

/// `params`, and after them what the dynamics learn.
pub(crate) fn append<R: Real>(params: Params<R>, learnt: &Params<R>) -> Params<R> {
    let tensors = learnt.tensors().iter().cloned();
    tensors.fold(params, |all, t| all.with(t.name, t.kind, t.value))
}
