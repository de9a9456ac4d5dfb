//! Masks: in which steps the input is informative.
//!
//! | mask | needs | distinguishes |
//! |---|---|---|
//! | [`labels`] | where samples begin and end | everything, by definition |
//! | [`event_count`] | the input | samples from silence |
//! | [`energy`] | the input | samples from silence, and from noise that is spread over more channels |
//! | [`contrast`] | the input, and each channel's mean rate | samples from silence and from noise of any rate: the spectral contrast, if channels are frequency bands |
//! | [`learned`] | the same, and a fit | a fit to counts and contrasts at several time scales; soft |
//!
//! [`fault`] adds errors to a mask on purpose.
//!
//! The estimated masks are causal and look at one lane at a time: a smoothed statistic of the input, a
//! threshold, and a *hangover* that keeps the mask up for some steps after the statistic fell. The threshold
//! is set once, on training streams whose gaps are known (the stream composer records them); after that no
//! label is needed. [`agreement`] measures how well an estimate matches the labels.

pub mod agreement;
pub mod contrast;
pub mod energy;
pub mod estimator;
pub mod event_count;
pub mod fault;
pub mod labels;
pub mod learned;

pub use agreement::{Agreement, MaskReport};
pub use contrast::{Contrast, ContrastConfig};
pub use energy::{Energy, EnergyConfig};
pub use estimator::{Estimator, Example};
pub use event_count::{EventCount, EventCountConfig};
pub use fault::MaskFault;
pub use learned::{Learned, LearnedConfig};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LossError;

/// Source of the mask, as written in a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaskConfig {
    /// From the first to the last event of each sample.
    #[default]
    Labels,
    /// Estimated: up where there are many events.
    EventCount(EventCountConfig),
    /// Estimated: up where few channels hold many events.
    Energy(EnergyConfig),
    /// Estimated: up where the channels fire in other proportions than on average.
    Contrast(ContrastConfig),
    /// Estimated and soft: a small net fitted to the labels of training streams.
    Learned(LearnedConfig),
}

impl MaskConfig {
    /// The key that it is written under.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::EventCount(_) => "event_count",
            Self::Energy(_) => "energy",
            Self::Contrast(_) => "contrast",
            Self::Learned(_) => "learned",
        }
    }

    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If one is not; the error names it.
    pub fn check(&self) -> Result<(), LossError> {
        match self {
            Self::Labels => Ok(()),
            Self::EventCount(config) => config.check(),
            Self::Energy(config) => config.check(),
            Self::Contrast(config) => config.check(),
            Self::Learned(config) => config.check(),
        }
    }

    /// The estimator, its threshold not yet fitted; none for the label mask. `rates [I]` are the channels'
    /// mean rates over the training set, in events a step.
    ///
    /// # Errors
    /// If a number is out of its range, or the rates are too bare for a contrast.
    pub fn estimator(&self, rates: &[f64]) -> Result<Option<Estimator>, LossError> {
        self.check()?;
        Ok(match self {
            Self::Labels => None,
            Self::EventCount(config) => Some(Estimator::event_count(config)?),
            Self::Energy(config) => Some(Estimator::energy(config)?),
            Self::Contrast(config) => Some(Estimator::contrast(config, rates)?),
            Self::Learned(config) => Some(Estimator::learned(config, rates)?),
        })
    }
}

/// Refuses a window of no steps.
fn check_window(window: usize) -> Result<(), LossError> {
    if window == 0 {
        return Err(LossError::OutOfRange {
            key: "window",
            value: 0.0,
            allowed: "1 step or more",
        });
    }
    Ok(())
}

/// Refuses a scale that is not above 0.
fn check_scale(scale: f64) -> Result<(), LossError> {
    if scale > 0.0 && scale.is_finite() {
        return Ok(());
    }
    Err(LossError::OutOfRange {
        key: "threshold_scale",
        value: scale,
        allowed: "above 0",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_name_masks() {
        let read = serde_json::from_str::<MaskConfig>;
        assert_eq!(read(r#""labels""#).unwrap(), MaskConfig::Labels);
        assert_eq!(
            read(r#"{"contrast": {"groups": 12}}"#).unwrap(),
            MaskConfig::Contrast(ContrastConfig {
                groups: 12,
                ..ContrastConfig::default()
            })
        );
        let misspelt = read(r#"{"event_count": {"windows": 3}}"#).unwrap_err();
        assert!(misspelt.to_string().contains("unknown field `windows`"));
    }

    #[test]
    fn a_threshold_scaled_by_nothing_is_refused() {
        let config = EnergyConfig {
            threshold_scale: 0.0,
            ..EnergyConfig::default()
        };
        let error = MaskConfig::Energy(config).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`threshold_scale` is 0: it must be above 0"
        );
    }

    #[test]
    fn an_empty_window_is_refused() {
        let config = MaskConfig::EventCount(EventCountConfig {
            window: 0,
            ..EventCountConfig::default()
        });
        let error = config.estimator(&[1.0, 1.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`window` is 0: it must be 1 step or more"
        );
    }
}
