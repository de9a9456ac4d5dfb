//! `summary.json`: every figure of a run's matrix, documented and versioned.

mod roles;
mod table;

use serde::{Deserialize, Serialize};

use saturn_eval::evaluate::Evaluation;
use saturn_eval::experiments::Experiments;
use saturn_eval::instruments::contraction::ContractionCurve;
use saturn_eval::precision::result::Stored;
use saturn_eval::stats::verdict::MARGIN;
use saturn_train::job::EpochRecord;
use saturn_train::mask::MaskReports;

pub use roles::{NamedArm, NamedPolicy, NamedStream, ReferenceArg, ReferenceError, Roles};
pub use table::{Against, Reference, Row, table};

/// The version of the file's layout; incremented when readers must change.
pub const VERSION: u32 = 2;

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Always `saturn summary`.
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The scenario's name.
    pub name: String,
    /// The scenario's purpose.
    pub about: Option<String>,
    /// The split that was evaluated: `valid`, or `test` with `--final`.
    pub split: String,
    /// Description of the events that all trials were made on: those on others have a separate summary.
    #[serde(default)]
    pub events: String,
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Accuracy of a guess.
    pub chance: f64,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// Each trained net: model x arm x seed.
    pub cells: Vec<CellSummary>,
    /// How much lower an accuracy may be than the reference's for a verdict of *shown*, a share of 1.
    #[serde(default = "margin")]
    pub margin: f64,
    /// What differences in the table are measured from.
    #[serde(default = "Reference::unknown")]
    pub reference: Reference,
    /// Meaning of the names of arms, policies and streams. Not stored; readers take it from the scenario.
    #[serde(skip_deserializing)]
    pub roles: Roles,
    /// Means over seeds: model x arm x stream x `state_reset`.
    pub table: Vec<Row>,
    /// What failed, with its reason.
    pub failures: Vec<Failure>,
}

fn margin() -> f64 {
    MARGIN
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
    /// Results at low precision, if requested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stored: Vec<Stored>,
    /// The instruction set that evaluated it (see [`saturn_cell::kernel::Isa`]). `None` in files that were written before
    /// it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isa: Option<String>,
    /// Results of additional experiments.
    #[serde(flatten)]
    pub experiments: Experiments,
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
    /// SHA-256 of the tensors of the trained weights (see [`saturn_train::weights::checksum`]). `None` in files that
    /// were written before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
    /// That of the weights that training began with, if they are a finished net's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_sha256: Option<String>,
    /// The instruction set that trained it. `None` in files that were written before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isa: Option<String>,
    /// Wall time of training, seconds.
    pub seconds: f64,
    /// The epoch whose parameters were kept, from 1.
    pub kept_epoch: usize,
    /// One record per epoch; of a long training in a file of `cells/`, those of the kept and the last one.
    pub history: Vec<EpochRecord>,
    /// How well a mask matches the labels that is estimated or wrong on purpose, on training streams (where
    /// an estimate's threshold was set) and on validation streams.
    pub mask: Option<MaskReports>,
}

impl TrainRecord {
    /// The record of the epoch whose parameters were kept.
    pub fn kept(&self) -> Option<&EpochRecord> {
        self.history.iter().find(|e| e.epoch == self.kept_epoch)
    }

    /// Epochs of training.
    pub fn epochs(&self) -> usize {
        self.history.last().map_or(0, |e| e.epoch)
    }
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

/// A trial that failed.
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
