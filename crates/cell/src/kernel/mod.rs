//! The hot loops, in one place: the only module of the workspace with `unsafe` code.
//!
//! | file | what | why it is fast |
//! |---|---|---|
//! | [`columns`](self) | sums of weighted columns: gathers, one-column products | a block of the sum stays in registers |
//! | [`sparse`](self) | gradients of weights that saw events or spikes | sorted by unit, so that a weight is loaded once |
//! | [`product`](self) | dense products | the `gemm` crate; [`Transposed`] keeps what a transposed product reads |
//!
//! Elementwise loops stay in the cells, as their equations: [`wide`] compiles them for the widest registers
//! of the machine at hand, and [`crate::elementary`] has the functions that such loops can call.
//!
//! # The same bits
//!
//! Sums are added in one order, ascending in the inner index, by a multiplication and then an addition: a
//! kernel here gives the bits of its plain loop on every instruction set, and a test holds it to that. Dense
//! products of more than one column block their sums in `gemm`'s own order; step by step and by sequence
//! therefore agree to 1e-5 in `f32` and 1e-12 in `f64`.
#![allow(unsafe_code)] // Products and gathers go by pointer and stride; each wrapper checks the shapes.

mod columns;
mod product;
mod sparse;

pub use columns::{axpy, gather, gather_active};
pub use product::{
    Transposed, add_bias, add_bias_reverse, add_product, add_product_by_transpose,
    add_transpose_product,
};
pub use sparse::{active, add_product_by_spikes, scatter};

/// Runs `run(arguments)` compiled for the widest registers that this machine has (AVX-512, AVX2, NEON or
/// plain).
///
/// `run` is the name of a function marked `#[inline(always)]`, and so is all that its loops call: a closure
/// would be compiled apart, for plain registers. No operation is fused or reordered, so the bits are those
/// of the plain loop.
#[inline(always)]
pub fn wide<A, T>(run: impl FnOnce(A) -> T, arguments: A) -> T {
    pulp::Arch::new().dispatch(Wide(run, arguments))
}

/// A function and its arguments.
struct Wide<F, A>(F, A);

impl<A, T, F: FnOnce(A) -> T> pulp::WithSimd for Wide<F, A> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> T {
        (self.0)(self.1)
    }
}
