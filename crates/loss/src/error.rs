//! What can be wrong with a loss or a mask.

use thiserror::Error;

/// A configuration or training set that no loss or mask can be built from.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LossError {
    /// A number outside its range.
    #[error("`{key}` is {value}: it must be {allowed}")]
    OutOfRange {
        /// The key in the scenario.
        key: &'static str,
        /// What was given.
        value: f64,
        /// The allowed range, as text.
        allowed: &'static str,
    },
    /// A lower bound above the upper one.
    #[error("`lower` is {lower_hz} Hz and `upper` is {upper_hz} Hz: no rate satisfies both")]
    NoRate {
        /// The lower bound.
        lower_hz: f64,
        /// The upper bound.
        upper_hz: f64,
    },
    /// A contrast needs channels to compare.
    #[error(
        "a contrast mask compares at least two groups of channels: {active} of the {channels} channels \
         have events in the training data"
    )]
    NoContrast {
        /// Number of channels.
        channels: usize,
        /// Number of channels with a mean rate above zero.
        active: usize,
    },
    /// A mean rate that is negative or not a number.
    #[error("the mean rate of channel {channel} is {rate} events a step")]
    BadRate {
        /// The channel.
        channel: usize,
        /// Its mean rate, in events a step.
        rate: f64,
    },
    /// A threshold parts two kinds of steps, and one of them is missing.
    #[error(
        "the mask's threshold is set on steps of samples and of gaps: the training streams have {samples} \
        and {gaps} of them (do they have gaps?)"
    )]
    OneKind {
        /// Number of steps inside samples.
        samples: u64,
        /// Number of steps in gaps.
        gaps: u64,
    },
}

impl LossError {
    /// Refuses a `value` that is negative or not finite.
    ///
    /// # Errors
    /// If it is; the error names the `key`.
    pub fn unless_at_least_zero(key: &'static str, value: f64) -> Result<(), Self> {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(Self::OutOfRange {
            key,
            value,
            allowed: "0 or above",
        })
    }
}
