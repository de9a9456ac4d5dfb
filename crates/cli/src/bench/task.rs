//! The timed tasks on a net and its input: a training step, a live stream, inference.

use std::convert::Infallible;
use std::hint::black_box;

use rayon::prelude::*;
use saturn_cell::{EventBatch, Input};
use saturn_loss::Loss;

use super::BenchError;
use super::sample::{Effort, Samples, sample};
use super::work::{Work, events};
use saturn_eval::lanes::chunk_steps;
use saturn_network::BuildError;
use saturn_network::{Network, NetworkStream, Tapes};
use saturn_sim::scenario::Optimizer as Rule;
use saturn_train::batch::Batch;
use saturn_train::objective::Objective;
use saturn_train::update::Update;

/// Adam's learning rate; constant.
pub const LEARNING_RATE: f64 = 1e-3;

/// A training step on the same batch, again and again.
pub struct TrainStep {
    work: Work,
    start: Network<f32>,
    net: Network<f32>,
    update: Update<f32>,
    recompute: bool,
}

impl TrainStep {
    /// The net before its first step.
    pub fn new(work: Work) -> Result<Self, BuildError> {
        let net = work.network()?;
        Ok(Self {
            work,
            start: net.clone(),
            update: Update::new(Rule::default(), &net),
            net,
            recompute: false,
        })
    }

    /// Whether to trade a second forward pass for memory.
    pub fn recompute(&mut self, recompute: bool) {
        self.recompute = recompute;
    }

    /// Forward, reverse, Adam. Returns the loss before the step, nats.
    pub fn step(&mut self) -> f64 {
        let loss = Loss::default();
        let objective = Objective {
            recompute: self.recompute,
            ..Objective::of(&loss)
        };
        let work = self.work;
        let filled = self
            .update
            .gradient(&self.net, objective, work.shards(), |shard, batch| {
                work.fill(shard, batch);
                Ok::<(), Infallible>(())
            });
        let Ok(parts) = filled;
        self.update.step(&mut self.net, None, LEARNING_RATE);
        parts.total
    }

    /// Puts the parameters back, so that every timed step meets a net that spikes as it did at first.
    pub fn rewind(&mut self) {
        self.net.copy_from(&self.start);
    }

    /// Times steps, each from the start.
    pub fn samples(&mut self, effort: Effort) -> Samples {
        let work = |train: &mut Self| {
            train.step();
            Ok::<(), Infallible>(())
        };
        let Ok(samples) = sample(effort, self, Self::rewind, work);
        samples
    }

    /// The loss after `steps` steps from the start.
    pub fn loss_after(work: Work, steps: usize) -> Result<f64, BuildError> {
        let mut train = Self::new(work)?;
        for _ in 0..steps {
            train.step();
        }
        Ok(train.step())
    }

    /// How many parameters the net has.
    pub fn parameters(&self) -> usize {
        self.net.parameters()
    }

    /// Bytes of the input and targets of the last step.
    pub fn input_bytes(&self) -> usize {
        let bytes = |batch: &Batch<f32>| {
            let events = batch.input.events().view();
            let columns = batch.labels.len();
            events.active() * (size_of::<u32>() + size_of::<f32>())
                + columns * (size_of::<usize>() + size_of::<u32>() + 2 * size_of::<f32>())
        };
        self.update.shards().map(|(batch, _)| bytes(batch)).sum()
    }
}

/// A net that runs live on one lane.
pub struct Live {
    net: Network<f32>,
    stream: NetworkStream<f32>,
    events: EventBatch,
    at: usize,
}

impl Live {
    /// The network in its initial state, and all the events that it will receive.
    pub fn new(work: Work) -> Result<Self, BuildError> {
        let net = work.network()?;
        Ok(Self {
            stream: NetworkStream::new(&net, work.lanes),
            events: events(&work, 0..work.lanes),
            net,
            at: 0,
        })
    }

    /// The next `steps` steps, one at a time; after the last event the first one comes again.
    pub fn run(&mut self, steps: usize) {
        let all = self.events.view();
        for _ in 0..steps {
            let x = Input::Events(all.slice(self.at, 1));
            black_box(self.stream.step(&self.net, x));
            self.at = (self.at + 1) % all.columns();
        }
    }

    /// How many parameters the net has.
    pub fn parameters(&self) -> usize {
        self.net.parameters()
    }
}

/// Inference on shards of lanes, in chunks of constant memory as evaluation does it.
pub struct Inference {
    work: Work,
    net: Network<f32>,
    shards: Vec<(Tapes<f32>, EventBatch)>,
}

impl Inference {
    /// The net, and the events of every shard.
    pub fn new(work: Work) -> Result<Self, BuildError> {
        let net = work.network()?;
        let shard = |i: usize| {
            let first = i * work.shard_lanes;
            let lanes = first..work.lanes.min(first + work.shard_lanes);
            (Tapes::new(&net), events(&work, lanes))
        };
        let shards = (0..work.shards()).map(shard).collect();
        Ok(Self { work, net, shards })
    }

    /// All steps of all lanes, from rest.
    pub fn run(&mut self) {
        let (work, net) = (self.work, &self.net);
        self.shards.par_iter_mut().for_each(|(tapes, events)| {
            let events = events.view();
            let lanes = events.columns() / work.steps;
            let chunk = chunk_steps(lanes);
            for start in (0..work.steps).step_by(chunk) {
                let steps = chunk.min(work.steps - start);
                if start == 0 {
                    tapes.start(net, steps, lanes);
                } else {
                    tapes.carry_on(net, steps, lanes);
                }
                let x = Input::Events(events.slice(start * lanes, steps * lanes));
                black_box(tapes.forward(net, x, None));
            }
        });
    }

    /// How many parameters the net has.
    pub fn parameters(&self) -> usize {
        self.net.parameters()
    }
}

/// Spikes a hidden unit and step, over some lanes and steps of `work`; `None` where nothing spikes.
pub fn hidden_rate(work: &Work, net: &Network<f32>) -> Option<f64> {
    shares(work, net).0
}

/// [`hidden_rate`], and the share of the (step, unit) pairs within the window of their surrogate; `None` where no
/// surrogate has one.
pub fn shares(work: &Work, net: &Network<f32>) -> (Option<f64>, Option<f64>) {
    let (lanes, steps) = (work.lanes.min(64), work.steps.min(100));
    let batch = events(&Work { steps, ..*work }, 0..lanes);
    let mut tapes = Tapes::new(net);
    tapes.start(net, steps, lanes);
    tapes.forward(net, Input::Events(batch.view()), None);
    let (mut active, mut pairs) = (0, 0);
    for (i, cell) in net.cells().iter().enumerate() {
        if let Some(own) = tapes.active(net, i) {
            active += own;
            pairs += steps * lanes * cell.widths().output;
        }
    }
    let rate = spike_rate(net, std::iter::once((&tapes, steps * lanes)));
    (rate, (pairs > 0).then(|| active as f64 / pairs as f64))
}

/// Spikes a hidden unit and step, over tapes and the columns that each holds; `None` where nothing spikes.
pub fn spike_rate<'a>(
    net: &Network<f32>,
    tapes: impl Iterator<Item = (&'a Tapes<f32>, usize)>,
) -> Option<f64> {
    let (mut spikes, mut places) = (0, 0);
    for (tapes, columns) in tapes {
        for (i, cell) in net.cells().iter().enumerate() {
            if let Some(fired) = tapes.spikes(i) {
                spikes += fired;
                places += columns * cell.widths().output;
            }
        }
    }
    (places > 0).then(|| spikes as f64 / places as f64)
}

/// Runs `work` on a pool of `cores` threads.
pub fn on_cores<T: Send>(cores: usize, work: impl FnOnce() -> T + Send) -> Result<T, BenchError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(cores)
        .build()
        .map(|pool| pool.install(work))
        .map_err(|source| BenchError::Pool { cores, source })
}
