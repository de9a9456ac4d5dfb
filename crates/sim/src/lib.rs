//! The saturn program as a library: scenario, build, stream composer, network, training, evaluation,
//! instruments, report.

#[cfg(test)]
extern crate self as saturn_sim;

pub mod evaluate;
pub mod fault;
pub mod figures;
pub mod model;
pub mod report;
pub mod run;
pub mod scenario;
pub mod trained;
