//! One lane, run twice: with and without disturbances.

use saturn_cell::{Real, column};
use saturn_loss::softmax::{argmax, softmax};
use serde::{Deserialize, Serialize};

use super::NEAR;
use super::counts::Counts;
use super::scale::Scales;
use crate::lanes::Chunk;
use saturn_stream::DisturbConfig;
use saturn_stream::{Phase, Schedule, Segment};

/// Compares the two copies of a lane.
pub(super) struct Pair<'a> {
    schedule: Schedule<'a>,
    /// Probabilities of one step.
    p: Vec<f32>,
    /// Its saved state.
    pub heard: Heard,
}

/// State of a pair between steps.
#[derive(Serialize, Deserialize)]
pub(super) struct Heard {
    /// Sums of probabilities over the segment `[C]`, undisturbed and disturbed.
    sums: [Vec<f64>; 2],
    /// The step at which the segment began.
    start: u64,
    /// The last step since the disturbance in which the states were apart; 0 for none.
    apart: u64,
}

impl<'a> Pair<'a> {
    pub fn new(config: &'a DisturbConfig, lane: u64, outputs: usize, classes: usize) -> Self {
        Self {
            schedule: Schedule { config, lane },
            p: vec![0.0; outputs],
            heard: Heard {
                sums: [vec![0.0; classes], vec![0.0; classes]],
                start: 0,
                apart: 0,
            },
        }
    }

    /// Sees the lane's part of a chunk of both, `lane` counted in the chunk.
    pub fn observe<R: Real>(
        &mut self,
        plain: &Chunk<R>,
        disturbed: &Chunk<R>,
        lane: usize,
        scales: &Scales,
        counts: &mut Counts,
    ) {
        for t in 0..plain.steps {
            let at = plain.start + t as u64;
            let columns = [plain, disturbed].map(|chunk| chunk.read[t] + lane);
            let (since, i) = match self.schedule.phase(at) {
                Phase::After(i, since) => (since, i),
                // The last disturbed step is the start of recovery.
                Phase::During(i) if self.schedule.phase(at + 1) == Phase::After(i, 1) => (0, i),
                _ => (u64::MAX, 0),
            };
            if since < u64::MAX {
                let distance = scales.distance(
                    (|layer| plain.tapes.tape(layer).states(), columns[0]),
                    (|layer| disturbed.tapes.tape(layer).states(), columns[1]),
                );
                self.recover(i, since, distance, counts);
            }
            if let Some(segment) = plain.known[t * plain.lanes + lane].segment {
                let logits = [plain, disturbed].map(|chunk| &chunk.logits);
                for k in 0..2 {
                    softmax(column(logits[k], columns[k]), &mut self.p);
                    self.hear(k, &segment);
                }
                if segment.at == 0 {
                    self.heard.start = at;
                }
                if segment.last {
                    self.count(at, segment.label, counts);
                }
            }
        }
    }

    /// (2), step by step.
    fn recover(&mut self, i: u64, since: u64, distance: f64, counts: &mut Counts) {
        let kind = self.schedule.kind(i);
        counts.distance(kind, since, distance);
        let horizon = self.schedule.config.every - self.schedule.config.last;
        if since == 0 {
            self.heard.apart = 0;
        } else if distance.is_nan() || distance >= NEAR {
            self.heard.apart = since;
        }
        if since == horizon {
            counts.settled(
                kind,
                (self.heard.apart < horizon).then_some(self.heard.apart),
            );
        }
    }

    /// Adds the probabilities in `p` to those of copy `k`.
    fn hear(&mut self, k: usize, segment: &Segment) {
        let sums = &mut self.heard.sums[k];
        if segment.at == 0 {
            sums.fill(0.0);
        }
        if segment.informative {
            for (sum, &p) in sums.iter_mut().zip(&self.p) {
                *sum += f64::from(p);
            }
        }
    }

    /// Judges the segment that ended at `at`.
    fn count(&mut self, at: u64, label: usize, counts: &mut Counts) {
        let (first, last) = (
            self.schedule.phase(self.heard.start),
            self.schedule.phase(at),
        );
        let (i, since) = match (first, last) {
            // No disturbance so far.
            (_, Phase::Before) => return,
            (Phase::After(i, since), Phase::After(j, _)) if i == j => (i, since),
            (_, Phase::During(i) | Phase::After(i, _)) => (i, 0),
        };
        let [plain, disturbed] = self.heard.sums.each_ref().map(|sums| argmax(sums) == label);
        counts.segment(self.schedule.kind(i), since, disturbed, plain);
    }
}
