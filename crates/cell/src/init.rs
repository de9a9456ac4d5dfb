//! Initial weights.

use nalgebra::DMatrix;
use rand_distr::{Distribution, StandardNormal, Uniform};

use crate::rng::ChaCha8Rng;
use crate::{Count, Real, ViewMut, kernel};

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

/// Columns up to which a matrix is decomposed at once, by reflections.
const AT_ONCE: usize = 512;
/// Columns of the parts in which a wider one is.
const PART: usize = 32;

/// `[n, n]`, orthogonal times `gain`: the Q of a normal matrix with the signs of R's diagonal (Saxe,
/// McClelland & Ganguli 2014).
///
/// Reflections, up to 512 columns, pass over the whole matrix once for each column. Wider ones are made orthogonal
/// by matrix products (block Gram-Schmidt), which gives the same Q but for its rounding: to some 1e-10 at 8,192.
pub fn orthogonal<R: Real>(n: usize, gain: f64, rng: &mut ChaCha8Rng) -> DMatrix<R> {
    let mut q = normal::<f64>(n, n, 1.0, rng);
    let part = if n <= AT_ONCE { AT_ONCE } else { PART };
    make_orthonormal(q.as_view_mut(), part);
    q *= gain;
    q.map(R::of)
}

/// The columns of `a [n, m]` become Q of a = Q R, where R has a positive diagonal: its left half L first, then the right
/// half once L Lᵀ of it is gone.
fn make_orthonormal(mut a: ViewMut<f64>, part: usize) {
    let m = a.ncols();
    if m <= part {
        let (q, r) = a.clone_owned().qr().unpack();
        for (j, (mut to, from)) in a.column_iter_mut().zip(q.column_iter()).enumerate() {
            to.copy_from(&from);
            to *= r[(j, j)].signum();
        }
        return;
    }
    let (mut left, mut right) = a.columns_range_pair_mut(..m / 2, m / 2..);
    make_orthonormal(left.as_view_mut(), part);
    let mut shares = DMatrix::zeros(left.ncols(), right.ncols());
    kernel::set_transpose_product(shares.as_view_mut(), left.as_view(), right.as_view());
    shares.neg_mut();
    kernel::add_product(right.as_view_mut(), left.as_view(), shares.as_view());
    make_orthonormal(right, part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    /// In parts and at once there is one Q, and its columns are orthonormal.
    #[test]
    fn parts_give_the_same_matrix() {
        let whole = normal::<f64>(150, 150, 1.0, &mut generator(3, "orthogonal", 0));
        let (mut at_once, mut in_parts) = (whole.clone(), whole);
        make_orthonormal(at_once.as_view_mut(), AT_ONCE);
        make_orthonormal(in_parts.as_view_mut(), PART);
        assert!((&at_once - &in_parts).amax() < 1e-11);
        let unit = in_parts.transpose() * &in_parts;
        assert!((unit - DMatrix::identity(150, 150)).amax() < 1e-11);
    }

    #[test]
    fn wide_matrices_are_orthogonal_times_the_gain() {
        let n = AT_ONCE + 9;
        let q: DMatrix<f64> = orthogonal(n, 0.5, &mut generator(1, "orthogonal", 0));
        let unit = q.transpose() * &q * 4.0;
        assert!((unit - DMatrix::identity(n, n)).amax() < 1e-10);
    }
}
