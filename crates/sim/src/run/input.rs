//! The input of a net's evaluation, and its plan.

use crate::scenario::{Evaluate, StateReset};
use saturn_eval::evaluate::{Extras, Plan};
use saturn_stream::{Source, Split};

/// The input of a net's evaluation.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Samples, noise and gaps.
    pub source: Source<'a>,
    /// I.
    pub channels: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// Seed of the stream.
    pub seed: u64,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
}

impl<'a> Input<'a> {
    /// An evaluation on it with the settings `evaluate`, without extras.
    pub fn plan(&self, evaluate: &'a Evaluate, state_reset: &'a StateReset) -> Plan<'a> {
        Plan {
            source: self.source,
            state_reset: state_reset.config(),
            channels: self.channels,
            purpose: "evaluation",
            seed: self.seed,
            steps: evaluate.steps,
            lanes: evaluate.lanes,
            shard_lanes: self.shard_lanes,
            windows: evaluate.windows,
            spacing: evaluate.spacing,
            dt_ms: self.dt_ms,
            detector: evaluate.detector,
            extras: Extras::default(),
            instruments: &evaluate.instruments,
        }
    }
}

/// Steps of the validation stream that thresholds are chosen on: six times those of the samples, which is
/// about three passes where gaps are as long as samples; and no more than the evaluation has.
pub fn threshold_steps(evaluate: &Evaluate, valid: &Split) -> u64 {
    let once: usize = valid.lengths().iter().sum();
    (6 * once as u64).min(evaluate.steps)
}

/// What the detector's threshold for `plan` is chosen on: `steps` of the validation stream `valid`, without extras.
pub fn choosing<'a>(plan: &Plan<'a>, valid: Source<'a>, steps: u64) -> Plan<'a> {
    Plan {
        source: valid,
        purpose: "threshold",
        steps,
        instruments: &[],
        extras: Extras::default(),
        ..*plan
    }
}
