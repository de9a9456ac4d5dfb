//! One update: every shard of lanes forward and in reverse, gradients summed in order, clipped, and a step of
//! the optimiser.
//!
//! ```text
//! shard 0:  compose ─┐          ┌─ forward ─ reverse ─┐
//! shard 1:  compose ─┼─ totals ─┼─ forward ─ reverse ─┼─ sum in order ─ clip ─ step
//! shard 2:  compose ─┘          └─ forward ─ reverse ─┘
//! ```
//!
//! The loss divides by sums over the targets of all shards, which come first. A penalty on spike rates
//! divides by sums over all outputs: with it, every forward pass comes before any reverse one. Shards run in
//! parallel; sums over shards and the step run in parallel over elements, each of which adds up in the order
//! of the shards. So the bits do not depend on the number of threads. Buffers are reused from one update to
//! the next.

use std::ops::Range;

use rayon::prelude::*;
use saturn_cell::{Real, RngPosition, compiled_once};
use saturn_loss::spike_rate::RateTotals;
use saturn_loss::weight::log_variances;
use saturn_loss::{Balance, Parts, Totals};

use super::arm::{FpttConfig, InitialState};
use super::batch::Batch;
use super::checkpoint::SavedUpdate;
use super::fptt::Fptt;
use super::initial::Initial;
use super::objective::Objective;
use super::optimizer::{CHUNK, Optimizer, Scalars, clip};
use super::settings::Optimizer as Rule;
use saturn_network::{Gradient, Network, Tapes};

/// The memory of updates of one net: shards, gradient, optimiser.
pub struct Update<R: Real> {
    shards: Vec<Shard<R>>,
    /// Number of shards used by the last update.
    used: usize,
    /// For each spiking cell, the sums over shards that its rates are made of.
    rates: Vec<Option<RateTotals>>,
    pub(super) grad: Gradient<R>,
    optimizer: Optimizer<R>,
    /// Where lanes start.
    initial: Initial<R>,
    /// What holds the weights where they step within a sequence.
    fptt: Option<Fptt<R>>,
    /// s_1 and s_2 of a loss that learns what its terms weigh, and their gradient.
    log_variances: Scalars<2>,
    d_log_variances: [f64; 2],
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
            initial: Initial::new(InitialState::Rest, 0),
            fptt: None,
            log_variances: Scalars::new(rule),
            d_log_variances: [0.0; 2],
        }
    }

    /// The same with lanes that start by `rule`, under `seed`.
    pub fn starting_from(self, rule: InitialState, seed: u64) -> Self {
        Self {
            initial: Initial::new(rule, seed),
            ..self
        }
    }

    /// The same with weights that are regularised by `config` when they are updated within a sequence.
    pub fn held_by(self, config: Option<&FpttConfig>, net: &Network<R>) -> Self {
        Self {
            fptt: config.map(|config| Fptt::new(config, net)),
            ..self
        }
    }

    /// The current weights of the loss's terms.
    pub fn balance(&self, objective: Objective) -> Balance {
        let Objective { loss, progress, .. } = objective;
        loss.balance(progress, self.log_variances.values)
    }

    /// The loss of `count` shards, and its gradient, stored for [`Self::step`]. `compose(i, batch)` fills the
    /// batch of shard `i`, which contains that of the last update.
    pub fn gradient<E: Send>(
        &mut self,
        net: &Network<R>,
        objective: Objective,
        count: usize,
        compose: impl Fn(usize, &mut Batch<R>) -> Result<(), E> + Sync,
    ) -> Result<Parts, E> {
        let steps = self.fill(net, count, compose)?;
        Ok(self.part(net, objective, 0..steps))
    }

    /// Composes `count` shards and returns the steps of the longest.
    pub fn fill<E: Send>(
        &mut self,
        net: &Network<R>,
        count: usize,
        compose: impl Fn(usize, &mut Batch<R>) -> Result<(), E> + Sync,
    ) -> Result<usize, E> {
        while self.shards.len() < count {
            self.shards.push(Shard::new(net));
        }
        self.used = count;
        let shards = &mut self.shards[..count];
        shards
            .par_iter_mut()
            .enumerate()
            .try_for_each(|(i, s)| compose(i, &mut s.batch))?;
        let mut first = 0;
        for shard in &mut *shards {
            shard.first = first;
            first += shard.batch.lanes;
        }
        Ok(shards.iter().map(|s| s.batch.steps).max().unwrap_or(0))
    }

    /// The loss of the steps `range` of the composed shards, and its gradient in these steps only, stored for
    /// [`Self::step`]. Ranges come in order, the first from step 0; states continue from one to the next.
    pub fn part(&mut self, net: &Network<R>, objective: Objective, range: Range<usize>) -> Parts {
        part(self, net, objective, range)
    }

    /// Clips the last gradient to norm `clip_norm` and steps `net` along it at learning rate `lr`. Returns
    /// the norm before clipping; if that is not finite, the weights are unchanged. (In a spiking network it
    /// would not be noticed later: NaN weights lead to no spikes, and so to a finite loss.)
    pub fn step(&mut self, net: &mut Network<R>, clip_norm: Option<f64>, lr: f64) -> f64 {
        step(self, net, clip_norm, lr)
    }

    /// State in a checkpoint, between two updates.
    pub fn save(&self) -> SavedUpdate {
        SavedUpdate {
            optimizer: self.optimizer.save(),
            initial: self.initial.save(),
            fptt: self.fptt.as_ref().map(Fptt::save),
            log_variances: self.log_variances.save(),
        }
    }

    /// Restores `saved`. False if it belongs to another network or arm.
    pub fn resume(&mut self, net: &Network<R>, saved: SavedUpdate) -> bool {
        let starts = self.initial.resume(net, saved.initial);
        self.log_variances.resume(saved.log_variances);
        let held = match (&mut self.fptt, &saved.fptt) {
            (Some(fptt), Some(saved)) => fptt.resume(saved),
            (None, None) => true,
            _ => false,
        };
        starts && held && self.optimizer.resume(&saved.optimizer)
    }

    /// How often the weights have stepped.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// The batch and the tapes of each shard of the last update.
    pub fn shards(&self) -> impl Iterator<Item = (&Batch<R>, &Tapes<R>)> {
        self.shards[..self.used]
            .iter()
            .map(|s| (&s.batch, &s.tapes))
    }

    /// Of the (step, neuron) pairs of the last update, the share within the window of their surrogate; `None` where no
    /// surrogate has one. Of a sequence in several segments the last one counts.
    pub fn active_share(&self, net: &Network<R>) -> Option<f64> {
        let (mut active, mut pairs) = (0, 0);
        for (_, tapes) in self.shards() {
            for i in 0..net.cells().len() {
                if let Some(own) = tapes.active(net, i) {
                    active += own;
                    pairs += tapes.tape(i).output().len();
                }
            }
        }
        (pairs > 0).then(|| active as f64 / pairs as f64)
    }
}

compiled_once! {
    /// [`Update::part`].
    fn part<R>(
        update: &mut Update<R>,
        net: &Network<R>,
        objective: Objective,
        range: Range<usize>,
    ) -> Parts {
        let balance = update.balance(objective);
        let pass = update.steps();
        let objective = Objective { pass, ..objective };
        let shards = &mut update.shards[..update.used];
        let initial = &update.initial;
        let mut totals = Totals::default();
        for shard in &mut *shards {
            shard.begin(objective, range.clone());
            totals += shard.totals;
        }
        // Without a penalty on rates, a shard's reverse pass does not depend on the others: it runs while the
        // record of the forward pass is still in the processor's cache.
        let apart = objective.spike_rate.is_some();
        shards.par_iter_mut().for_each(|shard| {
            shard.forward(net, objective, initial);
            if !apart {
                shard.backward(net, objective, &totals, balance, &[]);
            }
        });
        if shards.iter().all(|shard| shard.batch.steps <= range.end) {
            update.initial.learn(net, shards.iter().map(|s| &s.tapes));
        }
        for (i, sum) in update.rates.iter_mut().enumerate() {
            if let Some(sum) = sum {
                sum.clear();
                for part in shards.iter().filter_map(|shard| shard.rates[i].as_ref()) {
                    sum.add(part);
                }
            }
        }
        let rates = &update.rates;
        if apart {
            shards
                .par_iter_mut()
                .for_each(|shard| shard.backward(net, objective, &totals, balance, rates));
        }
        sum_in_order(&mut update.grad, shards);
        let mut sum = Parts::default();
        for shard in &*shards {
            sum += shard.parts;
        }
        if let Some(penalty) = objective.spike_rate {
            let rates = update.rates.iter().flatten();
            sum.total += rates.map(|r| penalty.value(r)).sum::<f64>();
        }
        if objective.loss.learns_weight() {
            let s = update.log_variances.values;
            let (offset, slope) = log_variances(s, &sum, &totals);
            sum.total += offset;
            update.d_log_variances = slope;
        }
        sum
    }
}

compiled_once! {
    /// [`Update::step`].
    fn step<R>(
        update: &mut Update<R>,
        net: &mut Network<R>,
        clip_norm: Option<f64>,
        lr: f64,
    ) -> f64 {
        if let Some(fptt) = &update.fptt {
            fptt.regularise(net, &mut update.grad);
        }
        let norm = clip(&mut update.grad, clip_norm);
        if !norm.is_finite() {
            return norm;
        }
        update.optimizer.step(net, &update.grad, lr);
        if let Some(fptt) = &mut update.fptt {
            fptt.settle(net);
        }
        update.log_variances.step(&update.d_log_variances, lr);
        norm
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
    /// The number of its first lane among all lanes.
    first: usize,
    /// The steps that are on the tapes.
    range: Range<usize>,
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
        let mut tapes = Tapes::new(net);
        tapes.drop_drives();
        Self {
            batch: Batch::default(),
            first: 0,
            range: 0..0,
            tapes,
            grad: net.zero_gradient(),
            rates: no_rates(net),
            totals: Totals::default(),
            parts: Parts::default(),
        }
    }

    /// The columns of the steps that are on the tapes: the first, and how many.
    fn columns(&self) -> (usize, usize) {
        let lanes = self.batch.lanes;
        (self.range.start * lanes, self.range.len() * lanes)
    }

    /// Turns to the steps `range`, as far as there are any, and finds what their loss is divided by.
    fn begin(&mut self, objective: Objective, range: Range<usize>) {
        let steps = self.batch.steps;
        self.range = range.start.min(steps)..range.end.min(steps);
        self.totals = Totals::default();
        if !self.range.is_empty() {
            let (first, columns) = self.columns();
            let targets = self.batch.targets().slice(first, columns);
            self.totals = objective.loss.totals(&targets);
        }
    }

    fn forward(&mut self, net: &Network<R>, objective: Objective, initial: &Initial<R>) {
        let lanes = self.batch.lanes;
        for rates in self.rates.iter_mut().flatten() {
            rates.clear();
        }
        if self.range.is_empty() {
            return;
        }
        let (first, columns) = self.columns();
        let weight = &self.batch.weight[first..first + columns];
        let all = &mut self.rates;
        self.tapes.recompute(objective.recompute);
        self.tapes.detach(objective.grad_detach);
        if initial.learns() {
            let from = self.range.start;
            // 0 where a lane has ended before: there its state was noted.
            let ends = self.batch.lengths.iter().map(|n| n.saturating_sub(from));
            self.tapes.note_ends(net, ends);
        }
        self.tapes.set_rng_position(RngPosition {
            pass: objective.pass,
            lane: self.first as u64,
            step: self.range.start as u64,
        });
        if self.range.start == 0 {
            self.tapes.start(net, self.range.len(), lanes);
            let own = self.first..self.first + lanes;
            initial.set(net, &mut self.tapes, own);
        } else {
            self.tapes.carry_on(net, self.range.len(), lanes);
        }
        self.tapes.forward_observed(
            net,
            self.batch.input.input().slice(first, columns),
            None,
            &mut |i, start, y| {
                if let (Some(penalty), Some(rates)) = (objective.spike_rate, &mut all[i]) {
                    penalty.observe(y, &weight[start..start + y.ncols()], rates);
                }
            },
        );
    }

    fn backward(
        &mut self,
        net: &Network<R>,
        objective: Objective,
        totals: &Totals,
        balance: Balance,
        rates: &[Option<RateTotals>],
    ) {
        for params in &mut self.grad {
            params.set_zero();
        }
        self.parts = Parts::default();
        if self.range.is_empty() {
            return;
        }
        let (first, columns) = self.columns();
        let targets = self.batch.targets().slice(first, columns);
        let weight = targets.weight;
        let parts = &mut self.parts;
        self.tapes.backward(
            net,
            self.batch.input.input().slice(first, columns),
            &mut |start, logits, d_logits| {
                let targets = targets.slice(start, logits.ncols());
                let loss = objective.loss;
                *parts += loss.value_and_gradient(logits, &targets, totals, balance, d_logits);
            },
            &mut self.grad,
            &mut |i, start, y, dy| {
                if let Some(penalty) = objective.spike_rate
                    && let Some(rates) = &rates[i]
                {
                    let weight = &weight[start..start + y.ncols()];
                    penalty.add_gradient(y, weight, rates, dy);
                }
            },
        );
    }
}
