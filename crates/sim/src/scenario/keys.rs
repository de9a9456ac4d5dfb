//! The keys of a scenario as a person writes them, not checked yet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arms::default_arms;
use super::data::DataKeys;
use super::evaluate::EvaluateKeys;
use super::models::{Model, default_models};
use super::named::Named;
use super::plots::Plot;
use super::stream::StreamKeys;
use super::tune::TuneKeys;
use saturn_train::arm::Arm;
use saturn_train::changes::TrainKeys;

/// A Saturn experiment: data, streams, networks, training regimes, and evaluations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Saturn scenario")]
pub struct ScenarioKeys {
    /// Name of the experiment, used in its report and for its folder.
    #[schemars(extend("pattern" = "\\S"))]
    pub name: String,
    /// Its purpose, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Seed of everything random in `run`; default the first of `seeds`, or 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Seeds of `compare`: a list; at least one, no duplicates; default `seed` alone. More: smaller errors,
    /// in as many times the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Vec<u64>>,
    /// Source of the samples.
    #[serde(default)]
    pub data: DataKeys,
    /// How samples and gaps follow each other.
    #[serde(default)]
    pub stream: StreamKeys,
    /// The nets, by name. Default: `lif`, `ssm` and `rnn`.
    #[serde(default = "default_models")]
    pub models: Named<Model>,
    /// The training regimes, by name. Default: `classic` and `adaptive`.
    #[serde(default = "default_arms")]
    pub arms: Named<Arm>,
    /// Settings of training, for all nets and arms.
    #[serde(default)]
    pub train: TrainKeys,
    /// The evaluations of trained networks.
    #[serde(default)]
    pub evaluate: EvaluateKeys,
    /// What `tune` searches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tune: Option<TuneKeys>,
    /// The figures of the report: one of these or a list; no duplicates; default all.
    #[serde(default = "all_plots")]
    pub plots: Vec<Plot>,
}

fn all_plots() -> Vec<Plot> {
    Plot::ALL.to_vec()
}
