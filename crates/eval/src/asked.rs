//! What an evaluation measures of its answers only where it is asked for.

use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use crate::monitor::Instrument;
use crate::stats::change_point::{Answers, Changes};

/// Counts of answers, lane by lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Calibration by stream position.
    pub calibration: Option<Calibration>,
    /// Right answers by stream position: summed over the segment, and of the detector.
    pub answers: Option<[Answers; 2]>,
}

/// Where accuracy changes along a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangesReport {
    /// That of the probabilities summed over the known segment.
    pub summed: Changes,
    /// That of the boundary-free detector.
    pub detector: Changes,
}

impl Asked {
    /// For a stream of `steps` steps in `windows` windows.
    pub fn new(instruments: &[Instrument], steps: u64, windows: usize) -> Self {
        let wants = |instrument: Instrument| instruments.contains(&instrument);
        Self {
            calibration: wants(Instrument::Calibration).then(|| Calibration::new(steps, windows)),
            answers: wants(Instrument::ChangePoints)
                .then(|| [Answers::new(steps), Answers::new(steps)]),
        }
    }

    /// A segment of class `label` that ended at `step`: its summed probabilities `[C]`, those of its last step,
    /// and whether the first give the class.
    pub fn segment(&mut self, step: u64, label: usize, summed: &[f64], last: &[f32], right: bool) {
        if let Some(calibration) = &mut self.calibration {
            calibration.add(step, label, summed, last);
        }
        if let Some([answers, _]) = &mut self.answers {
            answers.add(step, right);
        }
    }

    /// What the detector made of a segment that ended before step `end`.
    pub fn detected(&mut self, end: u64, right: bool) {
        if let Some([_, answers]) = &mut self.answers {
            answers.add(end.saturating_sub(1), right);
        }
    }

    /// Adds what another lane has counted.
    pub fn merge(&mut self, other: &Self) {
        if let (Some(to), Some(from)) = (&mut self.calibration, &other.calibration) {
            to.merge(from);
        }
        if let (Some(to), Some(from)) = (&mut self.answers, &other.answers) {
            to.iter_mut()
                .zip(from)
                .for_each(|(to, from)| to.merge(from));
        }
    }

    /// The changes; the same for the same `seed`.
    pub fn changes(&self, seed: u64) -> Option<ChangesReport> {
        let [summed, detector] = self.answers.as_ref()?;
        Some(ChangesReport {
            summed: summed.changes(seed),
            detector: detector.changes(seed),
        })
    }
}
