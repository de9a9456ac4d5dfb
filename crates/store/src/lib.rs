//! What is kept on disk while work goes on, and what the user is told meanwhile.
//!
//! | module | what |
//! |---|---|
//! | [`folder`] | a run's folder: one owner at a time, files replaced whole |
//! | [`owner`] | which scenario and which data a folder belongs to |
//! | [`checkpoint`] | state of unfinished work, from which it resumes bit for bit |
//! | [`clock`] | what of a result depends on the clock, and how to leave it out |
//! | [`deed`] | what was tried with a file, by which its failure is classed |
//! | [`regular`] | reading a plain file of bounded length |
//! | [`Progress`] | a bar with the time left, or lines in a log |
//! | [`say`] | standard error, which nobody need read |

pub mod checkpoint;
pub mod clock;
pub mod deed;
pub mod folder;
pub mod owner;
mod progress;
pub mod regular;
mod same_file;
pub mod say;

pub use progress::{Detail, Progress};
pub use same_file::{SameFile, refuse_same_file};
