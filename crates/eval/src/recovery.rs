//! Recovery: how a network recovers from disturbances of its input.
//!
//! Two copies of one net run on the same stream, never reset; the input of one is disturbed now and then (the
//! kinds and times are in [`saturn_stream::Disturber`]). After the last step of a disturbance both receive
//! the same input again, and the remaining difference is the effect of the disturbance on the state. With s
//! and s' their states k steps later:
//!
//! ```text
//! (1) D(k) = mean over layers of |s'(k) - s(k)| / sqrt(2 tr C)
//! (2) settled after = the last k with D(k) >= 0.05; *never* if that is the last k before the next disturbance
//! ```
//!
//! with C the covariance of the layer's state on the undisturbed stream: D is 1 where the two states are as
//! far apart as any two states of the stream. A layer contributes to (1) with its membrane, or else its first
//! field that is not spikes; the readout is left out if there is another layer.
//!
//! A segment counts in the bin of k at its first step, so all of its input was undisturbed; one that a
//! disturbance overlaps counts as *during*. It is predicted by the summed probabilities of either copy, so
//! the difference of the two is paired: the same samples with and without the preceding disturbance.
//!
//! Cost: 2 steps of the net for each step of the stream.
//!
//! Source: (2) is the settling time of control engineering (K. Ogata, *Modern Control Engineering*, 2010,
//! §5-3), with its band of 5 %.

mod counts;
mod pair;
mod scale;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use saturn_cell::{Real, compiled_once};
use serde::{Deserialize, Serialize};

use super::evaluate::EvalError;
use super::lanes::{Lanes, SavedLanes};
use super::reset::Never;
use counts::Counts;
pub use counts::{KindRecovery, RecoveryBin};
use pair::{Heard, Pair};
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::{Keeper, Stage};
use saturn_stream::DisturbConfig;
use saturn_stream::Source;
use scale::Scales;

/// A state this near to its twin's, by (1), has recovered.
pub const NEAR: f64 = 0.05;

/// How one measurement runs.
#[derive(Clone, Copy)]
pub struct RecoveryPlan<'a> {
    /// Samples, noise and gaps.
    pub source: Source<'a>,
    /// I.
    pub channels: usize,
    /// Seed of the stream and of its disturbances.
    pub seed: u64,
    /// Lane steps in all.
    pub steps: u64,
    /// Lanes that share them.
    pub lanes: usize,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
    /// What disturbs, and when.
    pub disturb: &'a DisturbConfig,
    /// The folder of checkpoints; without one, an interrupted part starts again.
    pub stage: Option<Stage<'a>>,
}

/// How one net recovers on one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// The stream's name in the scenario.
    pub stream: String,
    /// Steps that a disturbance lasts.
    pub last: u64,
    /// Steps from its end to the next one.
    pub horizon: u64,
    /// One a kind of disturbance, in the scenario's order.
    pub kinds: Vec<KindRecovery>,
}

compiled_once! {
    /// How `net` recovers on the stream called `stream`.
    pub fn recovery<R>(
        net: &Network<R>,
        plan: &RecoveryPlan,
        stream: &str,
        progress: &Progress,
    ) -> Result<Recovery, EvalError> {
        let scales = Scales::of(net, plan)?;
        let firsts: Vec<usize> = (0..plan.lanes).step_by(plan.shard_lanes).collect();
        let parts: Vec<Counts> = firsts
            .par_iter()
            .map(|&first| {
                let count = plan.shard_lanes.min(plan.lanes - first);
                run(net, plan, &scales, (first, count), progress)
            })
            .collect::<Result<_, EvalError>>()?;
        let mut all = Counts::new(plan.disturb);
        for part in &parts {
            all.merge(part);
        }
        Ok(Recovery {
            stream: stream.to_owned(),
            last: plan.disturb.last,
            horizon: plan.disturb.every - plan.disturb.last,
            kinds: all.report(plan.disturb),
        })
    }
}

/// The lanes of the stream, undisturbed.
fn lanes<'a, R: Real>(
    net: &'a Network<R>,
    plan: &RecoveryPlan<'a>,
    (first, count): (usize, usize),
) -> Result<Lanes<'a, R>, EvalError> {
    Ok(Lanes::new(
        net,
        plan.source,
        &Never {},
        plan.channels,
        "recovery",
        plan.seed,
        first,
        count,
    )?)
}

/// Some lanes, run twice in parallel.
struct Shard<'a, R: Real> {
    plain: Lanes<'a, R>,
    disturbed: Lanes<'a, R>,
    pairs: Vec<Pair<'a>>,
    counts: Counts,
    /// Steps of each lane that are done.
    done: u64,
}

/// State in a checkpoint: finished steps, both copies' lanes, and, per lane, the input and counts.
type Saved<H, C> = (u64, [SavedLanes; 2], Vec<H>, C);

/// All steps of some lanes, from the last checkpoint on.
fn run<R: Real>(
    net: &Network<R>,
    plan: &RecoveryPlan,
    scales: &Scales,
    (first, count): (usize, usize),
    progress: &Progress,
) -> Result<Counts, EvalError> {
    let part = format!(".{first}");
    let mut keeper = plan.stage.map(|stage| Keeper::new(stage, &part));
    let mut shard = Shard::new(net, plan, (first, count))?;
    let saved = match &mut keeper {
        Some(keeper) => keeper.load::<Saved<Heard, Counts>>(&|line| progress.line(line))?,
        None => None,
    };
    if let Some(saved) = saved
        && !shard.resume(saved)?
    {
        progress
            .line("a checkpoint does not fit its network, so this part of the run starts again");
        shard = Shard::new(net, plan, (first, count))?;
    }
    let (each, work) = (plan.steps / plan.lanes as u64, 2 * count as u64);
    progress.skip(work * shard.done);
    while shard.done < each {
        let before = shard.done;
        shard.go_on(each, scales)?;
        progress.advance(work * (shard.done - before));
        let stopped = progress.stopped();
        // The final state is saved as well, while other lanes are running.
        if let Some(keeper) = &mut keeper
            && (stopped || keeper.is_due() || shard.done == each)
        {
            keeper.save(&shard.save())?;
        }
        if stopped {
            return Err(EvalError::Interrupted);
        }
    }
    Ok(shard.counts)
}

impl<'a, R: Real> Shard<'a, R> {
    fn new(
        net: &'a Network<R>,
        plan: &RecoveryPlan<'a>,
        (first, count): (usize, usize),
    ) -> Result<Self, EvalError> {
        let plain = lanes(net, plan, (first, count))?;
        let disturbed = lanes(net, plan, (first, count))?;
        let pairs = (first..first + count)
            .map(|lane| Pair::new(plan.disturb, lane as u64, net.outputs(), net.classes()));
        Ok(Self {
            plain,
            disturbed: disturbed.disturbed(plan.disturb, plan.source, plan.seed, first),
            pairs: pairs.collect(),
            counts: Counts::new(plan.disturb),
            done: 0,
        })
    }

    /// The next chunk of `each` steps.
    fn go_on(&mut self, each: u64, scales: &Scales) -> Result<(), EvalError> {
        let steps = (each - self.done).min(self.plain.longest() as u64) as usize;
        let (a, b) = (self.plain.run(steps)?, self.disturbed.run(steps)?);
        for (lane, pair) in self.pairs.iter_mut().enumerate() {
            pair.observe(&a, &b, lane, scales, &mut self.counts);
        }
        self.done += steps as u64;
        Ok(())
    }

    fn save(&self) -> Saved<&Heard, &Counts> {
        let lanes = [self.plain.save(), self.disturbed.save()];
        let heard = self.pairs.iter().map(|pair| &pair.heard);
        (self.done, lanes, heard.collect(), &self.counts)
    }

    /// Restores `saved`. False if it does not fit; then it may have been restored in part.
    fn resume(
        &mut self,
        (done, [plain, disturbed], heard, counts): Saved<Heard, Counts>,
    ) -> Result<bool, EvalError> {
        if heard.len() != self.pairs.len()
            || !self.plain.resume(plain)?
            || !self.disturbed.resume(disturbed)?
        {
            return Ok(false);
        }
        for (pair, heard) in self.pairs.iter_mut().zip(heard) {
            pair.heard = heard;
        }
        (self.done, self.counts) = (done, counts);
        Ok(true)
    }
}
