//! Optional experiments on a trained network, in addition to its evaluation.

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::evaluate::EvalError;
use super::far_past::{FarPast, far_past};
use super::gradient_lag::{GradientLag, gradient_lag};
use super::recovery::{Recovery, RecoveryPlan, recovery};
use crate::instruments::Instrument;
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::Stage;
use saturn_stream::DisturbConfig;
use saturn_stream::Source;

/// Their results, stream by stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Experiments {
    /// The network's recovery from disturbances of its input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<Recovery>,
    /// How much its output depends on the far past.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub far_past: Vec<FarPast>,
    /// Its gradient against lag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gradient_lag: Vec<GradientLag>,
}

/// Which experiments were requested.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Optional instruments.
    pub instruments: &'a [Instrument],
    /// Disturbances of the input, if any.
    pub disturb: Option<&'a DisturbConfig>,
    /// Steps of an evaluation, over all its lanes.
    pub steps: u64,
    /// Lanes.
    pub lanes: usize,
}

/// A stream to experiment on.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// What was requested.
    pub wanted: Wanted<'a>,
    /// The stream's name in the scenario.
    pub stream: &'a str,
    /// Its samples, noise and gaps.
    pub source: Source<'a>,
    /// I.
    pub channels: usize,
    /// Its seed.
    pub seed: u64,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
    /// The folder of checkpoints of long experiments.
    pub stage: Option<Stage<'a>>,
}

impl Experiments {
    /// Runs the requested experiments on one more stream.
    pub fn run<R: Real>(
        &mut self,
        net: &Network<R>,
        on: &Setting,
        progress: &Progress,
    ) -> Result<(), EvalError> {
        let asked = |instrument| on.wanted.instruments.contains(&instrument);
        let (source, channels, seed, stream) = (on.source, on.channels, on.seed, on.stream);
        if let Some(disturb) = on.wanted.disturb {
            let plan = RecoveryPlan {
                source,
                channels,
                seed,
                steps: on.wanted.steps,
                lanes: on.wanted.lanes,
                shard_lanes: on.shard_lanes,
                disturb,
                stage: on.stage,
            };
            (self.recovery).push(recovery(net, &plan, stream, progress)?);
        }
        if asked(Instrument::FarPast) {
            let found = far_past(net, source, channels, seed, stream)?;
            self.far_past.push(found);
            progress.advance(super::far_past::STEPS);
        }
        if asked(Instrument::GradientLag) {
            let found = gradient_lag(net, source, channels, seed, stream)?;
            self.gradient_lag.push(found);
            progress.advance(super::gradient_lag::STEPS);
        }
        Ok(())
    }
}

/// Steps of the net that the experiments on one stream take, forward; a step in reverse counts as two.
pub fn steps(wanted: Wanted) -> u64 {
    let asked = |instrument, steps: u64| {
        let chosen = wanted.instruments.contains(&instrument);
        if chosen { steps } else { 0 }
    };
    let twice = |_: &DisturbConfig| 2 * wanted.steps;
    wanted.disturb.map_or(0, twice)
        + asked(Instrument::FarPast, super::far_past::STEPS)
        + asked(Instrument::GradientLag, super::gradient_lag::STEPS)
}
