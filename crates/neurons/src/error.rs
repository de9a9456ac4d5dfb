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

impl ConfigError {
    /// An error about `key` unless `value` is finite and greater than 0.
    pub(crate) fn unless_positive(key: &'static str, value: f64) -> Result<(), Self> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(Self::OutOfRange {
            key,
            value,
            allowed: "greater than 0",
        })
    }

    /// An error about `key` unless `value` is finite and at least 0.
    pub(crate) fn unless_at_least_zero(key: &'static str, value: f64) -> Result<(), Self> {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(Self::OutOfRange {
            key,
            value,
            allowed: "at least 0",
        })
    }
}
