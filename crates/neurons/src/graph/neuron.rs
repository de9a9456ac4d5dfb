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
//! The output is s_t, or v_t = u_t where there are no spikes. NIR's differential equations are
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

use saturn_cell::{Params, Real};

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
        let (mut b, mut w) = (Vec::new(), Vec::new());
        if neurons.synapse {
            let (tau_syn, w_in) = (next(), next());
            let q: Vec<f64> = tau_syn.iter().map(|&tau| share(dt, tau, decay)).collect();
            b = q.iter().map(|q| 1.0 - q).collect();
            w = q.iter().zip(&w_in).map(|(q, w_in)| q * w_in).collect();
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
            b: narrow(b),
            w: narrow(w),
            theta: narrow(theta),
            v_reset: narrow(v_reset),
            start: narrow(start),
            neurons: neurons.clone(),
        }
    }

    /// Sets the state before the first step `[n]` or `[2 n]`.
    pub fn rest(&self, state: &mut [R]) {
        let membrane = state.len() - self.neurons.size;
        state[..membrane].fill(R::zero());
        state[membrane..].copy_from_slice(&self.start);
    }

    /// (1) to (4): sets the state `next`, the output `y` and, of neurons that spike, `u`.
    #[inline(always)]
    pub fn step(
        &self,
        firing: &Firing<R>,
        x: &[R],
        prev: &[R],
        next: &mut [R],
        y: &mut [R],
        u: &mut [R],
    ) {
        let n = self.neurons.size;
        let (i_prev, v_prev) = prev.split_at(prev.len() - n);
        let (i_next, v_next) = next.split_at_mut(next.len() - n);
        let current: &[R] = if self.neurons.synapse {
            for k in 0..n {
                i_next[k] = self.b[k] * i_prev[k] + self.w[k] * x[k]; // (1)
            }
            i_next
        } else {
            x
        };
        let membranes = v_next.iter_mut().zip(v_prev).zip(current);
        for (((v, &v_prev), &i), ((&a, &l), &g)) in
            membranes.zip(self.a.iter().zip(&self.l).zip(&self.g))
        {
            *v = a * v_prev + l + g * i; // (2)
        }
        if !self.neurons.spikes {
            y.copy_from_slice(v_next);
            return;
        }
        u.copy_from_slice(v_next);
        for (((s, v), &theta), &v_reset) in
            y.iter_mut().zip(v_next).zip(&self.theta).zip(&self.v_reset)
        {
            *s = firing.spike(self.neurons.spike, *v, theta); // (3)
            // (4)
            *v = match self.neurons.reset {
                Reset::ToReset if firing.relaxed => (R::one() - *s) * *v + *s * v_reset,
                Reset::ToReset if *s > R::zero() => v_reset,
                Reset::Subtract => *v - theta * *s,
                Reset::ToReset | Reset::None => *v,
            };
        }
    }

    /// (4)ᵀ to (1)ᵀ: `adj` turns from the adjoint of the state after the step into that before it; what comes through
    /// `dy` and `adj` is added to `dx`.
    #[inline(always)]
    pub fn step_backward(
        &self,
        firing: &Firing<R>,
        (y, u): (&[R], &[R]),
        adj: &mut [R],
        dy: &[R],
        dx: &mut [R],
    ) {
        let n = self.neurons.size;
        let synapse = self.neurons.synapse;
        let (adj_i, adj_v) = adj.split_at_mut(adj.len() - n);
        for k in 0..n {
            let from_v = adj_v[k];
            let delta = if self.neurons.spikes {
                let (theta, s) = (self.theta[k], y[k]);
                let psi = firing.surrogate.slope(u[k] - theta);
                // (4)ᵀ, (3)ᵀ
                let (kept, by_spike) = match self.neurons.reset {
                    Reset::ToReset => (R::one() - s, self.v_reset[k] - u[k]),
                    Reset::Subtract => (R::one(), -theta),
                    Reset::None => (R::one(), R::zero()),
                };
                from_v * kept + psi * (dy[k] + firing.through_reset * by_spike * from_v)
            } else {
                from_v + dy[k]
            };
            adj_v[k] = self.a[k] * delta; // (2)ᵀ
            let to_i = self.g[k] * delta;
            if synapse {
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
            (true, Spike::Many) => (u / theta).floor(),
            (true, _) => R::one(),
        }
    }
}
