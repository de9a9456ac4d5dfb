//! `evaluate.traces` and `evaluate.twin`: additional measurements of an evaluation, in windows of its stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use saturn_eval::evaluate::Spread;

/// Traces of the first lane, a file a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TracesConfig {
    /// Windows of a stream, at most; 1 to 1,000, default 16. More: more files.
    pub windows: usize,
    /// Steps of a window; 1 to 100,000, default 200. More: larger files.
    pub steps: u64,
    /// Positions of the windows in the stream, `logarithmic`, `even` or `both`; default `logarithmic`.
    pub spacing: Spread,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self {
            windows: 16,
            steps: 200,
            spacing: Spread::Logarithmic,
        }
    }
}

/// The same network in f64 alongside the first lane, in windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwinConfig {
    /// Windows of a stream, at most; 1 to 1,000, default 8. More: more points of the curve.
    pub windows: usize,
    /// Steps of a window; 1 to 1,000,000, default 1,000. More: longer for a difference to grow.
    pub steps: u64,
}

impl Default for TwinConfig {
    fn default() -> Self {
        Self {
            windows: 8,
            steps: 1_000,
        }
    }
}

impl TracesConfig {
    /// Checks the ranges.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        ranges(
            "evaluate.traces",
            self.windows,
            self.steps,
            100_000,
            diagnostics,
        );
    }
}

impl TwinConfig {
    /// Checks the ranges.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        ranges(
            "evaluate.twin",
            self.windows,
            self.steps,
            1_000_000,
            diagnostics,
        );
    }
}

fn ranges(at: &str, windows: usize, steps: u64, most: u64, diagnostics: &mut Diagnostics) {
    for (key, value, most) in [("windows", windows as u64, 1_000), ("steps", steps, most)] {
        diagnostics.number(
            &format!("{at}.{key}"),
            value as f64,
            |x| x >= 1.0 && x <= most as f64,
            &format!("1 to {most}"),
        );
    }
}
