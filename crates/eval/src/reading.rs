//! The three readings of the output, each with its own accuracy.
//!
//! | reading | prediction for a segment | required knowledge |
//! |---|---|---|
//! | summed | the class of the largest sum of probabilities over the segment | where it begins and ends |
//! | last step | the class of the largest probability at its last step | where it ends |
//! | detector | the class that a detector reports within it, and nothing else | nothing |

use super::evaluate::Evaluation;
use crate::stats::estimate::Estimate;
use crate::stats::tally::ByRecording;

/// A reading of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// Probabilities summed over the known segment.
    Summed,
    /// The segment's last step.
    Last,
    /// The detector without boundaries.
    Detector,
}

impl Reading {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Summed, Self::Last, Self::Detector];

    /// As text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summed => "summed",
            Self::Last => "last step",
            Self::Detector => "detector",
        }
    }

    /// The accuracy of one evaluation by this reading, clustered by recording.
    pub fn estimate(self, e: &Evaluation) -> Option<&Estimate> {
        match self {
            Self::Summed => e.summed.as_ref(),
            Self::Last => e.last.as_ref(),
            Self::Detector => e.detector.as_ref(),
        }
    }

    /// Its correct predictions by recording; empty in results written before these were stored.
    pub fn tallies(self, e: &Evaluation) -> &ByRecording {
        match self {
            Self::Summed => &e.by_recording,
            Self::Last => &e.last_by_recording,
            Self::Detector => &e.detector_by_recording,
        }
    }

    /// The same, to be changed.
    pub fn tallies_mut(self, e: &mut Evaluation) -> &mut ByRecording {
        match self {
            Self::Summed => &mut e.by_recording,
            Self::Last => &mut e.last_by_recording,
            Self::Detector => &mut e.detector_by_recording,
        }
    }
}
