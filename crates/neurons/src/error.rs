//! What can be wrong with a cell's configuration.

use thiserror::Error;

/// A configuration that no cell can be built from.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ConfigError {
    /// A width of zero.
    #[error("`{key}` is 0: a layer needs at least one unit")]
    NoUnits {
        /// The key in the scenario.
        key: &'static str,
    },
    /// A number outside its range.
    #[error("`{key}` is {value}: it must be {allowed}")]
    OutOfRange {
        /// The key in the scenario.
        key: &'static str,
        /// What was given.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
}
