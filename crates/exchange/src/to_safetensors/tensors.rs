//! The tensors of modules, with PyTorch's and snnTorch's names, and how the modules are made.
//!
//! | module | tensors |
//! |---|---|
//! | `nn.Linear` | `weight [O, I]`, `bias [O]` |
//! | `nn.RNN`, `nn.GRU`, `nn.LSTM` | `weight_ih_l0 [G H, I]`, `weight_hh_l0 [G H, H]`, `bias_ih_l0`, `bias_hh_l0 [G H]`; `.._l1` and so on |
//! | `snn.Leaky` | `beta`, `threshold`, `graded_spikes_factor`, each `[]` or `[H]`, and `reset_mechanism_val []` |
//! | `snn.Synaptic` | the same and `alpha` |
//! | `snn.RLeaky`, `snn.RSynaptic` | the same and `recurrent.weight [H, H]`, `recurrent.bias [H]`, or twice the same, `V` and `recurrent.V` |
//!
//! Rows are in PyTorch's order: r z n of a GRU, i f g o of an LSTM. Read in PyTorch 2.15 and snnTorch 1.0.0.

use saturn_neurons::spike_reset::SpikeReset;
use saturn_train::weights::StateDictModule;

use super::module::{Linear, Module, Neurons, Recurrent, Units};

/// A module with its name, and as it was where the network came from, if that is known.
pub(super) struct Named<'a> {
    pub name: String,
    pub module: Module,
    pub before: Option<&'a StateDictModule>,
}

/// A tensor to be stored.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
    /// Whether its numbers are integers in the state dict.
    pub is_whole: bool,
}

impl Tensor {
    fn new(shape: Vec<usize>, values: Vec<f64>) -> Self {
        Self {
            shape,
            values,
            is_whole: false,
        }
    }

    fn list(values: Vec<f64>) -> Self {
        Self::new(vec![values.len()], values)
    }
}

/// A module as it is stored.
pub(super) struct Stored {
    /// How it is made.
    pub maker: String,
    pub list: Vec<(String, Tensor)>,
    pub notices: Vec<String>,
}

/// The tensors of `modules`, by the modules' names.
pub(super) fn stored(mut modules: Vec<Named>) -> Vec<(String, Stored)> {
    move_biases(&mut modules);
    let mut all = Vec::new();
    for Named {
        name,
        module,
        before,
    } in modules
    {
        let stored = match &module {
            Module::Linear(linear) => of_linear(linear, before),
            Module::Recurrent { layers, .. } => of_units(module.kind(), layers, before),
            Module::Neurons(neurons) => of_neurons(neurons, before),
        };
        all.push((name, stored));
    }
    all
}

/// Saturn has one bias before recurrent neurons, snnTorch two, of the linear module and of the recurrent weights: the sum is in
/// the first, unless that module has none.
fn move_biases(modules: &mut [Named]) {
    for k in 1..modules.len() {
        let (head, tail) = modules.split_at_mut(k);
        let (first, second) = (&mut head[k - 1], &mut tail[0]);
        let (Module::Linear(linear), Module::Neurons(neurons)) =
            (&mut first.module, &mut second.module)
        else {
            continue;
        };
        let has_own = first
            .before
            .is_none_or(|before| before.tensors.contains_key("bias"));
        let has_other = second
            .before
            .is_some_and(|before| before.tensors.contains_key("recurrent.bias"));
        if let (false, true, Some(bias)) = (has_own, has_other, &linear.bias) {
            neurons
                .recurrent_bias
                .iter_mut()
                .zip(bias)
                .for_each(|(sum, b)| *sum += b);
            linear.bias = None;
        }
    }
}

fn is_zero(values: &[f64]) -> bool {
    values.iter().all(|x| x.abs() <= 0.0)
}

const NEW_BIAS: &str =
    "it had no biases where it came from and has learnt some: make it with bias=True";

fn of_linear(linear: &Linear, before: Option<&StateDictModule>) -> Stored {
    let weight = &linear.weight;
    let mut list = vec![(
        "weight".to_owned(),
        Tensor::new(weight.shape(), weight.values.clone()),
    )];
    let mut notices = Vec::new();
    let had = before.map(|before| before.tensors.contains_key("bias"));
    let bias = match (&linear.bias, had) {
        (Some(bias), Some(false)) if is_zero(bias) => None,
        (None, Some(true)) => Some(vec![0.0; weight.rows]),
        (bias, _) => bias.clone(),
    };
    if had == Some(false) && bias.is_some() {
        notices.push(NEW_BIAS.to_owned());
    }
    let without = if bias.is_some() { "" } else { ", bias=False" };
    list.extend(bias.map(|bias| ("bias".to_owned(), Tensor::list(bias))));
    Stored {
        maker: format!("nn.Linear({}, {}{without})", weight.columns, weight.rows),
        list,
        notices,
    }
}

fn of_units(kind: &str, layers: &[Units], before: Option<&StateDictModule>) -> Stored {
    let had = before.map(|before| before.tensors.keys().any(|name| name.starts_with("bias")));
    // `nn.GRUCell` and the like have no number of a layer in their names.
    let is_cell = before.is_some_and(|before| before.tensors.contains_key("weight_hh"));
    let any = layers.iter().filter_map(|layer| layer.biases.as_ref());
    let learnt = any.flatten().any(|bias| !is_zero(bias));
    let (has, notices) = match had {
        Some(false) if learnt => (true, vec![NEW_BIAS.to_owned()]),
        Some(had) => (had, Vec::new()),
        None => (
            layers.iter().any(|layer| layer.biases.is_some()),
            Vec::new(),
        ),
    };
    let mut list = Vec::new();
    for (k, layer) in layers.iter().enumerate() {
        let named = |tensor: &str| {
            if is_cell {
                tensor.to_owned()
            } else {
                format!("{tensor}_l{k}")
            }
        };
        let (ih, hh) = (&layer.weight_ih, &layer.weight_hh);
        list.push((
            named("weight_ih"),
            Tensor::new(ih.shape(), ih.values.clone()),
        ));
        list.push((
            named("weight_hh"),
            Tensor::new(hh.shape(), hh.values.clone()),
        ));
        if has {
            let zeros = || [vec![0.0; ih.rows], vec![0.0; ih.rows]];
            let [first, second] = layer.biases.clone().unwrap_or_else(zeros);
            list.push((named("bias_ih"), Tensor::list(first)));
            list.push((named("bias_hh"), Tensor::list(second)));
        }
    }
    let (inputs, hidden) = layers
        .first()
        .map_or((0, 0), |u| (u.weight_ih.columns, u.weight_hh.columns));
    let cell = if is_cell { "Cell" } else { "" };
    let count = if layers.len() > 1 {
        format!(", num_layers={}", layers.len())
    } else {
        String::new()
    };
    let without = if has { "" } else { ", bias=False" };
    Stored {
        maker: format!("nn.{kind}{cell}({inputs}, {hidden}{count}{without})"),
        list,
        notices,
    }
}

/// A constant of neurons: a single number where all are the same, unless the module had one for each.
fn constant(
    name: &str,
    values: &[f64],
    before: Option<&StateDictModule>,
    notices: &mut Vec<String>,
) -> Tensor {
    let first = values.first().copied().unwrap_or_default();
    // As they are stored, most often.
    let is_same = values
        .iter()
        .all(|x| (*x as f32).to_bits() == (first as f32).to_bits());
    let single = |shape: &[usize]| Tensor::new(shape.to_vec(), vec![first]);
    match before.and_then(|before| before.tensors.get(name)) {
        Some(shape) if shape.iter().product::<usize>() == values.len() => {
            Tensor::new(shape.clone(), values.to_vec())
        }
        Some(shape) if is_same => single(shape),
        None if is_same => single(&[]),
        Some(_) => {
            notices.push(format!(
                "its `{name}` was one number and is now one for each neuron: make it with a tensor, \
                 {name}=torch.ones({})",
                values.len()
            ));
            Tensor::list(values.to_vec())
        }
        None => Tensor::list(values.to_vec()),
    }
}

/// How a constant is given to a module: a number, or a tensor of as many.
fn given(name: &str, tensor: &Tensor) -> String {
    match tensor.shape[..] {
        [] => format!("{name}={}", tensor.values[0] as f32),
        _ => format!("{name}=torch.ones({})", tensor.values.len()),
    }
}

fn of_neurons(neurons: &Neurons, before: Option<&StateDictModule>) -> Stored {
    let mut notices = Vec::new();
    let (mut list, mut arguments) = (Vec::new(), Vec::new());
    let constants = [
        ("alpha", neurons.alpha.as_ref()),
        ("beta", Some(&neurons.beta)),
    ];
    for (name, values) in constants {
        if let Some(values) = values {
            let tensor = constant(name, values, before, &mut notices);
            arguments.push(given(name, &tensor));
            list.push((name.to_owned(), tensor));
        }
    }
    let n = neurons.beta.len();
    match &neurons.recurrent {
        Recurrent::None => {}
        Recurrent::All(weights) => {
            arguments.push(format!("linear_features={n}"));
            let weight = Tensor::new(weights.shape(), weights.values.clone());
            list.push(("recurrent.weight".to_owned(), weight));
            let had = before.is_none_or(|before| before.tensors.contains_key("recurrent.bias"));
            if had || !is_zero(&neurons.recurrent_bias) {
                let bias = Tensor::list(neurons.recurrent_bias.clone());
                list.push(("recurrent.bias".to_owned(), bias));
            }
        }
        Recurrent::One(values) => {
            let name = match before {
                Some(before) if !before.tensors.contains_key("V") => "recurrent.V",
                _ => "V",
            };
            let tensor = constant(name, values, before, &mut notices);
            arguments.push(format!("all_to_all=False, {}", given("V", &tensor)));
            list.push(("V".to_owned(), tensor.clone()));
            list.push(("recurrent.V".to_owned(), tensor));
        }
    }
    for (name, values) in [
        ("threshold", &neurons.threshold),
        ("graded_spikes_factor", &neurons.graded),
    ] {
        let tensor = constant(name, values, before, &mut notices);
        if !tensor.shape.is_empty() || values.iter().any(|x| (x - 1.0).abs() > 0.0) {
            arguments.push(given(name, &tensor));
        }
        list.push((name.to_owned(), tensor));
    }
    let (number, word) = match neurons.reset {
        SpikeReset::Subtract => (0.0, None),
        SpikeReset::Zero => (1.0, Some("zero")),
        SpikeReset::None => (2.0, Some("none")),
    };
    arguments.extend(word.map(|word| format!("reset_mechanism=\"{word}\"")));
    let shape = before.and_then(|before| before.tensors.get("reset_mechanism_val"));
    let reset = Tensor {
        shape: shape.cloned().unwrap_or_default(),
        values: vec![number],
        is_whole: true,
    };
    list.push(("reset_mechanism_val".to_owned(), reset));
    if neurons.resets_at_once() {
        arguments.push("reset_delay=False".to_owned());
        notices.push(
            "make it with reset_delay=False, which is in no state dict: with snnTorch's default it loses the input of the \
             step after a spike"
                .to_owned(),
        );
    }
    if neurons.reads_membrane {
        notices.push(
            "its membranes are used, not its spikes: `spk, mem = ..`, of which take mem".to_owned(),
        );
    }
    Stored {
        maker: format!("snn.{}({})", neurons.kind(), arguments.join(", ")),
        list,
        notices,
    }
}
