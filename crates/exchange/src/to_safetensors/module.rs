//! Modules of PyTorch and snnTorch, and the cells that are such modules.
//!
//! | cell | modules |
//! |---|---|
//! | `linear` | `nn.Linear` |
//! | `rnn`, `gru`, `lstm` | `nn.RNN`, `nn.GRU`, `nn.LSTM` of one layer |
//! | `lif` | `nn.Linear`, then `snn.Leaky`; `snn.RLeaky` if it is recurrent |
//! | `cuba_lif` | `nn.Linear`, then `snn.Synaptic`; `snn.RSynaptic` if it is recurrent |
//! | `li` | `nn.Linear`, then `snn.Leaky` without a reset, whose membranes are the output |
//! | `graph` | those of its nodes, see [`super::graph`] |
//!
//! snnTorch's neurons add their input whole, so that what Saturn multiplies it by (g of a membrane, h of a synapse) goes into the
//! rows of the weights and the bias before it, and of the recurrent weights.

use saturn_cell::Cell;
use saturn_network::Layer;
use saturn_neurons::spike_reset::SpikeReset;

use super::graph;
use crate::exported::{Refusal, tensor};

/// A matrix row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    pub fn shape(&self) -> Vec<usize> {
        vec![self.rows, self.columns]
    }
}

/// `nn.Linear`.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub weight: Matrix,
    pub bias: Option<Vec<f64>>,
}

/// One layer of `nn.RNN`, `nn.GRU` or `nn.LSTM`.
#[derive(Clone, Debug)]
pub(super) struct Units {
    pub weight_ih: Matrix,
    pub weight_hh: Matrix,
    /// `bias_ih` and `bias_hh`.
    pub biases: Option<[Vec<f64>; 2]>,
}

/// Neurons of snnTorch, one number each of each constant.
#[derive(Clone, Debug)]
pub(super) struct Neurons {
    /// The factor of a synapse in a step, if there is one.
    pub alpha: Option<Vec<f64>>,
    /// The factor of the membrane in a step.
    pub beta: Vec<f64>,
    pub threshold: Vec<f64>,
    pub reset: SpikeReset,
    /// What spikes are multiplied by.
    pub graded: Vec<f64>,
    pub recurrent: Recurrent,
    /// Added to the input where neurons have `recurrent.bias`.
    pub recurrent_bias: Vec<f64>,
    /// Whether the output is the membrane, and spikes are not used.
    pub reads_membrane: bool,
}

/// What of its spikes a neuron receives in the next step.
#[derive(Clone, Debug)]
pub(super) enum Recurrent {
    None,
    /// All to all.
    All(Matrix),
    /// One to one.
    One(Vec<f64>),
}

/// A module that PyTorch or snnTorch has.
#[derive(Clone, Debug)]
pub(super) enum Module {
    Linear(Linear),
    /// Layers of units with 1, 3 or 4 rows each: RNN, GRU, LSTM.
    Recurrent {
        gates: usize,
        layers: Vec<Units>,
    },
    Neurons(Neurons),
}

impl Module {
    /// Its class.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Linear(_) => "Linear",
            Self::Recurrent { gates: 1, .. } => "RNN",
            Self::Recurrent { gates: 3, .. } => "GRU",
            Self::Recurrent { .. } => "LSTM",
            Self::Neurons(neurons) => neurons.kind(),
        }
    }
}

impl Neurons {
    /// Its class.
    pub fn kind(&self) -> &'static str {
        match (&self.alpha, &self.recurrent) {
            (None, Recurrent::None) => "Leaky",
            (None, _) => "RLeaky",
            (Some(_), Recurrent::None) => "Synaptic",
            (Some(_), _) => "RSynaptic",
        }
    }

    /// Whether snnTorch, as by default, would lose the input of the step after a spike.
    pub fn resets_at_once(&self) -> bool {
        self.reset == SpikeReset::Zero && self.kind() != "Leaky"
    }
}

/// A gain this close to 1 is 1, and the distance rounding: time constants are stored in f32.
const ROUNDING: f64 = 1e-6;

/// Multiplies rows of `values [factors, columns]`, unless all factors are 1.
pub(super) fn scale_rows(values: &mut [f64], columns: usize, factors: &[f64]) {
    if is_one(factors) {
        return;
    }
    for (row, factor) in values.chunks_mut(columns.max(1)).zip(factors) {
        row.iter_mut().for_each(|x| *x *= factor);
    }
}

/// Whether all factors are 1, up to rounding.
pub(super) fn is_one(factors: &[f64]) -> bool {
    factors
        .iter()
        .all(|factor| (factor - 1.0).abs() <= ROUNDING)
}

/// The modules that `cell` is.
pub(super) fn of_cell(layer: &Layer, cell: &dyn Cell<f64>) -> Result<Vec<Module>, Refusal> {
    match layer {
        Layer::Linear(_) => Ok(vec![Module::Linear(linear(cell, &[]))]),
        Layer::Rnn(_) => Ok(vec![units(cell, 1)]),
        Layer::Gru(_) => Ok(vec![units(cell, 3)]),
        Layer::Lstm(_) => Ok(vec![units(cell, 4)]),
        Layer::Lif(c) => {
            let gain = constant(cell, "g");
            let neurons = neurons(cell, None, (c.threshold, c.spike_reset), &gain);
            Ok(vec![
                Module::Linear(linear(cell, &gain)),
                Module::Neurons(neurons),
            ])
        }
        Layer::CubaLif(c) => {
            let (g, h) = (constant(cell, "g"), constant(cell, "h"));
            let gain: Vec<f64> = g.iter().zip(&h).map(|(g, h)| g * h).collect();
            let alpha = Some(constant(cell, "alpha"));
            let neurons = neurons(cell, alpha, (c.threshold, c.spike_reset), &gain);
            Ok(vec![
                Module::Linear(linear(cell, &gain)),
                Module::Neurons(neurons),
            ])
        }
        Layer::Li(_) => {
            let gain = constant(cell, "g");
            let neurons = Neurons {
                reads_membrane: true,
                ..neurons(cell, None, (1.0, SpikeReset::None), &gain)
            };
            Ok(vec![
                Module::Linear(linear(cell, &gain)),
                Module::Neurons(neurons),
            ])
        }
        Layer::Graph(config) => graph::modules(config, cell),
        _ => {
            let what = "neither PyTorch nor snnTorch has such a module";
            let hint = "leave --for out for saturn's own weights: `--to safetensors`";
            Err(Refusal::new(what, hint))
        }
    }
}

/// A constant of all neurons of a cell.
pub(super) fn constant(cell: &dyn Cell<f64>, name: &str) -> Vec<f64> {
    let all = cell.constants();
    let found = all.iter().find(|(key, _)| **key == *name);
    found.map_or(Vec::new(), |(_, values)| values.to_vec())
}

/// The weights in front of a cell, rows times `gain`; times 1 where it has none.
fn linear(cell: &dyn Cell<f64>, gain: &[f64]) -> Linear {
    let columns = cell.widths().input;
    let mut values = tensor(cell, "weight").unwrap_or_default();
    let rows = values.len() / columns.max(1);
    let mut bias = tensor(cell, "bias");
    if !gain.is_empty() {
        scale_rows(&mut values, columns, gain);
        if let Some(bias) = &mut bias {
            scale_rows(bias, 1, gain);
        }
    }
    Linear {
        weight: Matrix {
            rows,
            columns,
            values,
        },
        bias,
    }
}

fn neurons(
    cell: &dyn Cell<f64>,
    alpha: Option<Vec<f64>>,
    (threshold, reset): (f64, SpikeReset),
    gain: &[f64],
) -> Neurons {
    let beta = constant(cell, "a");
    let n = beta.len();
    let recurrent = tensor(cell, "recurrent").map_or(Recurrent::None, |mut values| {
        scale_rows(&mut values, n, gain);
        Recurrent::All(Matrix {
            rows: n,
            columns: n,
            values,
        })
    });
    Neurons {
        alpha,
        threshold: vec![threshold; n],
        reset,
        graded: vec![1.0; n],
        recurrent,
        recurrent_bias: vec![0.0; n],
        reads_membrane: false,
        beta,
    }
}

/// One layer of an RNN, GRU or LSTM, which have PyTorch's tensors; a second bias that they do not have is 0.
fn units(cell: &dyn Cell<f64>, gates: usize) -> Module {
    let widths = cell.widths();
    let rows = gates * widths.output;
    let matrix = |name: &str, columns| Matrix {
        rows,
        columns,
        values: tensor(cell, name).unwrap_or_default(),
    };
    let second = || tensor(cell, "bias_hh_l0").unwrap_or_else(|| vec![0.0; rows]);
    let layer = Units {
        weight_ih: matrix("weight_ih_l0", widths.input),
        weight_hh: matrix("weight_hh_l0", widths.output),
        biases: tensor(cell, "bias_ih_l0").map(|first| [first, second()]),
    };
    Module::Recurrent {
        gates,
        layers: vec![layer],
    }
}
