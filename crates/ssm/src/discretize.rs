//! From continuous time to one step.
//!
//! A diagonal system dx_p/dt = λ_p x_p + w_p(t), complex, one equation for each state p, becomes
//!
//! ```text
//! x_t = L x_{t-1} + f w_t          L, f functions of λ, of the step Δ at bins of 10 ms, and of the
//!                                  bin width n in units of 10 ms
//!
//! zoh       L = exp(λnΔ)                     f = (L - 1)/λ            w held over the step
//! bilinear  L = (1 + λnΔ/2)/(1 - λnΔ/2)      f = nΔ/(1 - λnΔ/2)       the trapezium rule (Tustin)
//! dirac     L = exp(λnΔ)                     f = 1                    w a pulse at the step's end
//! async     L = exp(λnΔ)                     f = (exp(λΔ) - 1)/λ      such a pulse, as large as a hold of 10 ms
//! ```
//!
//! With w = B u this is B̄ = f B. λ and Δ are dimensionless here.
//!
//! # Event by event, and in bins
//!
//! Schöne et al. take one step an event: with δ_k the time since the event before,
//!
//! ```text
//! (1) x_k = exp(λΔδ_k) x_{k-1} + f B u_k         f as in `dirac` or in `async`, for any δ_k
//! ```
//!
//! Time passes only in the first factor; f belongs to the event. So n steps without input are one step of n
//! times the width, events of one bin (δ = 0) add up, and binned at any width that all events lie on, `dirac`
//! and `async` go through exactly the states of (1) at every bin's end: a test holds them to it. Events between the
//! ends of bins are moved to the next end; what else (1) can do is to show the states between the events of
//! one bin. `zoh` has no such picture: its f grows with the width, so the same event weighs less in finer bins.
//!
//! `dirac` and `async` differ in f alone: under an event every 10 ms a state of `async` settles at -B/λ,
//! for any learnt Δ, and one of `dirac` at B/(1 - L), which grows with its memory. The time unit, in
//! which Δ is one step of λ, is 10 ms here and 1 ms in the paper; at bins of 10 ms `async` is `zoh`.
//!
//! # Derivatives
//!
//! All functions are holomorphic in λ and in Δ, so one complex derivative each is enough. With
//! z = λΔ, φ(z) = (exp z - 1)/z and q = 1/(1 - λΔ/2), at n = 1:
//!
//! ```text
//!           ∂L/∂λ     ∂L/∂Δ     ∂f/∂λ                      ∂f/∂Δ
//! zoh       Δ L       λ L       Δ² φ'(z)  (as f = Δ φ(z))   L
//! bilinear  Δ q²      λ q²      Δ² q²/2                    q²
//! dirac     Δ L       λ L       0                          0
//! ```
//!
//! For another n put nΔ for Δ, and ∂/∂Δ is n times as large; `async` takes L of nΔ and f of Δ from `zoh`.
//! φ and φ' = (exp z - φ)/z cancel near 0, where their series take over.
//!
//! Sources: Gu, Goel & Ré 2022 (S4: bilinear); Gu, Gupta, Goel & Ré 2022 (S4D); Smith,
//! Warrington & Linderman 2023 (S5: zero-order hold); Schöne et al. 2024 (dirac, async).

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
    /// The input is a pulse at the end of the step: its size depends neither on the step nor on the bins.
    Dirac,
    /// The input is such a pulse, sized as a hold over 10 ms would be: this depends on the learnt step, but
    /// not on the bins. For events: an event weighs the same in bins of any width.
    Async,
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
    /// Discretises the eigenvalue λ at the step Δ in bins of n = `bins` times 10 ms; ∂/∂Δ are those by the step
    /// at 10 ms.
    pub fn at(self, lambda: Complex<f64>, delta: f64, bins: f64) -> Discrete {
        if self == Self::Async {
            let unit = Self::Zoh.over(lambda, delta);
            let whole = Self::Zoh.at(lambda, delta, bins);
            return Discrete {
                l: whole.l,
                l_lambda: whole.l_lambda,
                l_delta: whole.l_delta,
                ..unit
            };
        }
        let mut at = self.over(lambda, delta * bins);
        for slope in [&mut at.l_delta, &mut at.f_delta] {
            *slope *= bins;
        }
        at
    }

    /// Discretises the eigenvalue λ at the step Δ of a bin.
    fn over(self, lambda: Complex<f64>, delta: f64) -> Discrete {
        match self {
            Self::Zoh | Self::Async => {
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

    const ALL: [Discretization; 4] = [
        Discretization::Zoh,
        Discretization::Bilinear,
        Discretization::Dirac,
        Discretization::Async,
    ];

    #[test]
    fn a_real_eigenvalue_by_hand() {
        // λ = -1, Δ = ln 2: exp(-ln 2) = 1/2, (1/2 - 1)/(-1) = 1/2.
        let zoh = Discretization::Zoh.at(Complex::from(-1.0), 2f64.ln(), 1.0);
        assert!((zoh.l - 0.5).norm() < 1e-15 && (zoh.f - 0.5).norm() < 1e-15);
        // λ = -1, Δ = 1: (1 - 1/2)/(1 + 1/2) = 1/3, 1/(1 + 1/2) = 2/3.
        let bilinear = Discretization::Bilinear.at(Complex::from(-1.0), 1.0, 1.0);
        assert!((bilinear.l - 1.0 / 3.0).norm() < 1e-15);
        assert!((bilinear.f - 2.0 / 3.0).norm() < 1e-15);
    }

    #[test]
    fn steps_compose_under_the_hold() {
        // Two half steps under a constant input are one whole step.
        let lambda = Complex::new(-0.5, 3.0);
        let half = Discretization::Zoh.at(lambda, 0.15, 1.0);
        let whole = Discretization::Zoh.at(lambda, 0.3, 1.0);
        assert!((half.l * half.l - whole.l).norm() < 1e-14);
        assert!((half.l * half.f + half.f - whole.f).norm() < 1e-14);
    }

    #[test]
    fn an_event_weighs_the_same_in_bins_of_any_width() {
        let (lambda, delta) = (Complex::new(-0.5, 3.0), 0.2);
        let hold = Discretization::Zoh.at(lambda, delta, 1.0);
        for bins in [0.1, 1.0, 5.0] {
            let dirac = Discretization::Dirac.at(lambda, delta, bins);
            let pulse = Discretization::Async.at(lambda, delta, bins);
            assert_eq!(dirac.f, Complex::from(1.0));
            assert_eq!(pulse.f, hold.f);
            // n steps without input are one of n times the width.
            assert_eq!(pulse.l, dirac.l);
            assert!((pulse.l - (hold.l.ln() * bins).exp()).norm() < 1e-14);
        }
        assert_eq!(Discretization::Async.at(lambda, delta, 1.0), hold);
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
                let bins = 0.3;
                let at = rule.at(lambda, delta, bins);
                let slope =
                    |a: Discrete, b: Discrete| ((a.l - b.l) / (2.0 * e), (a.f - b.f) / (2.0 * e));
                // Holomorphic: the derivative along the real axis is the derivative.
                let (l, f) = slope(
                    rule.at(lambda + e, delta, bins),
                    rule.at(lambda - e, delta, bins),
                );
                assert!((l - at.l_lambda).norm() < 1e-8, "{rule:?} dL/dlambda");
                assert!((f - at.f_lambda).norm() < 1e-8, "{rule:?} df/dlambda");
                let (l, f) = slope(
                    rule.at(lambda, delta + e, bins),
                    rule.at(lambda, delta - e, bins),
                );
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
                assert!(
                    rule.at(lambda, 0.3, 1.0).l.norm() < 1.0,
                    "{rule:?} at {lambda}"
                );
            }
        }
    }
}
