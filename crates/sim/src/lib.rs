//! The saturn program as a library: scenario, build, stream composer, network, training, evaluation,
//! instruments, report.

pub mod build;
pub mod cli;
pub mod command;
pub mod draw;
pub mod eval;
pub mod monitor;
pub mod network;
pub mod page;
pub mod run;
pub mod scenario;
pub mod stream;
pub mod train;
