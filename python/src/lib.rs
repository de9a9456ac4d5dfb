//! The extension module of the Python package `saturn_snn`: a thin layer over Saturn's library for networks, data,
//! training and evaluation, and over its commands for all else. What is written in Python is in `saturn_snn/`.
//!
//! Arrays are borrowed, not copied, where their layout allows: a C-contiguous `[T, B, I]` array is the column-major
//! matrix `[I, T*B]` of the library. The interpreter is released while Saturn computes.

#![allow(
    clippy::needless_pass_by_value,
    reason = "functions that Python calls own their arguments"
)]

mod dataset;
mod error;
mod evaluation;
mod events;
mod held;
mod network;
mod stream;
mod tape;
mod tensors;
mod threads;
mod training;
mod watched;

/// Weights and states on cache lines.
#[global_allocator]
static ALLOCATOR: saturn_cell::kernel::CacheAligned = saturn_cell::kernel::CacheAligned;

/// Saturn's extension module; its users import `saturn_snn`.
#[pyo3::pymodule]
mod _saturn {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::dataset::Dataset;
    #[pymodule_export]
    use crate::error::{InputError, SaturnError};
    #[pymodule_export]
    use crate::evaluation::{analyse, evaluate, plot_accuracy};
    #[pymodule_export]
    use crate::events::Events;
    #[pymodule_export]
    use crate::network::Network;
    #[pymodule_export]
    use crate::stream::Stream;
    #[pymodule_export]
    use crate::tape::Tape;
    #[pymodule_export]
    use crate::threads::{set_threads, threads};
    #[pymodule_export]
    use crate::training::train;
    #[pymodule_export]
    use crate::watched::{command, main};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::error::collect_panics();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
