//! The lanes of an evaluation in shards, chunk by chunk, with their judges and instruments.
//!
//! A shard of lanes is a task of its own, and keeps checkpoints of its own: all that it needs to go on stands
//! in its [`Course`], its lanes and its twin, between two chunks.

use std::time::Instant;

use rayon::prelude::*;
use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::cost::Gauge;
use super::recorder::Recorder;
use super::scoring::Judge;
use super::sums::Sums;
use super::twin::{SavedTwin, Twin};
use super::watched::Watcher;
use super::{EvalError, Plan};
use crate::detector::{Detector, DetectorError};
use crate::lanes::{Chunk, Lanes, SavedLanes};
use crate::reset::Needs;
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::Keeper;

/// Runs all lanes, a shard of lanes a task; sums are merged in the order of the lanes. With them come the
/// seconds that were spent before the run was resumed.
pub fn run<R: Real>(
    net: &Network<R>,
    plan: &Plan,
    thresholds: &[f64],
    watch: bool,
    progress: &Progress,
) -> Result<(Sums, f64), EvalError> {
    let began = Instant::now();
    let firsts: Vec<usize> = (0..plan.lanes).step_by(plan.shard_lanes).collect();
    let parts: Vec<(Sums, f64)> = firsts
        .par_iter()
        .map(|&first| {
            let count = plan.shard_lanes.min(plan.lanes - first);
            let shard = Shard {
                net,
                plan,
                thresholds,
                watch: watch && first == 0,
                first,
                count,
                each: plan.steps / plan.lanes as u64,
                began,
                progress,
            };
            shard.run()
        })
        .collect::<Result<_, EvalError>>()?;
    let mut all = Sums::new(plan, thresholds);
    let mut earlier = 0.0f64;
    for (k, (part, before)) in parts.into_iter().enumerate() {
        earlier = earlier.max(before);
        if k == 0 {
            all = part;
        } else {
            all.merge(part);
        }
    }
    Ok((all, earlier))
}

/// Some lanes that run together on one thread.
struct Shard<'a, R: Real> {
    net: &'a Network<R>,
    plan: &'a Plan<'a>,
    thresholds: &'a [f64],
    /// Whether instruments look on.
    watch: bool,
    first: usize,
    count: usize,
    /// Steps of a lane.
    each: u64,
    /// When the evaluation began, or was resumed.
    began: Instant,
    progress: &'a Progress,
}

/// What a shard has found, but for its lanes and its twin.
#[derive(Serialize, Deserialize)]
struct Course {
    judges: Vec<Judge>,
    watcher: Option<Watcher>,
    recorder: Option<Recorder>,
    gauge: Gauge,
    spikes: u64,
    operations: u64,
    resets: u64,
    /// Steps of each lane that are done.
    done: u64,
    /// Seconds since the evaluation began, over all times that it was resumed.
    seconds: f64,
}

/// A shard in a checkpoint: under way, or at its end while others were not.
#[derive(Serialize, Deserialize)]
enum Saved<C, L, T, S> {
    UnderWay(C, L, T),
    Over(S, f64),
}

type Found = Saved<Course, SavedLanes, Option<SavedTwin>, Sums>;

impl<R: Real> Shard<'_, R> {
    /// All steps, from the last checkpoint on; and the seconds that were spent before that.
    fn run(&self) -> Result<(Sums, f64), EvalError> {
        let plan = self.plan;
        let mut keeper = plan
            .extras
            .stage
            .filter(|_| plan.extras.segments.is_none())
            .map(|stage| Keeper::new(stage, &format!(".{}", self.first)));
        let say = |line: &str| self.progress.line(line);
        let found = match &mut keeper {
            Some(keeper) => keeper.load::<Found>(&say)?,
            None => None,
        };
        let mut lanes = self.lanes()?;
        let mut course = self.course()?;
        let mut twin = self.twin(lanes.longest());
        match found {
            Some(Saved::Over(sums, seconds)) => {
                self.progress.skip(self.each * self.count as u64);
                return Ok((sums, seconds));
            }
            Some(Saved::UnderWay(known, saved, known_twin)) => {
                if lanes.resume(saved)? {
                    course = known;
                    if let (Some(twin), Some(known)) = (&mut twin, known_twin) {
                        twin.resume(known);
                    }
                    self.progress.skip(course.done * self.count as u64);
                } else {
                    // Half of it may have been taken up.
                    lanes = self.lanes()?;
                    say("a checkpoint does not fit its net, so this part of the run begins again");
                }
            }
            None => {}
        }
        let earlier = course.seconds;
        course.gauge.start(course.done);
        while course.done < self.each {
            self.step(&mut lanes, &mut course, &mut twin)?;
            let stopped = self.progress.stopped();
            if let Some(keeper) = &mut keeper
                && course.done < self.each
                && (stopped || keeper.is_due())
            {
                course.seconds = earlier + self.began.elapsed().as_secs_f64();
                let twin = twin.as_ref().map(Twin::save);
                let state: Saved<_, _, _, Sums> = Saved::UnderWay(&course, lanes.save(), twin);
                keeper.save(&state)?;
            }
            if stopped {
                return Err(EvalError::Interrupted);
            }
        }
        let sums = self.finish(course, twin)?;
        if let Some(keeper) = &mut keeper
            && self.count < plan.lanes
            && keeper.is_worth_it(self.began.elapsed())
        {
            let seconds = earlier + self.began.elapsed().as_secs_f64();
            let state: Saved<Course, SavedLanes, SavedTwin, _> = Saved::Over(&sums, seconds);
            keeper.save(&state)?;
        }
        Ok((sums, earlier))
    }

    /// The next chunk.
    fn step(
        &self,
        lanes: &mut Lanes<R>,
        course: &mut Course,
        twin: &mut Option<Twin>,
    ) -> Result<(), EvalError> {
        let (plan, before) = (self.plan, course.done);
        let steps = (self.each - before).min(lanes.longest() as u64) as usize;
        if let Some(twin) = twin
            && twin.begins(before)
        {
            twin.begin(before, &lanes.states());
        }
        let chunk = lanes.run(steps)?;
        for (lane, judge) in course.judges.iter_mut().enumerate() {
            judge.observe(&chunk, lane);
            if let Some(sink) = plan.extras.segments {
                judge.hand_over(self.first + lane, sink)?;
            }
        }
        if let Some(watcher) = &mut course.watcher {
            watcher.observe(&chunk);
        }
        if let Some(twin) = twin {
            twin.observe(&chunk);
        }
        if let (Some(recorder), Some(traces)) = (&mut course.recorder, &plan.extras.traces) {
            recorder.observe(self.net, &chunk, plan, traces)?;
        }
        let (spikes, operations) = operations_of(self.net, &chunk);
        course.spikes += spikes;
        course.operations += operations;
        course.resets += chunk.resets;
        course.done += steps as u64;
        if self.first == 0 {
            let passed = (before, course.done);
            course.gauge.pass(passed, self.each, self.count);
        }
        self.progress.steps((steps * self.count) as u64);
        Ok(())
    }

    fn lanes(&self) -> Result<Lanes<'_, R>, EvalError> {
        let plan = self.plan;
        Ok(Lanes::new(
            self.net,
            plan.source,
            plan.state_reset,
            plan.channels,
            plan.purpose,
            plan.seed,
            self.first,
            self.count,
        )?)
    }

    fn course(&self) -> Result<Course, EvalError> {
        let (net, plan) = (self.net, self.plan);
        let judges = (0..self.count)
            .map(|_| {
                let detector = Detector::new(plan.detector, net.classes(), self.thresholds)?;
                let sums = Sums::new(plan, self.thresholds);
                let judge = Judge::new(sums, detector, net.outputs(), net.classes());
                Ok(judge.logged(plan.extras.segments.is_some()))
            })
            .collect::<Result<Vec<_>, DetectorError>>()?;
        let traces = plan.extras.traces.filter(|_| self.watch);
        Ok(Course {
            judges,
            watcher: self.watch.then(|| Watcher::new(net, self.each, plan)),
            recorder: traces.map(|traces| Recorder::new(&traces, self.each)),
            gauge: Gauge::default(),
            spikes: 0,
            operations: 0,
            resets: 0,
            done: 0,
            seconds: 0.0,
        })
    }

    /// The twin, where the policy does nothing but resets that it knows without the net.
    fn twin(&self, chunk: usize) -> Option<Twin<'_>> {
        let needs = self.plan.state_reset.needs();
        let follows = matches!(
            needs,
            Needs {
                by_step: false,
                copies: 1,
                ..
            }
        );
        let plan = self.plan.extras.twin.filter(|_| self.watch && follows)?;
        Some(Twin::new(&plan, self.each, chunk as u64))
    }

    fn finish(&self, course: Course, twin: Option<Twin>) -> Result<Sums, EvalError> {
        let mut sums = Sums::new(self.plan, self.thresholds);
        for (lane, mut judge) in course.judges.into_iter().enumerate() {
            judge.end();
            if let Some(sink) = self.plan.extras.segments {
                judge.hand_over(self.first + lane, sink)?;
            }
            sums.merge(judge.finish());
        }
        sums.steps = self.each * self.count as u64;
        (sums.spikes, sums.operations) = (course.spikes, course.operations);
        (sums.resets, sums.gauge) = (course.resets, course.gauge);
        sums.saturation = course.watcher.map_or_else(Vec::new, |w| w.seen);
        sums.twin = twin.map_or_else(Vec::new, Twin::seen);
        Ok(sums)
    }
}

/// Spikes and synaptic operations of one chunk, those of all copies of the net.
fn operations_of<R: Real>(net: &Network<R>, chunk: &Chunk<R>) -> (u64, u64) {
    let columns = chunk.logits.ncols();
    let (mut spikes, mut operations) = (0, 0);
    let mut active = chunk.input.active();
    for (i, cell) in net.cells().iter().enumerate() {
        let synapses = cell.synapses();
        let fired = chunk.tapes.spikes(i).unwrap_or(0);
        spikes += fired;
        operations +=
            synapses.per_input * active + synapses.per_spike * fired + synapses.always * columns;
        active = chunk
            .tapes
            .spikes(i)
            .unwrap_or(cell.widths().output * columns);
    }
    (spikes as u64, operations as u64)
}
