//! The floor: the least that a task needs in f32, divided by what the machine can do.
//!
//! ```text
//! (1) floor = flops / product + bytes / read + elements / elements a second
//! ```
//!
//! with the measured rates of [`super::limit`]. The three are added, not overlapped. What is counted, for N
//! columns (steps x lanes), an input of I rows, O rows of weights, and a share p of active inputs:
//!
//! | part | forward | weight gradient | input gradient |
//! |---|---|---|---|
//! | product with a dense input | 2 N I O flop | 2 N I O flop | 2 N I O flop |
//! | ... of events | 4 p N I O byte, or the dense product if it is faster | the same | 2 N I O flop |
//! | ... of the spikes of a layer with C connections, where these are not all | 8 p N C byte | the same | 2 N C flop |
//! | ... of one column (streaming) | 4 I O byte, or 4 p I O of events | | |
//! | LIF unit | 2 elements | 2 elements | |
//! | tanh unit, softmax | 2 elements | 1 element | |
//! | GRU unit | 6 elements | 6 elements | |
//! | complex state | 3 elements | 6 elements | |
//! | SSM block's unit (norm, GELU, GLU, residual) | 10 elements | 12 elements | |
//! | parameter, in each Adam step | | 5 elements | |
//!
//! A spiking layer's recurrent weights are a product of events with p the measured spike rate, and so is
//! what the layer above it reads. The input gradient is counted where a layer below or an earlier step
//! wants it: the adjoint of a spiking unit is dense, so this product is dense too, but of those units alone that lie
//! within the window of their surrogate, if it has one. The first layer wants none. An active input costs one column of
//! weights forward and one column of adjoints in reverse, read from L2; that the sums themselves stay in registers or L1 is the best case. An element is two numbers
//! read, one written, and what is computed between them; the counts of elements are those of fused loops,
//! to the nearest whole. Branches, loop heads, the loss's own sums, the sum over shards and memory beyond
//! L2 are not counted.
//!
//! For A on one core at 103 GFLOP/s, 55 GB/s and 8 Gelem/s, with 1.5 % of the inputs active and 6 % of the
//! units spiking, in ms:
//!
//! | net | products | gathers | elements | floor | arithmetic alone |
//! |---|---|---|---|---|---|
//! | `lif_recurrent` | 8.8 | 6.4 | 1.0 | 16.3 | 10.5 |
//! | `lif_256_256` | 8.8 | 6.4 | 1.8 | 17.1 | 10.5 |
//! | `rnn` | 26.3 | 2.5 | 0.8 | 29.7 | 27.0 |
//! | `gru` | 75.2 | 7.5 | 3.0 | 85.7 | 77.2 |
//! | `ssm` | 148.5 | 2.5 | 6.8 | 157.8 | 149.2 |
//!
//! The last column takes a gather for its arithmetic, two operations a weight at the rate of products: what
//! is left if every weight and adjoint were in registers already. Kernels that keep a slice of rows in L1
//! for many columns may get below the floor, but not below that.

use super::limit::Limits;
use super::work::Work;
use saturn_network::Layer;

/// What some work needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Need {
    /// f32 operations in products.
    pub flops: f64,
    /// Bytes gathered.
    pub bytes: f64,
    /// Products of events, each in flops if it were dense and in bytes if it is gathered: the faster of
    /// the two counts.
    pub either: Vec<(f64, f64)>,
    /// Elements of elementwise work.
    pub elements: f64,
}

/// Which passes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// One column at a time, forward.
    Stream,
    /// All columns, forward.
    Infer,
    /// Forward, reverse and an Adam step.
    Train,
}

/// Shares of a spiking net's (step, unit) pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Those that spike.
    pub spiking: f64,
    /// Those whose adjoint the reverse pass reads.
    pub active: f64,
}

impl Shares {
    /// From what was measured: 0 where nothing spikes, 1 where no surrogate has a window.
    pub fn of(spiking: Option<f64>, active: Option<f64>) -> Self {
        Self {
            spiking: spiking.unwrap_or(0.0),
            active: active.unwrap_or(1.0),
        }
    }
}

/// What a layer reads.
#[derive(Clone, Copy)]
enum Reads {
    Events(f64),
    Dense,
}

impl Need {
    /// What `columns` columns of `work` need with these shares of its hidden units; for [`Pass::Train`] with one Adam
    /// step on `parameters` parameters.
    pub fn of(work: &Work, pass: Pass, columns: f64, hidden: Shares, parameters: usize) -> Self {
        let mut need = Self::default();
        let count = Count { pass, columns };
        let mut reads = Reads::Events(work.density);
        // The share of the input's adjoint that is needed: of the first layer, none.
        let (mut inputs, mut inward) = (work.inputs, 0.0);
        for layer in work.net.layers(work.hidden, work.density) {
            let h = work.hidden;
            match layer {
                Layer::Lif(c) => {
                    count.product(&mut need, reads, inputs, h, inward);
                    let connections = c.fan_in().connections;
                    if c.recurrent && !connections.are_all() {
                        let each = connections.each(h);
                        count.connections(&mut need, hidden, h * each);
                    } else if c.recurrent {
                        let own = Reads::Events(hidden.spiking);
                        count.product(&mut need, own, h, h, hidden.active);
                    }
                    count.elements(&mut need, h, 2.0, 2.0);
                    reads = Reads::Events(hidden.spiking);
                }
                Layer::Rnn(_) => {
                    count.product(&mut need, reads, inputs, h, inward);
                    count.product(&mut need, Reads::Dense, h, h, 1.0);
                    count.elements(&mut need, h, 2.0, 1.0);
                    reads = Reads::Dense;
                }
                Layer::Gru(_) => {
                    count.product(&mut need, reads, inputs, 3 * h, inward);
                    count.product(&mut need, Reads::Dense, h, 3 * h, 1.0);
                    count.elements(&mut need, h, 6.0, 6.0);
                    reads = Reads::Dense;
                }
                Layer::SsmBlock(c) => {
                    // The encoder; the block's own input gradient is what it wants.
                    count.product(&mut need, reads, inputs, h, inward);
                    count.product(&mut need, Reads::Dense, h, 2 * c.states, 1.0);
                    count.product(&mut need, Reads::Dense, 2 * c.states, h, 1.0);
                    let gated = if c.glu { 2 * h } else { h };
                    count.product(&mut need, Reads::Dense, h, gated, 1.0);
                    count.elements(&mut need, c.states, 3.0, 6.0);
                    count.elements(&mut need, h, 10.0, 12.0);
                    reads = Reads::Dense;
                }
                other => unreachable!("no net of the benchmarks has a layer `{}`", other.kind()),
            }
            (inputs, inward) = (h, hidden.active);
        }
        count.product(&mut need, reads, inputs, work.classes, inward);
        if pass == Pass::Train {
            count.elements(&mut need, work.classes, 2.0, 1.0);
            need.elements += 5.0 * parameters as f64;
        }
        need
    }

    /// (1), seconds.
    pub fn seconds(&self, limits: &Limits) -> f64 {
        let either = self.either.iter();
        let either =
            either.map(|&(flops, bytes)| (bytes / limits.read).min(flops / limits.product));
        self.flops / limits.product
            + self.bytes / limits.read
            + either.sum::<f64>()
            + self.elements / limits.elements
    }
}

/// The size of a count.
struct Count {
    pass: Pass,
    columns: f64,
}

impl Count {
    /// A product of `outputs x inputs` weights, of whose input's adjoint the share `inward` is requested.
    fn product(&self, need: &mut Need, reads: Reads, inputs: usize, outputs: usize, inward: f64) {
        let cells = self.columns * (inputs * outputs) as f64;
        let backward = self.pass == Pass::Train;
        let passes = if backward { 2.0 } else { 1.0 };
        match (reads, self.pass) {
            (Reads::Events(share), Pass::Stream) => need.bytes += 4.0 * share * cells,
            (Reads::Dense, Pass::Stream) => need.bytes += 4.0 * cells,
            (Reads::Events(share), _) => {
                let (flops, bytes) = (2.0 * cells, 4.0 * share * cells);
                need.either.push((passes * flops, passes * bytes));
            }
            (Reads::Dense, _) => need.flops += passes * 2.0 * cells,
        }
        if backward {
            need.flops += inward * 2.0 * cells;
        }
    }

    /// A product of a layer's spikes with so many connections, each with its weight and its target.
    fn connections(&self, need: &mut Need, hidden: Shares, connections: usize) {
        let cells = self.columns * connections as f64;
        let backward = self.pass == Pass::Train;
        let passes = if backward { 2.0 } else { 1.0 };
        need.bytes += passes * 8.0 * hidden.spiking * cells;
        if backward {
            need.flops += hidden.active * 2.0 * cells;
        }
    }

    fn elements(&self, need: &mut Need, units: usize, forward: f64, reverse: f64) {
        let each = if self.pass == Pass::Train {
            forward + reverse
        } else {
            forward
        };
        need.elements += each * self.columns * units as f64;
    }
}
