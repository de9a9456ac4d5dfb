//! The `saturn` program.

use std::process::ExitCode;

/// Weights and states on cache lines.
#[global_allocator]
static ALLOCATOR: saturn_cell::kernel::CacheAligned = saturn_cell::kernel::CacheAligned;

fn main() -> ExitCode {
    saturn_cli::cli::main()
}
