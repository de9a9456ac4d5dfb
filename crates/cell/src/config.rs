//! From a cell's description in a scenario to the cell.

use thiserror::Error;

use crate::rng::ChaCha8Rng;
use crate::{Cell, Count, Real, Size};

/// A cell behind a box, or what is wrong with its configuration.
pub type Built<R> = Result<Box<dyn Cell<R>>, ConfigError>;

/// What a cell is built from: its keys in a scenario.
pub trait CellConfig {
    /// Checks every number against its range.
    fn check(&self) -> Result<(), ConfigError>;

    /// How large the cell on `inputs` inputs would be; nothing is asked for to find out.
    fn size(&self, inputs: Count) -> Size;

    /// The cell on `inputs` inputs for steps of `dt_ms`, with initial weights from `rng`.
    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R>;

    /// Whether the cell's output is spikes: that of every cell with a threshold.
    fn spikes(&self) -> bool {
        self.threshold().is_some()
    }

    /// The membrane potential above which the cell spikes, where there is one.
    fn threshold(&self) -> Option<f64> {
        None
    }

    /// What a setting leaves out, in a sentence, where one does: `saturn check` prints it.
    fn left_out(&self) -> Option<String> {
        None
    }

    /// Rows that the input must have, for a cell that does not map its input to its own width. A linear
    /// layer goes before it where they differ.
    fn input_width(&self) -> Option<usize> {
        None
    }
}

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
    /// Two numbers that do not go together.
    #[error("`{key}` is {value}: it must be {allowed}")]
    Mismatch {
        /// The key in the scenario.
        key: &'static str,
        /// What was given.
        value: usize,
        /// What would do, in words.
        allowed: String,
    },
    /// A graph whose nodes and edges do not fit together.
    #[error("{what}")]
    Graph {
        /// What is wrong, with the names of the nodes.
        what: String,
    },
    /// A key that is not read with another choice.
    #[error("`{key}` has no effect with {with}: leave it out")]
    Unread {
        /// The key in the scenario.
        key: &'static str,
        /// The other choice, as it is written.
        with: &'static str,
    },
}

impl ConfigError {
    /// The key in the scenario that is wrong.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Zero { key }
            | Self::OutOfRange { key, .. }
            | Self::Mismatch { key, .. }
            | Self::Unread { key, .. } => key,
            Self::Reversed { low, .. } => low,
            Self::Graph { .. } => "nodes",
        }
    }

    /// An error about `key` unless `value` is at least 1.
    pub fn unless_at_least_one(key: &'static str, value: usize) -> Result<(), Self> {
        if value == 0 {
            return Err(Self::Zero { key });
        }
        Ok(())
    }

    /// An error about `key` unless `value` is finite and greater than 0.
    pub fn unless_positive(key: &'static str, value: f64) -> Result<(), Self> {
        Self::unless(
            value.is_finite() && value > 0.0,
            key,
            value,
            "greater than 0",
        )
    }

    /// An error about `key` unless `value` is finite and at least 0.
    pub fn unless_at_least_zero(key: &'static str, value: f64) -> Result<(), Self> {
        Self::unless(value.is_finite() && value >= 0.0, key, value, "at least 0")
    }

    /// An error about `key`, whose `value` must be `allowed`, unless it is `right`.
    pub fn unless(
        right: bool,
        key: &'static str,
        value: f64,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if right {
            return Ok(());
        }
        Err(Self::OutOfRange {
            key,
            value,
            allowed,
        })
    }
}
