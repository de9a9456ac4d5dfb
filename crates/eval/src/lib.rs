//! Evaluation on streams that are never reset, and measurements on them.

#[cfg(test)]
extern crate self as saturn_eval;

pub mod contraction;
pub mod detector;
pub mod evaluate;
pub mod experiments;
pub mod far_past;
pub mod gap;
pub mod gradient_lag;
pub mod health;
pub mod instruments;
pub mod lanes;
pub mod numbers;
pub mod position;
pub mod precision;
pub mod reading;
pub mod recovery;
pub mod reset;
pub mod stats;
pub mod trace;
