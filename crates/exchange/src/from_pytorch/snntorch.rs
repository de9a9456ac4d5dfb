//! Networks of `nn.Linear` and neurons of snnTorch 1.0.0, as one [graph](saturn_neurons::graph).
//!
//! | module | equations, with reset by subtraction |
//! |---|---|
//! | `Leaky` | v_t = β v_{t-1} + x_t − θ s_{t-1}, s_t = H(v_t − θ) |
//! | `RLeaky` | the same with x_t + W s_{t-1} + b, or x_t + V s_{t-1} |
//! | `Synaptic` | the same with i_t = α i_{t-1} + x_t in place of x_t |
//! | `RSynaptic` | both |
//!
//! β and α, which snnTorch clamps to 0..1, become time constants dt/(1 − β), so that they hold in steps of any length. A
//! reset to zero by `Leaky` acts between two steps, as Saturn's. That of the others also sets the membrane to 0 in the step
//! after the spike, whose input is lost; the graph cannot do this. Spikes are multiplied by `graded_spikes_factor`.
//!
//! `Synaptic` and `Alpha` have the same tensors: which of them a file has must be requested.

mod made;
mod module;

use std::collections::BTreeSet;
use std::path::Path;

use saturn_train::weights::WeightsFile;

use super::{Kind, Module, Options, RUNS};
use crate::from_nir::import_flat;
use crate::imported::{Fidelity, ImportError, Imported, Verdict};
use crate::nir::{Flat, Op, Reset};
use made::Made;

pub(super) use module::module;

/// What a neuron of snnTorch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// A synapse before the membrane.
    synapse: bool,
    /// Recurrent weights.
    recurrent: bool,
}

const WHOLE: &str = "save the whole state dict of the network: `safetensors.torch.save_file(net.state_dict(), path)`";

impl Type {
    pub(super) fn name(self) -> &'static str {
        match (self.synapse, self.recurrent) {
            (false, false) => "Leaky",
            (false, true) => "RLeaky",
            (true, false) => "Synaptic",
            (true, true) => "RSynaptic",
        }
    }
}

/// The names of modules that are neurons of snnTorch.
pub(super) fn names(file: &WeightsFile) -> BTreeSet<String> {
    let of = |name: &String| {
        let (module, tensor) = name.rsplit_once('.').unwrap_or(("", name));
        let threshold = || format!("{}threshold", &name[..name.len() - tensor.len()]);
        let is_one = match tensor {
            "reset_mechanism_val" | "graded_spikes_factor" => true,
            "beta" => file.tensors().contains_key(&threshold()),
            _ => false,
        };
        is_one.then(|| module.to_owned())
    };
    file.tensors().keys().filter_map(of).collect()
}

/// The one of `neurons` that has the tensor called `name`, and the tensor's name within it.
pub(super) fn owner<'n>(neurons: &BTreeSet<String>, name: &'n str) -> Option<(&'n str, &'n str)> {
    if neurons.contains("") {
        return Some(("", name));
    }
    let split = |(at, _): (usize, &str)| {
        let (module, tensor) = (&name[..at], &name[at + 1..]);
        neurons.contains(module).then_some((module, tensor))
    };
    name.match_indices('.').find_map(split)
}

fn wrong(path: &Path, name: &str, what: impl std::fmt::Display, hint: &str) -> ImportError {
    let name = if name.is_empty() {
        "the module"
    } else {
        &format!("module `{name}`")
    };
    ImportError::network(path, format!("{name} {what}"), hint)
}

/// An error if neurons and recurrent modules are in the same file.
pub(super) fn refuse_mixture(path: &Path, modules: &[Module]) -> Result<(), ImportError> {
    let recurrent = |m: &&Module| matches!(m.kind, Kind::Recurrent { .. });
    let has_neurons = modules.iter().any(|m| matches!(m.kind, Kind::Neurons(_)));
    match modules.iter().find(recurrent).filter(|_| has_neurons) {
        None => Ok(()),
        Some(module) => {
            let what = format!(
                "({}) is in a network with neurons of snnTorch",
                module.kind.name()
            );
            Err(wrong(path, &module.name, what, RUNS))
        }
    }
}

/// The network of `modules`, in their order, with all widths known.
pub(super) fn import(
    path: &Path,
    file: &mut WeightsFile,
    modules: &[Module],
    options: &Options,
) -> Result<Imported, ImportError> {
    let dt_ms = options.dt_ms.unwrap_or(1.0);
    let dt_s = dt_ms / 1000.0;
    let mut made = Made::new(path, modules[0].inputs, dt_s);
    for (i, module) in modules.iter().enumerate() {
        match module.kind {
            Kind::Neurons(neurons) => made.neurons(file, module, neurons)?,
            _ => made.linear(file, module, modules.get(i + 1))?,
        }
    }
    let last = &modules[modules.len() - 1];
    made.output(last.outputs);
    let mut flat = Flat::new(&made.graph)?;
    for node in &mut flat.nodes {
        if let (Op::Neuron(neuron), Some(&reset)) = (&mut node.op, made.resets.get(&node.name)) {
            neuron.semantics.reset = reset;
            neuron.semantics.reset_late = reset == Reset::Subtract;
        }
    }
    let shown = path.display();
    if options.dt_ms.is_none() {
        made.notices.push(format!(
            "{shown}: a state dict does not contain the step in which beta holds; it is taken to be {dt_ms} ms, which only \
             times of events depend on"
        ));
    }
    made.notices.push(format!(
        "{shown}: a state dict does not contain reset_delay, inhibition and state_quant; they are taken to be as by default: a \
         threshold is subtracted in the step after the spike, and states are neither inhibited nor quantised"
    ));
    if let Kind::Neurons(_) = last.kind {
        made.notices.push(format!(
            "{shown}: the outputs are the spikes of `{}`; a state dict does not contain whether the network's outputs were \
             its membranes",
            last.name
        ));
    }
    let mut imported = import_flat(&flat, dt_s, made.notices)?;
    let of_nodes = std::mem::take(&mut imported.verdicts);
    imported.verdicts = modules
        .iter()
        .zip(&made.parts)
        .map(|(module, nodes)| Verdict {
            part: module.name.clone(),
            kind: module.kind.name().to_owned(),
            fidelity: (of_nodes.iter())
                .filter(|verdict| nodes.contains(&verdict.part))
                .map(|verdict| verdict.fidelity.clone())
                .find(|fidelity| *fidelity != Fidelity::Exact)
                .unwrap_or(Fidelity::Exact),
        })
        .collect();
    Ok(imported)
}
