//! Products whose operands both run along the inner index, `out[i, j] = a[i, :] · b[:, j]`, with few results: dot
//! products, on x86-64 with AVX2 or AVX-512.
//!
//! A dot product in wide registers has as many sums as a register has numbers, so that its last bits depend on the
//! register. Here they are [`Lane::LANES`] on either set: one register of AVX-512, two of AVX2. The order of the
//! additions is that of the `gemm` crate's AVX-512 kernels, which did these products before.
//!
//! ```text
//! few results (m n ≤ 256): one row of sums per block of 1024 of the inner index; the rest is filled up with zeros
//! more, of one row or column: eight rows of sums, then one, then the rest number by number
//! ```

use crate::Real;

/// Results up to which the sums are those of [`few`].
const FEW: usize = 256;
/// Inner index of a block of [`few`].
const BLOCK: usize = 1024;
/// Rows of sums in [`long`].
const ROWS: usize = 8;
/// Dot products that share what is read of one operand.
const GROUP: usize = 4;

/// A matrix: where it starts, and how far apart its rows and columns are.
#[derive(Clone, Copy)]
pub(super) struct Strided<P> {
    pub start: P,
    pub row: usize,
    pub column: usize,
}

/// Whether `out = a b` of size `(m, n)` is done here: both operands run along the inner index, and the results are few,
/// or a vector that `gemm` would not do by columns.
pub(super) fn are_for<R>(
    (m, n): (usize, usize),
    a: Strided<*const R>,
    b: Strided<*const R>,
    out_column: usize,
) -> bool {
    let vector = (m == 1 || n == 1) && !is_by_columns((m, n), a, b, out_column);
    are_along(a, b) && (m * n <= FEW || vector)
}

/// Whether `gemm` does the product of size `(m, n)` without cutting the inner index.
pub(super) fn is_vector<R>(
    (m, n): (usize, usize),
    a: Strided<*const R>,
    b: Strided<*const R>,
    out_column: usize,
) -> bool {
    let along = (m == 1 || n == 1) && are_along(a, b);
    along || is_by_columns((m, n), a, b, out_column)
}

/// Whether both operands run along the inner index.
fn are_along<R>(a: Strided<*const R>, b: Strided<*const R>) -> bool {
    a.column == 1 && b.row == 1
}

/// Whether the product is a sum of weighted columns, or of weighted rows that follow each other.
fn is_by_columns<R>(
    (m, n): (usize, usize),
    a: Strided<*const R>,
    b: Strided<*const R>,
    out_column: usize,
) -> bool {
    (n == 1 && a.row == 1) || (m == 1 && b.column == 1 && out_column == 1)
}

/// `out = a b`, or `out += a b` if `add`, of sizes `(m, n, k)`; rows of `out` follow each other.
///
/// # Safety
///
/// The operands must have these sizes and strides, `out` overlap neither, [`are_for`] hold, and the machine have AVX2
/// and FMA, and, if `wide`, AVX-512.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn product<R: Real>(
    wide: bool,
    out: Strided<*mut R>,
    sizes: (usize, usize, usize),
    a: Strided<*const R>,
    b: Strided<*const R>,
    add: bool,
) {
    use super::active::narrow;

    #[target_feature(enable = "avx512f,avx512vl,fma")]
    unsafe fn avx512<T: Lane<L>, const L: usize>(
        out: Strided<*mut T>,
        sizes: (usize, usize, usize),
        a: Strided<*const T>,
        b: Strided<*const T>,
        add: bool,
    ) {
        // SAFETY: the caller's promise.
        unsafe { all::<T, L>(out, sizes, a, b, add) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2<T: Lane<L>, const L: usize>(
        out: Strided<*mut T>,
        sizes: (usize, usize, usize),
        a: Strided<*const T>,
        b: Strided<*const T>,
        add: bool,
    ) {
        // SAFETY: the caller's promise.
        unsafe { all::<T, L>(out, sizes, a, b, add) }
    }

    // SAFETY: R is one of two types, told apart by its size; the rest is the caller's promise.
    unsafe {
        match (narrow::<R>(&[]).is_some(), wide) {
            (true, true) => avx512::<f32, 16>(cast_mut(out), sizes, cast(a), cast(b), add),
            (true, false) => avx2::<f32, 16>(cast_mut(out), sizes, cast(a), cast(b), add),
            (false, true) => avx512::<f64, 8>(cast_mut(out), sizes, cast(a), cast(b), add),
            (false, false) => avx2::<f64, 8>(cast_mut(out), sizes, cast(a), cast(b), add),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn cast<R, T>(m: Strided<*const R>) -> Strided<*const T> {
    Strided {
        start: m.start.cast(),
        row: m.row,
        column: m.column,
    }
}

#[cfg(target_arch = "x86_64")]
fn cast_mut<R, T>(m: Strided<*mut R>) -> Strided<*mut T> {
    Strided {
        start: m.start.cast(),
        row: m.row,
        column: m.column,
    }
}

/// A number that a row of `L` sums is made of.
trait Lane<const L: usize>: Real {
    /// `a b + c`, rounded once. To be called within a function that is compiled for FMA.
    fn fused(self, b: Self, c: Self) -> Self;
}

impl Lane<16> for f32 {
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }
}

impl Lane<8> for f64 {
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }
}

/// [`product`], compiled into the copy for each set.
#[inline(always)]
unsafe fn all<T: Lane<L>, const L: usize>(
    out: Strided<*mut T>,
    (m, n, k): (usize, usize, usize),
    a: Strided<*const T>,
    b: Strided<*const T>,
    add: bool,
) {
    // SAFETY: rows of a and columns of b have k numbers in a row; results lie within out.
    unsafe {
        let row = |i: usize| std::slice::from_raw_parts(a.start.add(i * a.row), k);
        let column = |j: usize| std::slice::from_raw_parts(b.start.add(j * b.column), k);
        let at = |i: usize, j: usize| &mut *out.start.add(i * out.row + j * out.column);
        if m * n > FEW {
            for i in 0..m {
                for j in 0..n {
                    let sum = long::<T, L>(row(i), column(j));
                    let to = at(i, j);
                    *to = if add { sum + *to } else { sum };
                }
            }
            return;
        }
        for j in 0..n {
            let b = column(j);
            let mut i = 0;
            while i + GROUP <= m {
                let rows = [row(i), row(i + 1), row(i + 2), row(i + 3)];
                let [r0, r1, r2, r3] =
                    few_of::<T, L, GROUP>(
                        rows,
                        b,
                        |g| {
                            if add { Some(*at(i + g, j)) } else { None }
                        },
                    );
                (*at(i, j), *at(i + 1, j)) = (r0, r1);
                (*at(i + 2, j), *at(i + 3, j)) = (r2, r3);
                i += GROUP;
            }
            while i < m {
                let before = if add { Some(*at(i, j)) } else { None };
                let [result] = few_of::<T, L, 1>([row(i)], b, |_| before);
                *at(i, j) = result;
                i += 1;
            }
        }
    }
}

/// Dot products of G rows with `b`, each added to what `before` has of it.
#[inline(always)]
fn few_of<T: Lane<L>, const L: usize, const G: usize>(
    rows: [&[T]; G],
    b: &[T],
    before: impl Fn(usize) -> Option<T>,
) -> [T; G] {
    let mut results = [T::zero(); G];
    let mut known = [false; G];
    for g in 0..G {
        if let Some(x) = before(g) {
            (results[g], known[g]) = (x, true);
        }
    }
    let k = b.len();
    let mut start = 0;
    while start < k {
        let end = k.min(start + BLOCK);
        let mut sums = [[T::zero(); L]; G];
        let mut at = start;
        while at + L <= end {
            for g in 0..G {
                let (x, y) = (&rows[g][at..at + L], &b[at..at + L]);
                for l in 0..L {
                    sums[g][l] = x[l].fused(y[l], sums[g][l]);
                }
            }
            at += L;
        }
        if at < end {
            let mut y = [T::zero(); L];
            y[..end - at].copy_from_slice(&b[at..end]);
            for g in 0..G {
                let mut x = [T::zero(); L];
                x[..end - at].copy_from_slice(&rows[g][at..end]);
                for l in 0..L {
                    sums[g][l] = x[l].fused(y[l], sums[g][l]);
                }
            }
        }
        for g in 0..G {
            let sum = halved(sums[g]);
            results[g] = if known[g] { sum + results[g] } else { sum };
            known[g] = true;
        }
        start = end;
    }
    results
}

/// The sum of a row of sums: its upper half is added to its lower one, until one number is left.
#[inline(always)]
fn halved<T: Lane<L>, const L: usize>(mut sums: [T; L]) -> T {
    let mut half = L / 2;
    while half > 0 {
        for l in 0..half {
            sums[l] += sums[l + half];
        }
        half /= 2;
    }
    sums[0]
}

/// A dot product with [`ROWS`] rows of sums.
#[inline(always)]
fn long<T: Lane<L>, const L: usize>(a: &[T], b: &[T]) -> T {
    let k = b.len();
    let mut sums = [[T::zero(); L]; ROWS];
    let mut at = 0;
    while at + ROWS * L <= k {
        for (r, sums) in sums.iter_mut().enumerate() {
            let from = at + r * L;
            let (x, y) = (&a[from..from + L], &b[from..from + L]);
            for l in 0..L {
                sums[l] = x[l].fused(y[l], sums[l]);
            }
        }
        at += ROWS * L;
    }
    // Neighbours, then pairs of them, then both halves.
    let mut apart = 1;
    while apart < ROWS {
        for r in (0..ROWS).step_by(2 * apart) {
            let (own, others) = sums.split_at_mut(r + apart);
            for (sum, other) in own[r].iter_mut().zip(others[0]) {
                *sum += other;
            }
        }
        apart *= 2;
    }
    let mut sums = sums[0];
    while at + L <= k {
        let (x, y) = (&a[at..at + L], &b[at..at + L]);
        for (l, sum) in sums.iter_mut().enumerate() {
            *sum = x[l].fused(y[l], *sum);
        }
        at += L;
    }
    let mut sum = sums[0];
    for &x in &sums[1..] {
        sum += x;
    }
    while at < k {
        sum = a[at].fused(b[at], sum);
        at += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::gradcheck::random;

    /// The bits are those of `gemm`'s kernels for AVX-512, on which results were made before.
    #[cfg(target_arch = "x86_64")]
    #[test]
    #[allow(clippy::print_stderr)] // A skipped test prints a message.
    fn dot_products_have_the_bits_of_wide_registers() {
        if !super::super::Isa::Avx512.is_supported() {
            eprintln!("skipped: this machine lacks AVX-512");
            return;
        }
        for sizes in [
            (1, 1, 1),
            (1, 1, 37),
            (16, 16, 700),
            (7, 30, 1030),
            (256, 1, 40),
            (61, 4, 1024),
            (300, 1, 700),
            (300, 1, 5),
            (1, 300, 700),
            (257, 1, 2100),
        ] {
            check::<f32>(sizes, |m, n, k, out, a, b, add| unsafe {
                gemm_f32::gemm::f32::get_gemm_fn()(
                    m,
                    n,
                    k,
                    out,
                    m as isize,
                    1,
                    add,
                    a,
                    1,
                    k as isize,
                    b,
                    k as isize,
                    1,
                    1.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm_common::Parallelism::None,
                );
            });
            check::<f64>(sizes, |m, n, k, out, a, b, add| unsafe {
                gemm_f64::gemm::f64::get_gemm_fn()(
                    m,
                    n,
                    k,
                    out,
                    m as isize,
                    1,
                    add,
                    a,
                    1,
                    k as isize,
                    b,
                    k as isize,
                    1,
                    1.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm_common::Parallelism::None,
                );
            });
        }
    }

    /// Both copies against `gemm`'s function of AVX-512.
    #[cfg(target_arch = "x86_64")]
    fn check<R: Real>(
        (m, n, k): (usize, usize, usize),
        gemm: impl Fn(usize, usize, usize, *mut R, *const R, *const R, bool),
    ) {
        let a = random(k, m, 1.0, 1).map(R::of);
        let b = random(k, n, 1.0, 2).map(R::of);
        for add in [false, true] {
            let mut expected = DMatrix::from_element(m, n, R::of(0.3));
            gemm(m, n, k, expected.as_mut_ptr(), a.as_ptr(), b.as_ptr(), add);
            for wide in [false, true] {
                let mut found = DMatrix::from_element(m, n, R::of(0.3));
                let strided = |start, row, column| Strided { start, row, column };
                let (a, b) = (strided(a.as_ptr(), k, 1), strided(b.as_ptr(), 1, k));
                assert!(are_for((m, n), a, b, m));
                let out = Strided {
                    start: found.as_mut_ptr(),
                    row: 1,
                    column: m,
                };
                // SAFETY: the sizes are those of the matrices, and the machine has AVX-512.
                unsafe { product(wide, out, (m, n, k), a, b, add) };
                assert_eq!(found, expected, "{m} x {n} x {k}, {add}, {wide}");
            }
        }
    }
}
