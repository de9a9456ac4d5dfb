//! Events in bins, compressed by step.
//!
//! A split has thousands of samples in memory. Units below 65,536 with counts up to 255 take three bytes together,
//! others six. Checkpoints and hashes have the wide numbers of both.

use std::cell::RefCell;
use std::ops::Range;

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::hash::Hash;
use super::tally::Tally;

/// Events in bins: for each step its units, in ascending order, with their counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Bins {
    /// Where each step's events start, `[T + 1]`.
    offsets: Box<[u32]>,
    events: Events,
}

/// Units and counts: narrow ones wherever they fit.
#[derive(Clone, Debug, PartialEq)]
enum Events {
    Narrow(Box<[u16]>, Box<[u8]>),
    Wide(Box<[u32]>, Box<[u16]>),
}

impl Default for Events {
    fn default() -> Self {
        Self::Narrow(Box::default(), Box::default())
    }
}

/// [`Bins`] while they are made, and as checkpoints keep them.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename = "Bins")]
struct Flat {
    offsets: Vec<u32>,
    units: Vec<u32>,
    counts: Vec<u16>,
}

impl Flat {
    fn begin(&mut self) {
        self.offsets.clear();
        self.units.clear();
        self.counts.clear();
        self.offsets.push(0);
    }

    /// Ends steps until `steps` of them have ended.
    fn end(&mut self, steps: usize) {
        let length = self.offsets.len().max(steps + 1);
        self.offsets.resize(length, self.units.len() as u32);
    }

    /// Copies of exactly their lengths: what is left of a longer buffer would lie between those of others.
    fn packed(&self) -> Bins {
        let narrow = self.units.iter().all(|unit| u16::try_from(*unit).is_ok())
            && self.counts.iter().all(|count| u8::try_from(*count).is_ok());
        let events = if narrow {
            let units = self.units.iter().map(|unit| *unit as u16);
            let counts = self.counts.iter().map(|count| *count as u8);
            Events::Narrow(units.collect(), counts.collect())
        } else {
            Events::Wide(self.units.as_slice().into(), self.counts.as_slice().into())
        };
        Bins {
            offsets: self.offsets.as_slice().into(),
            events,
        }
    }
}

impl From<Flat> for Bins {
    fn from(flat: Flat) -> Self {
        flat.packed()
    }
}

impl From<Bins> for Flat {
    fn from(bins: Bins) -> Self {
        let mut flat = Self {
            offsets: bins.offsets.to_vec(),
            ..Self::default()
        };
        bins.each(0..bins.len(), |unit, count| {
            flat.units.push(unit);
            flat.counts.push(count);
        });
        flat
    }
}

impl Bins {
    /// From (bin, unit) pairs in ascending order; equal pairs are counted together. There are `steps` steps,
    /// or as many as the events need.
    pub fn from_sorted(events: &[(u32, u32)], steps: usize) -> Self {
        made(|flat, _| {
            for same in events.chunk_by(|a, b| a == b) {
                let (bin, unit) = same[0];
                flat.end(bin as usize);
                flat.units.push(unit);
                flat.counts
                    .push(same.len().min(usize::from(u16::MAX)) as u16);
            }
            flat.end(steps.max(events.last().map_or(0, |&(bin, _)| bin as usize + 1)));
        })
    }

    /// From `units` in the order of their bins: those before `end`, and not in a bin before, are in `bin`, for each
    /// `(bin, end)` in ascending order.
    pub fn of_runs(units: &[u32], runs: &[(u32, usize)]) -> Self {
        let channels = units.iter().max().map_or(0, |unit| *unit as usize + 1);
        made(|flat, tally| {
            tally.reach(channels);
            let mut start = 0;
            for &(bin, end) in runs {
                for unit in &units[start..end] {
                    tally.add(*unit as usize);
                }
                start = end;
                flat.end(bin as usize);
                tally.drain(|unit, count| {
                    flat.units.push(unit);
                    flat.counts.push(count);
                });
            }
            flat.end(runs.last().map_or(0, |&(bin, _)| bin as usize + 1));
        })
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The first step with an event.
    pub fn first(&self) -> Option<usize> {
        let next = self.offsets.iter().position(|offset| *offset > 0)?;
        next.checked_sub(1)
    }

    /// How many (step, unit) pairs have an event.
    pub fn len(&self) -> usize {
        match &self.events {
            Events::Narrow(units, _) => units.len(),
            Events::Wide(units, _) => units.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        let each = match &self.events {
            Events::Narrow(..) => 3,
            Events::Wide(..) => 6,
        };
        self.offsets.len() * 4 + self.len() * each
    }

    /// Adds steps without an event, until there are `steps` of them at least.
    pub fn reach(&mut self, steps: usize) {
        let mut offsets = std::mem::take(&mut self.offsets).into_vec();
        let length = offsets.len().max(steps + 1);
        offsets.resize(length, self.len() as u32);
        self.offsets = offsets.into();
    }

    /// Adds step `t` to `out` as a column.
    #[inline]
    pub fn push<R: Real>(&self, t: usize, out: &mut Columns<R>) {
        let range = self.range(t);
        match &self.events {
            Events::Narrow(units, counts) => {
                out.push_narrow(&units[range.clone()], &counts[range]);
            }
            Events::Wide(units, counts) => {
                let counts = counts[range.clone()].iter().map(|&c| f32::from(c));
                out.push_events(units[range].iter().copied().zip(counts));
            }
        }
    }

    /// Units and counts of step `t`, in ascending order of units.
    pub fn step(&self, t: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let counted = |k| {
            let (unit, count) = self.at(k);
            (unit, f32::from(count))
        };
        self.range(t).map(counted)
    }

    /// Every event as a (bin, unit) pair, in ascending order.
    pub fn events(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.steps()).flat_map(move |t| {
            self.range(t).flat_map(move |k| {
                let (unit, count) = self.at(k);
                (0..count).map(move |_| (t as u32, unit))
            })
        })
    }

    /// Only the steps `steps`.
    #[must_use]
    pub fn cut(&self, steps: Range<usize>) -> Self {
        let start = self.offsets[steps.start];
        let events = start as usize..self.offsets[steps.end] as usize;
        made(|flat, _| {
            flat.offsets.clear();
            let offsets = &self.offsets[steps.start..=steps.end];
            flat.offsets.extend(offsets.iter().map(|o| o - start));
            self.each(events, |unit, count| {
                flat.units.push(unit);
                flat.counts.push(count);
            });
        })
    }

    /// Adds each channel's events to `sums [I]`.
    pub fn count(&self, sums: &mut [f64]) {
        self.each(0..self.len(), |unit, count| {
            sums[unit as usize] += f64::from(count);
        });
    }

    /// Adds all steps to a hash.
    pub(super) fn hash(&self, hash: &mut Hash) {
        hash.list(self.offsets.iter().map(|offset| offset.to_le_bytes()));
        match &self.events {
            Events::Narrow(units, counts) => {
                hash.list(units.iter().map(|unit| u32::from(*unit).to_le_bytes()));
                hash.list(counts.iter().map(|count| u16::from(*count).to_le_bytes()));
            }
            Events::Wide(units, counts) => {
                hash.list(units.iter().map(|unit| unit.to_le_bytes()));
                hash.list(counts.iter().map(|count| count.to_le_bytes()));
            }
        }
    }

    fn range(&self, t: usize) -> Range<usize> {
        self.offsets[t] as usize..self.offsets[t + 1] as usize
    }

    /// Unit and count number `k`.
    fn at(&self, k: usize) -> (u32, u16) {
        match &self.events {
            Events::Narrow(units, counts) => (units[k].into(), counts[k].into()),
            Events::Wide(units, counts) => (units[k], counts[k]),
        }
    }

    /// Calls `take` with the units and counts of `range`.
    #[inline]
    fn each(&self, range: Range<usize>, mut take: impl FnMut(u32, u16)) {
        match &self.events {
            Events::Narrow(units, counts) => {
                let counts = counts[range.clone()].iter();
                let both = units[range].iter().zip(counts);
                both.for_each(|(unit, count)| take((*unit).into(), (*count).into()));
            }
            Events::Wide(units, counts) => {
                let counts = counts[range.clone()].iter();
                let both = units[range].iter().zip(counts);
                both.for_each(|(unit, count)| take(*unit, *count));
            }
        }
    }
}

/// What `fill` makes, in buffers that are used again.
fn made(fill: impl FnOnce(&mut Flat, &mut Tally)) -> Bins {
    thread_local!(static MADE: RefCell<(Flat, Tally)> = RefCell::default());
    MADE.with_borrow_mut(|(flat, tally)| {
        flat.begin();
        fill(flat, tally);
        flat.packed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Form;

    /// Narrow and wide ones: a unit beyond 16 bits, and more than 255 events.
    fn cases() -> [Vec<(u32, u32)>; 3] {
        let few = vec![(0, 3), (0, 3), (0, 7), (2, 1), (5, 0)];
        let unit = vec![(0, 3), (1, 70_000), (1, 70_000)];
        let count = vec![(1, 2); 300];
        [few, unit, count]
    }

    #[test]
    fn runs_give_what_sorted_pairs_give() {
        for events in cases() {
            let bins = Bins::from_sorted(&events, 0);
            assert_eq!(bins.events().collect::<Vec<_>>(), events);
            let same_bin = events.chunk_by(|a, b| a.0 == b.0);
            let mut end = 0;
            let runs: Vec<(u32, usize)> = same_bin
                .map(|same| {
                    end += same.len();
                    (same[0].0, end)
                })
                .collect();
            // Within a bin in any order.
            let units: Vec<u32> = events
                .chunk_by(|a, b| a.0 == b.0)
                .flat_map(|same| same.iter().rev().map(|e| e.1))
                .collect();
            assert_eq!(Bins::of_runs(&units, &runs), bins);
        }
        assert_eq!(Bins::of_runs(&[], &[]), Bins::from_sorted(&[], 0));
    }

    #[test]
    fn narrow_and_wide_are_one_outside() {
        for events in cases() {
            let mut bins = Bins::from_sorted(&events, 0);
            let flat = Flat::from(bins.clone());
            assert_eq!(
                (flat.units.len(), flat.counts.len()),
                (bins.len(), bins.len())
            );
            assert_eq!(Bins::from(flat), bins);
            let mut out = Columns::<f32>::new(Form::Events, 70_001);
            (0..bins.steps()).for_each(|t| bins.push(t, &mut out));
            let (units, _) = out.events().view().column(1);
            let second = bins.cut(1..2);
            assert_eq!(second.len(), units.len());
            let mut sums = vec![0.0; 70_001];
            bins.count(&mut sums);
            assert_eq!(sums.iter().sum::<f64>() as usize, events.len());
            bins.reach(9);
            assert_eq!((bins.steps(), bins.events().count()), (9, events.len()));
        }
    }

    /// What a wide split keeps of narrow steps is what these give by themselves.
    #[test]
    fn a_cut_is_as_narrow_as_it_can_be() {
        let bins = Bins::from_sorted(&[(0, 3), (1, 70_000)], 0);
        assert_eq!(bins.cut(0..1), Bins::from_sorted(&[(0, 3)], 0));
    }
}
