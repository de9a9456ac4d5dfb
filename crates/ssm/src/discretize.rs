//! From continuous time to one step.
//!
//! A diagonal system dx_p/dt = λ_p x_p + w_p(t), complex, one equation for each state p, becomes
//!
//! ```text
//! x_t = L x_{t-1} + f w_t          L, f functions of λ and the step Δ
//!
//! zoh       L = exp(λΔ)                    f = (L - 1)/λ            w held over the step
//! bilinear  L = (1 + λΔ/2)/(1 - λΔ/2)      f = Δ/(1 - λΔ/2)         the trapezium rule (Tustin)
//! dirac     L = exp(λΔ)                    f = 1                    w a pulse at the step's end
//! ```
//!
//! With w = B u this is B̄ = f B. λ and Δ are dimensionless here; only their product matters to L.
//!
//! # Derivatives
//!
//! All six functions are holomorphic in λ and in Δ, so one complex derivative each is enough. With
//! z = λΔ, φ(z) = (exp z - 1)/z and q = 1/(1 - λΔ/2):
//!
//! ```text
//!           ∂L/∂λ     ∂L/∂Δ     ∂f/∂λ                      ∂f/∂Δ
//! zoh       Δ L       λ L       Δ² φ'(z)  (as f = Δ φ(z))   L
//! bilinear  Δ q²      λ q²      Δ² q²/2                    q²
//! dirac     Δ L       λ L       0                          0
//! ```
//!
//! φ and φ' = (exp z - φ)/z cancel near 0, where their series take over.
//!
//! Sources: Gu, Goel & Ré 2022 (S4: bilinear); Gu, Gupta, Goel & Ré 2022 (S4D); Smith,
//! Warrington & Linderman 2023 (S5: zero-order hold); Orvieto et al. 2023 and Schöne et al. 2024
//! for an input that arrives as pulses.

use nalgebra::Complex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a continuous diagonal system becomes one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discretization {
    /// Zero-order hold: the input is constant over the step. Exact for binned input.
    #[default]
    Zoh,
    /// The trapezium rule: as stable as the hold. It bends high frequencies down instead of folding them,
    /// and stretches the memory of a state by about 1 + (Im λ Δ/2)² in doing so.
    Bilinear,
    /// The input is a pulse at the end of the step: its size does not depend on the step.
    Dirac,
}

/// One discretised eigenvalue with its derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discrete {
    /// L, by which a state is multiplied at each step.
    pub l: Complex<f64>,
    /// f, by which its input is multiplied.
    pub f: Complex<f64>,
    /// ∂L/∂λ.
    pub l_lambda: Complex<f64>,
    /// ∂L/∂Δ.
    pub l_delta: Complex<f64>,
    /// ∂f/∂λ.
    pub f_lambda: Complex<f64>,
    /// ∂f/∂Δ.
    pub f_delta: Complex<f64>,
}

impl Discretization {
    /// Discretises the eigenvalue λ at the step Δ.
    pub fn at(self, lambda: Complex<f64>, delta: f64) -> Discrete {
        match self {
            Self::Zoh => {
                let l = (lambda * delta).exp();
                let (phi, slope) = phi(lambda * delta);
                Discrete {
                    l,
                    f: phi * delta,
                    l_lambda: l * delta,
                    l_delta: l * lambda,
                    f_lambda: slope * (delta * delta),
                    f_delta: l,
                }
            }
            Self::Bilinear => {
                let half = lambda * (0.5 * delta);
                let q = (Complex::from(1.0) - half).inv();
                let q2 = q * q;
                Discrete {
                    l: (half + 1.0) * q,
                    f: q * delta,
                    l_lambda: q2 * delta,
                    l_delta: q2 * lambda,
                    f_lambda: q2 * (0.5 * delta * delta),
                    f_delta: q2,
                }
            }
            Self::Dirac => {
                let l = (lambda * delta).exp();
                Discrete {
                    l,
                    f: Complex::from(1.0),
                    l_lambda: l * delta,
                    l_delta: l * lambda,
                    f_lambda: Complex::from(0.0),
                    f_delta: Complex::from(0.0),
                }
            }
        }
    }
}

/// φ(z) = (exp z - 1)/z and φ'(z).
fn phi(z: Complex<f64>) -> (Complex<f64>, Complex<f64>) {
    if z.norm() > 0.1 {
        let e = z.exp();
        let phi = (e - 1.0) / z;
        return (phi, (e - phi) / z);
    }
    // φ = Σ_k z^k/(k+1)! and φ' = Σ_k (k+1) z^k/(k+2)!; at |z| = 0.1 the tenth term is below 1e-17.
    let (mut phi, mut slope) = (Complex::from(0.0), Complex::from(0.0));
    let mut power = Complex::from(1.0);
    let mut factorial = 1.0;
    for k in 0..10 {
        let k = f64::from(k);
        factorial *= k + 1.0;
        phi += power / factorial;
        slope += power * ((k + 1.0) / (factorial * (k + 2.0)));
        power *= z;
    }
    (phi, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Discretization; 3] = [
        Discretization::Zoh,
        Discretization::Bilinear,
        Discretization::Dirac,
    ];

    #[test]
    fn a_real_eigenvalue_by_hand() {
        // λ = -1, Δ = ln 2: exp(-ln 2) = 1/2, (1/2 - 1)/(-1) = 1/2.
        let zoh = Discretization::Zoh.at(Complex::from(-1.0), 2f64.ln());
        assert!((zoh.l - 0.5).norm() < 1e-15 && (zoh.f - 0.5).norm() < 1e-15);
        // λ = -1, Δ = 1: (1 - 1/2)/(1 + 1/2) = 1/3, 1/(1 + 1/2) = 2/3.
        let bilinear = Discretization::Bilinear.at(Complex::from(-1.0), 1.0);
        assert!((bilinear.l - 1.0 / 3.0).norm() < 1e-15);
        assert!((bilinear.f - 2.0 / 3.0).norm() < 1e-15);
    }

    #[test]
    fn steps_compose_under_the_hold() {
        // Two half steps under a constant input are one whole step.
        let lambda = Complex::new(-0.5, 3.0);
        let half = Discretization::Zoh.at(lambda, 0.15);
        let whole = Discretization::Zoh.at(lambda, 0.3);
        assert!((half.l * half.l - whole.l).norm() < 1e-14);
        assert!((half.l * half.f + half.f - whole.f).norm() < 1e-14);
    }

    #[test]
    fn the_series_meets_the_closed_form() {
        let z = Complex::from_polar(0.1, 2.0);
        let (below, above) = (phi(z * 0.999_999_999), phi(z * 1.000_000_001));
        assert!((below.0 - above.0).norm() < 1e-9);
        assert!((below.1 - above.1).norm() < 1e-9);
        assert_eq!(phi(Complex::from(0.0)).0, Complex::from(1.0));
        assert_eq!(phi(Complex::from(0.0)).1, Complex::from(0.5));
    }

    #[test]
    fn derivatives_are_those_of_central_differences() {
        let e = 1e-6;
        for rule in ALL {
            for (lambda, delta) in [
                (Complex::new(-0.5, 9.0), 0.2),
                (Complex::new(-0.5, 0.0), 0.002),
                (Complex::new(-0.7, -31.4), 0.1),
            ] {
                let at = rule.at(lambda, delta);
                let slope =
                    |a: Discrete, b: Discrete| ((a.l - b.l) / (2.0 * e), (a.f - b.f) / (2.0 * e));
                // Holomorphic: the derivative along the real axis is the derivative.
                let (l, f) = slope(rule.at(lambda + e, delta), rule.at(lambda - e, delta));
                assert!((l - at.l_lambda).norm() < 1e-8, "{rule:?} dL/dlambda");
                assert!((f - at.f_lambda).norm() < 1e-8, "{rule:?} df/dlambda");
                let (l, f) = slope(rule.at(lambda, delta + e), rule.at(lambda, delta - e));
                assert!((l - at.l_delta).norm() < 1e-6, "{rule:?} dL/dDelta");
                assert!((f - at.f_delta).norm() < 1e-7, "{rule:?} df/dDelta");
            }
        }
    }

    #[test]
    fn the_left_half_plane_is_stable() {
        for rule in ALL {
            for n in 0..200 {
                let lambda = Complex::new(-0.01, f64::from(n));
                assert!(rule.at(lambda, 0.3).l.norm() < 1.0, "{rule:?} at {lambda}");
            }
        }
    }
}
