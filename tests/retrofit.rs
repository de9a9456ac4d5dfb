//! Models that begin from finished nets: the same numbers without updates, and what is refused.

use std::fs;

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, files, said, succeeds};

/// The scenario whose nets are trained on: it begins like [`SCENARIO`].
fn further(models: &str, arms: &str) -> String {
    let before: Vec<&str> = SCENARIO
        .lines()
        .take_while(|line| !line.starts_with("models"))
        .collect();
    let after = SCENARIO.lines().skip_while(|l| !l.starts_with("train"));
    let after: Vec<&str> = after.collect();
    format!(
        "{}\nmodels: {models}\narms: {arms}\n{}\nplots: [compare, updates]\n",
        before.join("\n"),
        after.join("\n")
    )
}

/// A folder with four finished nets in `out`.
fn trained() -> Bench {
    let bench = Bench::new();
    let arguments = [
        "compare",
        "tiny.yaml",
        "--out",
        "out",
        "--only",
        "*.classic.*",
    ];
    succeeds(&bench.saturn(&arguments));
    bench
}

fn run(bench: &Bench, command: &str, models: &str, arms: &str) -> std::process::Output {
    fs::write(bench.path("further.yaml"), further(models, arms)).unwrap();
    bench.saturn(&[command, "further.yaml", "--out", "further"])
}

/// The trial `model.arm.seed` of the run in `folder`, without what depends on the clock.
fn trial(bench: &Bench, folder: &str, name: &str) -> Value {
    let text = fs::read(bench.path(&format!("{folder}/cells/{name}.json"))).unwrap();
    let mut trial: Value = serde_json::from_slice(&text).unwrap();
    forget_clock(&mut trial);
    trial["cell"].take()
}

#[test]
fn without_updates_a_net_is_what_it_was_and_with_some_another() {
    let bench = trained();
    let models = "{net: {from: 'out/gru.classic.{seed}'}, lif: {from: 'out/lif.classic.{seed}', layers: [{lif: {hidden: 8, \
         recurrent: true}}]}}";
    let arms = "{classic: {streams: single, train: {steps: 0}}, carry: {train: {steps: 7, keep: last}}, carry-2: {train: {steps: 2}}}";
    succeeds(&run(&bench, "compare", models, arms));
    for seed in [1, 2] {
        for (model, from) in [("net", "gru"), ("lif", "lif")] {
            let before = trial(&bench, "out", &format!("{from}.classic.{seed}"));
            let same = trial(&bench, "further", &format!("{model}.classic.{seed}"));
            assert_eq!(before["evaluations"], same["evaluations"], "{model}");
            let sum = &before["training"]["weights_sha256"];
            assert!(sum.is_string());
            assert_eq!(&same["training"]["weights_sha256"], sum);
            assert_eq!(same["training"]["weight_steps"], 0);
            let on = trial(&bench, "further", &format!("{model}.carry.{seed}"));
            assert_eq!(&on["training"]["from_sha256"], sum);
            assert_ne!(&on["training"]["weights_sha256"], sum);
            assert_eq!(on["training"]["weight_steps"], 7);
            // Three updates an epoch.
            assert_eq!(on["training"]["kept_epoch"], 3);
        }
    }
    let figures = files(&bench.path("further/figures"), ".svg");
    let updates = figures
        .iter()
        .filter(|(name, _)| name.starts_with("updates-"));
    assert_eq!(updates.count(), 4, "one a reading, one of the other stream");
    let said = said(&run(&bench, "compare", models, arms));
    assert!(
        !said.contains("trained in"),
        "nothing is done twice: {said}"
    );

    // Without the nets to begin from, what is finished can be read.
    fs::rename(bench.path("out"), bench.path("away")).unwrap();
    succeeds(&run(
        &bench,
        "compare",
        &models.replace("{net: {", "{net: {layers: [{gru: {hidden: 8}}], "),
        arms,
    ));
    fs::rename(bench.path("away"), bench.path("out")).unwrap();

    // Other weights to begin from are another training.
    let weights = |name: &str| bench.path(&format!("out/weights/gru.classic.{name}.safetensors"));
    fs::copy(weights("2"), weights("1")).unwrap();
    succeeds(&run(&bench, "compare", models, arms));
    let [a, b] = [1, 2].map(|seed| trial(&bench, "further", &format!("net.classic.{seed}")));
    assert_eq!(
        a["training"]["weights_sha256"],
        b["training"]["weights_sha256"]
    );
}

#[test]
fn a_net_from_which_none_can_begin_is_named() {
    let bench = trained();
    let refused = |models: &str, parts: &[&str]| {
        let arms = "{classic: {streams: single, train: {steps: 1}}}";
        fails(&run(&bench, "run", models, arms), 2, parts);
    };
    refused(
        "{m: {from: out/gru.classic.7}}",
        &["models.m.from", "no finished net `out/gru.classic.7`"],
    );
    refused("{m: {from: out}}", &["models.m.from", "no finished net"]);
    refused("{m: {}}", &["models.m.layers", "there are none", "`from`"]);
    refused(
        "{m: {from: 'out/gru.classic.{seed}', layers: [{gru: {hidden: 9}}]}}",
        &["layer 0, gru.hidden is 8 in the file and 9 in the run"],
    );
    refused(
        "{m: {from: data/train.h5}}",
        &["models.m.from", "not a safetensors file"],
    );
    let arms = "{classic: {streams: single}}";
    let models = "{m: {from: 'out/gru.classic.{seed}', train: {steps: 3, epochs: 2}}}";
    fails(
        &run(&bench, "run", models, arms),
        2,
        &["models.m.train.steps", "leave one of the two out"],
    );
    // Neither channels nor steps are those of the data.
    let text = further("{m: {from: 'out/gru.classic.{seed}'}}", arms)
        .replace("channels: 16", "channels: 17, dt_ms: 2");
    fs::write(bench.path("further.yaml"), text).unwrap();
    fails(
        &bench.saturn(&["run", "further.yaml", "--out", "other"]),
        2,
        &[
            "the number of channels is 16 in the file and 17 in the run",
            "dt_ms is",
        ],
    );
}
