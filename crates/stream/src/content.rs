//! The input of a recording, step by step: events in bins, or frames.

use std::ops::Range;

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

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
            Self::Events(bins) => out.push_events(bins.step(t)),
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
            Self::Events(bins) => {
                hash.list(bins.offsets.iter().map(|offset| offset.to_le_bytes()));
                hash.list(bins.units.iter().map(|unit| unit.to_le_bytes()));
                hash.list(bins.counts.iter().map(|count| count.to_le_bytes()));
            }
            Self::Frames { channels, values } => {
                hash.number(*channels);
                hash.list(values.iter().map(|value| value.to_le_bytes()));
            }
        }
    }

    /// How many (step, channel) cells have a value.
    pub fn active(&self) -> usize {
        match self {
            Self::Events(bins) => bins.units.len(),
            Self::Frames { values, .. } => values.len(),
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Events(bins) => bins.offsets.len() * 4 + bins.units.len() * 6,
            Self::Frames { values, .. } => values.len() * 4,
        }
    }
}

/// Events in bins, compressed by step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Where each step's events start, `[T + 1]`.
    offsets: Vec<u32>,
    units: Vec<u32>,
    counts: Vec<u16>,
}

impl Bins {
    /// From (bin, unit) pairs in ascending order; equal pairs are counted together. There are `steps` steps,
    /// or as many as the events need.
    pub fn from_sorted(events: &[(u32, u32)], steps: usize) -> Self {
        let steps = steps.max(events.last().map_or(0, |&(bin, _)| bin as usize + 1));
        let mut bins = Self {
            offsets: Vec::with_capacity(steps + 1),
            ..Self::default()
        };
        bins.offsets.push(0);
        for same in events.chunk_by(|a, b| a == b) {
            let (bin, unit) = same[0];
            while bins.offsets.len() <= bin as usize {
                bins.offsets.push(bins.units.len() as u32);
            }
            bins.units.push(unit);
            bins.counts
                .push(same.len().min(usize::from(u16::MAX)) as u16);
        }
        bins.offsets.resize(steps + 1, bins.units.len() as u32);
        // A split has thousands of samples in memory.
        bins.units.shrink_to_fit();
        bins.counts.shrink_to_fit();
        bins
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Adds steps without an event, until there are `steps` of them at least.
    pub fn reach(&mut self, steps: usize) {
        let all = self.units.len() as u32;
        let length = self.offsets.len().max(steps + 1);
        self.offsets.resize(length, all);
    }

    /// Units and counts of step `t`, in ascending order of units.
    pub fn step(&self, t: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = self.offsets[t] as usize..self.offsets[t + 1] as usize;
        let counts = self.counts[range.clone()].iter().map(|&c| f32::from(c));
        self.units[range].iter().copied().zip(counts)
    }

    /// Every event as a (bin, unit) pair, in ascending order.
    pub fn events(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.steps()).flat_map(move |t| {
            self.step(t)
                .flat_map(move |(unit, count)| (0..count as usize).map(move |_| (t as u32, unit)))
        })
    }

    /// Only the steps `steps`.
    #[must_use]
    pub fn cut(&self, steps: Range<usize>) -> Self {
        let start = self.offsets[steps.start];
        let events = start as usize..self.offsets[steps.end] as usize;
        let offsets = &self.offsets[steps.start..=steps.end];
        Self {
            offsets: offsets.iter().map(|o| o - start).collect(),
            units: self.units[events.clone()].to_vec(),
            counts: self.counts[events].to_vec(),
        }
    }

    /// Adds each channel's events to `sums [I]`.
    pub fn count(&self, sums: &mut [f64]) {
        for (unit, count) in self.units.iter().zip(&self.counts) {
            sums[*unit as usize] += f64::from(*count);
        }
    }
}
