//! Settings of disturbances: kinds and times.

use saturn_cell::range::{Numbers, OutOfRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Disturbances of the input that come and go, in turn, on streams that are never reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DisturbConfig {
    /// Steps of a lane from the start of one disturbance to that of the next; more than `last`, default
    /// 5,000. The first starts after as many. More: longer recovery between fewer disturbances.
    pub every: u64,
    /// Steps that a disturbance lasts; at least 1, default 200. More: states are driven further.
    pub last: u64,
    /// Kinds of disturbance, in turn: one of these or a list without duplicates; at least one. Default: one
    /// of each.
    pub kinds: Vec<Disturbance>,
}

impl Default for DisturbConfig {
    fn default() -> Self {
        Self {
            every: 5_000,
            last: 200,
            kinds: vec![
                Disturbance::NoiseBurst(NoiseBurst::default()),
                Disturbance::DeadSensor(DeadSensor::default()),
                Disturbance::StuckChannel(StuckChannel::default()),
                Disturbance::Gain(Gain::default()),
                Disturbance::DroppedFrames(DroppedFrames::default()),
            ],
        }
    }
}

/// A kind of disturbance. The name alone means the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// Noise on top of the input, in each channel like the training set.
    NoiseBurst(NoiseBurst),
    /// Some channels, drawn each time, are silent.
    DeadSensor(DeadSensor),
    /// Some channels, drawn each time, do not change: an event in every step; of frames, the value that
    /// they had.
    StuckChannel(StuckChannel),
    /// Every value is multiplied; of events their number, rounded up or down by chance.
    Gain(Gain),
    /// Some steps, drawn one by one, are lost: their input is empty.
    DroppedFrames(DroppedFrames),
}

/// Noise on top of the input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseBurst {
    /// Its strength: of events their rate, as a multiple of each channel's mean over the training set; of
    /// frames, the multiple of its standard deviation. Above 0, default 4.
    pub rate: f64,
}

impl Default for NoiseBurst {
    fn default() -> Self {
        Self { rate: 4.0 }
    }
}

/// Silent channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeadSensor {
    /// The share of channels, above 0 and up to 1, at least one channel; default 0.25.
    pub share: f64,
}

impl Default for DeadSensor {
    fn default() -> Self {
        Self { share: 0.25 }
    }
}

/// Channels that do not change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StuckChannel {
    /// The share of channels, above 0 and up to 1, at least one channel; default 0.05.
    pub share: f64,
}

impl Default for StuckChannel {
    fn default() -> Self {
        Self { share: 0.05 }
    }
}

/// Values that are too large or too small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gain {
    /// Factor on the values; 0 to 1,000, default 4.
    pub factor: f64,
}

impl Default for Gain {
    fn default() -> Self {
        Self { factor: 4.0 }
    }
}

/// Steps that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DroppedFrames {
    /// The share of steps, above 0 and up to 1, default 0.5.
    pub share: f64,
}

impl Default for DroppedFrames {
    fn default() -> Self {
        Self { share: 0.5 }
    }
}

/// Allowed shares of channels or steps.
const SHARE: Numbers = Numbers {
    contains: |x| x > 0.0 && x <= 1.0,
    allowed: "above 0 and up to 1",
};
/// Allowed factors.
const FACTOR: Numbers = Numbers {
    contains: |x| (0.0..=1_000.0).contains(&x),
    allowed: "0 to 1000",
};

impl Disturbance {
    /// The number that is outside its range, if it is, with its key.
    pub fn out_of_range(&self) -> Option<OutOfRange> {
        match *self {
            Self::NoiseBurst(NoiseBurst { rate }) => Numbers::POSITIVE.check("rate", rate),
            Self::DeadSensor(DeadSensor { share })
            | Self::StuckChannel(StuckChannel { share })
            | Self::DroppedFrames(DroppedFrames { share }) => SHARE.check("share", share),
            Self::Gain(Gain { factor }) => FACTOR.check("factor", factor),
        }
    }

    /// The key that it is written under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoiseBurst(_) => "noise_burst",
            Self::DeadSensor(_) => "dead_sensor",
            Self::StuckChannel(_) => "stuck_channel",
            Self::Gain(_) => "gain",
            Self::DroppedFrames(_) => "dropped_frames",
        }
    }
}
