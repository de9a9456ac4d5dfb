//! Integrators and neurons of a [graph](super), as NIR has them.
//!
//! One step of one neuron on the input x, each equation where the node has what it is about:
//!
//! ```text
//! (1) i_t = b i_{t-1} + w x_t                                      synapse; without one, i_t = x_t
//! (2) u_t = a v_{t-1} + l + g i_t                                  membrane
//! (3) s_t = H(u_t - theta)                                         spike
//! (4) v_t = (1 - s_t) u_t + s_t v_reset, u_t - theta s_t, or u_t   reset, in the same step
//! ```
//!
//! The output is s_t, or v_t = u_t where there are no spikes. Two habits of simulators are options: a reset in the step after
//! the spike (the membrane is set to v_reset before (2), or theta is subtracted after it), and a synapse that receives
//! v_leak, too. NIR's differential equations are
//!
//! ```text
//! (5) tau_syn di/dt = -i + w_in x
//! (6) tau_mem dv/dt = v_leak - v + r i        with a leak
//! (7)         dv/dt = r i                     without one
//! ```
//!
//! and over a step dt, with q = dt / tau (Euler) or q = 1 - exp(-dt / tau) (exact),
//!
//! ```text
//! (8) b = 1 - q_syn,  w = q_syn w_in,  a = 1 - q_mem,  g = q_mem r,  l = q_mem v_leak;  a = 1, g = dt r, l = 0 without a leak
//! ```
//!
//! | symbol           | parameter | unit | shape |
//! |------------------|---|---|---|
//! | tau_syn, tau_mem | the same | s | `[n]` |
//! | w_in, r          | the same | 1; r in 1/s without a leak | `[n]` |
//! | v_leak, theta, v_reset | `v_leak`, `v_threshold`, `v_reset` | membrane | `[n]` |
//!
//! None of them is learnt. **Source.** Pedersen et al. 2024 (NIR), table 1, with the discretisations that simulators use.

use saturn_cell::{Name, Params, Real};

use super::node::{Decay, Neurons, Reset, Spike, Start};
use crate::surrogate::Surrogate;

/// The constants of (8), and how the neurons fire.
#[derive(Clone, Debug)]
pub(super) struct Dynamics<R: Real> {
    neurons: Neurons,
    a: Vec<R>,
    g: Vec<R>,
    l: Vec<R>,
    b: Vec<R>,
    w: Vec<R>,
    /// What a leaky synapse receives in a step.
    c: Vec<R>,
    theta: Vec<R>,
    v_reset: Vec<R>,
    start: Vec<R>,
}

/// What all neurons of a graph have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Firing<R: Real> {
    pub surrogate: Surrogate,
    /// What the gradient through the reset is multiplied by: 1 or 0.
    pub through_reset: R,
    /// Whether spikes are the surrogate's antiderivative.
    pub relaxed: bool,
}

/// The share q of (8).
fn share(dt: f64, tau: f64, decay: Decay) -> f64 {
    match decay {
        Decay::Euler => dt / tau,
        Decay::Exact => -(-dt / tau).exp_m1(),
    }
}

impl<R: Real> Dynamics<R> {
    /// (8) for steps of `dt` seconds, from the parameters of the node, the first of which is at `first`.
    pub fn new(neurons: &Neurons, params: &Params<R>, first: usize, dt: f64, decay: Decay) -> Self {
        let mut at = first;
        let mut next = || {
            let values = params[at].iter().map(|v| v.wide()).collect::<Vec<f64>>();
            at += 1;
            values
        };
        let narrow = |values: Vec<f64>| values.into_iter().map(R::of).collect::<Vec<R>>();
        let n = neurons.size;
        let (mut q_syn, mut w_in) = (Vec::new(), Vec::new());
        if neurons.synapse {
            q_syn = next().iter().map(|&tau| share(dt, tau, decay)).collect();
            w_in = next();
        }
        let (mut q, mut v_leak) = (vec![dt; n], vec![0.0; n]);
        if neurons.leak {
            q = next().iter().map(|&tau| share(dt, tau, decay)).collect();
            v_leak = next();
        }
        let r = next();
        let (mut theta, mut v_reset) = (Vec::new(), Vec::new());
        if neurons.spikes {
            (theta, v_reset) = (next(), next());
        }
        let kept = |q: &f64| if neurons.leak { 1.0 - q } else { 1.0 };
        let start = match neurons.start {
            Start::Zero => vec![0.0; n],
            Start::Leak => v_leak.clone(),
        };
        Self {
            a: narrow(q.iter().map(kept).collect()),
            g: narrow(q.iter().zip(&r).map(|(q, r)| q * r).collect()),
            l: narrow(q.iter().zip(&v_leak).map(|(q, v)| q * v).collect()),
            b: narrow(q_syn.iter().map(|q| 1.0 - q).collect()),
            w: narrow(q_syn.iter().zip(&w_in).map(|(q, w_in)| q * w_in).collect()),
            c: narrow(
                q_syn
                    .iter()
                    .zip(&v_leak)
                    .map(|(q, v)| if neurons.leaky_synapse { q * v } else { 0.0 })
                    .collect(),
            ),
            theta: narrow(theta),
            v_reset: narrow(v_reset),
            start: narrow(start),
            neurons: neurons.clone(),
        }
    }

    /// The constants of (8), as [`saturn_cell::Cell::constants`] has them, for the node `name`.
    pub fn constants(&self, name: &str) -> Vec<(Name, &[R])> {
        let all = [
            ("a", &self.a),
            ("g", &self.g),
            ("l", &self.l),
            ("b", &self.b),
            ("w", &self.w),
            ("c", &self.c),
        ];
        all.into_iter()
            .map(|(symbol, values)| (format!("{name}.{symbol}").into(), &**values))
            .collect()
    }

    /// Sets the state before the first step: synapses, spikes of the step before and membranes, each where there are such.
    pub fn rest(&self, state: &mut [R]) {
        let n = self.neurons.size;
        state.fill(R::zero());
        let membranes = state.len() - n;
        state[membranes..].copy_from_slice(&self.start);
        if self.neurons.leaky_synapse {
            state[..n].copy_from_slice(&self.start);
        }
    }

    /// The blocks of the state: synapses, spikes of the step before, membranes; empty where there are none.
    #[inline(always)]
    fn blocks<'a>(&self, state: &'a [R]) -> [&'a [R]; 3] {
        let (i, rest) = state.split_at(self.synapses());
        let (s, v) = rest.split_at(rest.len() - self.neurons.size);
        [i, s, v]
    }

    /// [`Self::blocks`], mutably.
    #[inline(always)]
    fn blocks_mut<'a>(&self, state: &'a mut [R]) -> [&'a mut [R]; 3] {
        let (i, rest) = state.split_at_mut(self.synapses());
        let membranes = rest.len() - self.neurons.size;
        let (s, v) = rest.split_at_mut(membranes);
        [i, s, v]
    }

    fn synapses(&self) -> usize {
        if self.neurons.synapse {
            self.neurons.size
        } else {
            0
        }
    }

    /// (1) to (4): sets the state `next`, the output `y` and, of neurons that spike, `u`.
    #[inline(always)]
    pub fn step(
        &self,
        firing: &Firing<R>,
        x: &[R],
        (prev, next): (&[R], &mut [R]),
        y: &mut [R],
        u: &mut [R],
    ) {
        let n = self.neurons.size;
        let [i_prev, s_prev, v_prev] = self.blocks(prev);
        let [i_next, s_next, v_next] = self.blocks_mut(next);
        let current: &[R] = if self.neurons.synapse {
            for k in 0..n {
                i_next[k] = self.b[k] * i_prev[k] + self.c[k] + self.w[k] * x[k]; // (1)
            }
            i_next
        } else {
            x
        };
        let late = self.neurons.late_reset.then_some(self.neurons.reset);
        for k in 0..n {
            let before = match late {
                Some(Reset::ToReset) => {
                    (R::one() - s_prev[k]) * v_prev[k] + s_prev[k] * self.v_reset[k]
                }
                _ => v_prev[k],
            };
            let mut membrane = self.a[k] * before + self.l[k] + self.g[k] * current[k]; // (2)
            if late == Some(Reset::Subtract) {
                membrane -= self.theta[k] * s_prev[k];
            }
            v_next[k] = membrane;
        }
        if !self.neurons.spikes {
            y.copy_from_slice(v_next);
            return;
        }
        u.copy_from_slice(v_next);
        for k in 0..n {
            let (membrane, theta) = (u[k], self.theta[k]);
            let s = firing.spike(self.neurons.spike, membrane, theta); // (3)
            y[k] = s;
            if late.is_some() {
                s_next[k] = s;
                continue;
            }
            // (4)
            v_next[k] = match self.neurons.reset {
                Reset::ToReset if firing.relaxed => (R::one() - s) * membrane + s * self.v_reset[k],
                Reset::ToReset if s > R::zero() => self.v_reset[k],
                Reset::Subtract => membrane - theta * s,
                Reset::ToReset | Reset::None => membrane,
            };
        }
    }

    /// (4)ᵀ to (1)ᵀ: `adj` turns from the adjoint of the state after the step into that before it; what comes through
    /// `dy` and `adj` is added to `dx`.
    #[inline(always)]
    pub fn step_backward(
        &self,
        firing: &Firing<R>,
        (y, u, prev): (&[R], &[R], &[R]),
        adj: &mut [R],
        dy: &[R],
        dx: &mut [R],
    ) {
        let n = self.neurons.size;
        let (reset, late) = (self.neurons.reset, self.neurons.late_reset);
        let [_, s_prev, v_prev] = self.blocks(prev);
        let [adj_i, adj_s, adj_v] = self.blocks_mut(adj);
        let through = firing.through_reset;
        for k in 0..n {
            let from_v = adj_v[k];
            let delta = if self.neurons.spikes {
                let (theta, s) = (self.theta[k], y[k]);
                let psi = firing.surrogate.slope(u[k] - theta);
                // (4)ᵀ, (3)ᵀ
                let (kept, by_spike) = match reset {
                    _ if late => (R::one(), R::zero()),
                    Reset::ToReset => (R::one() - s, self.v_reset[k] - u[k]),
                    Reset::Subtract => (R::one(), -theta),
                    Reset::None => (R::one(), R::zero()),
                };
                let from_s = if late { dy[k] + adj_s[k] } else { dy[k] };
                from_v * kept + psi * (from_s + through * by_spike * from_v)
            } else {
                from_v + dy[k]
            };
            // (2)ᵀ
            let to_v = self.a[k] * delta;
            adj_v[k] = to_v;
            if late {
                adj_s[k] = match reset {
                    Reset::ToReset => {
                        adj_v[k] = to_v * (R::one() - s_prev[k]);
                        through * to_v * (self.v_reset[k] - v_prev[k])
                    }
                    Reset::Subtract => -through * self.theta[k] * delta,
                    Reset::None => R::zero(),
                };
            }
            let to_i = self.g[k] * delta;
            if self.neurons.synapse {
                let to_i = adj_i[k] + to_i;
                adj_i[k] = self.b[k] * to_i; // (1)ᵀ
                dx[k] += self.w[k] * to_i;
            } else {
                dx[k] += to_i;
            }
        }
    }
}

impl<R: Real> Firing<R> {
    /// (3) The spikes of a membrane `u` with the threshold `theta`.
    #[inline(always)]
    pub fn spike(&self, when: Spike, u: R, theta: R) -> R {
        if self.relaxed {
            return self.surrogate.relaxed(u - theta);
        }
        let spikes = match when {
            Spike::Above => u > theta,
            Spike::AtOrAbove | Spike::Many => u >= theta,
        };
        match (spikes, when) {
            (false, _) => R::zero(),
            (true, Spike::Many) if theta > R::zero() => (u / theta).floor(),
            (true, _) => R::one(),
        }
    }
}
