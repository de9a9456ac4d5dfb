//! `saturn check`: is a scenario sound, and what will it cost?
//!
//! Parameters and memory follow from the scenario. Time is measured: one epoch over a few hundred samples
//! and a short evaluation of each model and arm, on the scenario's own data if they are there.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use saturn_cell::Real;

use super::make::paths_if_there;
use crate::build::build;
use crate::network::Network;
use crate::run::workbench::Workbench;
use crate::scenario::{Arm, Model, Precision, Scenario, Streams};
use crate::train::estimate::{Sample, update_seconds};

/// Validates `scenario` and prints what it will cost.
#[allow(clippy::print_stdout)] // The table is the command's result.
pub fn check(scenario: &Path, set: &[String]) -> Result<()> {
    let s = Scenario::load(scenario, set)?;
    for warning in &s.warnings {
        println!("warning: {}", warning.line(s.file()));
    }
    let bench = match paths_if_there(&s)? {
        Some(paths) => Some(Workbench::open(&s, &paths, false)?),
        None => None,
    };
    println!("{}: the scenario is sound", scenario.display());
    let lines = match s.train.precision {
        Precision::F32 => costs::<f32>(&s, bench.as_ref())?,
        Precision::F64 => costs::<f64>(&s, bench.as_ref())?,
    };
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

fn costs<R: Real>(s: &Scenario, bench: Option<&Workbench>) -> Result<Vec<String>> {
    let classes = bench
        .map(|b| b.classes.len())
        .or(s.data.classes)
        .unwrap_or(10);
    let mut lines = vec![format!(
        "{:<16} {:<12} {:>10} {:>10} {:>10} {:>10}",
        "model", "arm", "parameters", "memory", "training", "evaluation"
    )];
    let (mut one_seed, mut known) = (0.0, true);
    for (name, model) in s.models.iter() {
        let net: Network<R> = build(name, model, s.data.channels, classes, s.data.dt_ms, s.seed)?;
        for (arm_name, arm) in s.arms.iter() {
            let memory = memory_mib(s, &net, model, arm, bench);
            let time = match bench {
                Some(bench) => Some(seconds(s, &net, model, arm, bench)?),
                None => None,
            };
            let show = |x: Option<f64>| x.map_or_else(|| "–".into(), duration);
            lines.push(format!(
                "{name:<16} {arm_name:<12} {:>10} {:>10} {:>10} {:>10}",
                net.parameters(),
                format!("{memory:.0} MiB"),
                show(time.map(|t| t.0)),
                show(time.map(|t| t.1)),
            ));
            match time {
                Some((training, evaluation)) => one_seed += training + evaluation,
                None => known = false,
            }
        }
    }
    if known {
        let seeds = s.seeds_for(true).len();
        lines.push(format!(
            "run: about {}; compare ({seeds} seeds): about {}",
            duration(one_seed),
            duration(one_seed * seeds as f64)
        ));
    } else {
        lines.push(
            "time is not estimated: the synthetic data are not made yet\nhint: `saturn data make` makes them"
                .into(),
        );
    }
    Ok(lines)
}

/// Tapes of all shards of an update, with their adjoints; parameters, gradients and moments beside them.
fn memory_mib<R: Real>(
    s: &Scenario,
    net: &Network<R>,
    model: &Model,
    arm: &Arm,
    bench: Option<&Workbench>,
) -> f64 {
    let settings = s.train_for(model, arm);
    let sample = bench.map_or(100.0, |b| {
        b.train.lengths().iter().sum::<usize>() as f64 / b.train.len().max(1) as f64
    });
    let gap = s
        .stream
        .gap
        .as_ref()
        .map_or(0.0, |g| (g.steps[0] + g.steps[1]) as f64 / 2.0);
    let columns = (settings.lanes * s.stream.samples) as f64
        * match arm.streams {
            Streams::Single => sample,
            Streams::Lead | Streams::Concatenated => sample + gap,
        };
    let rows: usize = net
        .cells()
        .iter()
        .map(|cell| {
            let w = cell.widths();
            2 * (w.drive + w.state + w.output)
        })
        .sum();
    let shards = (settings.lanes as f64 / settings.shard_lanes as f64).ceil();
    let values = columns * rows as f64 + net.parameters() as f64 * (5.0 + shards);
    values * size_of::<R>() as f64 / f64::from(1 << 20)
}

/// Seconds of one training and of one net's evaluations.
fn seconds<R: Real>(
    s: &Scenario,
    net: &Network<R>,
    model: &Model,
    arm: &Arm,
    bench: &Workbench,
) -> Result<(f64, f64)> {
    let settings = s.train_for(model, arm);
    let sample = Sample {
        scenario: s,
        bench,
        arm,
        settings: &settings,
    };
    let update = update_seconds(net, &sample)?;
    let updates = bench
        .train
        .len()
        .div_ceil(settings.lanes * s.stream.samples);
    // Validation takes about a tenth of an epoch.
    let training = 1.1 * update * (updates * settings.epochs) as f64;
    let began = Instant::now();
    let steps = sample.evaluate(net)?;
    let each = began.elapsed().as_secs_f64() / steps as f64;
    let e = &s.evaluate;
    let evaluations = (e.streams.len() * e.state_reset.len()) as f64;
    Ok((training, each * 2.0 * e.steps as f64 * evaluations))
}

/// Seconds in words.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}
