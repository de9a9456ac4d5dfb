//! Modules of PyTorch and snnTorch.

use saturn_cell::Cell;
use saturn_neurons::spike_reset::SpikeReset;

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
        for x in row {
            *x *= factor;
        }
    }
}

/// Whether all factors are 1, up to rounding.
pub(super) fn is_one(factors: &[f64]) -> bool {
    factors
        .iter()
        .all(|factor| (factor - 1.0).abs() <= ROUNDING)
}

/// A constant of all neurons of a cell.
pub(super) fn constant(cell: &dyn Cell<f64>, name: &str) -> Vec<f64> {
    let all = cell.constants();
    let found = all.iter().find(|(key, _)| **key == *name);
    found.map_or(Vec::new(), |(_, values)| values.to_vec())
}
