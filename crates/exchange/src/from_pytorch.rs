//! PyTorch state dicts, stored as safetensors: stacks of `nn.RNN`, `nn.GRU`, `nn.LSTM` and `nn.Linear`, and of `nn.Linear` and
//! neurons of snnTorch.
//!
//! | module | tensors | becomes |
//! |---|---|---|
//! | `RNN`, `RNNCell` | `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, biases | `rnn`; the sum of both biases is its one bias |
//! | `GRU`, `GRUCell` | `[3H, I]`, `[3H, H]`, rows r z n | `gru` |
//! | `LSTM`, `LSTMCell` | `[4H, I]`, `[4H, H]`, rows i f g o | `lstm`; the sum of both biases is its one bias |
//! | `Linear` | `weight [O, I]`, `bias [O]` | `linear`; the last one is the readout |
//!
//! A module of several layers (`weight_ih_l1`, ..) becomes as many. A bias that a module does not have is 0. The kind
//! follows from the shapes: the rows of `weight_hh` over its columns are 1, 3 or 4.
//!
//! A state dict contains neither the order of its modules nor what is between them. The order is the one in which the
//! widths fit, if there is only one, or that of numbers in the names, or as it is requested; activations are not known,
//! so two linear modules in a row are refused. State dicts of Norse lack all constants of its neurons and are refused.
//!
//! `Leaky`, `RLeaky`, `Synaptic` and `RSynaptic` of snnTorch, which have all their constants in the state dict, become one
//! `graph` with the linear modules between them.

mod order;
mod recorded;
mod snntorch;

use std::collections::BTreeMap;
use std::path::Path;

use saturn_network::{Layer, NetworkConfig, Readout};
use saturn_neurons::gru::GruConfig;
use saturn_neurons::linear::LinearConfig;
use saturn_neurons::lstm::LstmConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_train::weights::WeightsFile;

use crate::imported::{Fidelity, ImportError, Imported, Tensors, Verdict};

/// Neurons of snnTorch that have an `alpha` and no recurrent weights. Their state dicts do not differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlphaNeuron {
    /// `snn.Synaptic`: a synapse before the membrane.
    Synaptic,
    /// `snn.Alpha`: the difference of two synapses.
    Alpha,
}

/// How a state dict is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names of the modules from input to output; by default they are ordered by their widths or names.
    pub layers: Option<Vec<String>>,
    /// Milliseconds a step; by default 1. These networks do not depend on it.
    pub dt_ms: Option<f64>,
    /// What snnTorch's neurons with an `alpha` are.
    pub neuron: Option<AlphaNeuron>,
}

/// A module of a state dict.
#[derive(Clone, Debug)]
struct Module {
    name: String,
    /// Shapes by the names of tensors within the module; those of single cells end in `_l0`, too.
    shapes: BTreeMap<String, Vec<usize>>,
    kind: Kind,
    /// 0 for neurons whose tensors are single numbers: they have the width of the module before.
    inputs: usize,
    outputs: usize,
}

/// The kind of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Recurrent { gates: usize, layers: usize },
    Neurons(snntorch::Type),
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Linear => "Linear",
            Self::Recurrent { gates: 1, .. } => "RNN",
            Self::Recurrent { gates: 3, .. } => "GRU",
            Self::Recurrent { .. } => "LSTM",
            Self::Neurons(neurons) => neurons.name(),
        }
    }
}

/// Reads the network in the state dict at `path`.
pub fn import(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut file = WeightsFile::open(path)?;
    let modules = modules(path, &file, options)?;
    snntorch::refuse_mixture(path, &modules)?;
    let modules = order::ordered(path, modules, options.layers.as_deref())?;
    let recorded = modules.iter().map(|m| m.recorded(&file)).collect();
    if modules.iter().any(|m| matches!(m.kind, Kind::Neurons(_))) {
        let imported = snntorch::import(path, &mut file, &modules, options)?;
        return Ok(Imported {
            modules: recorded,
            ..imported
        });
    }
    let mut found = Found::default();
    let last = modules.len() - 1;
    for (i, module) in modules.iter().enumerate() {
        found.add(path, &mut file, module, i == last)?;
    }
    let widths = (modules[0].inputs, modules[last].outputs);
    Ok(Imported {
        config: NetworkConfig {
            layers: found.layers,
            readout: Some(found.readout.unwrap_or(Readout::None)),
        },
        channels: widths.0,
        outputs: widths.1,
        dt_ms: options.dt_ms.unwrap_or(1.0),
        tensors: found.tensors,
        verdicts: found.verdicts,
        classes: None,
        notices: found.notices,
        modules: recorded,
    })
}

/// The modules of a state dict, by name.
fn modules(path: &Path, file: &WeightsFile, options: &Options) -> Result<Vec<Module>, ImportError> {
    let neurons = snntorch::names(file);
    let mut named: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (name, info) in file.tensors() {
        let last = || name.rsplit_once('.').unwrap_or(("", name));
        let (module, tensor) = snntorch::owner(&neurons, name).unwrap_or_else(last);
        let single = matches!(tensor, "weight_ih" | "weight_hh" | "bias_ih" | "bias_hh");
        let tensor = if single {
            format!("{tensor}_l0")
        } else {
            tensor.to_owned()
        };
        named
            .entry(module.to_owned())
            .or_default()
            .insert(tensor, info.shape.clone());
    }
    if named.is_empty() {
        let hint =
            "save the module's state dict: `safetensors.torch.save_file(net.state_dict(), path)`";
        return Err(ImportError::network(path, "contains no tensors", hint));
    }
    named
        .into_iter()
        .map(|(name, shapes)| {
            if neurons.contains(&name) {
                snntorch::module(path, name, shapes, options.neuron)
            } else {
                Module::of(path, name, shapes)
            }
        })
        .collect()
}

const RUNS: &str = "Saturn runs stacks of RNN, GRU, LSTM and Linear, and of Linear and snnTorch's neurons; import other \
                    networks by way of NIR";
const NORSE: &str = "Norse 1.1.0 exports cells without recurrence only: write the graph with Python's `nir`, of CubaLIF with \
                     the time constants and a Linear of the recurrent weights, then `saturn import net.nir --dt-ms 1`";

impl Module {
    fn of(
        path: &Path,
        name: String,
        shapes: BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, ImportError> {
        let wrong = |what: String, hint: &str| {
            let name = if name.is_empty() {
                "the module"
            } else {
                &format!("module `{name}`")
            };
            Err(ImportError::network(path, format!("{name} {what}"), hint))
        };
        if ["input_weights", "recurrent_weights"]
            .iter()
            .any(|tensor| shapes.contains_key(*tensor))
        {
            return wrong(
                "has weights of Norse's recurrent neurons; a state dict of Norse contains no time constants, thresholds \
                 or resets"
                    .to_owned(),
                NORSE,
            );
        }
        if shapes.keys().any(|tensor| tensor.ends_with("_reverse")) {
            return wrong(
                "is bidirectional, and a stream has no end to begin from".to_owned(),
                "train it in one direction",
            );
        }
        if shapes.keys().any(|tensor| tensor.starts_with("weight_hr")) {
            return wrong(
                "projects its state (`proj_size`), which no cell of Saturn does".to_owned(),
                RUNS,
            );
        }
        if shapes.contains_key("weight_hh_l0") || shapes.contains_key("weight_ih_l0") {
            return Self::recurrent(path, &name, shapes);
        }
        let known = |tensor: &String| matches!(tensor.as_str(), "weight" | "bias");
        match shapes.get("weight").map(Vec::as_slice) {
            Some(&[outputs, inputs]) if shapes.keys().all(known) && inputs > 0 && outputs > 0 => {
                if let Some(bias) = shapes.get("bias").filter(|bias| ***bias != [outputs]) {
                    return wrong(
                        format!("has a weight of {outputs} rows and a bias of shape {bias:?}"),
                        "is the weight transposed? PyTorch stores it as [outputs, inputs]",
                    );
                }
                Ok(Self {
                    kind: Kind::Linear,
                    inputs,
                    outputs,
                    name,
                    shapes,
                })
            }
            Some([_]) => wrong(
                "is a normalisation, which is no layer of Saturn's".to_owned(),
                RUNS,
            ),
            Some([_, _, _] | [_, _, _, _]) => wrong("is a convolution".to_owned(), RUNS),
            _ => {
                let tensors: Vec<&str> = shapes.keys().map(String::as_str).collect();
                wrong(
                    format!(
                        "is of no kind that is known: its tensors are {}",
                        tensors.join(", ")
                    ),
                    RUNS,
                )
            }
        }
    }

    fn recurrent(
        path: &Path,
        name: &str,
        shapes: BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, ImportError> {
        let wrong = |what: String, hint: &str| {
            Err(ImportError::network(
                path,
                format!("module `{name}`: {what}"),
                hint,
            ))
        };
        let layers = (0..shapes.len())
            .take_while(|k| shapes.contains_key(&format!("weight_hh_l{k}")))
            .count();
        let mut module = Self {
            kind: Kind::Linear,
            inputs: 0,
            outputs: 0,
            name: name.to_owned(),
            shapes,
        };
        for k in 0..layers.max(1) {
            let shape = |tensor: &str| {
                module
                    .shapes
                    .get(&format!("{tensor}_l{k}"))
                    .map(Vec::as_slice)
            };
            let (Some(&[rows, inputs]), Some(&[own_rows, hidden])) =
                (shape("weight_ih"), shape("weight_hh"))
            else {
                return wrong(
                    format!("`weight_ih_l{k}` and `weight_hh_l{k}` are not two matrices"),
                    "save the whole state dict of the module",
                );
            };
            if own_rows < hidden {
                return wrong(
                    format!("`weight_hh_l{k}` of shape [{own_rows}, {hidden}] is transposed"),
                    "PyTorch stores [gates x hidden, hidden]; Keras and Flax store the transpose",
                );
            }
            let gates = if hidden > 0 && own_rows.is_multiple_of(hidden) {
                own_rows / hidden
            } else {
                0
            };
            if !matches!(gates, 1 | 3 | 4) || rows != own_rows {
                return wrong(
                    format!(
                        "`weight_ih_l{k}` and `weight_hh_l{k}` have {rows} and {own_rows} rows for {hidden} units"
                    ),
                    "an RNN has as many rows as units, a GRU 3 times, and an LSTM 4 times as many",
                );
            }
            if k == 0 {
                (module.kind, module.inputs) = (Kind::Recurrent { gates, layers }, inputs);
            } else if inputs != module.outputs || module.kind != (Kind::Recurrent { gates, layers })
            {
                return wrong(
                    format!(
                        "`weight_ih_l{k}` takes {inputs} inputs, and the layer before has {} units",
                        module.outputs
                    ),
                    "save the whole state dict of the module",
                );
            }
            for bias in ["bias_ih", "bias_hh"] {
                if let Some(shape) = module.shapes.get(&format!("{bias}_l{k}"))
                    && *shape != [rows]
                {
                    return wrong(
                        format!("`{bias}_l{k}` has shape {shape:?}, and [{rows}] is expected"),
                        RUNS,
                    );
                }
            }
            module.outputs = hidden;
        }
        Ok(module)
    }

    /// The name of a tensor in the file.
    fn tensor(&self, file: &WeightsFile, tensor: &str) -> Option<String> {
        let names = [tensor, tensor.strip_suffix("_l0").unwrap_or(tensor)];
        let full = names.map(|tensor| {
            if self.name.is_empty() {
                tensor.to_owned()
            } else {
                format!("{}.{tensor}", self.name)
            }
        });
        full.into_iter()
            .find(|name| file.tensors().contains_key(name))
    }
}

/// The network as far as it is read.
#[derive(Default)]
struct Found {
    layers: Vec<Layer>,
    readout: Option<Readout>,
    tensors: Tensors,
    verdicts: Vec<Verdict>,
    notices: Vec<String>,
}

impl Found {
    fn add(
        &mut self,
        path: &Path,
        file: &mut WeightsFile,
        module: &Module,
        is_last: bool,
    ) -> Result<(), ImportError> {
        match module.kind {
            // These networks are read in another way.
            Kind::Neurons(_) => {}
            Kind::Linear => {
                let at = self.layers.len();
                self.tensor(
                    file,
                    module,
                    "weight",
                    at,
                    "weight",
                    module.outputs * module.inputs,
                )?;
                self.tensor(file, module, "bias", at, "bias", module.outputs)?;
                if is_last && at > 0 {
                    self.readout = Some(Readout::Linear);
                } else {
                    self.layers.push(Layer::Linear(LinearConfig {
                        out: module.outputs,
                        bias: true,
                    }));
                    self.notices.push(format!(
                        "{}: no activation is known after `{}`, so there is none",
                        path.display(),
                        module.name
                    ));
                }
            }
            Kind::Recurrent { gates, layers } => {
                let mut inputs = module.inputs;
                for k in 0..layers {
                    self.recurrent(file, module, k, gates, inputs)?;
                    inputs = module.outputs;
                }
                if gates == 1 {
                    self.notices.push(format!(
                        "{}: `{}` is taken to be of tanh units, PyTorch's default; a state dict does not contain the \
                         nonlinearity",
                        path.display(),
                        module.name
                    ));
                }
            }
        }
        self.verdicts.push(Verdict {
            part: module.name.clone(),
            kind: module.kind.name().to_owned(),
            fidelity: Fidelity::Exact,
        });
        Ok(())
    }

    fn recurrent(
        &mut self,
        file: &mut WeightsFile,
        module: &Module,
        k: usize,
        gates: usize,
        inputs: usize,
    ) -> Result<(), ImportError> {
        let (at, hidden) = (self.layers.len(), module.outputs);
        let rows = gates * hidden;
        self.layers.push(match gates {
            1 => Layer::Rnn(RnnConfig {
                hidden,
                ..RnnConfig::default()
            }),
            3 => Layer::Gru(GruConfig { hidden }),
            _ => Layer::Lstm(LstmConfig {
                hidden,
                ..LstmConfig::default()
            }),
        });
        for (tensor, numbers) in [
            ("weight_ih", rows * inputs),
            ("weight_hh", rows * hidden),
            ("bias_ih", rows),
            ("bias_hh", rows),
        ] {
            let (from, to) = (format!("{tensor}_l{k}"), format!("{tensor}_l0"));
            self.tensor(file, module, &from, at, &to, numbers)?;
        }
        if gates != 3 {
            // An RNN and an LSTM of Saturn have one bias.
            let second = self.tensors.remove(&format!("{at}.bias_hh_l0"));
            if let (Some((_, sum)), Some((_, second))) =
                (self.tensors.get_mut(&format!("{at}.bias_ih_l0")), second)
            {
                sum.iter_mut().zip(second).for_each(|(sum, b)| *sum += b);
            }
        }
        Ok(())
    }

    /// Reads a tensor of `numbers` numbers into layer `at`; one that the file lacks is 0.
    fn tensor(
        &mut self,
        file: &mut WeightsFile,
        module: &Module,
        from: &str,
        at: usize,
        to: &str,
        numbers: usize,
    ) -> Result<(), ImportError> {
        let values = match module.tensor(file, from) {
            Some(name) => file.numbers(&name)?,
            None => vec![0.0; numbers],
        };
        let shape = module
            .shapes
            .get(from)
            .cloned()
            .unwrap_or_else(|| vec![numbers]);
        self.tensors.insert(format!("{at}.{to}"), (shape, values));
        Ok(())
    }
}
