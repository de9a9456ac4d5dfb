//! The `saturn` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    saturn_sim::cli::main()
}
