//! How long gaps are, and what fills them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest gap, in steps.
pub const LONGEST_GAP: usize = 1_000_000;

/// Gaps: the time before each sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Shortest and longest, in steps.
    pub steps: [usize; 2],
    /// What fills them, each with equal chances; at least one.
    pub fill: Vec<Fill>,
}

impl Default for Gap {
    fn default() -> Self {
        Self {
            steps: [10, 60],
            fill: vec![Fill::Silence, Fill::Noise(1.0)],
        }
    }
}

/// What fills a gap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// No events; in frames zeros, which are the channels' means if these are normalised.
    Silence,
    /// Poisson events, each channel at its mean rate over the training set times this factor; above 0,
    /// default 1. Larger: louder. In frames Gaussian values with each channel's mean, and its standard
    /// deviation times the factor.
    Noise(
        #[serde(deserialize_with = "one_by_default")]
        #[schemars(extend("default" = 1.0))]
        f64,
    ),
    /// The events (or frames) of another sample, in random order: its rates without its structure.
    Shuffled,
    /// Background noise from `data.gap_recordings`, each gap from a random moment on. After the end of a
    /// recording it begins again.
    Recordings,
}

fn one_by_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(1.0))
}

impl Fill {
    /// A name for files and tables: `silence`, `noise`, `noise_x0.25`, `shuffled`, `recordings`.
    pub fn name(&self) -> String {
        match self {
            Self::Silence => "silence".into(),
            Self::Noise(1.0) => "noise".into(),
            Self::Noise(factor) => format!("noise_x{factor}"),
            Self::Shuffled => "shuffled".into(),
            Self::Recordings => "recordings".into(),
        }
    }

    /// Gaps filled with it, as text: `noise gaps`.
    pub fn gaps(&self) -> String {
        match self {
            Self::Silence => "silent gaps".into(),
            Self::Noise(_) => format!("{} gaps", self.name().replace('_', " ")),
            Self::Shuffled => "gaps with shuffled events".into(),
            Self::Recordings => "gaps with recorded background".into(),
        }
    }
}
