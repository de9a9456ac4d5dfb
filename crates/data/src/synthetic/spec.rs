//! The specification of a synthetic set: what may be set, and in which range.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// Incremented whenever the same specification makes different samples.
const VERSION: u32 = 1;

/// A synthetic set of spoken-digit-like events. The same specification makes the same samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Synthetic {
    /// Seed of all randomness. Default 1.
    pub seed: u64,
    /// Number of classes. Default 10, range 2 to 100. Classes come in pairs that are each other
    /// backwards in time; more classes lie closer together.
    #[schemars(range(min = 2, max = 100))]
    pub classes: usize,
    /// Number of channels of the ear. Default 700, range 8 to 10,000. More channels make more
    /// events, and less noise.
    #[schemars(range(min = 8, max = 10_000))]
    pub channels: usize,
    /// Number of speakers; all of them speak in every split. Default 5, range 1 to 1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub speakers: usize,
    /// Number of training samples. Default 1,000, at least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub train: usize,
    /// Number of validation samples. Default 200, at least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub valid: usize,
    /// Number of test samples. Default 200, at least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub test: usize,
    /// From 0 (words far apart, little jitter) to 1 (words close together, much jitter).
    /// Default 0.3.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub difficulty: f64,
    /// Shortest and longest word, before speakers and jitter change them, in ms.
    /// Default [300, 600], range 20 to 10,000.
    pub word_ms: [f64; 2],
    /// Rate of a channel in the middle of a formant of full strength, in Hz. Default 250, range 1
    /// to 2,000. Higher rates make more events, and less noise.
    #[schemars(range(min = 1.0, max = 2_000.0))]
    pub peak_rate_hz: f64,
    /// Rate of every channel in silence, in Hz. Default 1, range 0 to 1,000.
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub background_rate_hz: f64,
    /// Time after an event in which a channel is silent, in ms. Default 2, range 0 to 100.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub refractory_ms: f64,
    /// Width (standard deviation) of a channel's tuning, in units of the ERB scale. Default 0.9,
    /// range 0.1 to 5. Wider tuning makes more events, and blurs the words.
    #[schemars(range(min = 0.1, max = 5.0))]
    pub tuning_erb: f64,
    /// Frequency of the lowest channel, in Hz. Default 80, range 20 to 20,000.
    #[schemars(range(min = 20.0, max = 20_000.0))]
    pub low_hz: f64,
    /// Frequency of the highest channel, in Hz. Default 7,000, above `low_hz`.
    #[schemars(range(min = 20.0, max = 20_000.0))]
    pub high_hz: f64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            seed: 1,
            classes: 10,
            channels: 700,
            speakers: 5,
            train: 1_000,
            valid: 200,
            test: 200,
            difficulty: 0.3,
            word_ms: [300.0, 600.0],
            peak_rate_hz: 250.0,
            background_rate_hz: 1.0,
            refractory_ms: 2.0,
            tuning_erb: 0.9,
            low_hz: 80.0,
            high_hz: 7_000.0,
        }
    }
}

impl Synthetic {
    /// Whether every key is in its range.
    pub fn check(&self) -> Result<(), DataError> {
        whole("classes", self.classes, 2, 100)?;
        whole("channels", self.channels, 8, 10_000)?;
        whole("speakers", self.speakers, 1, 1_000)?;
        whole("train", self.train, 1, 1_000_000)?;
        whole("valid", self.valid, 1, 1_000_000)?;
        whole("test", self.test, 1, 1_000_000)?;
        real("difficulty", self.difficulty, 0.0, 1.0)?;
        real("word_ms[0]", self.word_ms[0], 20.0, 10_000.0)?;
        real("word_ms[1]", self.word_ms[1], self.word_ms[0], 10_000.0)?;
        real("peak_rate_hz", self.peak_rate_hz, 1.0, 2_000.0)?;
        real("background_rate_hz", self.background_rate_hz, 0.0, 1_000.0)?;
        real("refractory_ms", self.refractory_ms, 0.0, 100.0)?;
        real("tuning_erb", self.tuning_erb, 0.1, 5.0)?;
        real("low_hz", self.low_hz, 20.0, 20_000.0)?;
        // Below an octave the three formants have no room.
        real("high_hz", self.high_hz, 2.0 * self.low_hz, 20_000.0)
    }

    /// An identifier of the exact samples that this specification makes, 16 hexadecimal digits: equal if the
    /// specification and the version of the generator are.
    pub fn fingerprint(&self) -> String {
        // FNV-1a, 64 bits: it distinguishes specifications; it is not cryptographic.
        let hash = format!("{VERSION}|{self:?}")
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{hash:016x}")
    }
}

fn whole(field: &'static str, value: usize, min: usize, max: usize) -> Result<(), DataError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(DataError::BadSpec {
        field,
        found: value.to_string(),
        expected: format!("from {min} to {max}"),
    })
}

fn real(field: &'static str, value: f64, min: f64, max: f64) -> Result<(), DataError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(DataError::BadSpec {
        field,
        found: value.to_string(),
        expected: format!("from {min} to {max}"),
    })
}
