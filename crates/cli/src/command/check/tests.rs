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
    assert!(
        line.starts_with(
            "data: 400 training and 12 validation samples of 4 classes, 16 channels, steps of 10 ms"
        ),
        "{line}"
    );
    assert!(
        line.contains("(of 256 that were read)") && line.contains("% of (step, channel) pairs"),
        "{line}"
    );
    let said = checked(&text, folder.path(), &["data.dt_ms=0.05", "data.classes=6"])
        .unwrap()
        .lines
        .join("\n");
    assert!(
        said.contains("warning: --set data.dt_ms=0.05: data.dt_ms: `0.05 ms`: samples have up to"),
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
