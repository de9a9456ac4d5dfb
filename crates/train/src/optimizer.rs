//! Adam and SGD with momentum, clipping by norm, and the learning-rate schedule.
//!
//! Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019):
//!
//! ```text
//! (1) m <- b1 m + (1 - b1) g          (2) v <- b2 v + (1 - b2) g²
//! (3) p <- p - lr (m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + e) + decay p)
//! ```
//!
//! SGD as PyTorch has it: m <- mu m + g, p <- p - lr m.

use rayon::prelude::*;
use saturn_cell::{Kind, Params, Real};

use super::checkpoint_arrays::{keep, take_up};
use super::settings::{Optimizer as Rule, Schedule};
use saturn_network::{Gradient, Network};
use saturn_store::checkpoint::Numbers;

/// Elements that one thread works on at a time where work is cut by elements.
pub(super) const CHUNK: usize = 16 * 1024;

/// An optimiser with its moments.
pub struct Optimizer<R: Real> {
    rule: Rule,
    /// k, updates done.
    updates: i32,
    first: Gradient<R>,
    second: Gradient<R>,
}

impl<R: Real> Optimizer<R> {
    /// For a net of this shape.
    pub fn new(rule: Rule, net: &Network<R>) -> Self {
        Self {
            rule,
            updates: 0,
            first: net.zero_gradient(),
            second: net.zero_gradient(),
        }
    }

    /// k, how many updates were done.
    pub fn steps(&self) -> u64 {
        self.updates.unsigned_abs().into()
    }

    /// State in a checkpoint.
    pub fn save(&self) -> (i32, Vec<Numbers>, Vec<Numbers>) {
        (self.updates, keep(&self.first), keep(&self.second))
    }

    /// Restores `saved`. False if it belongs to another network.
    pub fn resume(&mut self, (updates, first, second): &(i32, Vec<Numbers>, Vec<Numbers>)) -> bool {
        self.updates = *updates;
        take_up(&mut self.first, first) && take_up(&mut self.second, second)
    }

    /// One update of `net` along `grad` at learning rate `lr`.
    pub fn step(&mut self, net: &mut Network<R>, grad: &Gradient<R>, lr: f64) {
        self.updates += 1;
        let Self {
            rule,
            updates,
            first,
            second,
        } = self;
        let step = Step {
            rule: *rule,
            updates: *updates,
            lr,
        };
        for (i, cell) in net.cells_mut().iter_mut().enumerate() {
            cell.update(&mut |params| {
                for (j, tensor) in params.tensors_mut().iter_mut().enumerate() {
                    let kind = tensor.kind;
                    let p = tensor.value.as_mut_slice();
                    let m = first[i][j].as_mut_slice();
                    let v = second[i][j].as_mut_slice();
                    let g = grad[i][j].as_slice();
                    if p.len() <= CHUNK {
                        step.apply(kind, p, m, v, g);
                    } else {
                        p.par_chunks_mut(CHUNK)
                            .zip(m.par_chunks_mut(CHUNK))
                            .zip(v.par_chunks_mut(CHUNK))
                            .zip(g.par_chunks(CHUNK))
                            .for_each(|(((p, m), v), g)| step.apply(kind, p, m, v, g));
                    }
                }
            });
        }
    }
}

/// A few numbers optimised with a network: the learnt parameters of a loss.
pub struct Scalars<const N: usize> {
    rule: Rule,
    updates: i32,
    /// The numbers.
    pub values: [f64; N],
    first: [f64; N],
    second: [f64; N],
}

impl<const N: usize> Scalars<N> {
    /// Zeros.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            updates: 0,
            values: [0.0; N],
            first: [0.0; N],
            second: [0.0; N],
        }
    }

    /// State in a checkpoint: updates, values, both moments.
    pub fn save(&self) -> (i32, [[f64; N]; 3]) {
        (self.updates, [self.values, self.first, self.second])
    }

    /// Restores `saved`.
    pub fn resume(&mut self, saved: (i32, [[f64; N]; 3])) {
        (self.updates, [self.values, self.first, self.second]) = saved;
    }

    /// One update along `grad` at learning rate `lr`, by the rule of the net and without decay.
    pub fn step(&mut self, grad: &[f64; N], lr: f64) {
        self.updates += 1;
        let step = Step {
            rule: self.rule,
            updates: self.updates,
            lr,
        };
        let (p, m, v) = (&mut self.values, &mut self.first, &mut self.second);
        step.apply(Kind::Dynamics, p, m, v, grad);
    }
}

/// One step, the same for every parameter.
#[derive(Clone, Copy)]
struct Step {
    rule: Rule,
    /// k, this update's among all done.
    updates: i32,
    lr: f64,
}

impl Step {
    /// Steps the parameters `p`, of one kind, with moments `m` and `v` along `g`, all of one length.
    fn apply<R: Real>(&self, kind: Kind, p: &mut [R], m: &mut [R], v: &mut [R], g: &[R]) {
        if kind == Kind::Fixed {
            return;
        }
        match self.rule {
            Rule::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            } => {
                let decay = if kind == Kind::Weight {
                    weight_decay
                } else {
                    0.0
                };
                let (b1, b2) = (R::of(beta1), R::of(beta2));
                let (c1, c2) = (R::of(1.0 - beta1), R::of(1.0 - beta2));
                let unbias1 = R::of(1.0 / (1.0 - beta1.powi(self.updates)));
                let unbias2 = R::of(1.0 / (1.0 - beta2.powi(self.updates)));
                let (lr, e) = (R::of(self.lr), R::of(epsilon));
                let decay = R::of(decay);
                for (((p, m), v), &g) in p.iter_mut().zip(m).zip(v).zip(g) {
                    *m = b1 * *m + c1 * g; // (1)
                    *v = b2 * *v + c2 * g * g; // (2)
                    let step = *m * unbias1 / ((*v * unbias2).sqrt() + e);
                    *p -= lr * (step + decay * *p); // (3)
                }
            }
            Rule::Sgd { momentum } => {
                let (lr, mu) = (R::of(self.lr), R::of(momentum));
                for ((p, m), &g) in p.iter_mut().zip(m).zip(g) {
                    *m = mu * *m + g;
                    *p -= lr * *m;
                }
            }
        }
    }
}

/// The norm of a whole gradient, summed in f64.
pub fn norm<R: Real>(grad: &Gradient<R>) -> f64 {
    let squares = grad
        .iter()
        .flat_map(Params::tensors)
        .map(|t| t.value.iter().map(|g| g.wide() * g.wide()).sum::<f64>());
    squares.sum::<f64>().sqrt()
}

/// Scales `grad` down to norm `limit` if it is longer; returns the norm that it had. A gradient that is not
/// finite stays as it is.
pub fn clip<R: Real>(grad: &mut Gradient<R>, limit: Option<f64>) -> f64 {
    let length = norm(grad);
    if let Some(limit) = limit
        && length > limit
        && length.is_finite()
    {
        let factor = R::of(limit / length);
        for tensor in grad.iter_mut().flat_map(Params::tensors_mut) {
            tensor.value *= factor;
        }
    }
    length
}

/// The norms of gradients before clipping.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Norms {
    /// The sum of those along which the weights took a step.
    pub sum: f64,
    /// How many of them there are.
    pub steps: u64,
    /// How many gradients were not finite, so that no step was taken.
    pub skipped: u64,
}

impl Norms {
    /// Counts one gradient.
    pub fn take(&mut self, norm: f64) {
        if norm.is_finite() {
            self.sum += norm;
            self.steps += 1;
        } else {
            self.skipped += 1;
        }
    }

    /// The mean over the steps that were taken.
    pub fn mean(&self) -> f64 {
        self.sum / self.steps.max(1) as f64
    }
}

/// The learning rate of update `k` of `n`: a linear warm-up over a share of the updates, then constant or
/// a half cosine down to `final_lr` times the peak.
pub fn learning_rate(
    schedule: Schedule,
    peak: f64,
    warmup: f64,
    last: f64,
    k: usize,
    n: usize,
) -> f64 {
    let warm = (warmup * n as f64).ceil();
    let at = k as f64;
    if at < warm {
        return peak * (at + 1.0) / warm;
    }
    match schedule {
        Schedule::Constant => peak,
        Schedule::Cosine => {
            let progress = (at - warm) / (n as f64 - warm).max(1.0);
            let fall = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
            peak * (last + (1.0 - last) * fall)
        }
    }
}
