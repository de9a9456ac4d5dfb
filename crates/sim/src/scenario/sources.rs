//! `data`: records, scales and limits, for files of any form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;

/// Records: long and continuous, with labels valid in stretches of them (the beats of an ECG). Lanes of an
/// evaluation run through whole records; `concatenated` inputs are `stream.samples` consecutive stretches
/// with the gaps between them, `single` ones a stretch cut out, `lead` ones a stretch and the gap before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordKeys {
    /// Where a label is valid, `[from, until]` in ms from its mark (an R peak), of `events` files; -10,000 to
    /// 10,000, default as the file states. A stretch ends where the next begins. Longer: more steps to decide
    /// in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<[f64; 2]>,
}

impl RecordKeys {
    pub(super) fn check(&self, files: bool, frames: bool, diagnostics: &mut Diagnostics) {
        if !files {
            diagnostics.problem(
                "data.records",
                "is for `events` and `frames` that were cut from records: a synthetic set has none",
            );
        }
        let Some([from, until]) = self.window_ms else {
            return;
        };
        let at = "data.records.window_ms";
        if frames {
            diagnostics.problem(at, "is for `events`: frames have a mask of their own");
        }
        let fits = |x: f64| (-1e4..=1e4).contains(&x);
        for (i, x) in [from, until].into_iter().enumerate() {
            diagnostics.number(&format!("{at}.{i}"), x, fits, "-10,000 to 10,000");
        }
        if from >= until {
            diagnostics.problem(
                at,
                format!("[{from}, {until}] is empty: give the earlier end first"),
            );
        }
    }
}

/// The scale that frames are put on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Each channel has mean 0 and standard deviation 1 over the training set; one that is constant there
    /// has mean 0. Silence is then each channel's mean.
    #[default]
    Channels,
    /// As in the file. Silence is 0.
    None,
}

/// How many samples of each file are used: all, or so many drawn at random, the same in every run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of the training set; at least 1, default all. More: better nets, in more time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Of the validation set; at least 1, default all. More: surer choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<usize>,
    /// Of the test set; at least 1, default all. More: surer results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
}

impl Limits {
    /// Whether there is none.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with references"
    )]
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(self, records: bool, diagnostics: &mut Diagnostics) {
        if records {
            diagnostics.problem(
                "data.limit",
                "cannot be combined with `records`, which are used whole: split off fewer of them instead",
            );
        }
        for (name, limit) in [
            ("train", self.train),
            ("valid", self.valid),
            ("test", self.test),
        ] {
            diagnostics.at_least(&format!("data.limit.{name}"), limit.unwrap_or(1) as u64, 1);
        }
    }
}
