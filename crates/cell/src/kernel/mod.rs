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

/// Runs a loop compiled for the widest registers that this machine has (AVX-512, AVX2, NEON or plain).
///
/// What the closure calls must be inlined into it to count. No operation is fused or reordered, so the bits
/// are those of the plain loop.
#[inline]
pub fn wide<T>(run: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(run)
}
