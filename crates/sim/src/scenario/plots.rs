//! `plots`: the figures of a report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plot {
    /// Pinned units, firing rates and states over the stream.
    Saturation,
    /// Remaining effect of the past after the same gap.
    Contraction,
    /// Accuracy over the stream.
    Accuracy,
    /// Accuracy against the error of resets at boundaries; needs `misaligned` in `evaluate.state_reset`.
    Boundary,
    /// Accuracy against the length of the gap before a sample.
    Gap,
    /// Accuracy against the share of wrong steps of the mask in training; needs arms with `mask_error` or
    /// estimated masks.
    Mask,
    /// Accuracy against the updates of training; needs arms with several `train.steps`.
    Updates,
    /// Accuracy, held states and drift of quantised networks; needs `evaluate.precision`.
    Precision,
    /// Accuracy and distance from an undisturbed copy after disturbances; needs `evaluate.disturb`.
    Recovery,
    /// Confidence against accuracy; needs `calibration` in `evaluate.instruments`.
    Calibration,
    /// Effect of the far past on the output; needs `far_past` in `evaluate.instruments`.
    FarPast,
    /// The gradient of the output by earlier states; needs `gradient_lag` in `evaluate.instruments`.
    GradientLag,
    /// Accuracy, memory, speed and the distance from f64 along a very long stream; needs a million steps a
    /// lane, or `evaluate.twin`.
    LongRun,
    /// Input, mask and the outputs of two arms on the same stretch.
    Stream,
    /// Errors of the detector against its false alarms, threshold by threshold.
    Operating,
    /// A point a net: saturation against contraction, operations against accuracy.
    Nets,
    /// Spikes of the input and of the layers.
    Raster,
    /// States over time.
    Traces,
    /// Models by arms by policies, as bars.
    Compare,
    /// Loss and accuracy over epochs.
    Training,
}

impl Plot {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 20] = [
        Self::Stream,
        Self::Compare,
        Self::Accuracy,
        Self::LongRun,
        Self::Boundary,
        Self::Gap,
        Self::Mask,
        Self::Updates,
        Self::Precision,
        Self::Recovery,
        Self::Contraction,
        Self::FarPast,
        Self::GradientLag,
        Self::Calibration,
        Self::Operating,
        Self::Nets,
        Self::Saturation,
        Self::Raster,
        Self::Traces,
        Self::Training,
    ];
}
