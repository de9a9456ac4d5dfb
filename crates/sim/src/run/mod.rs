//! A run: its folder, the matrix that fills it, and reading its results.

pub mod apart;
pub mod cells;
pub mod entry;
pub mod fault;
mod interrupted;
pub mod matrix;
pub mod paths;
pub mod place;
mod reason;
pub mod select;
pub mod summary;
pub mod untied;
pub mod workbench;

pub use interrupted::Interrupted;
pub use reason::reason;
