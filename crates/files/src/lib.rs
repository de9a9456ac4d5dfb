//! Files that appear whole or not at all, and folders that one process has at a time.
//!
//! | module | for |
//! |---|---|
//! | [`replace()`] | writing a file: under a temporary name of its own, synced, renamed |
//! | [`own`] | files that the program opens by fixed names of its own: locks, partial downloads |
//! | [`lock`] | a folder that several processes want at the same time |
//!
//! No other code in the workspace makes temporary files.

pub mod lock;
pub mod own;
pub mod replace;

pub use lock::{Lock, hold};
pub use own::open_own;
pub use replace::{Together, replace, replace_bytes, sweep};
