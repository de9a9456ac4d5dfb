//! Recordings as samples: the one conversion from files to steps.
//!
//! Events: a *bin* is a step by the rule of [`saturn_data::steps`]. A sample runs from bin 0 to the bin of
//! its last event; the label mask runs from its first event to its last. Frames are steps already, with a
//! mask of their own; steps after its last 1 count as gap.

use saturn_data::{Frames, Recording, Steps};
use serde::{Deserialize, Serialize};

use super::content::{Bins, Content};
use super::hash::{Digest, Hash};

/// One recording, step by step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The input.
    pub content: Content,
    /// Its class.
    pub label: usize,
    /// Its index in the file; in a record, that of the record.
    pub recording: usize,
    /// The first step at which the label holds.
    pub onset: usize,
    /// One past the last such step.
    pub until: usize,
    /// `[T]`, whether the label holds; empty where it holds from `onset` to `until`.
    mask: Vec<bool>,
}

impl Sample {
    /// Bins a recording with sorted times, whose last step is below 2^32.
    pub fn bin(recording: &Recording, steps: &Steps) -> Self {
        let bin_of = |t_s: f64| u32::try_from(steps.of(t_s)).unwrap_or(u32::MAX);
        let mut events: Vec<(u32, u32)> = recording
            .times_s
            .iter()
            .zip(&recording.units)
            .map(|(&t, &unit)| (bin_of(t), unit))
            .collect();
        events.sort_unstable();
        Self::from_sorted(&events, recording.label, recording.index)
    }

    /// From (bin, unit) pairs in ascending order; equal pairs are counted together.
    pub fn from_sorted(events: &[(u32, u32)], label: usize, recording: usize) -> Self {
        let bins = Bins::from_sorted(events, 0);
        Self {
            label,
            recording,
            onset: events.first().map_or(0, |&(bin, _)| bin as usize),
            until: bins.steps(),
            mask: Vec::new(),
            content: Content::Events(bins),
        }
    }

    /// A dense recording of `channels` channels.
    pub fn from_frames(frames: Frames, channels: usize) -> Self {
        let mask = frames.mask;
        let onset = mask.iter().position(|known| *known).unwrap_or(0);
        let until = mask.iter().rposition(|known| *known).map_or(0, |t| t + 1);
        let holes = mask[onset..until].iter().any(|known| !known);
        Self {
            content: Content::Frames {
                channels,
                values: frames.values,
            },
            label: frames.label,
            recording: frames.index,
            onset,
            until,
            mask: if holes { mask } else { Vec::new() },
        }
    }

    /// `content` with a label that holds at all of its steps.
    pub fn cut(content: Content, label: usize, recording: usize) -> Self {
        Self {
            label,
            recording,
            onset: 0,
            until: content.steps(),
            mask: Vec::new(),
            content,
        }
    }

    /// T, its steps.
    pub fn steps(&self) -> usize {
        self.content.steps()
    }

    /// Whether the label holds at step `t`.
    pub fn informative(&self, t: usize) -> bool {
        (self.onset..self.until).contains(&t) && self.mask.get(t).copied().unwrap_or(true)
    }

    /// Adds its input and labels to a hash.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Hash::default();
        hash.number(self.label);
        hash.number(self.onset);
        hash.number(self.until);
        hash.bytes(
            &self
                .mask
                .iter()
                .map(|known| u8::from(*known))
                .collect::<Vec<_>>(),
        );
        self.content.hash(&mut hash);
        hash.finish()
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.content.bytes() + self.mask.len() + size_of::<Self>()
    }
}
