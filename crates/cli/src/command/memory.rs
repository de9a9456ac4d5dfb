//! How much memory a run will take.
//!
//! ```text
//! memory     = program + recordings + results + freed memory that results pin
//!              + the largest of figures and any net's mask, training and evaluation
//! recordings = what the readers keep of the files + the binned samples
//! training   = shards of lanes: batch, tapes, adjoints, gradient; parameters, moments, the best net;
//!              and after each epoch, a shard of validation a thread: batch and tapes
//! evaluation = the larger of contraction: the events of all pasts, and one chunk of all lanes;
//!              and a window's copies of the net: a chunk a shard, of as many shards as there are threads
//! ```
//!
//! A shard's memory grows to the longest sequence that it meets, so the lengths of the samples are put
//! together here as training does it, those of [`PLANNED`] samples at most; gaps count as long as they are likely
//! to come. A net is counted ([`NetSize`]), not built.

use std::path::Path;

use saturn_cell::{CellConfig, Real, Tape};
use saturn_loss::MaskConfig;

use crate::command::estimate::{mean_gap, mean_sample};
use saturn_eval::evaluate::Watched;
use saturn_eval::lanes::{CHUNK, COLUMNS};
use saturn_network::{NetSize, Part};
use saturn_sim::figures::AT_ONCE;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::scenario::{Arm, Data, DataSource, Fill, Gap, Model, Scenario, Streams, Train};
use saturn_stream::Split;
use saturn_train::batch::{Epoch, LanePlan};
use saturn_train::mask::MASK_SAMPLES;

/// Bytes of a MiB.
pub const MIB: f64 = (1 << 20) as f64;
/// The program itself, its libraries and threads; measured.
const PROGRAM: f64 = 31.0 * MIB;
/// Drawing a figure, after all nets; measured.
const FIGURE: f64 = 12.0 * MIB;
/// Another trial at once: its threads, and what the allocator keeps for them; measured.
pub const TRIAL: f64 = 3.0 * MIB;
/// The HDF5 reader keeps at most so many bytes of a file's lists.
const READER: f64 = 64.0 * MIB;
/// Bytes of an event in a batch: its channel and its count.
const EVENT: f64 = 8.0;
/// Bytes of a column in a batch in addition to its events: offsets and targets, in its lane and woven.
const COLUMN: f64 = 48.0;
/// What share of the spikes that could be a spiking cell may well send.
const SPIKING: f64 = 0.1;
/// Bytes of freed memory that a byte of results keeps from going back to the system, since results lie
/// between what nets take and free; measured over 60 nets.
const PINNED: f64 = 6.0;
/// Events a second of a channel in synthetic samples; measured.
const RATE_HZ: f64 = 17.0;
/// Bytes of one recording's answers in an evaluation, and of one lag of a contraction curve.
const RECORDING: usize = 64;
const LAG: usize = 32;

/// Samples of a split that the plan of an epoch is made of, at most.
pub const PLANNED: usize = 4_096;

/// What is known of the samples.
pub struct Samples {
    /// C.
    pub classes: usize,
    /// Samples of the validation split.
    pub validated: usize,
    /// Steps of each training sample, of [`PLANNED`] at most.
    pub train: Vec<usize>,
    /// Steps of each validation sample, likewise.
    pub valid: Vec<usize>,
    /// Events in a step of a sample, the mean.
    density: f64,
    /// Bytes of files and samples that stay in memory through a run; 0 where there are no files yet.
    pub kept: f64,
}

impl Samples {
    /// From the data, or from what they will be.
    pub fn of(s: &Scenario, data: Option<(&Dataset, &Paths)>) -> Self {
        let Data { source, dt_ms, .. } = &s.data;
        match (data, source) {
            (Some((b, paths)), _) => Self {
                classes: b.classes.len(),
                validated: b.valid.all(),
                train: planned(b.train.lengths(), b.train.all()),
                valid: planned(b.valid.lengths(), b.valid.all()),
                density: b.mean_counts.iter().sum(),
                kept: kept(b, paths),
            },
            (None, DataSource::Synthetic { set, .. }) => {
                let [short, long] = set.word_ms.map(|ms| ms / dt_ms);
                let spread = |n: usize| {
                    let n = n.min(PLANNED);
                    let share = |i: usize| (i as f64 + 0.5) / n as f64;
                    let steps = |i: usize| (short + share(i) * (long - short)) as usize;
                    (0..n).map(steps).collect()
                };
                Self {
                    classes: set.classes,
                    validated: set.valid,
                    train: spread(set.train),
                    valid: spread(set.valid),
                    density: RATE_HZ * dt_ms / 1e3 * s.data.channels as f64,
                    kept: 0.0,
                }
            }
            // Files that are not there have been refused before this.
            (None, DataSource::Events { .. } | DataSource::Frames { .. }) => Self {
                classes: s.data.classes.unwrap_or(2),
                validated: 1,
                train: vec![(1_000.0 / dt_ms) as usize],
                valid: vec![(1_000.0 / dt_ms) as usize],
                density: RATE_HZ * dt_ms / 1e3 * s.data.channels as f64,
                kept: 0.0,
            },
        }
    }
}

/// The lengths of `all` samples of which `lengths` are known, of [`PLANNED`] at most: the others are like these.
fn planned(lengths: &[usize], all: usize) -> Vec<usize> {
    let each = lengths.iter().copied().cycle();
    each.take(all.min(PLANNED)).collect()
}

/// What a run keeps of its data; the test split, which only a final evaluation opens, is counted as large
/// for its file as the training split is.
fn kept(b: &Dataset, paths: &Paths) -> f64 {
    let file = |path: &Path| std::fs::metadata(path).map_or(0.0, |m| m.len() as f64);
    let split = |split: &Split| {
        let all = split.all() as f64 / split.len().max(1) as f64;
        let samples = all * split.cached_bytes() as f64;
        samples.min(Split::CACHE_BYTES as f64) + file(split.file().path()).min(READER)
    };
    let train = split(&b.train);
    train + split(&b.valid) + file(&paths.test) * train / file(&paths.train).max(1.0)
}

/// Bytes that a run of every place takes at its peak; `most` is the largest of [`net`] and [`mask`].
pub fn run(s: &Scenario, samples: &Samples, seeds: usize, most: f64) -> f64 {
    let nets = seeds * s.models.len() * s.arms.len();
    let results = nets as f64 * results(s, samples);
    let pinned = (PINNED * results).min(most);
    // What a net has freed is not returned to the threads that draw.
    PROGRAM + samples.kept + results + pinned + most + figures()
}

/// Bytes that a run takes for any networks: the program, its data, the figures.
pub fn base(samples: &Samples) -> f64 {
    PROGRAM + samples.kept + figures()
}

/// Bytes of the figures that are drawn at once.
fn figures() -> f64 {
    AT_ONCE.min(rayon::current_num_threads()) as f64 * FIGURE
}

/// Bytes of a net's results, which are kept for the figures and the report.
fn results(s: &Scenario, samples: &Samples) -> f64 {
    let e = &s.evaluate;
    let cells = s.models.iter().map(|(_, m)| m.layers.len() + 2).max();
    let cells = cells.unwrap_or(0);
    let evaluation = e.windows * cells * size_of::<Watched>() + samples.validated * RECORDING;
    let curves = cells * e.contraction.gap_steps * LAG;
    (e.streams.len() * (e.state_reset.len() * evaluation + curves)) as f64
}

/// Bytes of training and evaluating one network, in addition to the data.
pub fn net<R: Real>(
    s: &Scenario,
    samples: &Samples,
    net: &NetSize,
    model: &Model,
    arm: &Arm,
) -> f64 {
    let settings = s.train_for(model, arm);
    let training = training::<R>(s, samples, net, arm, &settings);
    training.max(evaluation::<R>(s, samples, net))
}

/// Bytes of training: updates, and the validation after an epoch, while the updates' memory stays.
fn training<R: Real>(
    s: &Scenario,
    samples: &Samples,
    net: &NetSize,
    arm: &Arm,
    settings: &Train,
) -> f64 {
    let gap = s
        .stream
        .gap
        .as_ref()
        .filter(|_| arm.streams != Streams::Single);
    let epoch = Epoch::new(s.seed, 0, samples.train.len());
    let mut shards: Vec<Shard> = Vec::new();
    for mut lanes in epoch.updates(arm.streams, settings.lanes, s.stream.samples) {
        lanes.sort_by_key(|lane| heard(lane, &epoch, &samples.train));
        for (k, plans) in lanes.chunks(settings.shard_lanes).enumerate() {
            let shard = Shard::of(plans, &epoch, &samples.train, gap);
            match shards.get_mut(k) {
                Some(largest) if largest.columns() < shard.columns() => *largest = shard,
                Some(_) => {}
                None => shards.push(shard),
            }
        }
    }
    let batch = batch_column(samples, gap);
    let updates: f64 = shards
        .iter()
        .map(|shard| shard.columns() * batch + shard.tapes::<R>(net, settings.recompute))
        .sum();

    let epoch = Epoch::new(s.seed, 0, samples.valid.len());
    let lanes: Vec<LanePlan> = (epoch.updates(arm.streams, 1, 2 * s.stream.samples))
        .into_iter()
        .flatten()
        .collect();
    let plans = lanes.chunks(settings.shard_lanes);
    let at_once = plans.len().min(rayon::current_num_threads());
    let largest = plans
        .map(|plans| Shard::of(plans, &epoch, &samples.valid, gap).columns())
        .fold(0.0, f64::max);
    let validation = at_once as f64 * largest * (batch + tape_column::<R>(net));

    // The net, two moments, the sum of the gradients, the best net; what holds weights that step within a
    // stream: their mean and their slope.
    let copies = 5 + shards.len() + if arm.fptt.is_some() { 2 } else { 0 };
    updates + validation + net.parameters().real() * (copies * size_of::<R>()) as f64
}

/// Bytes of the largest part of an evaluation, which is that of contraction: all pasts at once, then chunk
/// by chunk.
fn evaluation<R: Real>(s: &Scenario, samples: &Samples, net: &NetSize) -> f64 {
    let config = &s.evaluate.contraction;
    let lanes = config.samples.min(samples.validated) as f64;
    let longest = samples.valid.iter().max().copied().unwrap_or(0);
    let past = config.lead_steps as f64 + longest as f64;
    let gaps = s
        .evaluate
        .streams
        .iter()
        .filter_map(|(_, gap)| gap.as_ref());
    let batch = gaps.map(|gap| batch_column(samples, Some(gap)));
    let batch = batch.fold(batch_column(samples, None), f64::max) / 2.0;
    let column = batch + tape_column::<R>(net);
    let contraction = lanes * (past * batch + CHUNK as f64 * column);
    contraction.max(copies(s) * column)
}

/// Columns that the copies of a window take at once, on all threads; 0 where there is no window.
fn copies(s: &Scenario) -> f64 {
    let e = &s.evaluate;
    let policies = e.state_reset.iter();
    let copies = policies.map(|policy| policy.config().needs().copies).max();
    let Some(copies) = copies.filter(|&copies| copies > 1) else {
        return 0.0;
    };
    let shard = s.train.shard_lanes.min(e.lanes);
    let shards = e
        .lanes
        .div_ceil(shard.max(1))
        .min(rayon::current_num_threads());
    (shards * (shard * copies).max(COLUMNS)) as f64
}

/// Bytes of the streams that an estimated mask is fitted and judged on, before training begins; 0 where
/// there is none.
pub fn mask(s: &Scenario, samples: &Samples) -> f64 {
    let mut losses = s.arms.iter().map(|(_, arm)| arm.loss.mask());
    if losses.all(|mask| *mask == MaskConfig::Labels) {
        return 0.0;
    }
    let gap = s.stream.gap.as_ref();
    let of = |lengths: &[usize]| {
        MASK_SAMPLES.min(lengths.len()) as f64 * (mean_sample(lengths) + mean_gap(gap))
    };
    (of(&samples.train) + of(&samples.valid)) * batch_column(samples, gap)
}

/// Steps of the samples of a lane.
fn heard(lane: &LanePlan, epoch: &Epoch, lengths: &[usize]) -> usize {
    lane.iter().map(|&p| lengths[epoch.recording(p)]).sum()
}

/// The size of a shard: all its lanes are as long as the longest.
struct Shard {
    lanes: usize,
    steps: usize,
}

impl Shard {
    fn of(plans: &[LanePlan], epoch: &Epoch, lengths: &[usize], gap: Option<&Gap>) -> Self {
        let steps = |lane: &LanePlan| heard(lane, epoch, lengths) + long_gaps(gap, lane.len());
        Self {
            lanes: plans.len(),
            steps: plans.iter().map(steps).max().unwrap_or(0),
        }
    }

    fn columns(&self) -> f64 {
        self.lanes as f64 * self.steps as f64
    }

    /// Bytes of the tapes of an update with their adjoints, which are those of a chunk. With `recompute`, a segment is on the tapes at a time, and the states before each stay.
    fn tapes<R: Real>(&self, net: &NetSize, recompute: bool) -> f64 {
        let chunk = Tape::<R>::turn(self.lanes);
        let (segment, segments) = if recompute {
            let segment = self.steps.isqrt().max(1).next_multiple_of(chunk);
            (segment.min(self.steps), self.steps.div_ceil(segment))
        } else {
            (self.steps, 0)
        };
        let numbers = net.parts.iter().map(|part| {
            let state = part.size.state.real();
            let passing = rows(part) + part.size.unread.real();
            chunk.min(segment) as f64 * passing + segments as f64 * state
        });
        let adjoints = (self.lanes * size_of::<R>()) as f64 * numbers.sum::<f64>();
        let unread: f64 = (net.parts.iter()).map(|part| part.size.unread.real()).sum();
        let column = tape_column::<R>(net) - unread * size_of::<R>() as f64;
        self.lanes as f64 * segment as f64 * column + adjoints
    }
}

/// Rows of drive, state and output.
fn rows(part: &Part) -> f64 {
    (part.size.drive + part.size.state + part.size.output).real()
}

/// Steps of `n` gaps that come out long: their mean and three standard deviations.
fn long_gaps(gap: Option<&Gap>, n: usize) -> usize {
    gap.map_or(0, |gap| {
        let [low, high] = gap.steps.map(|steps| steps as f64);
        let deviation = (high - low) / 12f64.sqrt();
        let n = n as f64;
        (n * (low + high) / 2.0 + 3.0 * n.sqrt() * deviation).min(n * high) as usize
    })
}

/// Bytes of a column of input and targets, in its lane and woven.
fn batch_column(samples: &Samples, gap: Option<&Gap>) -> f64 {
    let loudest = gap
        .into_iter()
        .flat_map(|gap| &gap.fill)
        .map(|fill| match fill {
            Fill::Silence => 0.0,
            Fill::Noise(factor) => *factor,
            Fill::Shuffled | Fill::Recordings => 1.0,
        });
    2.0 * (EVENT * samples.density * loudest.fold(1.0, f64::max) + COLUMN)
}

/// Bytes of a column of what the forward pass keeps.
fn tape_column<R: Real>(net: &NetSize) -> f64 {
    let cells = net.parts.iter().map(|part| {
        let spikes = if part.config.spikes() {
            SPIKING * EVENT * part.size.output.real()
        } else {
            0.0
        };
        rows(part) * size_of::<R>() as f64 + spikes
    });
    cells.sum()
}
