//! Training: batches that are the same for every arm, the loop, the optimisers, validation.

pub mod arm;
pub mod batch;
pub mod changes;
pub mod class_weights;
mod course;
pub mod fptt;
pub mod initial;
pub mod job;
mod kept;
pub mod objective;
pub mod one_update;
pub mod optimizer;
pub mod or_none;
pub mod saved;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod trainer;
pub mod update;
pub mod validate;
pub mod validation;
