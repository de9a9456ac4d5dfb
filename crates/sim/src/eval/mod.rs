//! Evaluation on streams that are never reset, and what is measured on them.

pub mod asked;
pub mod calibration;
pub mod contraction;
pub mod detector;
pub mod evaluate;
pub mod experiments;
pub mod far_past;
pub mod gap;
pub mod gradient_lag;
pub mod lanes;
pub mod position;
pub mod reading;
pub mod recovery;
pub mod reset;
pub mod trace;
