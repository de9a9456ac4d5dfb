//! `saturn check`: is a scenario sound, and what will it cost?
//!
//! Parameters and memory follow from the scenario. Time is measured: one update of each model and arm and a
//! short evaluation of each model, on the scenario's own data if they are there, times what the scenario
//! asks for.

use std::path::Path;

use anyhow::Result;
use saturn_cell::Real;
use saturn_loss::MaskConfig;

use super::make::paths_if_there;
use super::print::print;
use crate::build::build;
use crate::network::Network;
use crate::run::workbench::{MASK_SAMPLES, Workbench};
use crate::scenario::{Arm, Data, DataSource, Model, Precision, Scenario, Streams};
use crate::stream::Split;
use crate::train::estimate::{Trial, mean_gap, mean_sample};

const MIB: f64 = (1 << 20) as f64;
/// What a run takes beside nets in training and recordings: the program, evaluation, figures. Measured.
const PROGRAM_MIB: f64 = 75.0;

/// Validates `scenario` and prints what it will cost.
pub fn check(scenario: &Path, set: &[String]) -> Result<()> {
    let s = Scenario::load(scenario, set)?;
    let bench = match paths_if_there(&s)? {
        Some(paths) => Some(Workbench::open(&s, &paths, false)?),
        None => None,
    };
    let mut lines: Vec<String> = s
        .warnings
        .iter()
        .map(|warning| format!("warning: {}", warning.line(s.file())))
        .collect();
    lines.push(format!("{}: the scenario is sound", scenario.display()));
    lines.extend(match s.train.precision {
        Precision::F32 => costs::<f32>(&s, bench.as_ref())?,
        Precision::F64 => costs::<f64>(&s, bench.as_ref())?,
    });
    print(&lines.join("\n"))
}

fn costs<R: Real>(s: &Scenario, bench: Option<&Workbench>) -> Result<Vec<String>> {
    let known = Known::of(s, bench);
    let mut nets = vec![row(["model", "layer", "cell", "width", "parameters"])];
    let mut costs = vec![row(["model", "arm", "memory", "training", "evaluation"])];
    let (mut one_seed, mut most) = (0.0, 0.0f64);
    for (name, model) in s.models.iter() {
        let net: Network<R> = build(
            name,
            model,
            s.data.channels,
            known.classes,
            s.data.dt_ms,
            s.seed,
        )?;
        nets.extend(layers(name, &net));
        let trial = bench.map(|bench| Trial { scenario: s, bench });
        let evaluation = match trial {
            Some(trial) => Some(trial.evaluation(&net, s.train.shard_lanes)?),
            None => None,
        };
        for (arm_name, arm) in s.arms.iter() {
            let memory = training_bytes(s, &net, model, arm, known.sample_steps) / MIB;
            most = most.max(memory);
            let mut cells = vec![
                name.to_owned(),
                arm_name.to_owned(),
                format!("{memory:.0} MiB"),
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
    lines.push(match bench {
        Some(b) => {
            let data = (b.train.cached_bytes() + b.valid.cached_bytes()) as f64 / MIB;
            format!(
                "memory: about {:.0} MiB, of them {data:.0} MiB of recordings",
                PROGRAM_MIB + most.max(mask_bytes(s, b) / MIB) + data
            )
        }
        None => format!(
            "memory: about {:.0} MiB and the recordings",
            PROGRAM_MIB + most
        ),
    });
    if bench.is_some() {
        let seeds = s.seeds_for(true).len();
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

/// What the costs depend on beside the scenario.
struct Known {
    classes: usize,
    /// Mean steps of a training sample.
    sample_steps: f64,
}

impl Known {
    /// From the data, or from what they will be.
    fn of(s: &Scenario, bench: Option<&Workbench>) -> Self {
        let Data { source, dt_ms, .. } = &s.data;
        match (bench, source) {
            (Some(b), _) => Self {
                classes: b.classes.len(),
                sample_steps: mean_sample(b.train.lengths()),
            },
            (None, DataSource::Synthetic { set, .. }) => Self {
                classes: set.classes,
                sample_steps: 0.5 * (set.word_ms[0] + set.word_ms[1]) / dt_ms,
            },
            // Event files that are not there have been refused before this.
            (None, DataSource::Events { .. }) => Self {
                classes: s.data.classes.unwrap_or(2),
                sample_steps: 1_000.0 / dt_ms,
            },
        }
    }
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

/// Bytes of training `net`: what the tapes of an update keep and their adjoints; parameters, moments and
/// the best net; a gradient for each shard.
fn training_bytes<R: Real>(
    s: &Scenario,
    net: &Network<R>,
    model: &Model,
    arm: &Arm,
    sample_steps: f64,
) -> f64 {
    let settings = s.train_for(model, arm);
    let heard = match arm.streams {
        Streams::Single => sample_steps,
        Streams::Lead | Streams::Concatenated => sample_steps + mean_gap(s.stream.gap.as_ref()),
    };
    let columns = (settings.lanes * s.stream.samples) as f64 * heard;
    let rows: usize = net
        .cells()
        .iter()
        .map(|cell| {
            let w = cell.widths();
            2 * (w.drive + w.state + w.output)
        })
        .sum();
    let in_lane = match arm.streams {
        Streams::Concatenated => 1,
        Streams::Single | Streams::Lead => s.stream.samples,
    };
    let shards = (settings.lanes * in_lane).div_ceil(settings.shard_lanes);
    // Parameters, two moments, the sum of the gradients, the best net.
    let copies = 5 + shards;
    let values = columns * rows as f64 + (net.parameters() * copies) as f64;
    values * size_of::<R>() as f64
}

/// Bytes of the streams that estimated masks are fitted and judged on; they are gone before training begins.
fn mask_bytes(s: &Scenario, bench: &Workbench) -> f64 {
    if s.arms
        .iter()
        .all(|(_, arm)| *arm.loss.mask() == MaskConfig::Labels)
    {
        return 0.0;
    }
    let of = |split: &Split| {
        let share = MASK_SAMPLES.min(split.len()) as f64 / split.len().max(1) as f64;
        share * split.cached_bytes() as f64
    };
    // Lane by lane, then woven; 8 bytes an event where a recording has 6.
    (of(&bench.train) + of(&bench.valid)) * 2.0 * 8.0 / 6.0
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Rows as lines: the first `names` columns to the left, numbers to the right.
fn aligned(rows: &[Vec<String>], names: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        let cells = rows.iter().filter_map(|row| row.get(c));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let line: Vec<String> = cells
                .map(|(c, (cell, &width))| {
                    if c < names {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                })
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
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
    fn columns_line_up_whatever_is_in_them() {
        let rows = [
            row(["model", "arm", "memory"]),
            row(["a long name", "classic", "5 MiB"]),
        ];
        let lines = aligned(&rows, 2);
        assert_eq!(lines[0], "model        arm      memory");
        assert_eq!(lines[1], "a long name  classic   5 MiB");
    }

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
