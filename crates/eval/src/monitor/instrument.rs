//! `evaluate.instruments`: what is measured along a stream beyond what always is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instrument that runs only where it is asked for. Costs are beside those of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// Inter-spike intervals: mean, variation, bursts, quantiles. A pass over the spikes of the watched lanes
    /// in every step.
    Intervals,
    /// Quantiles of every field of the state. A logarithm a value in every watched step.
    Quantiles,
    /// How far each unit's distribution has moved since the stream's first window, with a test. A pass over
    /// the state in every watched step, 16 KiB a unit.
    Drift,
    /// Calibration of the probabilities, overall and by stream position. A pass over the classes a segment.
    Calibration,
    /// Where along the stream accuracy changes, with a test. 4,000 passes over 256 numbers.
    ChangePoints,
    /// How much the output depends on what lies further back than k steps. About 300,000 steps of the net.
    FarPast,
    /// The gradient of the output by the state of k steps before. About 45,000 steps of the net forward and
    /// 130,000 in reverse.
    GradientLag,
}
