//! Recorded background noise to fill gaps with.
//!
//! Every recording is cut by time: its first half is used in training, the third quarter in validation, the
//! last in the test. So every split has all kinds of noise, and no noise is used in two of them.

use std::ops::Range;

use rand::RngExt;
use saturn_cell::Real;
use saturn_cell::rng::ChaCha8Rng;

use super::columns::Columns;
use super::content::Content;
use super::hash::{Digest, Hash};
use super::records::Record;

/// The part of every recording in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first half.
    Train,
    /// The third quarter.
    Valid,
    /// The last quarter.
    Test,
}

impl Part {
    fn of(self, steps: usize) -> Range<usize> {
        match self {
            Self::Train => 0..steps / 2,
            Self::Valid => steps / 2..steps * 3 / 4,
            Self::Test => steps * 3 / 4..steps,
        }
    }
}

/// One part of every recording.
#[derive(Clone, Debug)]
pub struct Background {
    recordings: Vec<Content>,
    /// Their steps, all together.
    steps: usize,
    /// Of them as they are in the file.
    hash: Digest,
}

impl Background {
    /// The part `part` of `recordings`; `None` if it is empty.
    pub fn new(recordings: &[Record], part: Part) -> Option<Self> {
        let cut = |record: &Record| {
            let steps = part.of(record.content.steps());
            (!steps.is_empty()).then(|| record.content.cut(steps))
        };
        let recordings: Vec<Content> = recordings.iter().filter_map(cut).collect();
        let steps = recordings.iter().map(Content::steps).sum();
        let mut hash = Hash::default();
        for content in &recordings {
            content.hash(&mut hash);
        }
        let hash = hash.finish();
        (steps > 0).then_some(Self {
            recordings,
            steps,
            hash,
        })
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.hash
    }

    /// A recording and a step of it, any with equal chances.
    pub fn place(&self, rng: &mut ChaCha8Rng) -> (usize, usize) {
        let mut t = rng.random_range(0..self.steps);
        for (i, recording) in self.recordings.iter().enumerate() {
            if t < recording.steps() {
                return (i, t);
            }
            t -= recording.steps();
        }
        unreachable!("{t} is beyond the steps of all recordings")
    }

    /// Adds step `t` of a recording to `out`; after its end it begins again.
    pub fn push<R: Real>(&self, recording: usize, t: usize, out: &mut Columns<R>) {
        let recording = &self.recordings[recording];
        recording.push(t % recording.steps(), out);
    }

    /// The recordings, to be put on a scale.
    pub(super) fn all_mut(&mut self) -> &mut [Content] {
        &mut self.recordings
    }
}
