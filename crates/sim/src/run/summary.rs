//! `summary.json`: every figure of a run's matrix, documented and versioned.

use serde::{Deserialize, Serialize};

use crate::eval::bootstrap::{ByRecording, Estimate, over_seeds};
use crate::eval::evaluate::Evaluation;
use crate::monitor::contraction::ContractionCurve;
use crate::train::trainer::EpochRecord;
use saturn_loss::MaskReport;

/// The version of the file's layout; it grows when a reader would have to change.
pub const VERSION: u32 = 1;

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Always `saturn summary`.
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The scenario's name.
    pub name: String,
    /// What the scenario is about.
    pub about: Option<String>,
    /// The split that was evaluated: `valid`, or `test` with `--final`.
    pub split: String,
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Accuracy of a guess.
    pub chance: f64,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// Each trained net: model x arm x seed.
    pub cells: Vec<CellSummary>,
    /// Means over seeds: model x arm x stream x `state_reset`.
    pub table: Vec<Row>,
    /// What failed, with its reason.
    pub failures: Vec<Failure>,
}

/// One trained net.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellSummary {
    /// The model's name in the scenario.
    pub model: String,
    /// The arm's name in the scenario.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// How it was trained.
    pub training: TrainRecord,
    /// How it did.
    pub evaluations: Vec<NamedEvaluation>,
    /// How fast it forgets.
    pub contraction: Vec<NamedContraction>,
}

/// How a net was trained.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrainRecord {
    /// Number of parameters.
    pub parameters: usize,
    /// Steps that the weights took: the updates, and more where they step within a stream. `None` in files
    /// that were written before it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_steps: Option<u64>,
    /// Wall time of training, seconds.
    pub seconds: f64,
    /// The epoch whose parameters were kept, from 1 on.
    pub kept_epoch: usize,
    /// One record an epoch.
    pub history: Vec<EpochRecord>,
    /// How well an estimated mask matches the labels, on training streams (where its threshold was set)
    /// and on validation streams.
    pub mask: Option<MaskReports>,
}

/// An estimated mask against the labels.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MaskReports {
    /// The threshold that was set.
    pub threshold: f64,
    /// On training streams.
    pub train: MaskReport,
    /// On validation streams.
    pub valid: MaskReport,
}

/// One evaluation with its place in the matrix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NamedEvaluation {
    /// The stream's name in the scenario.
    pub stream: String,
    /// The policy.
    pub state_reset: String,
    /// What was found.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// The contraction curves of one stream's gaps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NamedContraction {
    /// The stream's name in the scenario.
    pub stream: String,
    /// One a layer and state field.
    pub curves: Vec<ContractionCurve>,
}

/// A cell of the matrix that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The model.
    pub model: String,
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// Why.
    pub reason: String,
}

/// Means over seeds for one model, arm, stream and policy. With one seed the interval is over
/// recordings, with more it is Student's over seeds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The model.
    pub model: String,
    /// The arm.
    pub arm: String,
    /// The stream.
    pub stream: String,
    /// The policy.
    pub state_reset: String,
    /// Seeds behind it.
    pub seeds: usize,
    /// Accuracy summed over the segment, 0..1.
    pub summed: Option<Estimate>,
    /// Accuracy at the last step, 0..1.
    pub last: Option<Estimate>,
    /// Accuracy of the boundary-free detector, 0..1.
    pub detector: Option<Estimate>,
    /// Summed accuracy less that of the arm `classic` under `oracle` resets on the same stream, -1..1,
    /// paired by recording over all seeds.
    pub from_classic_oracle: Option<Estimate>,
    /// Mean highest probability late in gaps.
    pub late_gap_max_probability: Option<f64>,
    /// Spikes a step.
    pub spikes_per_step: f64,
    /// Synaptic operations a step.
    pub synaptic_operations_per_step: f64,
}

/// The arm and policy that others are measured against.
const REFERENCE: (&str, &str) = ("classic", "oracle");

/// The table of `cells`, in the order of its models, arms, streams and policies.
pub fn table(cells: &[CellSummary]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for cell in cells {
        for e in &cell.evaluations {
            let known = rows.iter().any(|row| {
                (&row.model, &row.arm, &row.stream, &row.state_reset)
                    == (&cell.model, &cell.arm, &e.stream, &e.state_reset)
            });
            if !known {
                rows.push(row(
                    cells,
                    &cell.model,
                    &cell.arm,
                    &e.stream,
                    &e.state_reset,
                ));
            }
        }
    }
    rows
}

fn row(cells: &[CellSummary], model: &str, arm: &str, stream: &str, state_reset: &str) -> Row {
    let found: Vec<&Evaluation> = select(cells, model, arm, stream, state_reset).collect();
    let over = |each: fn(&Evaluation) -> Option<&Estimate>| -> Option<Estimate> {
        let estimates: Vec<&Estimate> = found.iter().filter_map(|e| each(e)).collect();
        match estimates[..] {
            [one] => Some(*one),
            _ => over_seeds(&estimates.iter().map(|e| e.value).collect::<Vec<_>>()),
        }
    };
    let mean = |each: &dyn Fn(&Evaluation) -> f64| {
        found.iter().map(|e| each(e)).sum::<f64>() / found.len().max(1) as f64
    };
    let late: Vec<f64> = found
        .iter()
        .filter_map(|e| e.late_gap_max_probability)
        .collect();
    let reference = pooled(select(cells, model, REFERENCE.0, stream, REFERENCE.1));
    Row {
        model: model.to_owned(),
        arm: arm.to_owned(),
        stream: stream.to_owned(),
        state_reset: state_reset.to_owned(),
        seeds: found.len(),
        summed: over(|e| e.summed.as_ref()),
        last: over(|e| e.last.as_ref()),
        detector: over(|e| e.detector.as_ref()),
        from_classic_oracle: pooled(found.iter().copied()).difference(&reference, 0),
        late_gap_max_probability: (!late.is_empty())
            .then(|| late.iter().sum::<f64>() / late.len() as f64),
        spikes_per_step: mean(&|e| e.spikes_per_step),
        synaptic_operations_per_step: mean(&|e| e.synaptic_operations_per_step),
    }
}

/// The evaluations of one model, arm, stream and policy, one a seed.
fn select<'a>(
    cells: &'a [CellSummary],
    model: &'a str,
    arm: &'a str,
    stream: &'a str,
    state_reset: &'a str,
) -> impl Iterator<Item = &'a Evaluation> {
    cells
        .iter()
        .filter(move |cell| cell.model == model && cell.arm == arm)
        .flat_map(|cell| &cell.evaluations)
        .filter(move |e| e.stream == stream && e.state_reset == state_reset)
        .map(|e| &e.evaluation)
}

/// All seeds' answers by recording.
fn pooled<'a>(evaluations: impl Iterator<Item = &'a Evaluation>) -> ByRecording {
    let mut all = ByRecording::new();
    for e in evaluations {
        all.merge(&e.by_recording);
    }
    all
}
