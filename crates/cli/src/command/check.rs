//! `saturn check`: is a scenario sound, and what will it cost?
//!
//! Parameters and memory follow from the scenario: nets are counted before any is built. Time is measured, by a
//! bounded little of each model on a glimpse of the scenario's own data, if they exist: of each split no more than
//! [`ROWS`] samples are read beyond the file's index, and all trials together take no more than
//! [`crate::command::estimate::OPERATIONS`], however large the scenario.

use std::path::Path;

use anyhow::Result;
use saturn_cell::Real;

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
    let mut most = memory::mask(s, &samples);
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
            most = most.max(bytes);
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
    let peak = memory::run(s, &samples, seeds, most);
    lines.push(if bench.is_some() {
        let kept = samples.kept / MIB;
        format!(
            "memory: about {:.0} MiB, of them {kept:.0} MiB of recordings",
            peak / MIB
        )
    } else {
        format!("memory: about {:.0} MiB and the recordings", peak / MIB)
    });
    if let Some(all) = resources::memory().filter(|all| *all < peak) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use saturn_data::Synthetic;

    use super::*;
    use crate::command::estimate::OPERATIONS;
    use saturn_sim::run::paths::paths_of;
    use saturn_store::Progress;

    /// A folder with a small made set, and a scenario on it.
    fn small() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let set = Synthetic {
            classes: 4,
            channels: 16,
            train: 400,
            valid: 12,
            test: 12,
            ..Synthetic::default()
        };
        set.write(folder.path().join("data"), |_| {}).unwrap();
        let text = "\
name: small
data: {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 16}
models: {lif: {layers: [{lif: {hidden: 8, recurrent: true}}]}, gru: {layers: [{gru: {hidden: 8}}]}}
arms: {classic: {streams: single}, adaptive: {loss: adaptive}}
evaluate: {steps: 2000, lanes: 2, contraction: {samples: 8}}
";
        (folder, text.to_owned())
    }

    fn checked(text: &str, folder: &Path, sets: &[&str]) -> Result<Findings> {
        findings(&Scenario::parse(text, "s.yaml", folder, sets)?)
    }

    #[test]
    fn however_large_a_scenario_is_its_check_is_bounded() {
        let (folder, text) = small();
        let mut many = text.clone();
        many.truncate(text.find("models:").unwrap());
        many += "models:\n";
        for i in 0..300 {
            writeln!(many, "  m{i}: {{layers: [{{gru: {{hidden: {}}}}}]}}", 8 + i).unwrap();
        }
        let hidden = |n: &str| format!("models.lif.layers.0.lif.hidden={n}");
        let (wide, wider) = (hidden("4000"), hidden("9000"));
        let sets: [&[&str]; 11] = [
            &[],
            &[&wide],
            &[&wider],
            &["models.gru.layers.0.gru.hidden=3000"],
            &["models.gru.layers.0.ssm_block.width=2000"],
            &["data.dt_ms=0.01"],
            &["data.dt_ms=0.002"],
            &["evaluate.steps=1000000000000000", "train.epochs=1000000"],
            &[
                "train.lanes=65536",
                "train.shard_lanes=65536",
                "evaluate.lanes=2000",
            ],
            &[
                "evaluate.contraction={samples: 10000, lead_steps: 1000000, gap_steps: 1000000, realisations: 100000}",
            ],
            &["stream.samples=100000"],
        ];
        let all = sets.iter().map(|sets| (text.as_str(), *sets));
        for (text, sets) in all.chain([(many.as_str(), &[][..])]) {
            let found = checked(text, folder.path(), sets);
            // A change of a layer's kind is a second kind in one place.
            let Ok(found) = found else {
                assert!(sets.iter().any(|set| set.contains("ssm_block")), "{sets:?}");
                continue;
            };
            let Spent {
                operations, steps, ..
            } = found.spent;
            assert!(
                operations <= 1.05 * OPERATIONS,
                "{sets:?}: {operations:e} operations"
            );
            assert!(steps <= 2_000_000, "{sets:?}: {steps} steps");
            assert!(found.rows <= 2 * ROWS, "{sets:?}: {} rows", found.rows);
            let said = found.lines.join("\n");
            assert!(said.contains("time, on this machine"), "{said}");
        }
    }

    /// Nets are tried with every loss and every other setting of an arm that the project has a scenario for.
    #[test]
    fn every_arm_has_its_cost() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/arms.yaml");
        let folder = tempfile::tempdir().unwrap();
        let sets = [
            format!("data.folder={}", folder.path().display()),
            "data.synthetic={classes: 4, channels: 96, train: 40, valid: 8, test: 8}".to_owned(),
        ];
        let s = Scenario::load(&path, &sets).unwrap();
        paths_of(&s, &Progress::quiet()).unwrap();
        let said = findings(&s).unwrap().lines.join("\n");
        assert!(said.contains("time, on this machine"), "{said}");
        let losses: BTreeSet<&str> = s.arms.iter().map(|(_, arm)| arm.loss.key()).collect();
        assert_eq!(losses.len(), 4, "{losses:?}");
    }

    #[test]
    fn sizes_that_no_machine_has_are_refused_with_what_they_are() {
        let (folder, text) = small();
        for (size, parameters) in [
            ("1099511627776", "e24"),
            ("18446744073709551615", "e38"),
            ("1000000", "1000"),
        ] {
            let set = format!("models.lif.layers.0.lif.hidden={size}");
            let Err(error) = checked(&text, folder.path(), &[&set]) else {
                panic!("{size} is too large");
            };
            let said = error.to_string();
            assert!(
                said.starts_with("models.lif: the network has ") && said.contains(parameters),
                "{said}"
            );
            assert!(
                said.contains("of memory\nhint: make it smaller; most of it is `layers.0` (lif)"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_step_too_short_for_the_data_is_refused_with_its_bound() {
        let (folder, text) = small();
        let Err(error) = checked(&text, folder.path(), &["data.dt_ms=0.00001"]) else {
            panic!("0.00001 ms is too short");
        };
        let said = error.to_string();
        assert!(
            said.contains("`data.dt_ms` must be at least 0.00"),
            "{said}"
        );
        // Of a set that is not made yet, too.
        let made = "name: x\ndata: {synthetic: {}, dt_ms: 0.00001}";
        let Err(error) = checked(made, folder.path(), &[]) else {
            panic!("0.00001 ms is too short");
        };
        assert!(
            error
                .to_string()
                .contains("data.dt_ms: `0.00001` is out of range"),
            "{error}"
        );
    }

    #[test]
    fn the_data_are_described_and_what_is_odd_is_named() {
        let (folder, text) = small();
        let found = checked(&text, folder.path(), &[]).unwrap();
        let line = found
            .lines
            .iter()
            .find(|line| line.starts_with("data: "))
            .unwrap();
        assert!(line.starts_with("data: 400 training and 12 validation samples of 4 classes, 16 channels, steps of 10 ms"), "{line}");
        assert!(
            line.contains("(of 256 that were read)") && line.contains("% of (step, channel) pairs"),
            "{line}"
        );
        let said = checked(&text, folder.path(), &["data.dt_ms=0.05", "data.classes=6"])
            .unwrap()
            .lines
            .join("\n");
        assert!(
            said.contains(
                "warning: --set data.dt_ms=0.05: data.dt_ms: `0.05 ms`: samples have up to"
            ),
            "{said}"
        );
        assert!(
            said.contains("data.classes: `6`: 2 of them have no training sample: 4, 5"),
            "{said}"
        );
    }

    #[test]
    fn no_number_of_a_scenario_brings_the_check_down() {
        let whole = "name: x\ndata: {synthetic: {}}\nmodels: {m: {layers: [{lif: {hidden: 8}}, {gru: {hidden: 8}}, {ssm_block: {}}, \
             {windowed_attention: {}}, {selective_ssm: {}}]}}\nevaluate: {steps: 1000000, state_reset: [none, {periodic: 9}], traces: {}, disturb: {}}\ntune: {}";
        let s = Scenario::parse(whole, "s.yaml", Path::new(""), &[] as &[&str]).unwrap();
        let yaml: serde_json::Value =
            serde_saphyr::from_str(&saturn_sim::scenario::to_yaml(&s)).unwrap();
        let mut paths = Vec::new();
        numbers(&yaml, "", &mut paths);
        assert!(paths.len() > 50);
        let mut sound = 0;
        for path in paths {
            for value in [
                "0",
                "1",
                "4294967296",
                "9007199254740993",
                "18446744073709551615",
                "1e300",
                "1e-300",
                "-1",
            ] {
                let set = format!("{path}={value}");
                if let Ok(s) =
                    Scenario::parse(&yaml.to_string(), "s.yaml", Path::new("/nowhere"), &[&set])
                {
                    sound += usize::from(findings(&s).is_ok());
                }
            }
        }
        assert!(sound > 50, "{sound}");
    }

    /// The keys of all numbers in `value`.
    fn numbers(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        match value {
            serde_json::Value::Number(_) => found.push(path.to_owned()),
            serde_json::Value::Array(items) => (items.iter().enumerate())
                .for_each(|(i, item)| numbers(item, &below(&i.to_string()), found)),
            serde_json::Value::Object(map) => map
                .iter()
                .for_each(|(key, item)| numbers(item, &below(key), found)),
            _ => {}
        }
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
