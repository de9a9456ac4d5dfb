//! What an evaluation adds up, lane by lane.

use serde::{Deserialize, Serialize};

use super::cost::Gauge;
use super::twin::TwinWindow;
use super::{Plan, Watched};
use crate::detector::DetectorScore;
use crate::gap::GapCurve;
use crate::instruments::Answers;
use crate::position::PositionCurve;
use crate::stats::by_class::ByClass;
use crate::stats::estimate::ByRecording;
use crate::stats::slope::SlopeFit;
use saturn_store::checkpoint::as_json;

/// Sums over lanes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sums {
    pub steps: u64,
    pub summed: ByRecording,
    pub last: ByRecording,
    pub detected: ByRecording,
    pub by_class: ByClass,
    /// One a threshold.
    pub scores: Vec<DetectorScore>,
    pub slope: SlopeFit,
    pub positions: PositionCurve,
    pub gaps: GapCurve,
    pub late_steps: u64,
    pub late_probability: f64,
    pub spikes: u64,
    pub operations: u64,
    pub resets: u64,
    pub gauge: Gauge,
    #[serde(with = "as_json")]
    pub saturation: Vec<Watched>,
    pub twin: Vec<TwinWindow>,
    pub answers: Answers,
}

impl Sums {
    /// Nothing yet, for detectors at `thresholds`.
    pub fn new(plan: &Plan, thresholds: &[f64]) -> Self {
        let each = plan.steps / plan.lanes as u64;
        Self {
            steps: 0,
            summed: ByRecording::new(),
            last: ByRecording::new(),
            detected: ByRecording::new(),
            by_class: ByClass::default(),
            scores: thresholds
                .iter()
                .map(|&threshold| DetectorScore {
                    threshold,
                    ..DetectorScore::default()
                })
                .collect(),
            slope: SlopeFit::new(),
            positions: PositionCurve::new(each, plan.windows, plan.spacing),
            gaps: GapCurve::default(),
            late_steps: 0,
            late_probability: 0.0,
            spikes: 0,
            operations: 0,
            resets: 0,
            gauge: Gauge::default(),
            saturation: Vec::new(),
            twin: Vec::new(),
            answers: Answers::new(plan.instruments, &plan.answered()),
        }
    }

    /// Adds those of the next lanes.
    pub fn merge(&mut self, other: Self) {
        self.steps += other.steps;
        self.summed.merge(&other.summed);
        self.last.merge(&other.last);
        self.detected.merge(&other.detected);
        self.by_class.merge(&other.by_class);
        for (a, b) in self.scores.iter_mut().zip(&other.scores) {
            a.merge(b);
        }
        self.slope.merge(&other.slope);
        self.positions.merge(&other.positions);
        self.gaps.merge(&other.gaps);
        self.late_steps += other.late_steps;
        self.late_probability += other.late_probability;
        self.spikes += other.spikes;
        self.operations += other.operations;
        self.resets += other.resets;
        self.saturation.extend(other.saturation);
        self.twin.extend(other.twin);
        self.answers.merge(&other.answers);
    }
}
