//! Storage formats of numbers, as configured in a scenario.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What numbers are stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// In full: the number type of the net, 32 bits (or 64, where `train.precision` is `f64`).
    #[default]
    F32,
    /// 16 bits: sign, the 8 exponent bits of `f32`, and 7 bits of fraction.
    Bf16,
    /// 16 bits of fixed point, -32767 to 32767 steps.
    Int16,
    /// 12 bits of fixed point, -2047 to 2047 steps.
    Int12,
    /// 10 bits of fixed point, -511 to 511 steps.
    Int10,
    /// 8 bits of fixed point, -127 to 127 steps.
    Int8,
    /// 6 bits of fixed point, -31 to 31 steps.
    Int6,
    /// 4 bits of fixed point, -7 to 7 steps.
    Int4,
}

impl Format {
    /// Bits of one number.
    pub fn bits(self) -> u32 {
        match self {
            Self::F32 => 32,
            Self::Bf16 | Self::Int16 => 16,
            Self::Int12 => 12,
            Self::Int10 => 10,
            Self::Int8 => 8,
            Self::Int6 => 6,
            Self::Int4 => 4,
        }
    }

    /// The largest code N of a fixed-point format: codes are -N..N, so that zero is one and signs are alike.
    pub fn top(self) -> Option<f64> {
        match self {
            Self::F32 | Self::Bf16 => None,
            fixed => Some(f64::from((1u32 << (fixed.bits() - 1)) - 1)),
        }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int16 => "int16",
            Self::Int12 => "int12",
            Self::Int10 => "int10",
            Self::Int8 => "int8",
            Self::Int6 => "int6",
            Self::Int4 => "int4",
        }
    }
}

/// How a state becomes a number of its format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// The nearest one, the even one of two.
    #[default]
    Nearest,
    /// The grid point above or below, at random, with the correct mean.
    Stochastic,
}

/// Allowed steps of a fixed-point format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScaleRule {
    /// Any number: the range over the largest code.
    #[default]
    Real,
    /// The power of two above: a shift in place of a product.
    PowerOfTwo,
}

/// What weights and states are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrecisionConfig {
    /// Weight matrices, each row (output) with a scale of its own: `f32` (default), `bf16`, `int16`, `int12`,
    /// `int10`, `int8`, `int6` or `int4`. Biases, time constants and gains stay in full, as is usual.
    pub weights: Format,
    /// States, each field with a scale of its own: the same formats, default `f32`. Spikes are one bit.
    pub states: Format,
    /// How states are rounded: `nearest` (default) or `stochastic`. Weights are rounded to the nearest.
    pub rounding: Rounding,
    /// The step of fixed-point states: `real` (default) or `power_of_two`.
    #[serde(skip_serializing_if = "is_real")]
    pub scale: ScaleRule,
    /// The share of a state's values, by size, that its range covers; above 0 to 1, default 0.999. Larger: fewer
    /// values saturate, with a larger step.
    #[serde(skip_serializing_if = "is_usual")]
    pub covers: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_real(rule: &ScaleRule) -> bool {
    *rule == ScaleRule::Real
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_usual(covers: &f64) -> bool {
    covers.to_bits() == COVERS.to_bits()
}

/// The usual share of values that a range covers.
const COVERS: f64 = 0.999;

impl Default for PrecisionConfig {
    fn default() -> Self {
        Self {
            weights: Format::F32,
            states: Format::F32,
            rounding: Rounding::Nearest,
            scale: ScaleRule::Real,
            covers: COVERS,
        }
    }
}

/// Formats that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PrecisionError {
    /// A share outside its range.
    #[error("`{0}` is out of range: it must be above 0 and at most 1")]
    Covers(f64),
    /// Stochastic rounding without a rounded quantity.
    #[error("states in full precision are not rounded: give `states` a format of fewer bits")]
    Unrounded,
    /// Everything is stored in full precision.
    #[error(
        "is full precision, which is always evaluated: give `weights` or `states` a format of fewer bits"
    )]
    Full,
}

impl PrecisionError {
    /// The key that is wrong; empty for the whole.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Covers(_) => "covers",
            Self::Unrounded => "rounding",
            Self::Full => "",
        }
    }
}

impl PrecisionConfig {
    /// Whether everything is stored in full precision.
    pub fn is_full(&self) -> bool {
        self.weights == Format::F32 && self.states == Format::F32
    }

    /// Checks the settings.
    pub fn check(&self) -> Result<(), PrecisionError> {
        // No comparison holds for NaN.
        let covers = self.covers > 0.0 && self.covers <= 1.0;
        if !covers {
            return Err(PrecisionError::Covers(self.covers));
        }
        if self.rounding == Rounding::Stochastic && self.states == Format::F32 {
            return Err(PrecisionError::Unrounded);
        }
        if self.is_full() {
            return Err(PrecisionError::Full);
        }
        Ok(())
    }
}

impl fmt::Display for PrecisionConfig {
    /// A name for tables: `int8/int16`, `int8/int8 stochastic`; weights before the stroke.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.weights.name(), self.states.name())?;
        if self.rounding == Rounding::Stochastic {
            write!(f, " stochastic")?;
        }
        if self.scale == ScaleRule::PowerOfTwo {
            write!(f, " power of two")?;
        }
        if !is_usual(&self.covers) {
            write!(f, " covers {}", self.covers)?;
        }
        Ok(())
    }
}
