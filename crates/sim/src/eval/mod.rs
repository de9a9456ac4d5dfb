//! Evaluation on streams that are never reset, and what is measured on them.

pub mod bootstrap;
pub mod by_class;
pub mod contraction;
pub mod detector;
pub mod evaluate;
pub mod gap;
pub mod lanes;
pub mod paired;
pub mod position;
pub mod reset;
pub mod slope;
