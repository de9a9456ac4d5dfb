//! A run: its folder, the matrix that fills it, and what is read from it.

pub mod apart;
pub mod cells;
pub mod checkpoint;
pub mod clock;
pub mod deed;
pub mod folder;
mod leftovers;
pub mod matrix;
mod metrics;
pub mod owner;
pub mod place;
mod progress;
mod reason;
pub mod summary;
pub mod trace;
pub mod weights;
pub mod workbench;

pub use progress::Progress;
pub use reason::reason;
