//! The answers to each segment, one by one, for a log that an evaluation may keep.
//!
//! The detector answers later than the other two readings, so answers wait in order until it has: no longer than the
//! detector itself keeps a segment, so that memory does not grow with the stream.

use std::collections::VecDeque;

use crate::detector::SegmentOutcome;
use saturn_store::folder::FolderError;

/// What was answered to one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentAnswer {
    /// The lane step of the segment's end.
    pub step: u64,
    /// Its recording: the index in its file, of records that of the record.
    pub recording: usize,
    /// Its class.
    pub label: usize,
    /// The class with the highest summed probability.
    pub summed: usize,
    /// The class with the highest probability at the last step.
    pub last: usize,
    /// The class of the detector's heaviest detection; `None` for a miss.
    pub detector: Option<usize>,
}

/// Receives the answers to segments: those of a lane in order, those of different lanes from several threads. An
/// evaluation with one keeps no checkpoints, since a log cannot be resumed.
pub trait SegmentSink: Sync {
    /// The next answer on `lane`, counted over all lanes of the evaluation.
    fn segment(&self, lane: usize, answer: &SegmentAnswer) -> Result<(), FolderError>;
}

/// Answers of one lane.
#[derive(Default)]
pub(super) struct Waiting {
    /// Without the detector's answer.
    open: VecDeque<SegmentAnswer>,
    /// Complete.
    settled: Vec<SegmentAnswer>,
}

impl Waiting {
    pub fn push(&mut self, answer: SegmentAnswer) {
        self.open.push_back(answer);
    }

    /// Completes the oldest open answer: the detector settles segments in order.
    pub fn settle(&mut self, outcome: &SegmentOutcome) {
        if let Some(answer) = self.open.pop_front() {
            self.settled.push(SegmentAnswer {
                detector: outcome.answer,
                ..answer
            });
        }
    }

    /// Hands over complete answers.
    pub fn drain(&mut self, lane: usize, sink: &dyn SegmentSink) -> Result<(), FolderError> {
        let mut settled = self.settled.drain(..);
        settled.try_for_each(|answer| sink.segment(lane, &answer))
    }
}
