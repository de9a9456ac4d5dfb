//! The input of a recording, step by step: events in bins, or frames.

use std::ops::Range;

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::columns::{Columns, Form};
use super::hash::Hash;

/// The steps of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Events in bins.
    Events(Bins),
    /// A value for each channel at each step.
    Frames {
        /// I.
        channels: usize,
        /// `[T, I]`, step after step.
        values: Vec<f32>,
    },
}

impl Default for Content {
    fn default() -> Self {
        Self::Events(Bins::default())
    }
}

impl Content {
    /// T.
    pub fn steps(&self) -> usize {
        match self {
            Self::Events(bins) => bins.steps(),
            Self::Frames { channels, values } => values.len() / channels,
        }
    }

    /// Kind of a step.
    pub fn form(&self) -> Form {
        match self {
            Self::Events(_) => Form::Events,
            Self::Frames { .. } => Form::Frames,
        }
    }

    /// Adds step `t` to `out` as a column.
    pub fn push<R: Real>(&self, t: usize, out: &mut Columns<R>) {
        match self {
            Self::Events(bins) => bins.push(t, out),
            Self::Frames { channels, values } => {
                out.push_frame(values[t * channels..(t + 1) * channels].iter().copied());
            }
        }
    }

    /// Only the steps `steps`.
    #[must_use]
    pub fn cut(&self, steps: Range<usize>) -> Self {
        match self {
            Self::Events(bins) => Self::Events(bins.cut(steps)),
            Self::Frames { channels, values } => Self::Frames {
                channels: *channels,
                values: values[steps.start * channels..steps.end * channels].to_vec(),
            },
        }
    }

    /// Adds all steps to a hash.
    pub(super) fn hash(&self, hash: &mut Hash) {
        hash.number(self.steps());
        match self {
            Self::Events(bins) => bins.hash(hash),
            Self::Frames { channels, values } => {
                hash.number(*channels);
                hash.list(values.iter().map(|value| value.to_le_bytes()));
            }
        }
    }

    /// How many (step, channel) cells have a value.
    pub fn active(&self) -> usize {
        match self {
            Self::Events(bins) => bins.len(),
            Self::Frames { values, .. } => values.len(),
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Events(bins) => bins.bytes(),
            Self::Frames { values, .. } => values.len() * 4,
        }
    }
}
