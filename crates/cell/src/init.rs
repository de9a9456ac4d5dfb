//! Initial weights.

use nalgebra::DMatrix;
use rand_distr::{Distribution, StandardNormal, Uniform};

use crate::rng::ChaCha8Rng;
use crate::{Count, Real};

/// `[rows, columns]`, uniform in ±`bound`.
pub fn uniform<R: Real>(
    rows: usize,
    columns: usize,
    bound: f64,
    rng: &mut ChaCha8Rng,
) -> DMatrix<R> {
    let Ok(law) = Uniform::new_inclusive(-bound, bound) else {
        return DMatrix::zeros(rows, columns);
    };
    DMatrix::from_fn(rows, columns, |_, _| R::of(law.sample(rng)))
}

/// `[rows, columns]`, normal with mean 0 and standard deviation `sd`.
pub fn normal<R: Real>(rows: usize, columns: usize, sd: f64, rng: &mut ChaCha8Rng) -> DMatrix<R> {
    DMatrix::from_fn(rows, columns, |_, _| {
        let z: f64 = StandardNormal.sample(rng);
        R::of(sd * z)
    })
}

/// Multiplications of [`orthogonal`], about: a QR decomposition and its Q.
pub fn orthogonal_cost(n: Count) -> Count {
    4 * (n * n * n)
}

/// `[n, n]`, orthogonal times `gain`: the Q of a normal matrix with the signs of R's diagonal (Saxe,
/// McClelland & Ganguli 2014).
pub fn orthogonal<R: Real>(n: usize, gain: f64, rng: &mut ChaCha8Rng) -> DMatrix<R> {
    let (mut q, r) = normal::<f64>(n, n, 1.0, rng).qr().unpack();
    for (j, mut column) in q.column_iter_mut().enumerate() {
        column *= gain * r[(j, j)].signum();
    }
    q.map(R::of)
}
