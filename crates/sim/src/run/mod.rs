//! A run: its folder, the matrix that fills it, and what is read from it.

pub mod apart;
pub mod cells;
pub mod clock;
pub mod fault;
pub mod matrix;
mod metrics;
pub mod paths;
pub mod place;
mod reason;
pub mod summary;
pub mod weights;
pub mod workbench;

pub use reason::reason;
