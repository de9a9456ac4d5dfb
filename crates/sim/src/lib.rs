//! The saturn program as a library: scenario, build, stream composer, network, training, evaluation,
//! instruments, report.

#[cfg(test)]
extern crate self as saturn_sim;

pub mod analyse;
pub mod bench;
pub mod build;
pub mod cli;
pub mod command;
pub mod eval;
pub mod fault;
pub mod figures;
pub mod health;
pub mod live;
pub mod machine;
pub mod monitor;
pub mod network;
pub mod precision;
pub mod report;
pub mod run;
pub mod scenario;
pub mod stats;
pub mod stream;
pub mod threads;
pub mod train;
pub mod view;
