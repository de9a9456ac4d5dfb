//! Spiking neurons and leaky integrators: see [`saturn_neurons::lif`], [`saturn_neurons::alif`],
//! [`saturn_neurons::cuba_lif`], [`saturn_neurons::adlif`], [`saturn_neurons::resonate_and_fire`] and
//! [`saturn_neurons::li`], whose equations have these numbers, and for the sources.

use saturn_cell::Real;
use saturn_neurons::adlif::AdLifConfig;
use saturn_neurons::alif::AlifConfig;
use saturn_neurons::cuba_lif::CubaLifConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::resonate_and_fire::{ResonateAndFireConfig, ResonatorReset, ResonatorStep};
use saturn_neurons::spike_reset::SpikeReset;

use super::scope::Scope;
use crate::step::build::Var;

/// (1) of [`saturn_neurons::fan_in`], with the spikes `s` of the step before.
fn current<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>, s: Option<Var<'b, R>>) -> Var<'b, R> {
    let start = l.find("bias").unwrap_or_else(|| l.zeros(l.outputs()));
    let d = start.plus_product(l.matrix("weight"), x);
    match s {
        Some(s) => (l.recurrent()).map_or(d, |w_r| d.plus_product(w_r, s)),
        None => d,
    }
}

/// The membrane `v` after the spike `s`: (1 - z s) v - k s.
pub(super) fn left<'b, R: Real>(
    reset: SpikeReset,
    threshold: f64,
    v: Var<'b, R>,
    s: Var<'b, R>,
) -> Var<'b, R> {
    let (z, k) = reset.factors(threshold);
    (1.0 - z * s) * v - k * s
}

/// (1) to (3)
pub(super) fn lif<'b, R: Real>(l: &Scope<'b, R>, c: &LifConfig, x: Var<'b, R>) -> Var<'b, R> {
    let [v, s] = l.states(["v", "s"]);
    let [a, g] = l.constants(["a", "g"]);
    let (z, k) = c.spike_reset.factors(c.threshold);
    let d = current(l, x, Some(s)); // (1)
    let v = l.set("v", a * (1.0 - z * s) * v + g * d - k * s); // (2)
    l.set("s", (v - c.threshold).positive()) // (3)
}

/// (1) to (4)
pub(super) fn alif<'b, R: Real>(l: &Scope<'b, R>, c: &AlifConfig, x: Var<'b, R>) -> Var<'b, R> {
    let [v, b, s] = l.states(["v", "b", "s"]);
    let [a, g, rho, h] = l.constants(["a", "g", "rho", "h"]);
    let (z, k) = c.spike_reset.factors(c.threshold);
    let d = current(l, x, Some(s)); // (1)
    let b = l.set("b", rho * b + h * s); // (2)
    let v = l.set("v", a * (1.0 - z * s) * v + g * d - k * s); // (3)
    l.set("s", (v - c.threshold - c.beta * b).positive()) // (4)
}

/// (1) to (4)
pub(super) fn cuba_lif<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &CubaLifConfig,
    x: Var<'b, R>,
) -> Var<'b, R> {
    let [v, i, s] = l.states(["v", "i", "s"]);
    let [a, g, alpha, h] = l.constants(["a", "g", "alpha", "h"]);
    let (z, k) = c.spike_reset.factors(c.threshold);
    let d = current(l, x, Some(s)); // (1)
    let i = l.set("i", alpha * i + h * d); // (2)
    let v = l.set("v", a * (1.0 - z * s) * v + g * i - k * s); // (3)
    l.set("s", (v - c.threshold).positive()) // (4)
}

/// (1) to (5)
pub(super) fn adlif<'b, R: Real>(l: &Scope<'b, R>, c: &AdLifConfig, x: Var<'b, R>) -> Var<'b, R> {
    let [v, w, s] = l.states(["v", "w", "s"]);
    let [alpha, gain] = l.constants(["alpha", "1 - alpha"]);
    let [rho, fed, a, b] = l.constants(["rho", "1 - rho", "a", "b"]);
    let left = |v, s| left(c.spike_reset, c.threshold, v, s);
    let d = current(l, x, Some(s)); // (1)
    let v = l.set("v", alpha * left(v, s) + gain * (d - w)); // (2), (3)
    let s = l.set("s", (v - c.threshold).positive()); // (4)
    l.set("w", rho * w + fed * (a * left(v, s) + b * s)); // (2), (5)
    s
}

/// (1) to (6)
pub(super) fn resonate_and_fire<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &ResonateAndFireConfig,
    x: Var<'b, R>,
) -> Var<'b, R> {
    let [v, w] = l.states(["v", "w"]);
    let [mut re, mut im] = l.constants(["re L", "im L"]);
    let balanced = c.spike_reset == ResonatorReset::Balanced;
    let q = balanced.then(|| l.state("q"));
    let s = l.state("s");
    let (zeta, kappa) = match c.spike_reset {
        ResonatorReset::Balanced | ResonatorReset::None => (0.0, 0.0),
        ResonatorReset::Izhikevich => (1.0, c.threshold),
        ResonatorReset::Zero => (1.0, 0.0),
    };
    let d = current(l, x, Some(s)); // (1)
    let q = q.map(|q| l.set("q", c.refractory_decay * q + s)); // (2)
    if let Some(q) = q {
        let epsilon = 1e-3 * l.dt_ms();
        match c.step {
            ResonatorStep::Euler => re = re - epsilon * q, // (3)
            ResonatorStep::Exponential => {
                let fade = (-epsilon * q).exp(); // (3)
                (re, im) = (re * fade, im * fade);
            }
        }
    }
    let left = 1.0 - zeta * s;
    let (r_v, r_w) = (left * v + kappa * s, left * w); // (4)
    let v = l.set("v", re * r_v - im * r_w + d); // (5)
    l.set("w", re * r_w + im * r_v); // (5)
    let above = v - c.threshold;
    l.set("s", q.map_or(above, |q| above - q).positive()) // (6)
}

/// (1), (2)
pub(super) fn li<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let v = l.state("v");
    let [a, g] = l.constants(["a", "g"]);
    let d = current(l, x, None); // (1)
    l.set("v", a * v + g * d) // (2)
}
