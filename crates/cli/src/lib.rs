//! The `saturn` program: its commands, benchmarks and dashboard.

#[cfg(test)]
extern crate self as saturn_cli;

pub mod bench;
pub mod cli;
pub mod command;
mod signals;
pub mod threads;
pub mod view;
