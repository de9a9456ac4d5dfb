//! From a network of Saturn's to safetensors, in one of two forms.
//!
//! **Saturn's own** ([`write_own`]): tensors named `CELL.TENSOR` with a description of the network, as a run writes them; any
//! network, and every command that takes a finished network reads the file.
//!
//! **A state dict of PyTorch** ([`write_state_dict`]): of networks of these cells alone.
//!
//! | cell | module | tensors |
//! |---|---|---|
//! | `rnn` | `nn.RNN` | `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, `bias_ih_l0`, `bias_hh_l0 [H]` |
//! | `gru` | `nn.GRU` | the same with 3H rows, in the order r, z, n |
//! | `lstm` | `nn.LSTM` | the same with 4H rows, in the order i, f, g, o |
//! | `linear` | `nn.Linear` | `weight [O, I]`, `bias [O]` |
//!
//! Shapes and orders of rows are Saturn's own. An `rnn` and an `lstm` have one bias, which is PyTorch's `bias_ih_l0`;
//! `bias_hh_l0` is 0. Modules are numbered from 0, as those of an `nn.ModuleList`, or named as it is asked.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use saturn_cell::{Cell, Real};
use saturn_network::{Layer, Network};
use saturn_train::weights::{self, Belonging};

use crate::exported::{ExportError, Refusal, Source};
use crate::imported::Tensors;
use crate::own;

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Rounded to 32 bits.
    F32,
    /// As they are.
    F64,
}

/// What a state dict was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDict {
    /// The modules from input to output: the name, and how PyTorch makes it, such as `nn.GRU(3, 5)`.
    pub modules: Vec<(String, String)>,
    /// Notices, one line each.
    pub notices: Vec<String>,
}

/// Writes `network`, which `source` describes, to `path` with Saturn's tensors and description. `training` is the checksum
/// of its training, empty if it is not known.
pub fn write_own<R: Real>(
    source: &Source,
    network: &Network<R>,
    training: &str,
    path: &Path,
) -> Result<(), ExportError> {
    if !own::is_determined(source) {
        let what = "its time constants were drawn and are not learnt, and no tensor has them";
        let hint = "use the network in its run's folder, or train it with `learn_tau: true`";
        return Err(Refusal::new(what, hint).at(source, "the weights"));
    }
    let belonging = Belonging {
        network: source.name,
        model: source.config,
        channels: source.channels(),
        classes: source.classes,
        dt_ms: source.dt_ms,
        training,
    };
    weights::save(network, path, &belonging)?;
    Ok(())
}

/// Writes a state dict of PyTorch to `path`, its modules named `names`, or numbered.
pub fn write_state_dict(
    source: &Source,
    names: Option<&[String]>,
    numbers: Numbers,
    path: &Path,
) -> Result<StateDict, ExportError> {
    let parts = source.parts();
    let names = match names {
        Some(names) => checked(names, parts.len()).map_err(|r| r.at(source, "--layers"))?,
        None => (0..parts.len()).map(|i| i.to_string()).collect(),
    };
    let mut tensors = Tensors::new();
    let mut made = StateDict {
        modules: Vec::new(),
        notices: Vec::new(),
    };
    for ((part, cell), name) in parts.iter().zip(names) {
        let module = module(&part.config, *cell);
        let module = module.map_err(|refusal| refusal.at(source, source.place(part)))?;
        for (tensor, shape, values) in module.tensors {
            tensors.insert(format!("{name}.{tensor}"), (shape, values));
        }
        made.modules.push((name, module.maker));
    }
    let linear = |pair: &[(String, String)]| pair.iter().all(|(_, m)| m.starts_with("nn.Linear"));
    if let Some(pair) = made.modules.windows(2).find(|pair| linear(pair)) {
        made.notices.push(format!(
            "`{}` and `{}` are linear and follow each other, which `saturn import` refuses: a state dict does not contain \
             what is between them",
            pair[0].0, pair[1].0
        ));
    }
    let bytes = serialised(&tensors, numbers).map_err(|e| ExportError::write(path, e))?;
    saturn_files::replace_bytes(path, &bytes).map_err(|e| ExportError::write(path, e))?;
    Ok(made)
}

/// One name for each of `count` modules.
fn checked(names: &[String], count: usize) -> Result<Vec<String>, Refusal> {
    let distinct: BTreeSet<&String> = names.iter().collect();
    if names.len() != count || distinct.len() != count || distinct.contains(&String::new()) {
        let what = format!(
            "{} names, {} of them different, and the network has {count} modules",
            names.len(),
            distinct.len()
        );
        return Err(Refusal::new(
            what,
            "give each module a name, from input to output",
        ));
    }
    Ok(names.to_vec())
}

struct Module {
    maker: String,
    tensors: Vec<(&'static str, Vec<usize>, Vec<f64>)>,
}

fn module(layer: &Layer, cell: &dyn Cell<f64>) -> Result<Module, Refusal> {
    let widths = cell.widths();
    let maker = match layer {
        Layer::Rnn(_) => "RNN",
        Layer::Gru(_) => "GRU",
        Layer::Lstm(_) => "LSTM",
        Layer::Linear(_) => "Linear",
        _ => {
            let what = "PyTorch has no such module";
            let hint = "leave --for out for saturn's own weights, or write NIR: `--to nir`";
            return Err(Refusal::new(what, hint));
        }
    };
    let (weights, biases): (&[_], &[_]) = match layer {
        Layer::Linear(_) => (&["weight"], &["bias"]),
        _ => (
            &["weight_ih_l0", "weight_hh_l0"],
            &["bias_ih_l0", "bias_hh_l0"],
        ),
    };
    let own = |name: &str| {
        cell.params()
            .tensors()
            .iter()
            .find(|tensor| *tensor.name == *name)
    };
    let mut tensors = Vec::new();
    for &name in weights {
        if let Some(tensor) = own(name) {
            let values = tensor.value.transpose().as_slice().to_vec();
            let shape = vec![tensor.value.nrows(), tensor.value.ncols()];
            tensors.push((name, shape, values));
        }
    }
    let first = own(biases[0]).map(|tensor| tensor.value.as_slice().to_vec());
    if let Some(first) = &first {
        for &name in biases {
            let zeros = || vec![0.0; first.len()];
            let values = own(name).map_or_else(zeros, |tensor| tensor.value.as_slice().to_vec());
            tensors.push((name, vec![values.len()], values));
        }
    }
    let bias = if first.is_some() { "" } else { ", bias=False" };
    Ok(Module {
        maker: format!("nn.{maker}({}, {}{bias})", widths.input, widths.output),
        tensors,
    })
}

fn serialised(
    tensors: &Tensors,
    numbers: Numbers,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let stored: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            let values = values.iter();
            let bytes = match numbers {
                Numbers::F32 => values.flat_map(|&x| (x as f32).to_le_bytes()).collect(),
                Numbers::F64 => values.flat_map(|x| x.to_le_bytes()).collect(),
            };
            (name, shape, bytes)
        })
        .collect();
    let dtype = match numbers {
        Numbers::F32 => Dtype::F32,
        Numbers::F64 => Dtype::F64,
    };
    let views = stored
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(dtype, (*shape).clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata))
}
