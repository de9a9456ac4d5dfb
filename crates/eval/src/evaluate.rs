//! One evaluation: a net on a stream that is reset as its policy says and no more, in constant memory.
//!
//! Accuracy has three columns: *summed*, the probabilities summed over the known segment;
//! *last*, its last step; *detector*, which knows no boundary. Segments run from a sample's first event
//! to its last step.

mod cost;
mod recorder;
mod scoring;
mod segments;
mod shards;
mod sums;
mod twin;
mod watched;
mod windows;

use std::time::Instant;

use saturn_cell::compiled_once;
use saturn_cell::range::Counts;
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::detector::{DetectorConfig, DetectorError, DetectorScore, choose, grid};
use super::gap::GapBin;
use super::position::{PositionWindow, Spacing};
use super::reset::PolicyConfig;
use crate::instruments::definition::Stream;
use crate::instruments::{Instrument, Reports};
use crate::stats::by_class::ByClass;
use crate::stats::crossed::of_recordings;
use crate::stats::estimate::{ByRecording, Estimate};
use crate::stats::slope::Slope;
use crate::trace::TraceError;
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::Stage;
use saturn_store::folder::FolderError;
use saturn_stream::Source;

pub use recorder::TracePlan;
pub use scoring::LATE;
pub use segments::{SegmentAnswer, SegmentSink};
pub use twin::{TwinPlan, TwinWindow, widened};
pub use watched::Watched;
pub use windows::Spread;

/// Allowed steps of an evaluation, over all lanes.
pub const STEPS: Counts = Counts::new(1, 1_000_000_000_000_000);
/// Allowed lanes of an evaluation.
pub const LANES: Counts = Counts::new(1, 65_536);
/// Allowed windows of stream position.
pub const WINDOWS: Counts = Counts::new(1, 100_000);

/// How one evaluation runs.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Samples, noise and gaps.
    pub source: Source<'a>,
    /// What becomes of the state.
    pub state_reset: &'a dyn PolicyConfig,
    /// I.
    pub channels: usize,
    /// What the stream is for, and its seed: another purpose is another stream.
    pub purpose: &'static str,
    /// Seed of the stream.
    pub seed: u64,
    /// Lane steps in all.
    pub steps: u64,
    /// Lanes that share them.
    pub lanes: usize,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
    /// Windows of stream position.
    pub windows: usize,
    /// How they are spaced.
    pub spacing: Spacing,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The boundary-free detector.
    pub detector: DetectorConfig,
    /// What is measured beyond what always is.
    pub instruments: &'a [Instrument],
    /// What runs in addition to it.
    pub extras: Extras<'a>,
}

impl Plan<'_> {
    /// The stream of a lane, as instruments on answers see it.
    fn answered(&self) -> Stream {
        Stream {
            steps: self.steps / self.lanes as u64,
            windows: self.windows,
            seed: self.seed,
        }
    }
}

/// What runs in addition to an evaluation, on its first lane unless it says otherwise.
#[derive(Clone, Copy, Default)]
pub struct Extras<'a> {
    /// Where checkpoints are kept; without one, an evaluation that is stopped begins again.
    pub stage: Option<Stage<'a>>,
    /// Traces in windows.
    pub traces: Option<TracePlan<'a>>,
    /// The net in f64, in windows.
    pub twin: Option<TwinPlan<'a>>,
    /// What receives the answers to all segments, of every lane. With one there are no checkpoints.
    pub segments: Option<&'a dyn SegmentSink>,
}

/// What stops an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The detector's settings are out of their ranges.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// A checkpoint could not be read or written, or a log of segments.
    #[error("{0}")]
    Checkpoint(#[from] FolderError),
    /// A trace could not be written.
    #[error("{0}")]
    Trace(#[from] TraceError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What one evaluation found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    /// Lane steps.
    pub steps: u64,
    /// Lanes.
    pub lanes: usize,
    /// Samples that were heard to their end.
    pub segments: u64,
    /// Accuracy of the probabilities summed over the known segment, 0..1.
    pub summed: Option<Estimate>,
    /// Accuracy of the segment's last step, 0..1.
    pub last: Option<Estimate>,
    /// Accuracy of the boundary-free detector, 0..1.
    pub detector: Option<Estimate>,
    /// Mean recall over the classes, 0..1, by the summed probabilities.
    #[serde(default)]
    pub balanced: Option<f64>,
    /// Mean F1 over the classes, 0..1, by the same.
    #[serde(default)]
    pub macro_f1: Option<f64>,
    /// What was said of each class, by the same.
    #[serde(default)]
    pub by_class: ByClass,
    /// The detector's threshold (from validation) and its errors.
    pub detection: DetectorScore,
    /// What the detector would have done at each threshold of a grid, ascending.
    #[serde(default)]
    pub curve: Vec<DetectorScore>,
    /// The detector's false alarms in an hour of stream.
    pub false_alarms_per_hour: Option<f64>,
    /// Slope of the summed accuracy against stream position.
    pub slope: Slope,
    /// Summed accuracy by stream position.
    pub positions: Vec<PositionWindow>,
    /// Summed accuracy by the length of the gap before the sample.
    #[serde(default)]
    pub gaps: Vec<GapBin>,
    /// Mean of the highest class probability late in gaps; chance is 1 / classes.
    pub late_gap_max_probability: Option<f64>,
    /// State resets, over all lanes and, for a window, over its copies of the net.
    #[serde(default)]
    pub resets: u64,
    /// Steps of the net that a step of the stream took: 1, but for a window, which runs several copies.
    #[serde(default = "one")]
    pub computed_steps_per_step: f64,
    /// Spikes of all cells, a step.
    pub spikes_per_step: f64,
    /// Effective synaptic operations of all cells, a step.
    pub synaptic_operations_per_step: f64,
    /// Lane steps a second of wall time, all lanes together.
    pub steps_per_second: f64,
    /// Resident memory of the program, MiB, after a tenth of the stream and at its end (Linux).
    #[serde(default)]
    pub resident_mib: Option<[f64; 2]>,
    /// (lane step, resident MiB) at positions that lie evenly on a logarithmic axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory_by_step: Vec<(u64, f64)>,
    /// (lane step, lane steps a second of the first lanes since the position before).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speed_by_step: Vec<(u64, f64)>,
    /// The distance between the net and its twin in f64, window by window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twin: Vec<TwinWindow>,
    /// What the instruments saw, window by window, on the first lanes.
    pub saturation: Vec<Watched>,
    /// Right answers by recording of the summed probabilities: what intervals and paired differences are made of.
    #[serde(default, skip_serializing_if = "ByRecording::is_empty")]
    pub by_recording: ByRecording,
    /// The same of the segment's last step.
    #[serde(default, skip_serializing_if = "ByRecording::is_empty")]
    pub last_by_recording: ByRecording,
    /// The same of the detector.
    #[serde(default, skip_serializing_if = "ByRecording::is_empty")]
    pub detector_by_recording: ByRecording,
    /// What the optional instruments on answers found.
    #[serde(flatten)]
    pub answers: Reports,
}

fn one() -> f64 {
    1.0
}

impl Evaluation {
    /// Leaves out what memory the program took, which other evaluations shared.
    pub fn forget_memory(&mut self) {
        self.resident_mib = None;
        self.memory_by_step.clear();
    }
}

compiled_once! {
    /// The detector's threshold that does best on the plan's stream (of validation samples).
    pub fn choose_threshold<R>(
        net: &Network<R>,
        plan: &Plan,
        progress: &Progress,
    ) -> Result<f64, EvalError> {
        let thresholds = grid(net.classes());
        let outcome = shards::run(net, plan, &thresholds, false, progress)?.0;
        // Without a segment there is nothing to choose by, and nothing to detect.
        Ok(choose(&outcome.scores).map_or(0.5, |score| score.threshold))
    }
}

compiled_once! {
    /// Evaluates `net` with the detector at `threshold`.
    pub fn evaluate<R>(
        net: &Network<R>,
        plan: &Plan,
        threshold: f64,
        progress: &Progress,
    ) -> Result<Evaluation, EvalError> {
        let began = Instant::now();
        // The first threshold decides, the others make the operating curve.
        let thresholds: Vec<f64> = [threshold].into_iter().chain(grid(net.classes())).collect();
        let (all, earlier) = shards::run(net, plan, &thresholds, true, progress)?;
        let seconds = earlier + began.elapsed().as_secs_f64();
        let steps = all.steps.max(1) as f64;
        Ok(Evaluation {
            steps: all.steps,
            lanes: plan.lanes,
            segments: all.summed.tally().total,
            summed: of_recordings(&all.summed),
            last: of_recordings(&all.last),
            detector: of_recordings(&all.detected),
            balanced: all.by_class.balanced(),
            macro_f1: all.by_class.macro_f1(),
            by_class: all.by_class,
            detection: all.scores[0],
            curve: all.scores[1..].to_vec(),
            false_alarms_per_hour: all.scores[0].false_alarms_per_hour(plan.dt_ms),
            slope: all.slope.slope(),
            positions: all.positions.windows(),
            gaps: all.gaps.bins(),
            late_gap_max_probability: (all.late_steps > 0)
                .then(|| all.late_probability / all.late_steps as f64),
            resets: all.resets,
            computed_steps_per_step: plan.state_reset.needs().copies as f64,
            spikes_per_step: all.spikes as f64 / steps,
            synaptic_operations_per_step: all.operations as f64 / steps,
            steps_per_second: steps / seconds,
            resident_mib: all.gauge.resident_mib,
            memory_by_step: all.gauge.memory,
            speed_by_step: all.gauge.speed,
            twin: all.twin,
            saturation: all.saturation,
            by_recording: all.summed,
            last_by_recording: all.last,
            detector_by_recording: all.detected,
            answers: all.answers.report(&plan.answered()),
        })
    }
}
