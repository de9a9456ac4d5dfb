//! The order of the modules of a state dict, from input to output.
//!
//! Neurons of snnTorch follow a linear module, unless the order is requested. Where their widths leave several orders, numbers
//! in the names decide: `fc1`, `lif1`, `fc2`, `lif2`.

use std::path::Path;

use super::{Kind, Module};
use crate::imported::ImportError;

/// Modules whose orders are tried.
const MOST: usize = 12;

/// `modules` in the order of `requested`, or in the only one in which their widths fit, or in that of the numbers in their
/// names.
pub(super) fn ordered(
    path: &Path,
    modules: Vec<Module>,
    requested: Option<&[String]>,
) -> Result<Vec<Module>, ImportError> {
    let mut modules = match requested {
        Some(names) => by_name(path, modules, names)?,
        None => by_width(path, &modules)?,
    };
    widen(path, &mut modules)?;
    for pair in modules.windows(2) {
        let [before, after] = pair else { continue };
        if before.outputs != after.inputs {
            let what = format!(
                "module `{}` has {} outputs and `{}` takes {} inputs",
                before.name, before.outputs, after.name, after.inputs
            );
            return Err(ImportError::network(
                path,
                what,
                "name the modules in order: `--layers a,b,c`",
            ));
        }
        if before.kind == Kind::Linear && after.kind == Kind::Linear {
            let what = format!(
                "`{}` and `{}` are linear and follow each other: what is between them is not in a state dict",
                before.name, after.name
            );
            return Err(ImportError::network(path, what, LINEAR));
        }
    }
    Ok(modules)
}

const LINEAR: &str = "multiply their weights into one, if there is nothing between them; the constants of spiking neurons of \
                      Norse and others are in no state dict: export the network to NIR, in Norse with \
                      `norse.torch.to_nir(net, sample)`";

/// Gives neurons without a width that of the module before them; those at the beginning that of the one behind.
fn widen(path: &Path, modules: &mut [Module]) -> Result<(), ImportError> {
    let mut width = 0;
    for module in modules.iter_mut() {
        if is_neurons(module) && module.inputs == 0 {
            (module.inputs, module.outputs) = (width, width);
        }
        width = module.outputs;
    }
    for module in modules.iter_mut().rev() {
        if is_neurons(module) && module.inputs == 0 {
            (module.inputs, module.outputs) = (width, width);
        }
        width = module.inputs;
    }
    match modules.iter().find(|m| is_neurons(m) && m.inputs == 0) {
        None => Ok(()),
        Some(module) => {
            let what = format!("no tensor gives the number of neurons of `{}`", module.name);
            let hint = "save the state dict of the whole network, with its linear modules";
            Err(ImportError::network(path, what, hint))
        }
    }
}

fn names(modules: &[&Module]) -> String {
    let shown = |m: &&Module| {
        if m.inputs == 0 {
            return format!("`{}` ({})", m.name, m.kind.name());
        }
        format!(
            "`{}` ({} {} -> {})",
            m.name,
            m.kind.name(),
            m.inputs,
            m.outputs
        )
    };
    modules.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn by_name(
    path: &Path,
    mut modules: Vec<Module>,
    requested: &[String],
) -> Result<Vec<Module>, ImportError> {
    let mut ordered = Vec::new();
    for name in requested {
        let Some(i) = modules.iter().position(|module| module.name == *name) else {
            let left: Vec<&Module> = modules.iter().collect();
            let what = format!("has no module `{name}`");
            return Err(ImportError::network(
                path,
                what,
                format!("its modules are {}", names(&left)),
            ));
        };
        ordered.push(modules.remove(i));
    }
    match ordered.len() {
        0 => Err(ImportError::network(
            path,
            "no module is named",
            "name the modules in order: `--layers a,b,c`",
        )),
        _ => Ok(ordered),
    }
}

fn by_width(path: &Path, modules: &[Module]) -> Result<Vec<Module>, ImportError> {
    if let Some(order) = numbered(modules) {
        return Ok(order.into_iter().map(|i| modules[i].clone()).collect());
    }
    let all: Vec<&Module> = modules.iter().collect();
    if modules.len() > MOST {
        let what = format!(
            "has {} modules, too many to find their order",
            modules.len()
        );
        return Err(ImportError::network(
            path,
            what,
            "name the modules in order: `--layers a,b,c`",
        ));
    }
    let search = |ascending: bool| {
        let mut found = Vec::new();
        chains(modules, ascending, &mut Vec::new(), 0, &mut found);
        found
    };
    let mut found = search(false);
    if found.len() > 1 && modules.iter().any(is_neurons) {
        let ascending = search(true);
        if ascending.len() == 1 {
            found = ascending;
        }
    }
    let is_linear = |module: &Module| module.kind == Kind::Linear;
    match &found[..] {
        [order] => Ok(order.iter().map(|&i| modules[i].clone()).collect()),
        [] => Err(ImportError::network(
            path,
            format!("its modules form no stack: {}", names(&all)),
            if modules.iter().all(is_linear) {
                LINEAR
            } else {
                "name those of the stack in order: `--layers a,b,c`"
            },
        )),
        _ => Err(ImportError::network(
            path,
            format!(
                "its modules fit together in more than one order: {}",
                names(&all)
            ),
            "name them in order: `--layers a,b,c`",
        )),
    }
}

/// The order of the numbers that the names end in or consist of (`0`, `layers.1`), where all differ in a number alone and
/// the widths fit.
fn numbered(modules: &[Module]) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    let mut stems = Vec::new();
    for (i, module) in modules.iter().enumerate() {
        let (stem, number) = split(&module.name);
        stems.push(stem);
        numbers.push((number?, i));
    }
    stems.dedup();
    if stems.len() != 1 {
        return None;
    }
    numbers.sort_unstable();
    let order: Vec<usize> = numbers.into_iter().map(|(_, i)| i).collect();
    let fits = |pair: &[usize]| {
        let (before, after) = (modules[pair[0]].outputs, modules[pair[1]].inputs);
        before == after || before == 0 || after == 0
    };
    order.windows(2).all(fits).then_some(order)
}

/// A name without the number that it ends in, and the number.
fn split(name: &str) -> (&str, Option<u64>) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem, name[stem.len()..].parse().ok())
}

fn is_neurons(module: &Module) -> bool {
    matches!(module.kind, Kind::Neurons(_))
}

/// All orders of `modules` that begin with `chain`, of `width` outputs (0 if not known), in which the widths fit, no two linear
/// ones follow each other, neurons follow linear ones and, if `ascending`, numbers of names do not fall; two at most.
fn chains(
    modules: &[Module],
    ascending: bool,
    chain: &mut Vec<usize>,
    width: usize,
    found: &mut Vec<Vec<usize>>,
) {
    if chain.len() == modules.len() {
        found.push(chain.clone());
    }
    let last = chain.last().map(|&last| &modules[last]);
    for (i, module) in modules.iter().enumerate() {
        let is_behind_linear = last.is_some_and(|last| last.kind == Kind::Linear);
        let kind_fits = match module.kind {
            Kind::Linear => !is_behind_linear,
            Kind::Neurons(_) => is_behind_linear,
            Kind::Recurrent { .. } => true,
        };
        let width_fits = width == 0 || module.inputs == 0 || width == module.inputs;
        let number = |module: &Module| split(&module.name).1;
        let ascends = last.is_none_or(|last| match (number(last), number(module)) {
            (Some(before), Some(after)) => before <= after,
            _ => false,
        });
        let fits = kind_fits && width_fits && (ascends || !ascending);
        if found.len() < 2 && fits && !chain.contains(&i) {
            let width = if module.outputs == 0 {
                width
            } else {
                module.outputs
            };
            chain.push(i);
            chains(modules, ascending, chain, width, found);
            chain.pop();
        }
    }
}
