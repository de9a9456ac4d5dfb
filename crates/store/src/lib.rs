//! What is stored on disk during a run, and what is shown to the user meanwhile.
//!
//! | module | what |
//! |---|---|
//! | [`folder`] | a run's folder: one owner at a time, files replaced whole |
//! | [`owner`] | the scenario and data of a folder |
//! | [`checkpoint`] | state of unfinished work, from which it resumes bit for bit |
//! | [`clock`] | the parts of a result that depend on the clock, and how to omit them |
//! | [`operation`] | the operation on a file, by which its failure is classed |
//! | [`regular`] | reading a plain file of bounded length |
//! | [`Progress`] | a bar with the time left, or lines in a log |
//! | [`stderr`] | standard error, without blocking on its reader |

pub mod checkpoint;
pub mod clock;
pub mod folder;
mod grouped;
pub mod operation;
pub mod owner;
mod progress;
pub mod regular;
mod same_file;
pub mod stderr;

pub use grouped::grouped;
pub use progress::{Detail, Notice, Progress};
pub use same_file::{SameFile, refuse_same_file};
