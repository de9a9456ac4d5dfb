//! `stream`: how samples and gaps follow each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use saturn_stream::{Fill, Gap, LONGEST_GAP};
use saturn_train::or_none::OrNone;

/// The stream for training networks, and for running them unless `evaluate.streams` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StreamKeys {
    /// Samples that follow each other in one lane of an update, for arms with `streams: concatenated`;
    /// other arms see the same samples, each in its own lane. 1 to 100,000, default 4. More: nets learn
    /// over longer stretches, with fewer and noisier updates.
    pub samples: usize,
    /// Gaps between samples; `none` concatenates samples without gaps.
    pub gap: OrNone<GapKeys>,
}

impl Default for StreamKeys {
    fn default() -> Self {
        Self {
            samples: 4,
            gap: OrNone::Value(GapKeys::default()),
        }
    }
}

/// Gaps: the time before each sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GapKeys {
    /// Shortest and longest gap in steps, drawn uniformly; 0 to 1,000,000, default `[10, 60]` (in
    /// `evaluate.streams`: that of `stream.gap`). Longer: more time to forget in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<[usize; 2]>,
    /// Fill of a gap: one of these, or a list from which each gap draws with equal chances; at least one, no
    /// duplicates. Default `[silence, noise]` (in `evaluate.streams`: that of `stream.gap`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Vec<Fill>>,
}

/// The checked stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stream {
    /// Samples that follow each other in one lane of an update.
    pub samples: usize,
    /// Gaps between samples, if any.
    pub gap: Option<Gap>,
}

impl StreamKeys {
    /// Checks the stream.
    pub(super) fn resolve(&self, diagnostics: &mut Diagnostics) -> Stream {
        diagnostics.within("stream.samples", self.samples as u64, 1, 100_000);
        Stream {
            samples: self.samples,
            gap: resolve_gap(&self.gap, "stream.gap", &Gap::default(), diagnostics),
        }
    }
}

impl Stream {
    /// The same as keys, with all defaults filled in.
    pub(super) fn keys(&self) -> StreamKeys {
        StreamKeys {
            samples: self.samples,
            gap: gap_keys(self.gap.as_ref()),
        }
    }
}

/// Checked gaps as keys, with all defaults filled in.
pub(super) fn gap_keys(gap: Option<&Gap>) -> OrNone<GapKeys> {
    gap.map_or(OrNone::None, |gap| {
        OrNone::Value(GapKeys {
            steps: Some(gap.steps),
            fill: Some(gap.fill.clone()),
        })
    })
}

/// Checks the gaps at `path`; omitted keys are taken from `above`.
pub(super) fn resolve_gap(
    keys: &OrNone<GapKeys>,
    path: &str,
    above: &Gap,
    diagnostics: &mut Diagnostics,
) -> Option<Gap> {
    let keys = keys.as_option()?;
    let gap = Gap {
        steps: keys.steps.unwrap_or(above.steps),
        fill: keys.fill.clone().unwrap_or_else(|| above.fill.clone()),
    };
    let [low, high] = gap.steps;
    let at = format!("{path}.steps");
    if low > high {
        diagnostics.problem(
            &at,
            format!("[{low}, {high}] is in the wrong order: write [{high}, {low}]"),
        );
    } else if high > LONGEST_GAP {
        diagnostics.problem(
            &at,
            format!("`{high}` is out of range: a gap has at most {LONGEST_GAP} steps"),
        );
    } else if high == 0 {
        diagnostics.problem(&at, "gaps of 0 steps: write `gap: none` instead");
    }
    let at = format!("{path}.fill");
    diagnostics.not_empty(&at, &gap.fill, "fill");
    diagnostics.distinct(&at, &gap.fill);
    for (i, fill) in gap.fill.iter().enumerate() {
        if let Fill::Noise(factor) = fill {
            diagnostics.positive(&format!("{at}.{i}.noise"), *factor);
        }
    }
    Some(gap)
}
