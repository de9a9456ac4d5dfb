//! How forgetting is measured.

use saturn_cell::range::{Counts, OutOfRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How forgetting is measured: the states of one net after different pasts, in the same gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContractionConfig {
    /// Validation samples whose states are compared, two by two; 2 to 10,000, default 64. More: smaller
    /// errors, in time that grows as the square.
    pub samples: usize,
    /// Steps of a never-reset stream before each sample; 0 to 1,000,000, default 200. More: states further from rest.
    pub lead_steps: usize,
    /// Steps of the gap; 1 to 1,000,000, default 200. More: longer lags.
    pub gap_steps: usize,
    /// Gaps of the same kind to average over; 1 to 100,000, default 8. More: smaller errors.
    pub realisations: usize,
}

impl ContractionConfig {
    /// The numbers outside their ranges, each with its key.
    pub fn out_of_range(&self) -> impl Iterator<Item = OutOfRange> {
        let found = [
            Counts::new(2, 10_000).check("samples", self.samples as u64),
            Counts::new(0, 1_000_000).check("lead_steps", self.lead_steps as u64),
            Counts::new(1, 1_000_000).check("gap_steps", self.gap_steps as u64),
            Counts::new(1, 100_000).check("realisations", self.realisations as u64),
        ];
        found.into_iter().flatten()
    }
}

impl Default for ContractionConfig {
    fn default() -> Self {
        Self {
            samples: 64,
            lead_steps: 200,
            gap_steps: 200,
            realisations: 8,
        }
    }
}
