//! State dicts of PyTorch and snnTorch, which the modules that a network came from load again, with `strict=True`.
//!
//! Of a network that was imported from a state dict, modules have the names and tensors the shapes that they had there (see
//! [`StateDictModule`]): a single beta of a layer is a single one again, layers of one `nn.LSTM` are in it again. Others are
//! numbered from 0, as those of an `nn.ModuleList` or `nn.Sequential`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use saturn_train::weights::StateDictModule;

use super::cells::of_cell;
use super::module::Module;
use super::tensors::{Named, Stored, Tensor, stored};
use crate::exported::{ExportError, Refusal, Source};

/// The program whose modules load a state dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// PyTorch: `nn.RNN`, `nn.GRU`, `nn.LSTM` and `nn.Linear`.
    PyTorch,
    /// snnTorch 1.0.0: its `Leaky`, `RLeaky`, `Synaptic` and `RSynaptic`, and PyTorch's modules.
    SnnTorch,
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Rounded to 32 bits.
    F32,
    /// As they are.
    F64,
}

/// How a state dict is written.
#[derive(Clone, Copy, Debug)]
pub struct StateDictOptions<'a> {
    /// What reads it.
    pub program: Program,
    /// Names of the modules, from input to output; by default those that the network had where it came from, or numbers.
    pub names: Option<&'a [String]>,
    /// How numbers are stored.
    pub numbers: Numbers,
}

/// What a state dict was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDict {
    /// The modules from input to output: the name, and how its program makes it, such as `nn.GRU(3, 5)`.
    pub modules: Vec<(String, String)>,
    /// Notices, one line each.
    pub notices: Vec<String>,
}

/// Writes a state dict to `path`.
pub fn write_state_dict(
    source: &Source,
    options: &StateDictOptions,
    path: &Path,
) -> Result<StateDict, ExportError> {
    let mut made = StateDict {
        modules: Vec::new(),
        notices: Vec::new(),
    };
    let modules = modules(source, options.program)?;
    let named = named(source, modules, options.names, &mut made.notices)?;
    let mut tensors = BTreeMap::new();
    for (
        name,
        Stored {
            maker,
            list,
            notices,
        },
    ) in stored(named)
    {
        for (tensor, value) in list {
            let full = if name.is_empty() {
                tensor
            } else {
                format!("{name}.{tensor}")
            };
            tensors.insert(full, value);
        }
        let shown = if name.is_empty() {
            "the module"
        } else {
            &format!("`{name}`")
        };
        made.notices
            .extend(notices.iter().map(|notice| format!("{shown}: {notice}")));
        made.modules.push((name, maker));
    }
    made.notices.extend(not_read_again(&made.modules));
    let bytes = serialised(&tensors, options.numbers).map_err(|e| ExportError::write(path, e))?;
    saturn_files::replace_bytes(path, &bytes).map_err(|e| ExportError::write(path, e))?;
    Ok(made)
}

/// The modules of a network, from input to output.
fn modules(source: &Source, program: Program) -> Result<Vec<Module>, ExportError> {
    let mut found = Vec::new();
    for (part, cell) in source.parts() {
        let place = || source.place(&part);
        let modules = of_cell(&part.config, cell).map_err(|refusal| refusal.at(source, place()))?;
        let spiking = modules.iter().find(|m| matches!(m, Module::Neurons(_)));
        if let (Program::PyTorch, Some(module)) = (program, spiking) {
            let what = format!(
                "PyTorch has no such module; snnTorch has, its {}",
                module.kind()
            );
            let refusal = Refusal::new(what, "write it for snnTorch: `--for snntorch`");
            return Err(refusal.at(source, place()));
        }
        found.extend(modules);
    }
    Ok(found)
}

/// What `saturn import` would refuse of a state dict of these modules.
fn not_read_again(modules: &[(String, String)]) -> Option<String> {
    let is_linear = |(_, maker): &(String, String)| maker.starts_with("nn.Linear");
    let pair = modules.windows(2).find(|pair| pair.iter().all(is_linear))?;
    Some(format!(
        "`{}` and `{}` are linear and follow each other, which `saturn import` refuses: a state dict does not contain what \
         is between them",
        pair[0].0, pair[1].0
    ))
}

fn named<'a>(
    source: &Source<'a>,
    modules: Vec<Module>,
    names: Option<&[String]>,
    notices: &mut Vec<String>,
) -> Result<Vec<Named<'a>>, ExportError> {
    let single = modules.len();
    let grouped = grouped(&modules, source.modules);
    if grouped.is_none() && !source.modules.is_empty() {
        notices.push(
            "the modules are others than those of the state dict that the network was imported from, so that they are \
             numbered"
                .to_owned(),
        );
    }
    // Names may also be given for each layer of a module.
    let grouped = grouped.filter(|grouped| {
        names.is_none_or(|names| names.len() != single || names.len() == grouped.len())
    });
    let mut all: Vec<Named> = match grouped {
        Some(grouped) => (grouped.into_iter().zip(source.modules))
            .map(|(module, before)| Named {
                name: before.name.clone(),
                module,
                before: Some(before),
            })
            .collect(),
        None => (modules.into_iter().enumerate())
            .map(|(i, module)| Named {
                name: i.to_string(),
                module,
                before: None,
            })
            .collect(),
    };
    if let Some(names) = names {
        let names = checked(names, all.len()).map_err(|r| r.at(source, "--layers"))?;
        for (module, name) in all.iter_mut().zip(names) {
            module.name = name;
        }
    }
    Ok(all)
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

/// `modules`, layers that were one module `before` as one again; none if they are others.
fn grouped(modules: &[Module], before: &[StateDictModule]) -> Option<Vec<Module>> {
    let mut left = modules.iter();
    let mut found = Vec::new();
    for module in before {
        let first = left.next()?;
        let is_layer = |tensor: &&String| tensor.starts_with("weight_hh");
        let count = module.tensors.keys().filter(is_layer).count();
        let mut whole = first.clone();
        if let Module::Recurrent { layers, gates } = &mut whole {
            for _ in 1..count {
                match left.next()? {
                    Module::Recurrent {
                        layers: more,
                        gates: same,
                    } if same == gates => {
                        layers.extend(more.iter().cloned());
                    }
                    _ => return None,
                }
            }
        }
        let weight = ["weight", "weight_ih_l0", "weight_ih"]
            .iter()
            .find_map(|name| module.tensors.get(*name));
        let shape = match &whole {
            Module::Linear(linear) => Some(linear.weight.shape()),
            Module::Recurrent { layers, .. } => layers.first().map(|u| u.weight_ih.shape()),
            Module::Neurons(_) => None,
        };
        if whole.kind() != module.kind || shape.as_ref() != weight {
            return None;
        }
        found.push(whole);
    }
    left.next().is_none().then_some(found)
}

fn serialised(
    tensors: &BTreeMap<String, Tensor>,
    numbers: Numbers,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes = |tensor: &Tensor| -> (Dtype, Vec<u8>) {
        let values = tensor.values.iter();
        match (tensor.is_whole, numbers) {
            (true, _) => {
                let bytes = values.flat_map(|&x| (x as i64).to_le_bytes()).collect();
                (Dtype::I64, bytes)
            }
            (false, Numbers::F32) => {
                let bytes = values.flat_map(|&x| (x as f32).to_le_bytes()).collect();
                (Dtype::F32, bytes)
            }
            (false, Numbers::F64) => (Dtype::F64, values.flat_map(|x| x.to_le_bytes()).collect()),
        }
    };
    let all = tensors
        .iter()
        .map(|(name, tensor)| (name, &tensor.shape, bytes(tensor)));
    let all: Vec<_> = all.collect();
    let views = all
        .iter()
        .map(|(name, shape, (dtype, bytes))| {
            Ok((*name, TensorView::new(*dtype, (*shape).clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata))
}
