//! What evaluations of a stored net leave.

use serde::{Deserialize, Serialize};

use super::config::PrecisionConfig;
use super::cost::Cost;
use super::drift::DriftWindow;
use crate::evaluate::Evaluation;
use crate::stats::estimate::Estimate;
use crate::stats::slope::Slope;

/// One network in one storage format, on one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stored {
    /// The stream's name in the scenario.
    pub stream: String,
    /// The formats' name: `int8/int16`.
    pub precision: String,
    /// The formats; for the network in full precision those of full precision. It comes first and has no
    /// evaluations here, since they are among the others.
    pub config: PrecisionConfig,
    /// Memory and operations.
    pub cost: Cost,
    /// Under each policy.
    pub evaluations: Vec<StoredEvaluation>,
    /// The distance from full precision, window by window, never reset; none for the net in full.
    pub drift: Vec<DriftWindow>,
}

impl Stored {
    /// The stream's name in lines of `metrics.jsonl`.
    pub fn line(&self) -> String {
        line(&self.stream, &self.precision)
    }

    /// Whether it is evaluated under `state_reset`.
    pub fn has(&self, state_reset: &str) -> bool {
        self.evaluations
            .iter()
            .any(|e| e.state_reset == state_reset)
    }
}

/// The name of `stream` in lines of `metrics.jsonl` about a net in `precision`.
pub fn line(stream: &str, precision: &str) -> String {
    format!("{stream} in {precision}")
}

/// The part of a stored network's evaluation that is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredEvaluation {
    /// The policy.
    pub state_reset: String,
    /// Lane steps.
    pub steps: u64,
    /// Accuracy of the probabilities summed over the known segment, 0..1.
    pub summed: Option<Estimate>,
    /// Accuracy of the segment's last step, 0..1.
    pub last: Option<Estimate>,
    /// Accuracy of the boundary-free detector, 0..1.
    pub detector: Option<Estimate>,
    /// The detector's false alarms in an hour of stream.
    pub false_alarms_per_hour: Option<f64>,
    /// Slope of the summed accuracy against stream position.
    pub slope: Slope,
    /// Mean of the highest class probability late in gaps.
    pub late_gap_max_probability: Option<f64>,
    /// Spikes of all cells, a step.
    pub spikes_per_step: f64,
    /// Lane steps a second of wall time, all lanes together.
    pub steps_per_second: f64,
}

impl StoredEvaluation {
    /// The saved part of `e` under `state_reset`.
    pub fn of(state_reset: String, e: &Evaluation) -> Self {
        Self {
            state_reset,
            steps: e.steps,
            summed: e.summed,
            last: e.last,
            detector: e.detector,
            false_alarms_per_hour: e.false_alarms_per_hour,
            slope: e.slope,
            late_gap_max_probability: e.late_gap_max_probability,
            spikes_per_step: e.spikes_per_step,
            steps_per_second: e.steps_per_second,
        }
    }
}
