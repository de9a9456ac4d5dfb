//! A run: its folder, the matrix that fills it, and what is read from it.

pub mod folder;
pub mod matrix;
pub mod place;
mod progress;
pub mod summary;
pub mod trace;
pub mod weights;
pub mod workbench;

pub use progress::Progress;
