//! The cells that are modules of PyTorch and snnTorch.
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
use super::module::{Linear, Matrix, Module, Neurons, Recurrent, Units, constant, scale_rows};
use crate::exported::{Refusal, recurrent, tensor};

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
    let recurrent = recurrent(cell).map_or(Recurrent::None, |mut values| {
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
