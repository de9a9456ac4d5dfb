//! One threshold of a detector: excursions (3), detections (4), and what becomes of segments.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{DetectorScore, LONGEST};

/// How one segment came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentOutcome {
    /// The segment's first step.
    pub start: u64,
    /// The step after its last.
    pub end: u64,
    /// Its class.
    pub label: usize,
    /// Its recording.
    pub recording: usize,
    /// The class of the heaviest detection; `None` is a miss.
    pub answer: Option<usize>,
    /// The step at which that detection had lasted `hold` steps: the time of the answer.
    pub decided: Option<u64>,
    /// Whether the prediction equals the label.
    pub right: bool,
}

/// A segment that is not settled yet: its steps `start..end`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    pub start: u64,
    pub end: u64,
    pub label: usize,
    pub recording: usize,
}

/// A run of steps over the threshold with one class: an excursion while it lasts, then a detection.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Excursion {
    class: usize,
    first: u64,
    last: u64,
    mass: f64,
}

impl Excursion {
    /// The middle step; as an excursion continues, it only moves later.
    fn middle(&self) -> u64 {
        u64::midpoint(self.first, self.last)
    }
}

/// One threshold of the grid: its open excursion, the detections that wait for their segment, counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Level {
    open: Option<Excursion>,
    pub waiting: VecDeque<Excursion>,
    pub score: DetectorScore,
}

impl Level {
    pub fn new(threshold: f64) -> Self {
        Self {
            open: None,
            waiting: VecDeque::new(),
            score: DetectorScore {
                threshold,
                ..DetectorScore::default()
            },
        }
    }

    /// (3) and (4): the step's class and its mean probability.
    pub fn observe(&mut self, hold: u64, step: u64, class: usize, score: f64) {
        let over = score >= self.score.threshold;
        if let Some(open) = &mut self.open {
            let long = step - open.first >= LONGEST;
            if over && open.class == class && open.last + 1 == step && !long {
                open.last = step;
                open.mass += score;
                return;
            }
            self.close(hold);
        }
        self.open = over.then_some(Excursion {
            class,
            first: step,
            last: step,
            mass: score,
        });
    }

    pub fn close(&mut self, hold: u64) {
        let ended = self.open.take();
        self.waiting
            .extend(ended.filter(|e| e.last - e.first + 1 >= hold));
    }

    /// Whether no future detection can have its middle before `step`.
    pub fn is_past(&self, step: u64) -> bool {
        self.open.as_ref().is_none_or(|e| e.middle() >= step)
    }

    /// Detections with their middle before `step` are in no segment.
    pub fn dismiss(&mut self, step: u64) {
        while self.waiting.pop_front_if(|e| e.middle() < step).is_some() {
            self.score.false_alarms += 1;
        }
    }

    /// Assigns its detections to `segment`, which covers the steps before `reach`.
    pub fn settle(&mut self, segment: &Segment, reach: u64, hold: u64) -> SegmentOutcome {
        self.dismiss(segment.start);
        let mut heaviest: Option<Excursion> = None;
        while let Some(next) = self.waiting.pop_front_if(|e| e.middle() < reach) {
            self.score.extra += u64::from(heaviest.is_some());
            if heaviest.is_none_or(|h| next.mass > h.mass) {
                heaviest = Some(next);
            }
        }
        self.score.segments += 1;
        let answer = heaviest.map(|e| e.class);
        match answer {
            Some(class) if class == segment.label => self.score.right += 1,
            Some(_) => self.score.substitutions += 1,
            None => self.score.misses += 1,
        }
        SegmentOutcome {
            start: segment.start,
            end: segment.end,
            label: segment.label,
            recording: segment.recording,
            answer,
            decided: heaviest.map(|e| e.first + hold - 1),
            right: answer == Some(segment.label),
        }
    }
}
