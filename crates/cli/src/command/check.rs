//! `saturn check`: is a scenario sound, and what will it cost?
//!
//! Parameters and memory follow from the scenario: nets are counted before any is built. Time is measured, by a
//! bounded little of each model on a glimpse of the scenario's own data, if they exist: of each split no more than
//! [`ROWS`] samples are read beyond the file's index, and all trials together take no more than
//! [`crate::command::estimate::OPERATIONS`], however large the scenario.

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Result;
use saturn_cell::{CellConfig, Real};

use super::budget::{together, usual_jobs};
use super::described::described;
use super::memory::{self, MIB, Samples};
use super::print::print;
use crate::command::estimate::{Spent, Trials};
use saturn_network::resources;
use saturn_network::{NetSize, Outputs};
use saturn_sim::report::aligned;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::paths::paths_if_there;
use saturn_sim::scenario::{Model, Precision, Scenario};

/// Samples of each split that are read, at most.
pub const ROWS: usize = 256;

/// Validates `scenario` and prints what it will cost.
pub fn check(scenario: &Path, set: &[String]) -> Result<()> {
    let s = Scenario::load(scenario, set)?;
    print(&findings(&s)?.lines.join("\n"))
}

/// What a check finds, and what it took to find it.
pub struct Findings {
    /// To be printed.
    pub lines: Vec<String>,
    /// What trials took.
    pub spent: Spent,
    /// Samples that were read.
    pub rows: usize,
}

/// Checks what a scenario asks for against its data and this machine.
pub fn findings(s: &Scenario) -> Result<Findings> {
    let data = match paths_if_there(s)? {
        Some(paths) => Some((Dataset::glimpse(s, &paths, ROWS)?, paths)),
        None => None,
    };
    let data = data.as_ref().map(|(bench, paths)| (bench, paths));
    let mut warnings = s.warnings.clone();
    let about = data.map(|(bench, _)| described(s, bench));
    let line = about.map(|(line, odd)| {
        warnings.extend(odd);
        line
    });
    let mut lines: Vec<String> = warnings
        .iter()
        .map(|warning| format!("warning: {}", warning.line(s.file())))
        .collect();
    lines.push(format!("{}: the scenario is sound", s.file()));
    lines.extend(line);
    for (name, model) in s.models.iter() {
        let layers = model.network().layers;
        for (i, left_out) in (0..)
            .zip(&layers)
            .filter_map(|(i, l)| Some((i, l.left_out()?)))
        {
            lines.push(format!("{name}, layer {i}: {left_out}"));
        }
    }
    let (costs, spent) = match s.train.precision {
        Precision::F32 => costs::<f32>(s, data)?,
        Precision::F64 => costs::<f64>(s, data)?,
    };
    lines.extend(costs);
    let rows = data.map_or(0, |(bench, _)| bench.train.len() + bench.valid.len());
    Ok(Findings { lines, spent, rows })
}

fn costs<R: Real>(s: &Scenario, data: Option<(&Dataset, &Paths)>) -> Result<(Vec<String>, Spent)> {
    let samples = Samples::of(s, data);
    let bench = data.map(|(bench, _)| bench);
    let mut nets = vec![row(["model", "layer", "cell", "width", "parameters"])];
    let mut costs = vec![row(["model", "arm", "memory", "training", "evaluation"])];
    let mut one_seed = 0.0;
    let masks = memory::mask(s, &samples);
    let mut each = Vec::new();
    let count = |name: &str, model: &Model, outputs: Outputs| -> Result<NetSize> {
        let size = NetSize::of(name, &model.network(), s.data.channels, outputs);
        size.check_training::<R>()?;
        Ok(size)
    };
    // What cannot be built at all is known before anything is tried.
    for (name, model) in s.models.iter() {
        nets.extend(layers(name, &count(name, model, samples.classes.into())?));
    }
    let mut trials = bench.map(|bench| Trials::new(s, bench));
    for (name, model) in s.models.iter() {
        let plain = Outputs::from(samples.classes);
        let size = count(name, model, plain)?;
        let mut tried = match &mut trials {
            Some(trials) => {
                let tried = trials.net::<R>(name, model, size, plain)?;
                let evaluation = trials.evaluation(&tried, s.train.shard_lanes)?;
                Some((tried, evaluation))
            }
            None => None,
        };
        for (arm_name, arm) in s.arms.iter() {
            let size = count(name, model, arm.outputs(samples.classes))?;
            let bytes = memory::net::<R>(s, &samples, &size, model, arm);
            each.push(bytes.max(masks));
            let mut cells = vec![
                name.to_owned(),
                arm_name.to_owned(),
                format!("{:.0} MiB", bytes / MIB),
            ];
            if let (Some(trials), Some((tried, evaluation))) = (&mut trials, &mut tried) {
                let settings = s.train_for(model, arm);
                let training = trials.training(tried, arm, &settings, evaluation.step)?;
                one_seed += training + evaluation.total;
                cells.extend([training, evaluation.total].map(duration));
            } else {
                cells.extend(["?", "?"].map(str::to_owned));
            }
            costs.push(cells);
        }
    }
    let mut lines = aligned(&nets, 3);
    lines.push(String::new());
    lines.extend(aligned(&costs, 2));
    lines.push(String::new());
    let seeds = s.seeds_for(true).len();
    let (at_once, together) = together(&mut each, usual_jobs(s, false), memory::base(&samples));
    let most = each.first().copied().unwrap_or(masks);
    let alone = memory::run(s, &samples, seeds, most);
    let peak = memory::run(s, &samples, seeds, together.max(most));
    let trials_at_once = match at_once {
        0 | 1 => String::new(),
        n => format!(" with {n} trials at once"),
    };
    lines.push(if bench.is_some() {
        let kept = samples.kept / MIB;
        format!(
            "memory: about {:.0} MiB{trials_at_once}, of them {kept:.0} MiB of recordings",
            peak / MIB
        )
    } else {
        format!(
            "memory: about {:.0} MiB{trials_at_once}, and the recordings",
            peak / MIB
        )
    });
    if let Some(all) = resources::memory().filter(|all| *all < alone) {
        lines.push(format!(
            "warning: that is more than the {} of this machine\nhint: fewer `train.lanes`, `train.recompute: true`, \
             or a smaller net",
            resources::in_words(all)
        ));
    }
    if bench.is_some() {
        let plural = if seeds == 1 { "" } else { "s" };
        lines.push(format!(
            "time, on this machine as busy as it is now: `run` about {}, `compare` ({seeds} seed{plural}) about {}",
            duration(one_seed),
            duration(one_seed * seeds as f64)
        ));
    } else {
        lines.push(
            "time: not estimated, since the synthetic data are not made yet\nhint: `saturn data make` with this scenario makes them"
                .into(),
        );
    }
    let spent = trials.map(|trials| trials.spent).unwrap_or_default();
    Ok((lines, spent))
}

/// A line a layer, and their sum.
fn layers(name: &str, net: &NetSize) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = net
        .parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            row([
                name,
                &i.to_string(),
                part.config.kind(),
                &part.size.output.get().to_string(),
                &grouped(part.size.parameters.get()),
            ])
        })
        .collect();
    rows.push(row([name, "all", "", "", &grouped(net.parameters().get())]));
    rows
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A whole number with commas between thousands.
fn grouped(n: u128) -> String {
    saturn_store::grouped(&n.to_string())
}

/// Seconds in words.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "under 1 s".into(),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s if s < 360_000.0 => format!("{:.1} h", s / 3_600.0),
        s if s < 86_400.0 * 10_000.0 => format!("{:.0} days", s / 86_400.0),
        s => format!("{:.0e} years", s / 86_400.0 / 365.25),
    }
}
