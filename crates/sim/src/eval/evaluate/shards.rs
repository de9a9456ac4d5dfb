//! The lanes of an evaluation in shards, chunk by chunk, with their judges and instruments.

use rayon::prelude::*;
use saturn_cell::Real;

use super::judge::Judge;
use super::sums::Sums;
use super::watcher::Watcher;
use super::{EvalError, Plan};
use crate::eval::detector::{Detector, DetectorError};
use crate::eval::lanes::{Chunk, Lanes};
use crate::network::Network;
use crate::run::Progress;

/// Runs all lanes, a shard of lanes a task; sums are merged in the order of the lanes.
pub fn run<R: Real>(
    net: &Network<R>,
    plan: &Plan,
    thresholds: &[f64],
    watch: bool,
    progress: &Progress,
) -> Result<Sums, EvalError> {
    let firsts: Vec<usize> = (0..plan.lanes).step_by(plan.shard_lanes).collect();
    let parts: Vec<Sums> = firsts
        .par_iter()
        .map(|&first| {
            let count = plan.shard_lanes.min(plan.lanes - first);
            run_shard(
                net,
                plan,
                thresholds,
                watch && first == 0,
                (first, count),
                progress,
            )
        })
        .collect::<Result<_, EvalError>>()?;
    let mut parts = parts.into_iter();
    let mut sums = parts.next().unwrap_or_else(|| Sums::new(plan, thresholds));
    for part in parts {
        sums.merge(part);
    }
    Ok(sums)
}

fn run_shard<R: Real>(
    net: &Network<R>,
    plan: &Plan,
    thresholds: &[f64],
    watch: bool,
    (first, count): (usize, usize),
    progress: &Progress,
) -> Result<Sums, EvalError> {
    let mut lanes = Lanes::new(
        net,
        plan.source,
        plan.state_reset,
        plan.channels,
        plan.purpose,
        plan.seed,
        first,
        count,
    )?;
    let mut judges = (0..count)
        .map(|_| {
            let detector = Detector::new(plan.detector, net.classes(), thresholds)?;
            Ok(Judge::new(
                Sums::new(plan, thresholds),
                detector,
                net.outputs(),
                net.classes(),
            ))
        })
        .collect::<Result<Vec<_>, DetectorError>>()?;
    let each = plan.steps / plan.lanes as u64;
    let mut watcher = watch.then(|| Watcher::new(net, each, plan));
    let (mut spikes, mut operations, mut resets) = (0, 0, 0);
    let mut early = None;
    let mut done = 0;
    while done < each {
        if progress.stopped() {
            return Err(EvalError::Interrupted);
        }
        let steps = (each - done).min(lanes.longest() as u64) as usize;
        let chunk = lanes.run(steps)?;
        for (lane, judge) in judges.iter_mut().enumerate() {
            judge.observe(&chunk, lane);
        }
        if let Some(watcher) = &mut watcher {
            watcher.observe(&chunk);
        }
        let (s, o) = operations_of(net, &chunk);
        spikes += s;
        operations += o;
        resets += chunk.resets;
        done += steps as u64;
        if early.is_none() && done >= each / 10 {
            early = resident_mib();
        }
        progress.advance((steps * count) as u64);
    }
    let mut sums = Sums::new(plan, thresholds);
    for judge in judges {
        sums.merge(judge.finish());
    }
    sums.steps = each * count as u64;
    (sums.spikes, sums.operations, sums.resets) = (spikes, operations, resets);
    sums.resident_mib = early.zip(resident_mib()).map(|(a, b)| [a, b]);
    sums.saturation = watcher.map_or_else(Vec::new, |w| w.seen);
    Ok(sums)
}

/// Resident memory of this process, MiB; `None` where the system does not tell.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
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
