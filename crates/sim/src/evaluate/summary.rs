//! `summary.json` of an evaluation of a finished network.

use serde::Serialize;
use std::path::Path;

use super::input::Given;
use super::low_precision::{Calibration, RangesHead, StoredDetail};
use super::settings::{Options, Settings};
use crate::model::{FinishedModel, Origin};
use crate::run::summary::{
    CellSummary, NamedEvaluation, Roles, Summary, TrainRecord, VERSION as RUN_VERSION, table,
};
use crate::scenario::{Gap, Instrument, Precision, StateReset};
use saturn_cell::kernel::Isa;
use saturn_eval::detector::DetectorConfig;
use saturn_eval::experiments::Experiments;
use saturn_eval::position::Spacing;
use saturn_eval::precision::PrecisionConfig;
use saturn_eval::precision::result::Stored;
use saturn_eval::stats::verdict::MARGIN;
use saturn_stream::Form;

/// The version of the file's layout; incremented when readers must change.
pub const VERSION: u32 = 1;

/// The whole file.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluationSummary {
    /// Always `saturn evaluation`.
    pub format: &'static str,
    /// `VERSION`.
    pub version: u32,
    /// The version of the program.
    pub saturn: &'static str,
    /// What was evaluated on what.
    #[serde(flatten)]
    pub head: Head,
    /// Accuracy of a guess.
    pub chance: f64,
    /// One a reset policy.
    pub evaluations: Vec<Finding>,
    /// The network at low precision, first in full; empty unless requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stored: Vec<Stored>,
    /// What each of their evaluations rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stored_details: Vec<StoredDetail>,
    /// Results of optional experiments.
    #[serde(flatten)]
    pub experiments: Experiments,
}

/// What was evaluated on what: two evaluations with the same are one.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// The network.
    pub model: ModelHead,
    /// The data.
    pub data: DataHead,
    /// The settings.
    pub options: OptionsHead,
}

/// The network.
#[derive(Clone, Debug, Serialize)]
pub struct ModelHead {
    /// Its name.
    pub name: String,
    /// `run`, or `file` for one that its weights file describes.
    pub origin: &'static str,
    /// What was given.
    pub path: String,
    /// I.
    pub channels: usize,
    /// Names of its classes, in the order of its outputs.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// SHA-256 of its tensors.
    pub tensors_sha256: String,
}

/// The data.
#[derive(Clone, Debug, Serialize)]
pub struct DataHead {
    /// The file.
    pub file: String,
    /// SHA-256 of the samples in steps.
    pub events_sha256: String,
    /// `events` or `frames`.
    pub form: &'static str,
    /// Samples.
    pub samples: usize,
    /// What the noise of gaps has its rates from.
    pub noise_from: String,
}

/// The settings.
#[derive(Clone, Debug, Serialize)]
pub struct OptionsHead {
    /// Steps of one evaluation, over all lanes.
    pub steps: u64,
    /// Lanes.
    pub lanes: usize,
    /// Of the stream.
    pub seed: u64,
    /// The gaps; `null` for none.
    pub gap: Option<Gap>,
    /// The policies.
    pub state_reset: Vec<StateReset>,
    /// Of the network's numbers.
    pub precision: Precision,
    /// Storage formats of the network in addition to full precision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub low_precision: Vec<PrecisionConfig>,
    /// What ranges of their states are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranges: Option<RangesHead>,
    /// Windows of stream position.
    pub windows: usize,
    /// Their lengths.
    pub spacing: Spacing,
    /// The detector.
    pub detector: DetectorConfig,
    /// Its threshold as given; `null` if it is the run's or the default.
    pub threshold: Option<f64>,
    /// Optional instruments.
    pub instruments: Vec<Instrument>,
}

/// One evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was found, as in the summary of a run.
    #[serde(flatten)]
    pub found: NamedEvaluation,
    /// Where the detector's threshold is from.
    pub threshold_from: String,
    /// The file with a line for every segment.
    pub segments_file: String,
}

impl Head {
    /// Of an evaluation.
    pub fn new(
        options: &Options,
        model: &FinishedModel,
        given: &Given,
        settings: &Settings,
        calibration: Calibration,
    ) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let e = &settings.evaluate;
        Self {
            model: ModelHead {
                name: model.name.clone(),
                origin: match model.origin() {
                    Origin::Run(_) => "run",
                    Origin::File { .. } => "file",
                },
                path: text(options.model),
                channels: model.channels,
                classes: model.classes.clone(),
                dt_ms: model.dt_ms,
                tensors_sha256: model.tensors_sha256.clone(),
            },
            data: DataHead {
                file: text(&given.path),
                events_sha256: given.split.events_hash(),
                form: match given.split.form() {
                    Form::Events => "events",
                    Form::Frames => "frames",
                },
                samples: given.split.len(),
                noise_from: given.noise_from.clone(),
            },
            options: OptionsHead {
                steps: e.steps,
                lanes: e.lanes,
                seed: settings.seed,
                gap: settings.stream().1.cloned(),
                state_reset: e.state_reset.clone(),
                precision: settings.precision,
                low_precision: e.precision.clone(),
                ranges: (e
                    .precision
                    .iter()
                    .any(|config| config.states.top().is_some()))
                .then(|| calibration.head(given))
                .flatten(),
                windows: e.windows,
                spacing: e.spacing,
                detector: e.detector,
                threshold: options.threshold,
                instruments: e.instruments.clone(),
            },
        }
    }
}

impl EvaluationSummary {
    /// The same as the summary of a run with this one network, for tables and figures that runs have, too.
    pub fn as_run(&self, settings: &Settings, parameters: usize, split: &str) -> Summary {
        let (model, arm, seed) = &settings.place;
        let roles = Roles::with_arms(vec![arm.clone()], &settings.evaluate);
        let reference = roles.usual_reference();
        let cells = vec![CellSummary {
            model: model.clone(),
            arm: arm.name.clone(),
            seed: *seed,
            training: TrainRecord {
                parameters,
                weight_steps: None,
                weights_sha256: Some(self.head.model.tensors_sha256.clone()),
                from_sha256: None,
                isa: None,
                seconds: 0.0,
                kept_epoch: 0,
                history: Vec::new(),
                mask: None,
            },
            evaluations: self.evaluations.iter().map(|e| e.found.clone()).collect(),
            contraction: Vec::new(),
            stored: self.stored.clone(),
            isa: Some(Isa::current().name().to_owned()),
            experiments: self.experiments.clone(),
        }];
        Summary {
            format: "saturn summary".into(),
            version: RUN_VERSION,
            name: self.head.model.name.clone(),
            about: None,
            split: split.to_owned(),
            events: self.head.data.events_sha256.clone(),
            classes: self.head.model.classes.clone(),
            chance: self.chance,
            dt_ms: self.head.model.dt_ms,
            margin: MARGIN,
            table: table(&cells, &reference),
            cells,
            reference,
            roles,
            failures: Vec::new(),
        }
    }
}
