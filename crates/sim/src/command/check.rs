//! `saturn check`: is a scenario sound, and what will it cost?
//!
//! Parameters and memory follow from the scenario. Time is measured: one update of each model and arm and a
//! short evaluation of each model, on the scenario's own data if they are there, times what the scenario
//! asks for.

use std::path::Path;

use anyhow::Result;
use saturn_cell::Real;

use super::make::paths_if_there;
use super::memory::{self, MIB, Samples};
use super::print::print;
use crate::build::{Answers, build};
use crate::network::Network;
use crate::report::aligned;
use crate::run::workbench::{Paths, Workbench};
use crate::scenario::{Precision, Scenario};
use crate::train::estimate::Trial;

/// Validates `scenario` and prints what it will cost.
pub fn check(scenario: &Path, set: &[String]) -> Result<()> {
    let s = Scenario::load(scenario, set)?;
    let data = match paths_if_there(&s)? {
        Some(paths) => Some((Workbench::open(&s, &paths, false)?, paths)),
        None => None,
    };
    let data = data.as_ref().map(|(bench, paths)| (bench, paths));
    let mut lines: Vec<String> = s
        .warnings
        .iter()
        .map(|warning| format!("warning: {}", warning.line(s.file())))
        .collect();
    lines.push(format!("{}: the scenario is sound", scenario.display()));
    lines.extend(match s.train.precision {
        Precision::F32 => costs::<f32>(&s, data)?,
        Precision::F64 => costs::<f64>(&s, data)?,
    });
    print(&lines.join("\n"))
}

fn costs<R: Real>(s: &Scenario, data: Option<(&Workbench, &Paths)>) -> Result<Vec<String>> {
    let samples = Samples::of(s, data);
    let bench = data.map(|(bench, _)| bench);
    let mut nets = vec![row(["model", "layer", "cell", "width", "parameters"])];
    let mut costs = vec![row(["model", "arm", "memory", "training", "evaluation"])];
    let mut one_seed = 0.0;
    let mut most = memory::mask(s, &samples);
    for (name, model) in s.models.iter() {
        let built = |answers: Answers| {
            let net = build(name, model, s.data.channels, answers, s.data.dt_ms, s.seed)?;
            anyhow::Ok(net)
        };
        let net: Network<R> = built(samples.classes.into())?;
        nets.extend(layers(name, &net));
        let trial = bench.map(|bench| Trial { scenario: s, bench });
        let evaluation = match trial {
            Some(trial) => Some(trial.evaluation(&net, s.train.shard_lanes)?),
            None => None,
        };
        for (arm_name, arm) in s.arms.iter() {
            let net = built(Answers::of(samples.classes, arm))?;
            let bytes = memory::net(s, &samples, &net, model, arm);
            most = most.max(bytes);
            let mut cells = vec![
                name.to_owned(),
                arm_name.to_owned(),
                format!("{:.0} MiB", bytes / MIB),
            ];
            if let (Some(trial), Some(evaluation)) = (trial, evaluation) {
                let settings = s.train_for(model, arm);
                let training = trial.training(&net, arm, &settings, evaluation.step)?;
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
    let peak = memory::run(s, &samples, seeds, most) / MIB;
    lines.push(if bench.is_some() {
        let kept = samples.kept / MIB;
        format!("memory: about {peak:.0} MiB, of them {kept:.0} MiB of recordings")
    } else {
        format!("memory: about {peak:.0} MiB and the recordings")
    });
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
    Ok(lines)
}

/// A line a layer, and their sum.
fn layers<R: Real>(name: &str, net: &Network<R>) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = net
        .cells()
        .iter()
        .enumerate()
        .map(|(i, cell)| {
            let (width, parameters) = (cell.widths().output, cell.params().count());
            row([
                name,
                &i.to_string(),
                cell.name(),
                &width.to_string(),
                &grouped(parameters),
            ])
        })
        .collect();
    rows.push(row([name, "all", "", "", &grouped(net.parameters())]));
    rows
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A whole number with commas between thousands.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds in words.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "under 1 s".into(),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(duration(0.2), "under 1 s");
        assert_eq!(duration(150.0), "2 min");
        assert_eq!(duration(7_200.0), "2.0 h");
    }
}
