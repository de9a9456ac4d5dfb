//! What can be wrong with a cell's configuration.

use thiserror::Error;

/// A configuration that no cell can be built from.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ConfigError {
    /// A width of zero.
    #[error("`{key}` is 0: it must be at least 1")]
    Zero {
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
    /// A range that is upside down.
    #[error("`{low}` is {low_value}: it must be at most `{high}`, which is {high_value}")]
    Reversed {
        /// The key of the lower end.
        low: &'static str,
        /// The key of the upper end.
        high: &'static str,
        /// The lower end.
        low_value: f64,
        /// The upper end.
        high_value: f64,
    },
    /// States that do not come in pairs.
    #[error("`states` is {states}: it must be even, as `conjugate` is false")]
    OddStates {
        /// P as it was given.
        states: usize,
    },
    /// A block whose input is not as wide as itself.
    #[error("`width` is {width}, but the block's input has {inputs} rows: the two must be equal")]
    WidthMismatch {
        /// Rows of the block.
        width: usize,
        /// Rows of its input.
        inputs: usize,
    },
}
