//! Products with few columns, tile by tile of the result, each held in registers while all of the inner index
//! passes: those of a step of many lanes. Nothing is allocated.
//!
//! ```text
//!            n columns                 a tile:  64 x 6 numbers of f32 under AVX-512,
//!         ┌────┬────┬──┐                        a column of it four registers
//!  64 rows│    │    │  │
//!         ├────┼────┼──┤
//!    rest │    │    │  │  rows that fill no register are copied next to zeros first
//!         └────┴────┴──┘
//! ```
//!
//! The tile's loop is the `gemm` crate's, one function a tile's size and instruction set. Its own driver asks
//! for memory in each product, packs operands that pay for it at many columns only, and so is left to these;
//! on other processors than x86-64 it does all products.

use std::cell::RefCell;

use gemm_common::microkernel::MicroKernelFn;

use super::active::narrow;
use super::isa::Isa;
use crate::Real;

/// Whether this machine's products with few columns are done here.
pub(super) const HERE: bool = cfg!(target_arch = "x86_64");
/// Rows that a register may hold on any machine: tiles start at multiples of this.
pub(super) const LANES: usize = 16;
/// Most of the inner index that is added up in registers before the result is touched, in every dense product. `gemm`
/// would read it from the machine's first cache: it is this under AVX-512 for usual ones, and under AVX2 for 32 KiB.
pub(super) const DEPTH: usize = 512;

/// The tile loops of one instruction set.
#[derive(Clone, Copy)]
struct Tiles<T: 'static> {
    /// Numbers of a register.
    lanes: usize,
    /// Columns of the widest tile.
    columns: usize,
    /// For each number of registers a column of the tile takes, and within it each number of columns.
    loops: &'static [MicroKernelFn<T>],
}

macro_rules! tiles {
    ($gemm: ident, $set: ident, $real: ident, $lanes: expr) => {{
        use $gemm::microkernel::$set::$real::{NR, UKR};
        const LOOPS: &[MicroKernelFn<$real>] = UKR.as_flattened();
        Tiles {
            lanes: $lanes,
            columns: NR,
            loops: LOOPS,
        }
    }};
}

/// Those of a set in `f32`.
fn narrow_tiles(isa: Isa) -> Tiles<f32> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => tiles!(gemm_f32, avx512f, f32, 16),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => tiles!(gemm_f32, fma, f32, 8),
        _ => tiles!(gemm_f32, scalar, f32, 1),
    }
}

/// Those of a set in `f64`.
fn wide_tiles(isa: Isa) -> Tiles<f64> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => tiles!(gemm_f64, avx512f, f64, 8),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => tiles!(gemm_f64, fma, f64, 4),
        _ => tiles!(gemm_f64, scalar, f64, 1),
    }
}

/// An operand or a result: where it starts, and how far apart its columns are. Rows follow each other.
#[derive(Clone, Copy)]
pub(super) struct Columns<P> {
    pub start: P,
    pub stride: usize,
}

/// `out = a b`, or `out += a b` if `add`, of sizes `(m, n, k)`, on a set that the machine has.
///
/// # Safety
///
/// The operands must have these sizes and `out` overlap neither. Where m is no multiple of [`LANES`] and
/// `padded`, `a` must be readable up to the next one in each column.
pub(super) unsafe fn product<R: Real>(
    isa: Isa,
    out: Columns<*mut R>,
    sizes: (usize, usize, usize),
    a: Columns<*const R>,
    b: Columns<*const R>,
    (add, padded): (bool, bool),
) {
    // SAFETY: R is one of two types, told apart by its size; the rest is the caller's promise.
    unsafe {
        if narrow::<R>(&[]).is_some() {
            let tiles = narrow_tiles(isa);
            run(tiles, cast_mut(out), sizes, cast(a), cast(b), (add, padded));
        } else {
            let tiles = wide_tiles(isa);
            run(tiles, cast_mut(out), sizes, cast(a), cast(b), (add, padded));
        }
    }
}

fn cast<R, T>(m: Columns<*const R>) -> Columns<*const T> {
    Columns {
        start: m.start.cast(),
        stride: m.stride,
    }
}

fn cast_mut<R, T>(m: Columns<*mut R>) -> Columns<*mut T> {
    Columns {
        start: m.start.cast(),
        stride: m.stride,
    }
}

/// [`product`] by the loops of `tiles`.
unsafe fn run<T: Real>(
    tiles: Tiles<T>,
    out: Columns<*mut T>,
    (m, n, k): (usize, usize, usize),
    a: Columns<*const T>,
    b: Columns<*const T>,
    (add, padded): (bool, bool),
) {
    let whole = if padded { m } else { m / LANES * LANES };
    // SAFETY: rows up to `whole` may be read in registers; the others are copied to where zeros follow them.
    unsafe {
        rows(tiles, out, (whole, n, k), a, b, add);
        if whole < m {
            beside_zeros(a, whole..m, k, |rest| {
                let out = Columns {
                    start: out.start.add(whole),
                    stride: out.stride,
                };
                rows(tiles, out, (m - whole, n, k), rest, b, add);
            });
        }
    }
}

/// The product's tiles, where `a` may be read in whole registers.
unsafe fn rows<T: Real>(
    tiles: Tiles<T>,
    out: Columns<*mut T>,
    (m, n, k): (usize, usize, usize),
    a: Columns<*const T>,
    b: Columns<*const T>,
    add: bool,
) {
    let height = tiles.lanes * tiles.loops.len() / tiles.columns;
    for depth in (0..k).step_by(DEPTH) {
        let k = DEPTH.min(k - depth);
        // 0 sets the result, 1 adds to it.
        let status = u8::from(add || depth > 0);
        for row in (0..m).step_by(height) {
            let m = height.min(m - row);
            for column in (0..n).step_by(tiles.columns) {
                let n = tiles.columns.min(n - column);
                let tile = (m.div_ceil(tiles.lanes) - 1) * tiles.columns + n - 1;
                // SAFETY: the tile lies within the result, and what it reads within the operands.
                unsafe {
                    tiles.loops[tile](
                        m,
                        n,
                        k,
                        out.start.add(column * out.stride + row),
                        a.start.add(depth * a.stride + row),
                        b.start.add(column * b.stride + depth),
                        out.stride as isize,
                        1,
                        a.stride as isize,
                        1,
                        b.stride as isize,
                        T::one(),
                        T::one(),
                        status,
                        false,
                        false,
                        false,
                        std::ptr::null(),
                    );
                }
            }
        }
    }
}

/// Calls `work` with a copy of the rows `own` of `a`, in which zeros follow them up to [`LANES`].
unsafe fn beside_zeros<T: Real>(
    a: Columns<*const T>,
    own: std::ops::Range<usize>,
    k: usize,
    work: impl FnOnce(Columns<*const T>),
) {
    thread_local!(static COPY: RefCell<Vec<f64>> = RefCell::default());
    COPY.with_borrow_mut(|buffer| {
        let numbers = (LANES * k * size_of::<T>()).div_ceil(size_of::<f64>());
        if buffer.len() < numbers {
            buffer.resize(numbers, 0.0);
        }
        let copy: &mut [T] = bytemuck::cast_slice_mut(buffer);
        for (j, column) in copy.chunks_exact_mut(LANES).take(k).enumerate() {
            let (rows, zeros) = column.split_at_mut(own.len());
            for (row, to) in own.clone().zip(rows) {
                // SAFETY: these rows are a's.
                *to = unsafe { *a.start.add(j * a.stride + row) };
            }
            zeros.fill(T::zero());
        }
        work(Columns {
            start: copy.as_ptr(),
            stride: LANES,
        });
    });
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::gradcheck::random;

    fn columns<R: Real>(m: &DMatrix<R>) -> Columns<*const R> {
        Columns {
            start: m.as_ptr(),
            stride: m.nrows(),
        }
    }

    /// `out = a b` of any size, once set and once added to, by the machine's loops and by the plain ones.
    fn check<R: Real>(plain: Tiles<R>, tolerance: f64) {
        for (m, n, k) in [
            (1, 2, 3),
            (16, 6, 5),
            (37, 7, 9),
            (64, 12, 600),
            (150, 5, 33),
        ] {
            let (a, b) = (random(m, k, 1.0, 1), random(k, n, 1.0, 2));
            let expected = &a * &b;
            let (a, b) = (a.map(R::of), b.map(R::of));
            let mut out = DMatrix::from_element(m, n, R::of(9.0));
            for (add, times) in [(false, 1.0), (true, 2.0)] {
                let to = Columns {
                    start: out.as_mut_ptr(),
                    stride: m,
                };
                // SAFETY: the sizes are those of the matrices.
                unsafe {
                    if add {
                        run(plain, to, (m, n, k), columns(&a), columns(&b), (add, false));
                    } else {
                        product(
                            Isa::current(),
                            to,
                            (m, n, k),
                            columns(&a),
                            columns(&b),
                            (add, false),
                        );
                    }
                }
                let error = (out.map(Real::wide) - times * &expected).amax();
                assert!(error < tolerance, "{m} x {n} x {k}: {error}");
            }
        }
    }

    #[test]
    fn tiles_of_any_size_are_the_product() {
        check::<f32>(tiles!(gemm_f32, scalar, f32, 1), 1e-4);
        check::<f64>(tiles!(gemm_f64, scalar, f64, 1), 1e-12);
    }
}
