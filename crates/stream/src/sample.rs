//! Recordings as samples: the one conversion from files to steps.
//!
//! Events: a *bin* is a step by the rule of [`saturn_data::steps`]. A sample runs from bin 0 to the bin of
//! its last event; the label mask runs from its first event to its last. Frames are steps already, with a
//! mask of their own; steps after its last 1 count as gap.

use saturn_data::{Frames, Recording, Steps};
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::content::Content;
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
        let times_s = &recording.times_s;
        let (mut runs, mut end) = (Vec::new(), 0);
        while let Some(&first_s) = times_s.get(end) {
            let bin = bin_of(first_s);
            end += leading(&times_s[end..], |t_s| bin_of(t_s) == bin);
            runs.push((bin, end));
        }
        let bins = Bins::of_runs(&recording.units, &runs);
        Self::of_bins(bins, recording.label, recording.index)
    }

    /// From (bin, unit) pairs in ascending order; equal pairs are counted together.
    pub fn from_sorted(events: &[(u32, u32)], label: usize, recording: usize) -> Self {
        Self::of_bins(Bins::from_sorted(events, 0), label, recording)
    }

    fn of_bins(bins: Bins, label: usize, recording: usize) -> Self {
        Self {
            label,
            recording,
            onset: bins.first().unwrap_or(0),
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

/// How many of `times_s`, which ascend, are in the first one's step: `same` holds for these and for none behind them.
/// Looks at 1, 2, 4 ... of them ahead, then halves: steps are asked for a few times each, not for every event.
fn leading(times_s: &[f64], same: impl Fn(f64) -> bool) -> usize {
    let mut reach = 1;
    while times_s.get(reach).is_some_and(|t_s| same(*t_s)) {
        reach *= 2;
    }
    let known = reach / 2;
    let open = &times_s[known..reach.min(times_s.len())];
    known + open.partition_point(|t_s| same(*t_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of any length, times of any density, events at one time and on the edges of steps.
    #[test]
    fn a_bin_has_the_events_of_its_step_and_no_other() {
        for (dt_ms, spread) in [
            (10.0, 977.0),
            (0.1, 31_013.0),
            (1.0 / 3.0, 4_001.0),
            (7.0, 1e3),
        ] {
            let steps = Steps::new(dt_ms);
            let mut times_s: Vec<f64> = (0..3_000u32)
                .map(|k| f64::from(k * 7_919 % 3_001 / (1 + k % 3)) / spread)
                .collect();
            times_s.sort_by(f64::total_cmp);
            let units: Vec<u32> = (0..3_000).map(|k| k * 31 % 97).collect();
            let recording = Recording {
                times_s,
                units,
                label: 3,
                speaker: None,
                index: 5,
            };
            let mut events: Vec<(u32, u32)> = (recording.times_s.iter().zip(&recording.units))
                .map(|(t_s, unit)| (steps.of(*t_s) as u32, *unit))
                .collect();
            events.sort_unstable();
            let expected = Sample::from_sorted(&events, 3, 5);
            assert_eq!(Sample::bin(&recording, &steps), expected, "{dt_ms}");
        }
    }
}
