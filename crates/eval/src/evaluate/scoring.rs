//! The judge of one lane: which segments were right, by the known boundaries and by the detector.

use saturn_cell::{Real, column};
use saturn_loss::softmax::{argmax, softmax};
use serde::{Deserialize, Serialize};

use super::segments::{SegmentAnswer, SegmentSink, Waiting};
use super::sums::Sums;
use crate::detector::Detector;
use crate::instruments::definition::Answer;
use crate::lanes::Chunk;
use crate::stats::by_class::ByClass;
use saturn_store::folder::FolderError;

/// A step of a gap is *late* this many steps after the sample's end.
pub const LATE: usize = 15;

/// Judges the segments of one lane.
#[derive(Serialize, Deserialize)]
pub struct Judge {
    sums: Sums,
    detector: Detector,
    /// Probabilities of one step, one an output: those of the classes first.
    p: Vec<f32>,
    /// Their sum over the segment, `[C]`.
    segment: Vec<f64>,
    /// The lane step at which the segment began.
    start: u64,
    /// Segments that were heard to their end.
    heard: u64,
    /// Whether any sample has ended, and steps since the last one did.
    ended: bool,
    waited: u64,
    /// Steps of the gap before the segment; `None` before the first.
    gap: Option<u64>,
    /// Answers for a log, if there is one; no part of checkpoints.
    #[serde(skip)]
    log: Option<Waiting>,
}

impl Judge {
    /// A judge that adds to `sums`, of a net with so many outputs of which the first are the classes.
    pub fn new(mut sums: Sums, detector: Detector, outputs: usize, classes: usize) -> Self {
        sums.by_class = ByClass::new(classes);
        Self {
            sums,
            detector,
            p: vec![0.0; outputs],
            segment: vec![0.0; classes],
            start: 0,
            heard: 0,
            ended: false,
            waited: 0,
            gap: None,
            log: None,
        }
    }

    /// The same with a log of its answers, if there `is` one.
    pub fn logged(mut self, is: bool) -> Self {
        self.log = is.then(Waiting::default);
        self
    }

    /// Takes the lane's part of a chunk.
    pub fn observe<R: Real>(&mut self, chunk: &Chunk<R>, lane: usize) {
        for t in 0..chunk.steps {
            let at = chunk.start + t as u64;
            softmax(column(&chunk.logits, chunk.read[t] + lane), &mut self.p);
            self.detector.observe(at, &self.p);
            let classes = &self.p[..self.segment.len()];
            let known = chunk.known[t * chunk.lanes + lane];
            let Some(segment) = known.segment else {
                self.waited = known.since_end as u64;
                if known.since_end >= LATE {
                    let top = classes.iter().fold(0.0f32, |a, &b| a.max(b));
                    self.sums.late_steps += 1;
                    self.sums.late_probability += f64::from(top);
                }
                continue;
            };
            if segment.at == 0 {
                self.segment.fill(0.0);
                self.start = at;
                self.gap = self.ended.then_some(self.waited);
            }
            if segment.informative {
                for (sum, &p) in self.segment.iter_mut().zip(classes) {
                    *sum += f64::from(p);
                }
            }
            if segment.last {
                let sums = &mut self.sums;
                let said = argmax(&self.segment);
                let right = said == segment.label;
                sums.by_class.add(segment.label, said);
                sums.summed.add(segment.recording, right);
                let at_last = argmax(classes);
                sums.last.add(segment.recording, at_last == segment.label);
                if let Some(log) = &mut self.log {
                    log.push(SegmentAnswer {
                        step: at,
                        recording: segment.recording,
                        label: segment.label,
                        summed: said,
                        last: at_last,
                        detector: None,
                    });
                }
                sums.slope.add(self.heard, at, segment.recording, right);
                sums.positions.add(at, segment.recording, right);
                sums.answers.segment(&Answer {
                    step: at,
                    label: segment.label,
                    summed: &self.segment,
                    last: classes,
                    right,
                });
                self.detector
                    .segment(self.start, at + 1, segment.label, segment.recording);
                if let Some(gap) = self.gap {
                    sums.gaps.add(gap, segment.recording, right);
                }
                self.heard += 1;
                (self.ended, self.waited) = (true, 0);
            }
        }
        self.settle();
    }

    /// Takes up what the detector has decided.
    fn settle(&mut self) {
        for outcome in self.detector.take_outcomes() {
            self.sums.detected.add(outcome.recording, outcome.right);
            let step = outcome.end.saturating_sub(1);
            self.sums.answers.detected(step, outcome.right);
            if let Some(log) = &mut self.log {
                log.settle(&outcome);
            }
        }
    }

    /// Hands the answers that are complete to `sink`, those of lane `lane` of the evaluation.
    pub fn hand_over(&mut self, lane: usize, sink: &dyn SegmentSink) -> Result<(), FolderError> {
        let log = self.log.as_mut();
        log.map_or(Ok(()), |log| log.drain(lane, sink))
    }

    /// Ends the lane: all of its segments are decided.
    pub fn end(&mut self) {
        self.detector.finish();
        self.settle();
    }

    /// What the lane adds to the sums, after its end.
    pub fn finish(mut self) -> Sums {
        self.sums.scores = self.detector.scores().copied().collect();
        self.sums
    }
}
