//! One evaluation: a net on a stream that is reset as its policy says and no more, in constant memory.
//!
//! Accuracy has three columns: *summed*, the probabilities summed over the known segment;
//! *last*, its last step; *detector*, which knows no boundary. Segments run from a sample's first event
//! to its last step.

use std::time::Instant;

use rayon::prelude::*;
use saturn_cell::{Real, column};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::bootstrap::{ByRecording, Estimate};
use super::detector::{Detector, DetectorConfig, DetectorError, DetectorScore, choose, grid};
use super::lanes::{CHUNK, Chunk, Lanes};
use super::position::{PositionCurve, PositionWindow, Spacing};
use super::slope::{Slope, SlopeFit};
use crate::monitor::{Monitor, WindowStats};
use crate::network::Network;
use crate::run::Progress;
use crate::scenario::StateReset;
use crate::stream::Source;
use crate::train::validate::{argmax, softmax};

/// A step of a gap is *late* this many steps after the sample's end.
pub const LATE: usize = 15;

/// How one evaluation runs.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Samples, noise and gaps.
    pub source: Source<'a>,
    /// When the state is put at rest.
    pub state_reset: StateReset,
    /// I.
    pub channels: usize,
    /// What the stream is for, and its seed: another purpose is another stream.
    pub purpose: &'static str,
    /// Seed of the stream.
    pub seed: u64,
    /// Lane steps in all.
    pub steps: u64,
    /// Lanes that share them.
    pub lanes: usize,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
    /// Windows of stream position.
    pub windows: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The boundary-free detector.
    pub detector: DetectorConfig,
}

/// What stops an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The detector's settings are out of their ranges.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What one evaluation found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    /// Lane steps.
    pub steps: u64,
    /// Lanes.
    pub lanes: usize,
    /// Samples that were heard to their end.
    pub segments: u64,
    /// Accuracy of the probabilities summed over the known segment, 0..1.
    pub summed: Option<Estimate>,
    /// Accuracy of the segment's last step, 0..1.
    pub last: Option<Estimate>,
    /// Accuracy of the boundary-free detector, 0..1.
    pub detector: Option<Estimate>,
    /// The detector's threshold (from validation) and its errors.
    pub detection: DetectorScore,
    /// The detector's false alarms in an hour of stream.
    pub false_alarms_per_hour: Option<f64>,
    /// Slope of the summed accuracy against stream position.
    pub slope: Slope,
    /// Summed accuracy by stream position.
    pub positions: Vec<PositionWindow>,
    /// Mean of the highest class probability late in gaps; chance is 1 / classes.
    pub late_gap_max_probability: Option<f64>,
    /// Spikes of all cells, a step.
    pub spikes_per_step: f64,
    /// Effective synaptic operations of all cells, a step.
    pub synaptic_operations_per_step: f64,
    /// Lane steps a second of wall time, all lanes together.
    pub steps_per_second: f64,
    /// Resident memory of the program, MiB, after a tenth of the stream and at its end (Linux).
    #[serde(default)]
    pub resident_mib: Option<[f64; 2]>,
    /// What the instruments saw, window by window, on the first lanes.
    pub saturation: Vec<Watched>,
    /// Summed right answers by recording, to pair arms and seeds.
    pub by_recording: ByRecording,
}

/// One cell in one window of stream position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// The lane step at which the window ends.
    pub step: u64,
    /// Index of the cell in its net.
    pub layer: usize,
    /// The kind of cell.
    pub cell: String,
    /// What the instruments saw.
    pub stats: WindowStats,
}

/// The detector's threshold that does best on the plan's stream (of validation samples).
pub fn choose_threshold<R: Real>(
    net: &Network<R>,
    plan: &Plan,
    progress: &Progress,
) -> Result<f64, EvalError> {
    let thresholds = grid(net.classes());
    let outcome = run(net, plan, &thresholds, false, progress)?;
    // Without a segment there is nothing to choose by, and nothing to detect.
    Ok(choose(&outcome.scores).map_or(0.5, |score| score.threshold))
}

/// Evaluates `net` with the detector at `threshold`.
pub fn evaluate<R: Real>(
    net: &Network<R>,
    plan: &Plan,
    threshold: f64,
    progress: &Progress,
) -> Result<Evaluation, EvalError> {
    let began = Instant::now();
    let all = run(net, plan, &[threshold], true, progress)?;
    let seconds = began.elapsed().as_secs_f64();
    let steps = all.steps.max(1) as f64;
    Ok(Evaluation {
        steps: all.steps,
        lanes: plan.lanes,
        segments: all.summed.tally().total,
        summed: all.summed.accuracy(plan.seed),
        last: all.last.accuracy(plan.seed),
        detector: all.detected.accuracy(plan.seed),
        detection: all.scores[0],
        false_alarms_per_hour: all.scores[0].false_alarms_per_hour(plan.dt_ms),
        slope: all.slope.slope(),
        positions: all.positions.windows(),
        late_gap_max_probability: (all.late_steps > 0)
            .then(|| all.late_probability / all.late_steps as f64),
        spikes_per_step: all.spikes as f64 / steps,
        synaptic_operations_per_step: all.operations as f64 / steps,
        steps_per_second: steps / seconds,
        resident_mib: all.resident_mib,
        saturation: all.saturation,
        by_recording: all.summed,
    })
}

/// Sums over lanes.
struct Sums {
    steps: u64,
    summed: ByRecording,
    last: ByRecording,
    detected: ByRecording,
    /// One a threshold.
    scores: Vec<DetectorScore>,
    slope: SlopeFit,
    positions: PositionCurve,
    late_steps: u64,
    late_probability: f64,
    spikes: u64,
    operations: u64,
    resident_mib: Option<[f64; 2]>,
    saturation: Vec<Watched>,
}

impl Sums {
    fn merge(&mut self, other: Self) {
        self.steps += other.steps;
        self.summed.merge(&other.summed);
        self.last.merge(&other.last);
        self.detected.merge(&other.detected);
        for (a, b) in self.scores.iter_mut().zip(&other.scores) {
            a.merge(b);
        }
        self.slope.merge(&other.slope);
        self.positions.merge(&other.positions);
        self.late_steps += other.late_steps;
        self.late_probability += other.late_probability;
        self.spikes += other.spikes;
        self.operations += other.operations;
        self.saturation.extend(other.saturation);
    }
}

/// Runs all lanes, a shard of lanes a task; sums are merged in the order of the lanes.
fn run<R: Real>(
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
    let mut sums = parts.next().unwrap_or_else(|| empty(plan, thresholds));
    for part in parts {
        sums.merge(part);
    }
    Ok(sums)
}

fn empty(plan: &Plan, thresholds: &[f64]) -> Sums {
    let each = plan.steps / plan.lanes as u64;
    Sums {
        steps: 0,
        summed: ByRecording::new(),
        last: ByRecording::new(),
        detected: ByRecording::new(),
        scores: thresholds
            .iter()
            .map(|&threshold| DetectorScore {
                threshold,
                ..DetectorScore::default()
            })
            .collect(),
        slope: SlopeFit::new(),
        positions: PositionCurve::new(each, plan.windows, Spacing::Even),
        late_steps: 0,
        late_probability: 0.0,
        spikes: 0,
        operations: 0,
        resident_mib: None,
        saturation: Vec::new(),
    }
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
            Ok(Judge::new(empty(plan, thresholds), detector, net.classes()))
        })
        .collect::<Result<Vec<_>, DetectorError>>()?;
    let each = plan.steps / plan.lanes as u64;
    let mut watcher = watch.then(|| Watcher::new(net, each, plan));
    let (mut spikes, mut operations) = (0, 0);
    let mut early = None;
    let mut done = 0;
    while done < each {
        if progress.stopped() {
            return Err(EvalError::Interrupted);
        }
        let steps = (each - done).min(CHUNK as u64) as usize;
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
        done += steps as u64;
        if early.is_none() && done >= each / 10 {
            early = resident_mib();
        }
        progress.advance((steps * count) as u64);
    }
    let mut sums = empty(plan, thresholds);
    for judge in judges {
        sums.merge(judge.finish());
    }
    sums.steps = each * count as u64;
    (sums.spikes, sums.operations) = (spikes, operations);
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

/// Spikes and synaptic operations of one chunk.
fn operations_of<R: Real>(net: &Network<R>, chunk: &Chunk<R>) -> (u64, u64) {
    let columns = chunk.steps * chunk.lanes;
    let (mut spikes, mut operations) = (0, 0);
    let mut active = chunk.events.view().active();
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

/// Judges the segments of one lane.
struct Judge {
    sums: Sums,
    detector: Detector,
    p: Vec<f32>,
    segment: Vec<f64>,
    start: u64,
    heard: u64,
}

impl Judge {
    fn new(sums: Sums, detector: Detector, classes: usize) -> Self {
        Self {
            sums,
            detector,
            p: vec![0.0; classes],
            segment: vec![0.0; classes],
            start: 0,
            heard: 0,
        }
    }

    fn observe<R: Real>(&mut self, chunk: &Chunk<R>, lane: usize) {
        for t in 0..chunk.steps {
            let at = chunk.start + t as u64;
            let j = t * chunk.lanes + lane;
            softmax(column(&chunk.logits, j), &mut self.p);
            self.detector.observe(at, &self.p);
            let known = chunk.known[j];
            let Some(segment) = known.segment else {
                if known.since_end >= LATE {
                    let top = self.p.iter().fold(0.0f32, |a, &b| a.max(b));
                    self.sums.late_steps += 1;
                    self.sums.late_probability += f64::from(top);
                }
                continue;
            };
            if segment.at == 0 {
                self.segment.fill(0.0);
                self.start = at;
            }
            if segment.informative {
                for (sum, &p) in self.segment.iter_mut().zip(&self.p) {
                    *sum += f64::from(p);
                }
            }
            if segment.last {
                let sums = &mut self.sums;
                let right = argmax(&self.segment) == segment.label;
                sums.summed.add(segment.recording, right);
                let at_last = argmax(&self.p) == segment.label;
                sums.last.add(segment.recording, at_last);
                sums.slope.add(self.heard, at, segment.recording, right);
                sums.positions.add(at, segment.recording, right);
                self.detector
                    .segment(self.start, at + 1, segment.label, segment.recording);
                self.heard += 1;
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        for outcome in self.detector.take_outcomes() {
            self.sums.detected.add(outcome.recording, outcome.right);
        }
    }

    fn finish(mut self) -> Sums {
        self.detector.finish();
        self.settle();
        self.sums.scores = self.detector.scores().copied().collect();
        self.sums
    }
}

/// Runs the instruments of every cell, and closes a window where it ends.
struct Watcher {
    monitors: Vec<(String, Monitor)>,
    window: u64,
    every: u64,
    seen: Vec<Watched>,
}

impl Watcher {
    /// At most so many steps of a window are looked at: the covariance costs S² each.
    const LOOKS: u64 = 200;

    fn new<R: Real>(net: &Network<R>, steps: u64, plan: &Plan) -> Self {
        let window = (steps / plan.windows as u64).max(1);
        Self {
            monitors: net
                .cells()
                .iter()
                .map(|cell| {
                    let name = cell.name().to_owned();
                    (name, Monitor::new(cell.as_ref(), plan.dt_ms))
                })
                .collect(),
            window,
            every: (window / Self::LOOKS).max(1),
            seen: Vec::new(),
        }
    }

    fn observe<R: Real>(&mut self, chunk: &Chunk<R>) {
        for t in 0..chunk.steps {
            let at = chunk.start + t as u64;
            let columns = (t * chunk.lanes, chunk.lanes);
            for (i, (_, monitor)) in self.monitors.iter_mut().enumerate() {
                let tape = chunk.tapes.tape(i);
                let (drive, states) = (tape.drive(), tape.states());
                let drive = drive.columns(columns.0, columns.1);
                if at.is_multiple_of(self.every) {
                    monitor.observe(drive, states.columns(columns.0, columns.1));
                } else {
                    monitor.track(drive);
                }
            }
            if (at + 1).is_multiple_of(self.window) {
                for (i, (name, monitor)) in self.monitors.iter_mut().enumerate() {
                    self.seen.push(Watched {
                        step: at + 1,
                        layer: i,
                        cell: name.clone(),
                        stats: monitor.take(),
                    });
                }
            }
        }
    }
}
