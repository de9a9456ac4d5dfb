//! The driver of the `gemm` crate, which packs its operands, on a given instruction set.
//!
//! On x86-64 its functions for each set are made here from its parts, since its own choice is the widest set that the
//! machine has. Its kernels for few dot products are left out: with AVX2 and AVX-512 these are done in
//! [`dots`](super::dots).

use gemm_common::Parallelism;

use super::active::narrow;
use super::dots::Strided;
use super::isa::Isa;
use crate::Real;

/// `out = a b`, or `out += a b` if `add`, of sizes `(m, n, k)`, on a set that the machine has.
///
/// # Safety
///
/// The operands must have these sizes and strides, and `out` overlap neither.
pub(super) unsafe fn product<R: Real>(
    isa: Isa,
    out: Strided<*mut R>,
    (m, n, k): (usize, usize, usize),
    a: Strided<*const R>,
    b: Strided<*const R>,
    add: bool,
) {
    /// A call of the function `$run` of numbers `$real`.
    #[cfg(not(target_arch = "x86_64"))]
    macro_rules! call {
        ($gemm: ident, $real: ident) => {
            $gemm::gemm::$real::get_gemm_fn()(
                m,
                n,
                k,
                out.start.cast(),
                out.column as isize,
                out.row as isize,
                add,
                a.start.cast(),
                a.column as isize,
                a.row as isize,
                b.start.cast(),
                b.column as isize,
                b.row as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            )
        };
    }
    /// The driver with the kernels `$set` of `$gemm`, in registers `$simd` of `$lanes` numbers.
    #[cfg(target_arch = "x86_64")]
    macro_rules! call {
        ($gemm: ident, $real: ident, $set: ident, $simd: ident, $lanes: literal) => {{
            use $gemm::microkernel::$set::$real::{MR_DIV_N, NR, UKR};
            let simd = <$simd as MixedSimd<$real, $real, $real, $real>>::try_new();
            gemm_basic_generic::<$simd, $real, $lanes, { MR_DIV_N * $lanes }, NR, MR_DIV_N, 0, 0>(
                simd.expect("a process's instruction set is one that the machine has"),
                m,
                n,
                k,
                out.start.cast(),
                out.column as isize,
                out.row as isize,
                add,
                a.start.cast(),
                a.column as isize,
                a.row as isize,
                b.start.cast(),
                b.column as isize,
                b.row as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                |a, b, c| a * b + c,
                &UKR,
                &[],
                false,
                Parallelism::None,
            )
        }};
    }
    #[cfg(target_arch = "x86_64")]
    use gemm_common::{
        gemm::gemm_basic_generic,
        simd::{MixedSimd, Scalar, V3, V4},
    };
    // SAFETY: R is one of two types, told apart by its size; the rest is the caller's promise.
    unsafe {
        let narrow = narrow::<R>(&[]).is_some();
        #[cfg(target_arch = "x86_64")]
        match (isa, narrow) {
            (Isa::Avx512, true) => call!(gemm_f32, f32, avx512f, V4, 16),
            (Isa::Avx512, false) => call!(gemm_f64, f64, avx512f, V4, 8),
            (Isa::Avx2, true) => call!(gemm_f32, f32, fma, V3, 8),
            (Isa::Avx2, false) => call!(gemm_f64, f64, fma, V3, 4),
            (Isa::Plain | Isa::Neon, true) => call!(gemm_f32, f32, scalar, Scalar, 1),
            (Isa::Plain | Isa::Neon, false) => call!(gemm_f64, f64, scalar, Scalar, 1),
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = isa;
            if narrow {
                call!(gemm_f32, f32);
            } else {
                call!(gemm_f64, f64);
            }
        }
    }
}
