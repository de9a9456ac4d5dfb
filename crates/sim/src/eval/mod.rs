//! Evaluation on streams that are never reset, and what is measured on them.

pub mod asked;
pub mod by_class;
pub mod calibration;
pub mod change_point;
pub mod contraction;
pub mod crossed;
pub mod detector;
pub mod estimate;
pub mod evaluate;
pub mod experiments;
pub mod far_past;
pub mod gap;
pub mod gradient_lag;
pub mod lanes;
pub mod paired;
pub mod position;
pub mod reading;
pub mod recovery;
pub mod reset;
pub mod slope;
pub mod tally;
pub mod verdict;
