//! Whether a module is neurons of snnTorch that can be run: by the names of its tensors and their shapes.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{AlphaNeuron, Kind, Module, RUNS};
use super::{Type, WHOLE, wrong};
use crate::imported::ImportError;

/// The tensors of neurons that can be run.
const TENSORS: [&str; 9] = [
    "alpha",
    "beta",
    "graded_spikes_factor",
    "recurrent.V",
    "recurrent.bias",
    "recurrent.weight",
    "reset_mechanism_val",
    "threshold",
    "V",
];

/// The neurons called `name`, with tensors of these shapes.
pub(in super::super) fn module(
    path: &Path,
    name: String,
    shapes: BTreeMap<String, Vec<usize>>,
    neuron: Option<AlphaNeuron>,
) -> Result<Module, ImportError> {
    let refused = |(what, hint): (String, &str)| wrong(path, &name, what, hint);
    let neurons = type_(&shapes, neuron).map_err(refused)?;
    let width = width(&shapes).map_err(refused)?;
    Ok(Module {
        kind: Kind::Neurons(neurons),
        inputs: width,
        outputs: width,
        name,
        shapes,
    })
}

/// What is wrong with a module, and what to do.
type Fault = (String, &'static str);

fn type_(
    shapes: &BTreeMap<String, Vec<usize>>,
    neuron: Option<AlphaNeuron>,
) -> Result<Type, Fault> {
    let has = |tensor: &str| shapes.contains_key(tensor);
    let starts = |start: &str| shapes.keys().any(|tensor| tensor.starts_with(start));
    let others = [
        (has("time_step"), "Lapicque"),
        (starts("linear."), "LinearLeaky"),
        (has("tau"), "StateLeaky"),
        (starts("lstm_cell."), "SLSTM"),
        (starts("conv."), "SConv2dLSTM"),
        (starts("rnn."), "LeakyParallel"),
    ];
    if let Some((_, other)) = others.into_iter().find(|(is_other, _)| *is_other) {
        let what = format!("is snnTorch's {other}, which no layer of Saturn is");
        return Err((what, RUNS));
    }
    if shapes.keys().any(|tensor| !TENSORS.contains(&&**tensor)) {
        let tensors: Vec<&str> = shapes.keys().map(String::as_str).collect();
        let tensors = tensors.join(", ");
        let what = format!("is of no kind that is known: its tensors are {tensors}");
        return Err((what, RUNS));
    }
    for tensor in ["beta", "threshold", "reset_mechanism_val"] {
        if !has(tensor) {
            let what = format!("has no `{tensor}`, as neurons of snnTorch have");
            return Err((what, WHOLE));
        }
    }
    let (all_to_all, one_to_one) = (has("recurrent.weight"), has("V") || has("recurrent.V"));
    if all_to_all && one_to_one {
        let what = "has `recurrent.weight` and `V`, of which neurons of snnTorch have one";
        return Err((what.to_owned(), WHOLE));
    }
    if has("recurrent.bias") && !all_to_all {
        let what = "has a `recurrent.bias` and no `recurrent.weight`";
        return Err((what.to_owned(), WHOLE));
    }
    let recurrent = all_to_all || one_to_one;
    let synapse = has("alpha");
    match neuron {
        None if synapse && !recurrent => Err((
            "has an `alpha`, so that it is snnTorch's Synaptic or Alpha, whose tensors have the same names".to_owned(),
            "give the one that it is: `--neuron synaptic` or `--neuron alpha`",
        )),
        Some(AlphaNeuron::Alpha) if synapse && !recurrent => Err((
            "is snnTorch's Alpha, whose membrane is the difference of two synapses, which no layer of Saturn is"
                .to_owned(),
            "train the network with `snn.Synaptic` or `snn.Leaky`",
        )),
        _ => Ok(Type { synapse, recurrent }),
    }
}

/// The number of neurons; 0 if all tensors are single numbers.
fn width(shapes: &BTreeMap<String, Vec<usize>>) -> Result<usize, Fault> {
    let mut width: Option<(usize, &str)> = None;
    for (tensor, shape) in shapes {
        if tensor == "recurrent.weight" && shape.len() == 4 {
            return Err(("has recurrent convolutions".to_owned(), RUNS));
        }
        let n = neurons(tensor, shape).map_err(|expected| {
            (
                format!("has a `{tensor}` of shape {shape:?}, and {expected} is expected"),
                "neurons are read behind linear modules, not behind convolutions",
            )
        })?;
        match (n, width) {
            (Some(n), Some((other, first))) if n != other => {
                let what = format!("has {other} neurons by `{first}` and {n} by `{tensor}`");
                return Err((what, WHOLE));
            }
            (Some(n), None) => width = Some((n, tensor)),
            _ => (),
        }
    }
    Ok(width.map_or(0, |(n, _)| n))
}

/// The number of neurons that the shape of a tensor gives, none for a single number; or the shape that is expected.
fn neurons(tensor: &str, shape: &[usize]) -> Result<Option<usize>, &'static str> {
    let n = match (tensor, shape) {
        ("recurrent.weight", &[n, m]) if n == m => n,
        ("recurrent.weight", _) => return Err("[neurons, neurons]"),
        ("recurrent.bias", &[n]) => n,
        ("recurrent.bias", _) => return Err("[neurons]"),
        (_, [] | [1]) => return Ok(None),
        ("reset_mechanism_val", _) => return Err("one number"),
        (_, &[n]) => n,
        _ => return Err("one number, or one for each neuron,"),
    };
    if n == 0 {
        return Err("at least one neuron");
    }
    Ok(Some(n))
}
