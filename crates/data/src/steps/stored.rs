//! How a file stores times: the type of number, and the unit.

use half::f16;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The unit of the times in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum TimeUnit {
    /// Seconds, as in the Spiking Heidelberg Digits.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
}

impl TimeUnit {
    /// Units per second.
    pub fn per_second(self) -> u32 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
        }
    }

    /// As it is written: `s`, `ms` or `us`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        }
    }

    /// As it is spoken of.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
        }
    }
}

/// The type of the stored times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeFloat {
    /// Floats of 16 bits.
    Half,
    /// Floats of 32 bits.
    Single,
    /// Floats of 64 bits.
    #[default]
    Double,
    /// Whole numbers.
    Integer,
}

/// Type and unit of the stored times. The default is f64 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    /// The type.
    pub float: TimeFloat,
    /// The unit.
    pub unit: TimeUnit,
}

impl Stored {
    /// Distance in seconds from a stored time to the next one.
    pub fn spacing_s(self, time_s: f64) -> f64 {
        let per_second = f64::from(self.unit.per_second());
        let (mantissa_bits, smallest) = match self.float {
            TimeFloat::Half => (10, -14.0),
            TimeFloat::Single => (23, -126.0),
            TimeFloat::Double => (52, -1022.0),
            TimeFloat::Integer => return per_second.recip(),
        };
        let exponent = (time_s * per_second).abs().log2().floor();
        (exponent.max(smallest) - f64::from(mantissa_bits)).exp2() / per_second
    }

    /// h in seconds: within it a step's start counts as reached.
    pub(super) fn half_unit_s(self, time_s: f64) -> f64 {
        match self.float {
            TimeFloat::Single => 0.5 * self.spacing_s(time_s),
            _ => 0.0,
        }
    }

    /// h in half units of f64, for the result of [`Self::restore`].
    pub(super) fn tolerance(self) -> u64 {
        match self.float {
            TimeFloat::Half => 0,
            // 29 bits fewer.
            TimeFloat::Single => 1 << 29,
            // In other units it was rounded once, and once more when it became seconds.
            TimeFloat::Double if self.unit != TimeUnit::Seconds => 3,
            // An integer becomes the nearest f64 second.
            TimeFloat::Double | TimeFloat::Integer => 1,
        }
    }

    /// The stored number of a time in seconds; f64 stays in seconds.
    pub(super) fn restore(self, time_s: f64) -> f64 {
        if self.unit == TimeUnit::Seconds {
            return time_s;
        }
        let time = time_s * f64::from(self.unit.per_second());
        match self.float {
            TimeFloat::Half => f16::from_f64(time).to_f64(),
            TimeFloat::Single => f64::from(time as f32),
            TimeFloat::Double | TimeFloat::Integer => time_s,
        }
    }

    /// Units of [`Self::restore`] in a second.
    pub(super) fn restored_per_second(self) -> u64 {
        match self.float {
            TimeFloat::Half | TimeFloat::Single => u64::from(self.unit.per_second()),
            TimeFloat::Double | TimeFloat::Integer => 1,
        }
    }
}
