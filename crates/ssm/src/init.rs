//! Which eigenvalues continuous dynamics start from.
//!
//! ```text
//! (1) S4D-Lin        λ_n = -1/2 + iπn                          n = 0 .. N/2
//! (2) S4D-Inv        λ_n = -1/2 + i N/π (N/(2n+1) - 1)         n = 0 .. N/2
//! (3) S4D-Real       λ_n = -(n+1)                              n = 0 .. N/2
//! (4) HiPPO-LegS-N   λ   = eigenvalues of A + p pᵀ,            Re λ = -1/2
//!                    A_nk = -√((2n+1)(2k+1)) for n > k, -(n+1) for n = k, 0 for n < k;  p_n = √(n + 1/2)
//! ```
//!
//! N is twice the number of different eigenvalues: each stands for a pair. (2) has about the frequencies of
//! (4), the fastest first; those of (1) are evenly spaced and reach less high. (3) is the diagonal of
//! HiPPO-LegS itself: its states decay at rates that differ, and do not turn until they learn to.
//!
//! Of (4) only the eigenvalues are needed: A + p pᵀ = -1/2 + K with K real and antisymmetric, K_nk =
//! -√((2n+1)(2k+1))/2 below the diagonal. -iK is Hermitian and has the real eigenvalues ω, in pairs ±ω,
//! so λ = -1/2 ± iω. S5 turns B and C into the basis of the eigenvectors; we draw them there, where a
//! unitary change of basis leaves complex normal matrices as they are.
//!
//! The eigenvalues start again after `frequencies` states, as those of S5 do in its blocks: the states of
//! one eigenvalue differ in their steps. Frequencies far above π/Δ only fold back (|Im λ| Δ > π).
//!
//! With `conjugate` one eigenvalue of each pair is kept and the readout takes twice the real part. As
//! half of the pair is implied, P states stand for a real system of 2P dimensions.
//!
//! Sources: Gu, Gupta, Goel & Ré 2022 (S4D: (1) and (2)); Gu & Dao 2023, §3.6, which gives (3) its name;
//! Smith, Warrington & Linderman 2023 (S5: (4), blocks). Departure: S4D's systems have one input and one output
//! each, S5's and ours have many.

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
    /// S4D-Inv: frequencies that fall as 1/n, the fastest first, -1/2 + i N/π (N/(2n+1) - 1).
    S4dInv,
    /// S4D-Real: evenly spaced rates and no oscillation, -(n+1).
    S4dReal,
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
        let ladder = self.ladder(different);
        (0..states)
            .map(|p| {
                let mirrored = p % copies == 1;
                let lambda = ladder[(p / copies) % different];
                if mirrored { lambda.conj() } else { lambda }
            })
            .collect()
    }

    /// (1)-(4): one eigenvalue of each of so many pairs.
    fn ladder(self, pairs: usize) -> Vec<Complex<f64>> {
        let n = (0..pairs).map(|n| n as f64);
        let size = 2.0 * pairs as f64;
        let turning = |w: f64| Complex::new(-0.5, w);
        match self {
            Self::S4dLin => n.map(|n| turning(PI * n)).collect(), // (1)
            Self::S4dInv => n
                .map(|n| turning(size / PI * (size / (2.0 * n + 1.0) - 1.0))) // (2)
                .collect(),
            Self::S4dReal => n.map(|n| Complex::from(-(n + 1.0))).collect(), // (3)
            Self::S5 => (hippo_frequencies(pairs).into_iter().map(turning)).collect(), // (4)
        }
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
    fn s4d_inv_and_s4d_real_by_their_formulas() {
        // N = 8: 8/π (8/1 - 1), 8/π (8/3 - 1), 8/π (8/5 - 1), 8/π (8/7 - 1).
        let inv = Init::S4dInv.eigenvalues(8, 4, true);
        for (l, w) in inv.iter().zip([56.0, 40.0 / 3.0, 4.8, 8.0 / 7.0]) {
            assert!((l - Complex::new(-0.5, w / PI)).norm() < 1e-13, "{l}");
        }
        assert_eq!(inv[..4], inv[4..]);
        let real = Init::S4dReal.eigenvalues(3, 16, true);
        assert_eq!(real, [-1.0, -2.0, -3.0].map(Complex::from));
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
