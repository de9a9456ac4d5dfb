//! The order of the modules of a state dict, from input to output.

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
    let modules = match requested {
        Some(names) => by_name(path, modules, names)?,
        None => by_width(path, &modules)?,
    };
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
            let hint = "multiply their weights into one, if there is nothing between them";
            return Err(ImportError::network(path, what, hint));
        }
    }
    Ok(modules)
}

fn names(modules: &[&Module]) -> String {
    let shown = |m: &&Module| {
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
    let mut found = Vec::new();
    chains(modules, &mut Vec::new(), &mut found);
    match &found[..] {
        [order] => Ok(order.iter().map(|&i| modules[i].clone()).collect()),
        [] => Err(ImportError::network(
            path,
            format!("its modules form no stack: {}", names(&all)),
            "name those of the stack in order: `--layers a,b,c`",
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
        let stem = module.name.trim_end_matches(|c: char| c.is_ascii_digit());
        stems.push(stem);
        numbers.push((module.name[stem.len()..].parse::<u64>().ok()?, i));
    }
    stems.dedup();
    if stems.len() != 1 {
        return None;
    }
    numbers.sort_unstable();
    let order: Vec<usize> = numbers.into_iter().map(|(_, i)| i).collect();
    let fits = |pair: &[usize]| modules[pair[0]].outputs == modules[pair[1]].inputs;
    order.windows(2).all(fits).then_some(order)
}

/// All orders of `modules` in which the widths fit and no two linear ones follow each other; two at most.
fn chains(modules: &[Module], chain: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if chain.len() == modules.len() {
        found.push(chain.clone());
    }
    for i in 0..modules.len() {
        let fits = chain.last().is_none_or(|&last| {
            let both_linear = modules[last].kind == Kind::Linear && modules[i].kind == Kind::Linear;
            modules[last].outputs == modules[i].inputs && !both_linear
        });
        if found.len() < 2 && fits && !chain.contains(&i) {
            chain.push(i);
            chains(modules, chain, found);
            chain.pop();
        }
    }
}
