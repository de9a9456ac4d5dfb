//! A run: its folder, the matrix that fills it, and reading its results.

pub mod dataset;
pub mod entry;
pub mod fault;
pub mod input;
mod interrupted;
pub mod matrix;
pub mod mixed_isa;
pub mod other_events;
pub mod paths;
pub mod place;
mod reason;
pub mod select;
pub mod stale;
mod start;
pub mod summary;
pub mod tasks;
pub mod trials;

pub use interrupted::Interrupted;
pub use reason::reason;
