//! Dense products, on nalgebra's storage by pointer and stride, on one thread: parallelism is over shards
//! of lanes, outside.

use super::columns::{add_column_product, fill_zero};
use super::dots::{self, Strided};
use super::driver;
use super::isa::Isa;
use super::tiles::{self, DEPTH};
use crate::{Real, View, ViewMut, column, column_mut};

/// Columns up to which a product is done in [`tiles`]: with more, packing its operands pays.
const FEW: usize = 96;
/// Rows and columns up to which `gemm` cuts the inner index by [`DEPTH`] without a look at the caches.
const SMALL: usize = 64;

/// `out = a b`, with `a [M, K]`, `b [K, N]`, `out [M, N]`.
pub fn set_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    if b.ncols() == 1 {
        fill_zero(&mut out);
        return add_product(out, a, b);
    }
    product(&mut out, &a, &b, false);
}

/// `out += a b`, with `a [M, K]`, `b [K, N]`, `out [M, N]`.
pub fn add_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), a.ncols()), (out.nrows(), b.nrows()), "a b");
    assert_eq!(out.ncols(), b.ncols(), "a b");
    if b.ncols() == 1 {
        return add_column_product(column_mut(&mut out, 0), &a, column(&b, 0));
    }
    product(&mut out, &a, &b, true);
}

fn product<R: Real>(out: &mut ViewMut<R>, a: &View<R>, b: &View<R>, add: bool) {
    assert_eq!((a.nrows(), a.ncols()), (out.nrows(), b.nrows()), "a b");
    assert_eq!(out.ncols(), b.ncols(), "a b");
    let (m, n, k) = (a.nrows(), b.ncols(), a.ncols());
    blocked(out, (m, n, k), (a, 1, stride(a)), (b, 1, stride(b)), add);
}

/// `out = aᵀ b`, with `a [K, M]`, `b [K, N]`, `out [M, N]`.
pub fn set_transpose_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    transpose_product(&mut out, &a, &b, false);
}

/// `out += aᵀ b`, with `a [K, M]`, `b [K, N]`, `out [M, N]`.
pub fn add_transpose_product<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    transpose_product(&mut out, &a, &b, true);
}

fn transpose_product<R: Real>(out: &mut ViewMut<R>, a: &View<R>, b: &View<R>, add: bool) {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), out.nrows()), "aᵀ b");
    assert_eq!(out.ncols(), b.ncols(), "aᵀ b");
    let (m, n, k) = (a.ncols(), b.ncols(), a.nrows());
    blocked(out, (m, n, k), (a, stride(a), 1), (b, 1, stride(b)), add);
}

/// `out += a bᵀ`, with `a [M, K]`, `b [N, K]`, `out [M, N]`.
pub fn add_product_by_transpose<R: Real>(mut out: ViewMut<R>, a: View<R>, b: View<R>) {
    assert_eq!((a.nrows(), b.nrows()), (out.nrows(), out.ncols()), "a bᵀ");
    assert_eq!(a.ncols(), b.ncols(), "a bᵀ");
    let (m, n, k) = (a.nrows(), b.nrows(), a.ncols());
    blocked(
        &mut out,
        (m, n, k),
        (&a, 1, stride(&a)),
        (&b, stride(&b), 1),
        true,
    );
}

/// `out[:, j] = bias` for every column `j`, with `bias [M]`.
pub fn set_bias<R: Real>(out: &mut ViewMut<R>, bias: &[R]) {
    for j in 0..out.ncols() {
        column_mut(out, j).copy_from_slice(bias);
    }
}

crate::for_each_isa! {
    /// `out[:, j] += bias` for every column `j`, with `bias [M]`.
    pub fn add_bias<R: Real>(out: &mut ViewMut<R>, bias: &[R]) {
        for j in 0..out.ncols() {
            for (o, &b) in column_mut(out, j).iter_mut().zip(bias) {
                *o += b;
            }
        }
    }
}

crate::for_each_isa! {
    /// The reverse of [`add_bias`]: `d_bias += Σ_j d_out[:, j]`.
    pub fn add_bias_backward<R: Real>(d_out: &View<R>, d_bias: &mut [R]) {
        for j in 0..d_out.ncols() {
            for (b, &d) in d_bias.iter_mut().zip(column(d_out, j)) {
                *b += d;
            }
        }
    }
}

/// Distance between the starts of two columns.
fn stride<R: Real>(m: &View<R>) -> usize {
    m.strides().1
}

/// `out += lhs rhs`, or `out = lhs rhs`, of sizes `(m, n, k)`; operands come with their (row, column)
/// strides.
fn blocked<R: Real>(
    out: &mut ViewMut<R>,
    sizes: (usize, usize, usize),
    a: (&View<R>, usize, usize),
    b: (&View<R>, usize, usize),
    add: bool,
) {
    blocked_on(Isa::current(), out, sizes, a, b, add);
}

/// [`blocked`] on an instruction set, which the machine must have.
fn blocked_on<R: Real>(
    isa: Isa,
    out: &mut ViewMut<R>,
    (m, n, k): (usize, usize, usize),
    (a, a_row, a_col): (&View<R>, usize, usize),
    (b, b_row, b_col): (&View<R>, usize, usize),
    add: bool,
) {
    if m == 0 || n == 0 || k == 0 {
        if !add {
            fill_zero(out);
        }
        return;
    }
    let out_col = out.strides().1;
    if tiles::HERE && a_row == 1 && b_row == 1 && n <= FEW {
        let (start, stride) = (out.as_mut_ptr(), out_col);
        let columns = |m: &View<R>, stride| tiles::Columns {
            start: m.as_ptr(),
            stride,
        };
        let (a, b) = (columns(a, a_col), columns(b, b_col));
        let out = tiles::Columns { start, stride };
        // SAFETY: as below.
        unsafe { tiles::product(isa, out, (m, n, k), a, b, (add, false)) };
        return;
    }
    let strided = |start, row, column| Strided { start, row, column };
    let (a, b) = (
        strided(a.as_ptr(), a_row, a_col),
        strided(b.as_ptr(), b_row, b_col),
    );
    let out = Strided {
        start: out.as_mut_ptr(),
        row: 1,
        column: out_col,
    };
    // SAFETY: the callers have checked that `a`, `b` and `out` have the shapes that (m, n, k) and the
    // strides address, `out` is borrowed mutably, and so overlaps neither operand.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if isa.is_wide_x86() && dots::are_for((m, n), a, b, out_col) {
            return dots::product(isa == Isa::Avx512, out, (m, n, k), a, b, add);
        }
        if m <= SMALL && n <= SMALL || dots::is_vector((m, n), a, b, out_col) {
            return driver::product(isa, out, (m, n, k), a, b, add);
        }
        // In equal parts, as `gemm` would cut it.
        let depth = k.div_ceil(k.div_ceil(DEPTH));
        for start in (0..k).step_by(depth) {
            let a = Strided {
                start: a.start.add(start * a.column),
                ..a
            };
            let b = Strided {
                start: b.start.add(start * b.row),
                ..b
            };
            let depth = depth.min(k - start);
            driver::product(isa, out, (m, n, depth), a, b, add || start > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use nalgebra::DMatrix;

    /// The products agree with nalgebra's, for one column and for many.
    #[test]
    fn products_are_products() {
        for columns in [1, 2, 9, 60] {
            let (a, b) = (random(7, 5, 1.0, 1), random(5, columns, 1.0, 2));
            let mut out = DMatrix::from_element(7, columns, 1.0);
            add_product(out.as_view_mut(), a.as_view(), b.as_view());
            assert!((&out - (&a * &b).add_scalar(1.0)).norm() < 1e-13);
            let mut out = DMatrix::zeros(7, columns);
            add_transpose_product(out.as_view_mut(), a.transpose().as_view(), b.as_view());
            assert!((&out - &a * &b).norm() < 1e-13);
            let mut out = DMatrix::zeros(7, columns);
            add_product_by_transpose(out.as_view_mut(), a.as_view(), b.transpose().as_view());
            assert!((&out - &a * &b).norm() < 1e-13);
        }
    }

    /// Sizes of every way that a product is done: few columns, few results, one row or column, little and much of each
    /// index, an inner index of one, two and several blocks.
    const SIZES: [(usize, usize, usize); 20] = [
        (1, 1, 1),
        (1, 1, 1500),
        (5, 3, 2),
        (16, 16, 700),
        (7, 30, 1030),
        (256, 1, 40),
        (300, 1, 700),
        (1, 300, 700),
        (300, 1, 1700),
        (3, 97, 1),
        (70, 100, 2),
        (64, 64, 513),
        (64, 64, 1100),
        (65, 64, 513),
        (37, 150, 300),
        (130, 100, 512),
        (130, 100, 513),
        (130, 97, 700),
        (90, 130, 1025),
        (200, 120, 1700),
    ];

    /// The product `a b`, and the same with either operand stored transposed, twice: set, and added to.
    fn all_ways<R: Real>(isa: Isa, (m, n, k): (usize, usize, usize)) -> Vec<DMatrix<R>> {
        let (a, b) = (
            random(m, k, 1.0, 1).map(R::of),
            random(k, n, 1.0, 2).map(R::of),
        );
        let (at, bt) = (a.transpose(), b.transpose());
        let (a, b, at, bt) = (a.as_view(), b.as_view(), at.as_view(), bt.as_view());
        let ways = [
            ((&a, 1, m), (&b, 1, k)),
            ((&at, k, 1), (&b, 1, k)),
            ((&a, 1, m), (&bt, n, 1)),
        ];
        let ways = ways.into_iter().map(|(a, b)| {
            let mut out = DMatrix::from_element(m, n, R::of(0.3));
            blocked_on(isa, &mut out.as_view_mut(), (m, n, k), a, b, false);
            blocked_on(isa, &mut out.as_view_mut(), (m, n, k), a, b, true);
            out
        });
        ways.collect()
    }

    /// AVX2 and AVX-512 give the same bits for every product, in both number types, and plain registers nearly so.
    #[test]
    #[allow(clippy::print_stderr)] // A skipped test prints a message.
    fn instruction_sets_give_the_same_products() {
        fn check<R: Real>(tolerance: f64) {
            for sizes in SIZES {
                let plain = all_ways::<R>(Isa::Plain, sizes);
                let have = [Isa::Avx2, Isa::Avx512]
                    .into_iter()
                    .filter(|isa| isa.is_supported());
                let wide: Vec<_> = have.map(|isa| all_ways::<R>(isa, sizes)).collect();
                for (wide, plain) in wide.iter().flat_map(|wide| wide.iter().zip(&plain)) {
                    let error = (wide - plain).map(R::wide).amax();
                    assert!(error < tolerance, "{sizes:?}: {error}");
                }
                if let [avx2, avx512] = &wide[..] {
                    assert_eq!(avx2, avx512, "{sizes:?}");
                } else {
                    eprintln!("skipped: this machine has not both AVX2 and AVX-512");
                }
            }
        }
        check::<f32>(1e-4);
        check::<f64>(1e-12);
    }
}
