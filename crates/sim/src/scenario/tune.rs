//! `tune`: what `saturn tune` searches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use super::named::Named;

/// A search for settings by successive halving, on the validation split only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TuneKeys {
    /// Settings that are tried in the first round, the scenario's own among them; 2 to 100,000, default 18.
    /// More: a better chance of good ones, in as many times the time.
    pub candidates: usize,
    /// Of so many, the best one advances to the next round, which trains so many times as long; 2 to 100,000,
    /// default 3. More: fewer rounds, and slow starters are eliminated earlier.
    pub halving: usize,
    /// Search range of each key, by its path, such as `train.lr`. Default: the learning rate of every
    /// network, the widths of its layers, the weight of the divergence, and the windows and thresholds of
    /// estimated masks, around the scenario's values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Named<Range>>,
}

impl Default for TuneKeys {
    fn default() -> Self {
        Self {
            candidates: 18,
            halving: 3,
            search: None,
        }
    }
}

/// Where one key is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Between two numbers above 0, evenly in their logarithm.
    Log([f64; 2]),
    /// Between two numbers, evenly.
    Linear([f64; 2]),
    /// One of these numbers; at least one.
    Choice(Vec<f64>),
}

impl TuneKeys {
    /// Checks the settings.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        diagnostics.within("tune.candidates", self.candidates as u64, 2, 100_000);
        diagnostics.within("tune.halving", self.halving as u64, 2, 100_000);
        for (key, range) in self.search.iter().flat_map(Named::iter) {
            let at = format!("tune.search.{key}");
            let ordered = |[low, high]: [f64; 2]| low < high && low.is_finite() && high.is_finite();
            match range {
                Range::Log(ends) if !ordered(*ends) || ends[0] <= 0.0 => diagnostics.problem(
                    &format!("{at}.log"),
                    format!("`{ends:?}` is out of range: it must be two numbers above 0, the lower one first"),
                ),
                Range::Linear(ends) if !ordered(*ends) => diagnostics.problem(
                    &format!("{at}.linear"),
                    format!("`{ends:?}` is out of range: it must be two numbers, the lower one first"),
                ),
                Range::Choice(choices) => {
                    diagnostics.not_empty(&format!("{at}.choice"), choices, "number");
                }
                _ => {}
            }
        }
    }
}
