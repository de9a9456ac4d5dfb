//! Which eigenvalues continuous dynamics start from.
//!
//! ```text
//! (1) S4D-Lin        λ_n = -1/2 + iπn                          n = 0 .. N/2
//! (2) HiPPO-LegS-N   λ   = eigenvalues of A + p pᵀ,            Re λ = -1/2
//!                    A_nk = -√((2n+1)(2k+1)) for n > k, -(n+1) for n = k, 0 for n < k;  p_n = √(n + 1/2)
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
//! With `conjugate` one eigenvalue of each pair is kept and the readout takes twice the real part. As
//! half of the pair is implied, P states stand for a real system of 2P dimensions.
//!
//! Sources: Gu, Gupta, Goel & Ré 2022 (S4D: (1)); Smith, Warrington & Linderman 2023 (S5: (2), blocks).

use std::f64::consts::PI;

use nalgebra::{Complex, DMatrix};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Init {
    /// The eigenvalues λ of so many `states`, of which at most `frequencies` are different, mirror images
    /// apart; without `conjugate`, each is followed by its mirror image.
    pub fn eigenvalues(
        self,
        states: usize,
        frequencies: usize,
        conjugate: bool,
    ) -> Vec<Complex<f64>> {
        let copies = if conjugate { 1 } else { 2 };
        let different = frequencies.min(states / copies);
        let ladder: Vec<f64> = match self {
            Self::S4dLin => (0..different).map(|n| PI * n as f64).collect(),
            Self::S5 => hippo_frequencies(different),
        };
        (0..states)
            .map(|p| {
                let mirrored = p % copies == 1;
                let w = ladder[(p / copies) % different];
                Complex::new(-0.5, if mirrored { -w } else { w })
            })
            .collect()
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

    #[test]
    fn s4d_lin_by_its_formula() {
        let lambda = Init::S4dLin.eigenvalues(8, 16, true);
        assert_eq!(lambda.len(), 8);
        assert_eq!(lambda[3], Complex::new(-0.5, 3.0 * PI));
        let full = Init::S4dLin.eigenvalues(8, 2, false);
        let im: Vec<_> = full.iter().map(|l| l.im).collect();
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
        let lambda = Init::S5.eigenvalues(8, 16, true);
        for (l, w) in lambda.iter().zip(golden) {
            assert_eq!(l.re, -0.5);
            assert!((l.im - w).abs() < 1e-11 * w, "{} is not {w}", l.im);
        }
    }
}
