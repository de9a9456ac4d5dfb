//! Time constants that snnTorch 1.0.0 writes.
//!
//! Its networks have factors of a step, beta and alpha, and no time. It writes, in float32, tau = dt/(1 - beta), r = tau/dt,
//! w_in = tau_syn/dt for dt = 0.1 ms, for steps of any length. Where tau/r is 0.1 ms up to rounding, the factor is therefore
//! 1 - 1/r, an input of 1 adds 1 to the membrane, and the step may be of any length. Rounding of tau and r is undone, so that a
//! membrane that met the threshold exactly does so here, too.

use super::super::Notice;
use super::super::array::Array;
use super::super::flat::Flat;
use super::super::neuron::{Neuron, Reset};
use super::super::op::Op;
use super::differ;

/// The step in seconds, which it neither takes nor writes.
pub(super) const DT_S: f64 = 1e-4;
/// Relative distance of tau/r from the step that is rounding, of three operations in float32.
const ROUNDING: f64 = 4e-7;

/// Restores factors of a step for steps of `dt_s`. Returns whether time constants of the file were for others.
pub(super) fn time_constants(
    flat: &mut Flat,
    dt_s: f64,
    reset: Option<Reset>,
    notices: &mut Vec<Notice>,
) -> bool {
    let longer = dt_s / DT_S;
    let is_other = differ(DT_S, dt_s);
    let mut scaled = false;
    for node in &mut flat.nodes {
        let Op::Neuron(neuron) = &mut node.op else {
            continue;
        };
        if !is_of_snntorch(neuron) {
            continue;
        }
        scaled |= is_other;
        restore(neuron, dt_s);
        if neuron.tau_mem.is_none() {
            neuron.r = neuron.r.map(|r| r / longer);
        }
    }
    if scaled {
        notices.push(format!(
            "time constants are scaled to steps of {dt_s} s: snnTorch writes every file for steps of {DT_S} s, and a step \
             does the same"
        ));
    }
    if reset == Some(Reset::Subtract) && has_spikes(flat) {
        notices.push(
            "the file does not contain reset_delay: a threshold is subtracted in the step after the spike, as by default"
                .to_owned(),
        );
    }
    scaled
}

/// Whether all neurons with a time constant, of which there are some, have one as snnTorch writes it.
pub(super) fn has_its_mark(flat: &Flat) -> bool {
    fn leaky(op: &Op) -> Option<&Neuron> {
        match op {
            Op::Neuron(neuron) if neuron.tau_mem.is_some() => Some(neuron),
            _ => None,
        }
    }
    let mut neurons = flat
        .nodes
        .iter()
        .filter_map(|node| leaky(&node.op))
        .peekable();
    neurons.peek().is_some() && neurons.all(is_of_snntorch)
}

fn has_spikes(flat: &Flat) -> bool {
    let fires = |op: &Op| matches!(op, Op::Neuron(neuron) if neuron.v_threshold.is_some());
    flat.nodes.iter().any(|node| fires(&node.op))
}

/// Whether tau/r is the step of all neurons.
fn is_of_snntorch(neuron: &Neuron) -> bool {
    let tau = |j| neuron.tau_mem.as_ref().map_or(1.0, |tau| tau.at(j));
    let most = neuron.tau_mem.as_ref().map_or(1, Array::len);
    (0..most.max(neuron.r.len())).all(|j| !differ(tau(j) / neuron.r.at(j), DT_S))
}

/// Time constants for steps of `dt_s` in which the membrane and the synapse decay by snnTorch's factors, and inputs are added
/// whole.
fn restore(neuron: &mut Neuron, dt_s: f64) {
    let longer = dt_s / DT_S;
    let pairs = [
        (&mut neuron.tau_mem, &mut neuron.r),
        (&mut neuron.tau_syn, &mut neuron.w_in),
    ];
    for (tau, gain) in pairs {
        let Some(tau) = tau else { continue };
        let all = 0..tau.len().max(gain.len());
        let is_whole = |j: usize| (tau.at(j) / gain.at(j) / DT_S - 1.0).abs() <= ROUNDING;
        if all.clone().all(is_whole) {
            *gain = Array::list(all.map(|j| steps(gain.at(j))).collect::<Vec<_>>());
            *tau = gain.map(|steps| steps * dt_s);
        } else {
            *tau = tau.map(|tau| tau * longer);
        }
    }
}

/// 1/(1 - factor) in f64, of the factor whose 1/(1 - factor) was rounded to `steps` if that is a number of float32.
fn steps(steps: f64) -> f64 {
    let is_single = f64::from(steps as f32).to_bits() == steps.to_bits();
    let factor = f64::from((1.0 - 1.0 / steps) as f32);
    if is_single && factor < 1.0 {
        1.0 / (1.0 - factor)
    } else {
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tau and r as snnTorch computes them, in f32.
    fn written(beta: f32) -> (f32, f32) {
        let tau = 1e-4 / (1.0 - beta);
        (tau, tau / 1e-4)
    }

    #[test]
    fn the_factor_is_the_one_that_was_written() {
        for beta in [0.0, 0.5, 0.75, 0.8, 0.9, 0.95, 0.99, 0.999_f32] {
            let (_, r) = written(beta);
            let factor = 1.0 - 1.0 / steps(f64::from(r));
            let ulp = f64::from(f32::EPSILON) / 2.0;
            assert!(
                (factor - f64::from(beta)).abs() <= ulp * (1.0 - f64::from(beta)) + 1e-16,
                "{beta}: {factor}"
            );
        }
    }
}
