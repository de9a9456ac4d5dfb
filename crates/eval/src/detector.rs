//! The boundary-free detector: a network's detections on a stream without knowledge of where a sample begins
//! or ends.
//!
//! For each lane, with p_c(t) the probability of class c at step t, w the window and theta a threshold:
//!
//! ```text
//! (1) q_c(t) = mean of p_c over the last w steps        (over all steps, in the first w)
//! (2) score(t) = max_c q_c(t),  class(t) = argmax_c q_c(t)
//! (3) excursion: a maximal run of steps with score >= theta and the same class
//! (4) detection: an excursion of at least `hold` steps; mass = sum of q_class over its steps
//! ```
//!
//! Segments (samples of the stream, known only to the scorer) are matched with detections afterwards. Segment
//! i covers the steps `start_i .. min(end_i + tolerance, start_{i+1})`, and a detection belongs to the
//! segment that contains its middle step, floor((first + last) / 2). The heaviest detection of a segment
//! decides (the earlier one, if two have the same mass):
//!
//! | outcome | when |
//! |---|---|
//! | right | the heaviest detection has the segment's class |
//! | substitution | it has another class |
//! | miss | the segment has no detection |
//! | extra | each further detection of a segment |
//! | false alarm | a detection in no segment |
//!
//! A detection may end after its segment, so a segment is settled only when its steps are over, the next
//! segment is known (or can no longer matter) and no open excursion can still have its middle in it. The
//! queue is bounded: an excursion is cut after [`LONGEST`] steps (a network stuck on one class for ever gives
//! a detection every [`LONGEST`] steps), and detections wait for their segment no longer than that (of a
//! longer segment, only detections in its last [`LONGEST`] steps count).
//!
//! The threshold is chosen on validation streams with [`choose`], for a grid of thresholds in one pass, and
//! then fixed for the test.

mod level;
mod moving_mean;
mod score;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use level::SegmentOutcome;
use level::{Level, Segment};
pub use moving_mean::MovingMean;
pub use score::{DetectorScore, choose, grid};

/// The longest excursion, and the longest segment of which all is seen, in steps.
pub const LONGEST: u64 = 1 << 16;

/// Settings of a detector.
///
/// | field | default | range | unit | turning it up |
/// |---|---|---|---|---|
/// | `window` | 5 | 1.. | steps | smooths the probabilities; later, calmer detections |
/// | `hold` | 3 | 1.. | steps | drops short excursions |
/// | `tolerance` | 15 | 0.. | steps | lets a detection come later after its sample |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorConfig {
    /// Steps over which the probabilities are averaged; 1 to 65,536, default 5.
    pub window: usize,
    /// Steps that an excursion must last to be a detection; 1 to 65,536, default 3.
    pub hold: u64,
    /// Steps after a sample's end in which a detection still counts as the sample's.
    pub tolerance: u64,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            window: 5,
            hold: 3,
            tolerance: 15,
        }
    }
}

impl DetectorConfig {
    /// Whether a detector can be made of this.
    pub fn check(&self) -> Result<(), DetectorError> {
        for (field, value) in [("window", self.window as u64), ("hold", self.hold)] {
            if !(1..=LONGEST).contains(&value) {
                return Err(DetectorError::OutOfRange { field, value });
            }
        }
        Ok(())
    }
}

/// A detector that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectorError {
    /// A length that is not in 1..=[`LONGEST`].
    #[error("the detector's {field} is {value} steps; it must be from 1 to {LONGEST}")]
    OutOfRange {
        /// The field of the configuration.
        field: &'static str,
        /// Its value.
        value: u64,
    },
}

/// The detector of one lane, under one threshold or many. It can be saved and resumed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detector {
    config: DetectorConfig,
    mean: MovingMean,
    levels: Vec<Level>,
    segments: VecDeque<Segment>,
    outcomes: Vec<SegmentOutcome>,
    told: u64,
}

impl Detector {
    /// A detector for `classes` classes under each of `thresholds`.
    pub fn new(
        config: DetectorConfig,
        classes: usize,
        thresholds: &[f64],
    ) -> Result<Self, DetectorError> {
        config.check()?;
        Ok(Self {
            config,
            mean: MovingMean::new(config.window, classes),
            levels: thresholds.iter().copied().map(Level::new).collect(),
            segments: VecDeque::new(),
            outcomes: Vec::new(),
            told: 0,
        })
    }

    /// One step, in order: the class probabilities `[C]`. Further entries are not classes (an output for
    /// "nothing") and are never detected.
    pub fn observe(&mut self, step: u64, probabilities: &[f32]) {
        let (class, score) = self.mean.push(probabilities);
        for level in &mut self.levels {
            level.score.steps += 1;
            level.observe(self.config.hold, step, class, score);
        }
        self.settle(step);
    }

    /// Adds a segment that has ended: its steps `start..end`, class and recording. Segments come in order and
    /// do not overlap; a segment may be added before or after its last step is observed.
    pub fn segment(&mut self, start: u64, end: u64, label: usize, recording: usize) {
        assert!(start >= self.told && end > start, "segments in order");
        self.told = end;
        self.segments.push_back(Segment {
            start,
            end,
            label,
            recording,
        });
    }

    /// Ends the stream: open excursions close, waiting segments are settled.
    pub fn finish(&mut self) {
        for level in &mut self.levels {
            level.close(self.config.hold);
        }
        self.settle(u64::MAX);
    }

    /// The counts under each threshold, in the order given; complete after [`Self::finish`].
    pub fn scores(&self) -> impl ExactSizeIterator<Item = &DetectorScore> {
        self.levels.iter().map(|level| &level.score)
    }

    /// The outcomes under the first threshold of the segments settled since the last call, in order. Call it
    /// regularly.
    pub fn take_outcomes(&mut self) -> Vec<SegmentOutcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// Settles everything that no later step can change, `step` being the last one observed.
    fn settle(&mut self, step: u64) {
        while let Some(segment) = self.segments.front() {
            let late = segment.end.saturating_add(self.config.tolerance);
            let reach = match self.segments.get(1) {
                Some(next) => late.min(next.start),
                None if step >= late.saturating_add(LONGEST) => late,
                None => return,
            };
            if step < reach || !self.levels.iter().all(|level| level.is_past(reach)) {
                return;
            }
            for (k, level) in self.levels.iter_mut().enumerate() {
                let outcome = level.settle(segment, reach, self.config.hold);
                self.outcomes.extend((k == 0).then_some(outcome));
            }
            self.segments.pop_front();
        }
        // They cannot belong to any known segment, and no later segment will be that long.
        for level in &mut self.levels {
            level.dismiss(step.saturating_sub(LONGEST));
        }
    }
}
