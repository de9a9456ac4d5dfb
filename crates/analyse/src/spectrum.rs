//! Eigenvalues, spectral radius and spectral norm of a matrix.
//!
//! ```text
//! (1) ρ(A) = max |λ_i(A)|
//! (2) |A|_2 = sqrt(λ_max(Aᵀ A))
//! (3) of A >= 0, for any w > 0:  ρ(A) <= max_i (A w)_i / w_i        (Collatz 1942, Wielandt 1950)
//! ```

use nalgebra::{Complex, DMatrix, Schur};

/// Sweeps of the QR algorithm for each row, after which it is given up.
const SWEEPS: usize = 100;

/// The eigenvalues of a square matrix; `None` if they cannot be found (numbers that are not finite).
pub fn eigenvalues(a: &DMatrix<f64>) -> Option<Vec<Complex<f64>>> {
    if a.is_empty() {
        return Some(Vec::new());
    }
    if !a.iter().all(|v| v.is_finite()) {
        return None;
    }
    let schur = Schur::try_new(a.clone(), f64::EPSILON, SWEEPS * a.nrows())?;
    Some(schur.complex_eigenvalues().iter().copied().collect())
}

/// (1) of eigenvalues.
pub fn radius(eigenvalues: &[Complex<f64>]) -> f64 {
    eigenvalues.iter().map(|e| e.norm()).fold(0.0, f64::max)
}

/// (2)
pub fn norm(a: &DMatrix<f64>) -> f64 {
    let gram = if a.nrows() < a.ncols() {
        a * a.transpose()
    } else {
        a.transpose() * a
    };
    gram.symmetric_eigenvalues()
        .iter()
        .copied()
        .fold(0.0, f64::max)
        .sqrt()
}

/// Iterations of [`perron`].
const ITERATIONS: usize = 200;

/// (3) An upper bound of ρ of a matrix without negative entries, and its w, scaled to a largest entry of 1.
pub fn perron(a: &DMatrix<f64>) -> (f64, Vec<f64>) {
    let n = a.nrows();
    let mut w = nalgebra::DVector::from_element(n, 1.0);
    let bound = |w: &nalgebra::DVector<f64>| {
        let next = a * w;
        let ratios = next.iter().zip(w.iter()).map(|(a, w)| a / w);
        (ratios.fold(0.0, f64::max), next)
    };
    let (mut best, mut next) = bound(&w);
    let mut at = w.clone();
    for _ in 0..ITERATIONS {
        // Half a step, which settles where ρ has several eigenvalues on its circle; never 0.
        let scale = next.amax().max(f64::MIN_POSITIVE);
        w = (&w + &next / scale).map(|v| v.max(1e-9));
        w /= w.amax();
        let found;
        (found, next) = bound(&w);
        if found < best {
            best = found;
            at.copy_from(&w);
        }
    }
    (best, at.iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use saturn_cell::gradcheck::random;

    use super::*;

    #[test]
    fn a_rotation_has_its_angle_and_its_modulus() {
        let a = DMatrix::from_row_slice(2, 2, &[0.6, -0.8, 0.8, 0.6]) * 0.5;
        let found = eigenvalues(&a).unwrap();
        assert!((radius(&found) - 0.5).abs() < 1e-12);
        assert!(found.iter().all(|e| (e.im.abs() - 0.4).abs() < 1e-12));
        assert!((norm(&a) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_shear_is_longer_than_its_eigenvalues() {
        let a = DMatrix::from_row_slice(2, 2, &[0.5, 10.0, 0.0, 0.5]);
        assert!((radius(&eigenvalues(&a).unwrap()) - 0.5).abs() < 1e-7);
        assert!((norm(&a) - 10.024_938).abs() < 1e-5, "{}", norm(&a));
        assert!((norm(&DMatrix::from_row_slice(1, 3, &[2.0, 3.0, 6.0])) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_finite_has_no_eigenvalues() {
        assert_eq!(eigenvalues(&DMatrix::from_element(2, 2, f64::NAN)), None);
        assert_eq!(eigenvalues(&DMatrix::zeros(0, 0)), Some(Vec::new()));
    }

    #[test]
    fn perron_is_never_below_the_radius_and_comes_near() {
        for seed in 0..5 {
            let a = random(12, 12, 1.0, seed).abs();
            let exact = radius(&eigenvalues(&a).unwrap());
            let (bound, w) = perron(&a);
            assert!(
                bound >= exact - 1e-9 && bound < exact * (1.0 + 1e-6),
                "{bound}, {exact}"
            );
            assert!(w.iter().all(|w| *w > 0.0));
        }
        // A permutation, whose powers do not converge, and the zero matrix.
        let swap = DMatrix::from_row_slice(2, 2, &[0.0, 4.0, 1.0, 0.0]);
        assert!((perron(&swap).0 - 2.0).abs() < 1e-6);
        assert!(perron(&DMatrix::zeros(3, 3)).0.abs() < f64::MIN_POSITIVE);
    }
}
