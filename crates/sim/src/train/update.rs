//! One update: every shard of lanes forward, the totals of the loss, every shard in reverse, gradients
//! summed in order, clipped, and a step of the optimiser.
//!
//! ```text
//! shard 0:  compose ─ forward ─┐           ┌─ reverse ─┐
//! shard 1:  compose ─ forward ─┼─ totals ──┼─ reverse ─┼─ sum in order ─ clip ─ step
//! shard 2:  compose ─ forward ─┘           └─ reverse ─┘
//! ```
//!
//! The loss divides by sums over all shards, so every forward pass comes before any reverse one. Shards
//! run in parallel; sums over shards and the step run in parallel over elements, each of which adds up in
//! the order of the shards. So the bits do not depend on the number of threads. Memory is kept from one
//! update to the next.

use rayon::prelude::*;
use saturn_cell::Real;
use saturn_loss::spike_rate::RateTotals;
use saturn_loss::{Loss, Parts, SpikeRate, Totals};

use super::batch::Batch;
use super::optimizer::{Optimizer, clip};
use crate::network::{Gradient, Network, Tapes};
use crate::scenario::Optimizer as Rule;

/// Elements that one thread works on at a time where work is cut by elements.
pub(super) const CHUNK: usize = 16 * 1024;

/// What an update descends.
#[derive(Clone, Copy)]
pub struct Objective<'a> {
    /// What is minimised.
    pub loss: &'a Loss,
    /// The penalty on spike rates, if any.
    pub spike_rate: Option<&'a SpikeRate>,
    /// Whether to trade a second forward pass for memory, see [`Tapes::recompute`].
    pub recompute: bool,
}

/// The memory of updates of one net: shards, gradient, optimiser.
pub struct Update<R: Real> {
    shards: Vec<Shard<R>>,
    /// How many of them the last update filled.
    used: usize,
    /// For each spiking cell, the sums over shards that its rates are made of.
    rates: Vec<Option<RateTotals>>,
    grad: Gradient<R>,
    optimizer: Optimizer<R>,
}

impl<R: Real> Update<R> {
    /// For a net of this shape, with an optimiser that has not stepped yet.
    pub fn new(rule: Rule, net: &Network<R>) -> Self {
        Self {
            shards: Vec::new(),
            used: 0,
            rates: no_rates(net),
            grad: net.zero_gradient(),
            optimizer: Optimizer::new(rule, net),
        }
    }

    /// The loss of `count` shards, and its gradient, kept for [`Self::step`]. `compose(i, batch)` fills
    /// the batch of shard `i`; it finds there what the last update left.
    pub fn gradient<E: Send>(
        &mut self,
        net: &Network<R>,
        objective: Objective,
        count: usize,
        compose: impl Fn(usize, &mut Batch<R>) -> Result<(), E> + Sync,
    ) -> Result<Parts, E> {
        while self.shards.len() < count {
            self.shards.push(Shard::new(net));
        }
        self.used = count;
        let shards = &mut self.shards[..count];
        shards.par_iter_mut().enumerate().try_for_each(|(i, s)| {
            compose(i, &mut s.batch)?;
            s.forward(net, objective);
            Ok(())
        })?;
        let mut totals = Totals::default();
        for shard in &*shards {
            totals += shard.totals;
        }
        for (i, sum) in self.rates.iter_mut().enumerate() {
            if let Some(sum) = sum {
                sum.clear();
                for part in shards.iter().filter_map(|shard| shard.rates[i].as_ref()) {
                    sum.add(part);
                }
            }
        }
        let rates = &self.rates;
        shards
            .par_iter_mut()
            .for_each(|shard| shard.backward(net, objective, &totals, rates));
        sum_in_order(&mut self.grad, shards);
        let mut sum = Parts::default();
        for shard in &*shards {
            sum += shard.parts;
        }
        if let Some(penalty) = objective.spike_rate {
            let rates = self.rates.iter().flatten();
            sum.total += rates.map(|r| penalty.value(r)).sum::<f64>();
        }
        Ok(sum)
    }

    /// Clips the last gradient to norm `clip_norm` and steps `net` along it at learning rate `lr`.
    /// Returns the norm before clipping.
    pub fn step(&mut self, net: &mut Network<R>, clip_norm: Option<f64>, lr: f64) -> f64 {
        let norm = clip(&mut self.grad, clip_norm);
        self.optimizer.step(net, &self.grad, lr);
        norm
    }

    /// The batch and the tapes of each shard of the last update.
    pub fn shards(&self) -> impl Iterator<Item = (&Batch<R>, &Tapes<R>)> {
        self.shards[..self.used]
            .iter()
            .map(|s| (&s.batch, &s.tapes))
    }
}

/// `grad` becomes the sum of the shards' gradients, each element in the order of the shards.
fn sum_in_order<R: Real>(grad: &mut Gradient<R>, shards: &[Shard<R>]) {
    for (i, params) in grad.iter_mut().enumerate() {
        for (j, tensor) in params.tensors_mut().iter_mut().enumerate() {
            let add = |(k, sum): (usize, &mut [R])| {
                let own = k * CHUNK..k * CHUNK + sum.len();
                sum.fill(R::zero());
                for shard in shards {
                    let part = &shard.grad[i][j].as_slice()[own.clone()];
                    for (sum, &part) in sum.iter_mut().zip(part) {
                        *sum += part;
                    }
                }
            };
            let sum = tensor.value.as_mut_slice();
            if sum.len() > CHUNK {
                sum.par_chunks_mut(CHUNK).enumerate().for_each(add);
            } else {
                add((0, sum));
            }
        }
    }
}

/// One shard's memory.
struct Shard<R: Real> {
    batch: Batch<R>,
    tapes: Tapes<R>,
    grad: Gradient<R>,
    /// For each spiking cell, the sums that its rates are made of.
    rates: Vec<Option<RateTotals>>,
    totals: Totals,
    parts: Parts,
}

fn no_rates<R: Real>(net: &Network<R>) -> Vec<Option<RateTotals>> {
    let rates = |cell: &dyn saturn_cell::Cell<R>| {
        let width = cell.widths().output;
        cell.spikes().then(|| RateTotals::new(width))
    };
    net.cells()
        .iter()
        .map(|cell| rates(cell.as_ref()))
        .collect()
}

impl<R: Real> Shard<R> {
    fn new(net: &Network<R>) -> Self {
        Self {
            batch: Batch::default(),
            tapes: Tapes::new(net),
            grad: net.zero_gradient(),
            rates: no_rates(net),
            totals: Totals::default(),
            parts: Parts::default(),
        }
    }

    fn forward(&mut self, net: &Network<R>, objective: Objective) {
        for rates in self.rates.iter_mut().flatten() {
            rates.clear();
        }
        let (all, weight) = (&mut self.rates, &self.batch.weight);
        self.tapes.recompute(objective.recompute);
        self.tapes.start(net, self.batch.steps, self.batch.lanes);
        self.tapes
            .forward_observed(net, self.batch.input.input(), None, &mut |i, start, y| {
                if let (Some(penalty), Some(rates)) = (objective.spike_rate, &mut all[i]) {
                    penalty.observe(y, &weight[start..start + y.ncols()], rates);
                }
            });
        self.totals = objective.loss.totals(&self.batch.targets());
    }

    fn backward(
        &mut self,
        net: &Network<R>,
        objective: Objective,
        totals: &Totals,
        rates: &[Option<RateTotals>],
    ) {
        for params in &mut self.grad {
            params.set_zero();
        }
        let (targets, weight) = (self.batch.targets(), &self.batch.weight);
        let parts = &mut self.parts;
        *parts = Parts::default();
        self.tapes.backward(
            net,
            self.batch.input.input(),
            &mut |start, logits, d_logits| {
                let targets = targets.slice(start, logits.ncols());
                let loss = objective.loss;
                *parts += loss.value_and_gradient(logits, &targets, totals, d_logits);
            },
            &mut self.grad,
            &mut |i, start, y, dy| {
                if let (Some(penalty), Some(rates)) = (objective.spike_rate, &rates[i]) {
                    let weight = &weight[start..start + y.ncols()];
                    penalty.add_gradient(y, weight, rates, dy);
                }
            },
        );
    }
}
