//! The hot loops, in one place: the only module of the workspace with `unsafe` code.
//!
//! | file | what | why it is fast |
//! |---|---|---|
//! | [`columns`](self) | sums of weighted columns: gathers, one-column products | a block of the sum stays in registers |
//! | [`event_tiles`](self) | gathers and scatters of many columns with many events | a tile of the weights stays in the first-level cache |
//! | [`active`] | positions of spikes | sixteen values a comparison |
//! | [`sparse`](self) | gradients of weights that saw events or spikes | sorted by unit, so that a weight is loaded once |
//! | [`fan_out`](self) | products with sparse connections | a connection is loaded once for a block of lanes |
//! | [`needed`](self) | products of which few numbers are needed | inner products, four at a time |
//! | [`product`](self) | dense products | each done in one of the next three |
//! | [`driver`](self) | those of many columns | operands are packed: the driver of the `gemm` crate |
//! | [`tiles`](self) | those of few columns | tiles of the result stay in registers; nothing is allocated |
//! | [`dots`](self) | few dot products | several rows at a time, in as many sums as fill the registers |
//! | [`panels`](self) | copies of weights for products at every step | read from front to back |
//! | [`each`] | elementwise loops over many streams | the compiler need not ask whether they overlap |
//!
//! Elementwise loops stay in the cells, as their equations: in a [`crate::Step`], or in a function of their
//! own within [`for_each_isa!`](crate::for_each_isa). Both are compiled for AVX-512, AVX2 and the target's plain registers
//! (on ARM, NEON), and run on the process's [`Isa`]; what their loops call is marked `#[inline(always)]`, to be compiled
//! along. [`crate::elementary`] has the functions for such loops.
//!
//! # The same bits
//!
//! Sums are added in one order, ascending in the inner index, by a multiplication and then an addition: a
//! kernel here gives the bits of its plain loop on every instruction set, and a test holds it to that. Dense
//! products of more than one column are fused, and add up to 512 of the inner index in registers; step by step and by
//! sequence therefore agree to 1e-5 in `f32` and 1e-12 in `f64`. Lengths of blocks are constants: no size of a cache
//! changes a sum. AVX2 and AVX-512 give the same bits in everything; see [`Isa`].
#![allow(unsafe_code)] // Products and gathers go by pointer and stride; each wrapper checks the shapes.

mod active;
mod aligned;
mod columns;
mod distances;
mod dots;
mod driver;
mod each;
mod event_tiles;
mod fan_out;
mod isa;
mod needed;
mod panels;
mod product;
mod sparse;
mod tiles;

pub use active::active;
pub use aligned::CacheAligned;
pub use columns::{
    add, axpy, copy, exponentials, fill_zero, gather, gather_active, gather_columns,
};
pub use distances::{PAIRS, squared_distances};
pub use each::each;
pub use fan_out::FanOut;
pub use isa::{Isa, IsaError};
pub use needed::{LONG, add_transpose_product_where, is_few, set_transpose_product_where};
pub use panels::{Panels, Transposed};
pub use product::{
    add_bias, add_bias_backward, add_product, add_product_by_transpose, add_transpose_product,
    set_bias, set_product, set_transpose_product,
};
pub use sparse::{add_product_by_spikes, scatter};
