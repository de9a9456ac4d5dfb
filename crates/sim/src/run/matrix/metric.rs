//! A line of `metrics.jsonl`.

use serde::Serialize;
use serde_json::Value;

use crate::run::place::Place;

/// What happened to a trial.
#[derive(Serialize)]
pub(super) struct Metric<'a, T> {
    model: &'a str,
    arm: &'a str,
    seed: u64,
    what: &'a str,
    #[serde(flatten)]
    record: &'a T,
}

impl<'a, T> Metric<'a, T> {
    pub(super) fn new(place: Place<'a>, what: &'a str, record: &'a T) -> Self {
        Self {
            model: place.model,
            arm: place.arm,
            seed: place.seed,
            what,
            record,
        }
    }

    /// Whether a line of the file is of this place and about this.
    pub(super) fn is_of(&self, line: &Value) -> bool {
        let same = |key: &str, value: &str| line[key].as_str() == Some(value);
        same("model", self.model)
            && same("arm", self.arm)
            && line["seed"].as_u64() == Some(self.seed)
            && same("what", self.what)
    }
}
