//! Atomic file replacement, and folders locked by one process at a time.
//!
//! | module | for |
//! |---|---|
//! | [`replace()`] | writing a file: under a temporary name of its own, synced, renamed |
//! | [`own`] | files the program opens by fixed names: locks, partial downloads |
//! | [`lock`] | exclusive use of a folder |
//! | [`lease`] | exclusive use of a piece of work, on file systems that several machines share |
//!
//! No other code in the workspace creates temporary files.

pub mod lease;
pub mod lock;
pub mod own;
pub mod replace;

pub use lease::Lease;
pub use lock::{Lock, hold};
pub use own::open_own;
pub use replace::{Together, replace, replace_bytes, sweep};
