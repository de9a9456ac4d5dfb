//! Finite precision against known answers.

mod dead_zone;
mod gradients;
mod grids;
mod nets;
mod stored_weights;
