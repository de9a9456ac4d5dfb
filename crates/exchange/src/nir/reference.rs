//! A simulator of flat graphs in f64, written for clarity.
//!
//! In each step of dt, every node of the graph in its order:
//!
//! ```text
//! (1) x_t = sum of y_t over edges into the node + sum of y_{t-1} over delayed edges
//! (2) i_t = i_{t-1} + dt/tau_syn (-i_{t-1} + w_in x_t)               without a synapse i_t = x_t
//! (3) v_t = v_{t-1} + dt/tau (v_leak - v_{t-1} + r i_t)              without a leak v_t = v_{t-1} + dt r i_t
//! (4) y_t = 1 if v_t > v_threshold, otherwise 0                      without a threshold y_t = v_t
//! (5) v_t = v_reset where y_t = 1
//! ```
//!
//! All states are 0 before the first step, and what a delayed edge or a Delay carries before its first signal is 0.
//! (2) comes before (3): of both orders it is the one that agrees with the measured simulators. A neuron's
//! [`Semantics`](super::Semantics) may change all but (1), in which a delayed edge carries the last spikes of neurons whose
//! output is late. The other nodes are in [`Op`]; a Delay is rounded to whole
//! steps, with a notice.
//!
//! Symbols and units are those of [`graph`](super::Graph). The source is NIR's specification, <https://neuroir.org>.
//! Nothing here uses Saturn's cells, so that tests can compare the two.

use super::Notice;
use super::array::Array;
use super::error::{Fault, NirError};
use super::flat::{Flat, FlatNode};
use super::limits::MAX_ELEMENTS;
use super::neuron::{Neuron, Reset, Start};
use super::op::{Conv, Op, Pool, steps};

/// A network with its state.
pub struct Reference<'f> {
    flat: &'f Flat,
    dt_s: f64,
    /// For each node, the nodes that it receives from. The output of a node that is executed later is still that of
    /// the step before, which is what a delayed edge carries.
    before: Vec<Vec<usize>>,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
    memory: Vec<Memory>,
    notices: Vec<Notice>,
}

/// The state of a node.
enum Memory {
    None,
    Neuron {
        v: Vec<f64>,
        i: Vec<f64>,
        /// Spikes of the last step.
        fired: Vec<f64>,
    },
    Delay {
        /// Delay of each element in steps.
        steps: Vec<usize>,
        /// The last inputs, in turn.
        ring: Vec<Vec<f64>>,
        now: usize,
    },
}

/// The state of a layer of neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<'r> {
    /// Membrane potentials.
    pub v: &'r [f64],
    /// Synaptic currents, where there are synapses.
    pub i: Option<&'r [f64]>,
}

impl<'f> Reference<'f> {
    /// The network in its initial state, for steps of `dt_s` seconds.
    pub fn new(flat: &'f Flat, dt_s: f64) -> Result<Self, NirError> {
        if !(dt_s.is_finite() && dt_s > 0.0) {
            return Err(flat.error("dt", Fault::BadStep(dt_s)));
        }
        flat.check_loops(Some(dt_s))?;
        let mut before = vec![Vec::new(); flat.nodes.len()];
        for edge in &flat.edges {
            before[edge.to].push(edge.from);
        }
        let mut notices = Vec::new();
        let mut room = MAX_ELEMENTS;
        let memory = (flat.nodes.iter())
            .map(|node| match &node.op {
                Op::Neuron(neuron) => Ok(neuron_memory(neuron, node.inputs())),
                Op::Delay { delay } => delay_memory(node, delay, dt_s, &mut room, &mut notices)
                    .map_err(|fault| flat.error(&node.name, fault)),
                _ => Ok(Memory::None),
            })
            .collect::<Result<_, NirError>>()?;
        Ok(Self {
            flat,
            dt_s,
            before,
            inputs: (flat.nodes.iter())
                .map(|node| vec![0.0; node.inputs()])
                .collect(),
            outputs: (flat.nodes.iter())
                .map(|node| vec![0.0; node.outputs()])
                .collect(),
            memory,
            notices,
        })
    }

    /// How many numbers come in.
    pub fn inputs(&self) -> usize {
        self.flat.node(self.flat.input()).inputs()
    }

    /// Delays that were rounded to whole steps.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// One step. `input` must have as many numbers as the Input; returns those of the Output.
    pub fn step(&mut self, input: &[f64]) -> &[f64] {
        assert_eq!(input.len(), self.inputs(), "numbers of the input");
        for (k, node) in self.flat.nodes.iter().enumerate() {
            let mut x = std::mem::take(&mut self.inputs[k]);
            if k == self.flat.input() {
                x.copy_from_slice(input);
            } else {
                x.fill(0.0);
            }
            // (1)
            for from in &self.before[k] {
                let y = match (&self.memory[*from], &self.flat.nodes[*from].op) {
                    // A late output is as late as a loop, not later still.
                    (Memory::Neuron { fired, .. }, Op::Neuron(neuron))
                        if neuron.semantics.late && *from >= k =>
                    {
                        fired
                    }
                    _ => &self.outputs[*from],
                };
                for (x, y) in x.iter_mut().zip(y) {
                    *x += y;
                }
            }
            let mut y = std::mem::take(&mut self.outputs[k]);
            compute(node, self.dt_s, &x, &mut self.memory[k], &mut y);
            self.inputs[k] = x;
            self.outputs[k] = y;
        }
        &self.outputs[self.flat.output()]
    }

    /// The last output of the node with this name.
    pub fn output(&self, name: &str) -> Option<&[f64]> {
        self.flat.find(name).map(|k| &self.outputs[k][..])
    }

    /// The spikes of the last step of the node with this name, before a late output delays them.
    pub fn fired(&self, name: &str) -> Option<&[f64]> {
        let k = self.flat.find(name)?;
        match (&self.memory[k], &self.flat.nodes[k].op) {
            (Memory::Neuron { fired, .. }, Op::Neuron(neuron)) => {
                neuron.v_threshold.is_some().then_some(&fired[..])
            }
            (_, Op::Threshold { .. }) => Some(&self.outputs[k]),
            _ => None,
        }
    }

    /// The state of the neurons with this name.
    pub fn state(&self, name: &str) -> Option<State<'_>> {
        let k = self.flat.find(name)?;
        match (&self.memory[k], &self.flat.nodes[k].op) {
            (Memory::Neuron { v, i, .. }, Op::Neuron(neuron)) => Some(State {
                v,
                i: neuron.tau_syn.is_some().then_some(&i[..]),
            }),
            _ => None,
        }
    }
}

fn neuron_memory(neuron: &Neuron, count: usize) -> Memory {
    let leak = || (0..count).map(|j| neuron.v_leak.at(j)).collect();
    let semantics = &neuron.semantics;
    Memory::Neuron {
        v: match semantics.start {
            Start::Zero => vec![0.0; count],
            Start::Leak => leak(),
        },
        i: if semantics.leaky_synapse {
            leak()
        } else {
            vec![0.0; count]
        },
        fired: vec![0.0; count],
    }
}

fn delay_memory(
    node: &FlatNode,
    delay: &Array,
    dt_s: f64,
    room: &mut usize,
    notices: &mut Vec<Notice>,
) -> Result<Memory, Fault> {
    let count = node.inputs();
    let exact = |delay: &&f64| (**delay / dt_s - steps(**delay, dt_s)).abs() < 1e-6;
    if let Some(rounded) = delay.values.iter().find(|delay| !exact(delay)) {
        notices.push(format!(
            "{}: a delay of {rounded} s is not a whole number of steps of {dt_s} s; it is now {} steps",
            node.name,
            steps(*rounded, dt_s)
        ));
    }
    let longest = delay
        .values
        .iter()
        .fold(0.0, |most: f64, delay| most.max(steps(*delay, dt_s)));
    if longest >= MAX_ELEMENTS as f64 {
        return Err(Fault::TooLarge);
    }
    let length = longest as usize + 1;
    let needed = length.saturating_mul(count);
    *room = room.checked_sub(needed).ok_or(Fault::TooLarge)?;
    Ok(Memory::Delay {
        steps: (0..count)
            .map(|j| steps(delay.at(j), dt_s) as usize)
            .collect(),
        ring: vec![vec![0.0; count]; length],
        now: 0,
    })
}

fn compute(node: &FlatNode, dt_s: f64, x: &[f64], memory: &mut Memory, y: &mut [f64]) {
    match (&node.op, memory) {
        (Op::Affine { weight, bias }, _) => affine(weight, bias.as_ref(), x, y),
        (Op::Scale { scale }, _) => {
            for (j, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = scale.at(j) * x;
            }
        }
        (Op::Threshold { threshold }, _) => {
            for (j, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = f64::from(*x > threshold.at(j));
            }
        }
        (Op::Conv(conv), _) => convolve(conv, x, y),
        (Op::Pool(pool), _) => add_up(pool, x, y),
        (Op::Neuron(neuron), Memory::Neuron { v, i, fired }) => {
            for j in 0..x.len() {
                y[j] = advance(neuron, dt_s, j, x[j], &mut v[j], &mut i[j], &mut fired[j]);
            }
        }
        (Op::Delay { .. }, Memory::Delay { steps, ring, now }) => {
            let length = ring.len();
            ring[*now].copy_from_slice(x);
            for (j, steps) in steps.iter().enumerate() {
                y[j] = ring[(*now + length - steps) % length][j];
            }
            *now = (*now + 1) % length;
        }
        // Input, Output, Identity, Flatten.
        _ => y.copy_from_slice(x),
    }
}

/// One step of neuron `j`: (2) to (5).
fn advance(
    neuron: &Neuron,
    dt_s: f64,
    j: usize,
    x: f64,
    v: &mut f64,
    i: &mut f64,
    fired: &mut f64,
) -> f64 {
    let semantics = &neuron.semantics;
    let v_leak = neuron.v_leak.at(j);
    // (2)
    *i = match &neuron.tau_syn {
        Some(tau_syn) => {
            let share = semantics.decay.share(dt_s, tau_syn.at(j));
            let leak = if semantics.leaky_synapse { v_leak } else { 0.0 };
            *i + share * (leak - *i + neuron.w_in.at(j) * x)
        }
        None => x,
    };
    if semantics.reset_late && semantics.reset == Reset::Zero && *fired > 0.0 {
        *v = neuron.v_reset.at(j);
    }
    // (3)
    *v += match &neuron.tau_mem {
        Some(tau) => semantics.decay.share(dt_s, tau.at(j)) * (v_leak - *v + neuron.r.at(j) * *i),
        None => dt_s * neuron.r.at(j) * *i,
    };
    let Some(threshold) = &neuron.v_threshold else {
        return *v;
    };
    let threshold = threshold.at(j);
    if semantics.reset_late && semantics.reset == Reset::Subtract {
        *v -= *fired * threshold;
    }
    // (4)
    let before = *fired;
    let over = *v > threshold || (semantics.inclusive && *v >= threshold);
    *fired = match (over, semantics.many_spikes && threshold > 0.0) {
        (false, _) => 0.0,
        (true, false) => 1.0,
        (true, true) if semantics.inclusive => (*v / threshold).floor(),
        (true, true) => (*v / threshold).ceil() - 1.0,
    };
    // (5)
    if !semantics.reset_late && *fired > 0.0 {
        match semantics.reset {
            Reset::Zero => *v = neuron.v_reset.at(j),
            Reset::Subtract => *v -= *fired * threshold,
            Reset::None => (),
        }
    }
    if semantics.late { before } else { *fired }
}

fn affine(weight: &Array, bias: Option<&Array>, x: &[f64], y: &mut [f64]) {
    let [.., outputs, inputs] = weight.shape[..] else {
        return;
    };
    let rows = weight.values.chunks_exact(inputs);
    for (k, (row, y)) in rows.zip(y.iter_mut()).enumerate() {
        let x = &x[k / outputs * inputs..][..inputs];
        let product: f64 = row.iter().zip(x).map(|(w, x)| w * x).sum();
        *y = product
            + bias.map_or(0.0, |bias| {
                if bias.len() == outputs {
                    bias.values[k % outputs]
                } else {
                    bias.at(k)
                }
            });
    }
}

/// The position in the input of tap `tap` of window `window`, if it is not in the padding.
fn inside(window: usize, stride: usize, tap: usize, padding: usize, size: usize) -> Option<usize> {
    let place = (window * stride + tap).checked_sub(padding)?;
    (place < size).then_some(place)
}

fn convolve(conv: &Conv, x: &[f64], y: &mut [f64]) {
    let [_, height, width] = conv.input;
    let [channels_out, rows, columns] = conv.output;
    let [_, channels, kernel_rows, kernel_columns] = conv.weight.shape[..] else {
        return;
    };
    for out in 0..channels_out {
        let first = out / (channels_out / conv.groups) * channels;
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = conv.bias.at(out);
                for channel in 0..channels {
                    for a in 0..kernel_rows {
                        let tap = a * conv.dilation[0];
                        let Some(h) = inside(row, conv.stride[0], tap, conv.padding[0], height)
                        else {
                            continue;
                        };
                        for b in 0..kernel_columns {
                            let tap = b * conv.dilation[1];
                            let Some(w) =
                                inside(column, conv.stride[1], tap, conv.padding[1], width)
                            else {
                                continue;
                            };
                            let at =
                                ((out * channels + channel) * kernel_rows + a) * kernel_columns + b;
                            sum += conv.weight.values[at]
                                * x[((first + channel) * height + h) * width + w];
                        }
                    }
                }
                y[(out * rows + row) * columns + column] = sum;
            }
        }
    }
}

fn add_up(pool: &Pool, x: &[f64], y: &mut [f64]) {
    let [_, height, width] = pool.input;
    let [channels, rows, columns] = pool.output;
    let area = (pool.kernel[0] * pool.kernel[1]) as f64;
    for channel in 0..channels {
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = 0.0;
                for a in 0..pool.kernel[0] {
                    let Some(h) = inside(row, pool.stride[0], a, pool.padding[0], height) else {
                        continue;
                    };
                    for b in 0..pool.kernel[1] {
                        if let Some(w) = inside(column, pool.stride[1], b, pool.padding[1], width) {
                            sum += x[(channel * height + h) * width + w];
                        }
                    }
                }
                let at = (channel * rows + row) * columns + column;
                y[at] = if pool.mean { sum / area } else { sum };
            }
        }
    }
}
