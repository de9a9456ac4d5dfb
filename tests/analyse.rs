//! `saturn analyse`, the built program: its output, the same bits at any number of threads, rejected input.

use std::fs;

use serde_json::Value;

use crate::live::bench;
use crate::saturn::{fails, succeeds};

/// Analyses `net` of the run with few steps; returns the printed and the written output.
fn analyse(threads: usize, net: &str, stem: &str, more: &[&str]) -> (String, Vec<u8>) {
    let bench = bench();
    let model = format!("out/{net}");
    let few = [
        "analyse",
        &model,
        "--out",
        stem,
        "--steps",
        "600",
        "--exponents",
        "3",
    ];
    let output = bench.saturn_on(threads, &[&few, more].concat());
    succeeds(&output);
    let json = fs::read(bench.path(&format!("{stem}.json"))).unwrap();
    for ending in ["svg", "png"] {
        assert!(bench.path(&format!("{stem}.{ending}")).is_file());
    }
    let said = String::from_utf8(output.stdout).unwrap();
    (said.replace(stem, "STEM"), json)
}

fn inputs(of: &Value) -> Vec<&str> {
    let all = of["exponents"].as_array().unwrap().iter();
    all.map(|e| e["input"].as_str().unwrap()).collect()
}

#[test]
fn a_trained_net_is_analysed_to_the_same_bits_at_any_number_of_threads() {
    let (said, one) = analyse(1, "gru.adaptive.1", "figures/gru-one", &[]);
    let (again, two) = analyse(2, "gru.adaptive.1", "figures/gru-two", &[]);
    assert_eq!((&said, &one), (&again, &two));
    for part in [
        "cannot diverge: layer 0 (gru): h stays within -1 to 1",
        "on stream: ",
        "fixed point",
        "leading Lyapunov exponents",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    let found: Value = serde_json::from_slice(&one).unwrap();
    assert_eq!(found["net"], "gru.adaptive.1");
    assert_eq!(inputs(&found), ["stream", "gap of noise", "silence"]);
    let gru = &found["layers"][0];
    assert_eq!((&gru["cell"], &gru["state"]), (&"gru".into(), &8.into()));
    for measured in gru["exponents"].as_array().unwrap() {
        let exponents = measured["spectrum"]["exponents"].as_array().unwrap();
        let rates: Vec<f64> = exponents
            .iter()
            .map(|e| e["per_step"].as_f64().unwrap())
            .collect();
        assert!(
            rates.len() == 3 && rates.is_sorted_by(|a, b| a >= b),
            "{rates:?}"
        );
        // A fresh, hardly trained GRU keeps about half of its state per step.
        assert!(rates[0] < 0.0 && rates[0] > -2.0, "{rates:?}");
    }
    let forgetting = &gru["forgetting"];
    assert!(forgetting["left"][0] == 1.0 && forgetting["measured"].as_f64().unwrap() < 0.0);
}

#[test]
fn a_spiking_net_has_two_derivatives_and_silence_needs_no_data() {
    let (said, json) = analyse(2, "lif.classic.1", "figures/lif", &[]);
    assert!(
        said.contains("fire at every step") && said.contains("surrogate"),
        "{said}"
    );
    let found: Value = serde_json::from_slice(&json).unwrap();
    let lif = &found["layers"][0];
    assert_eq!(inputs(lif).len(), 6);
    let bound = &lif["theory"]["bounds"][0];
    let (range, seen) = (&bound["range"], &bound["seen"]);
    assert!(range[0].as_f64() <= seen[0].as_f64() && seen[1].as_f64() <= range[1].as_f64());

    let (said, json) = analyse(2, "lif.classic.1", "figures/quiet", &["--silence"]);
    let found: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(inputs(&found), ["silence", "silence"]);
    assert!(
        found["layers"][0]["forgetting"].is_null() && !said.contains("on stream"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_analysed_is_refused() {
    let bench = bench();
    for (arguments, part) in [
        (&["nowhere/gru.classic.1"][..], "is not a finished net"),
        (&["out/gru.nothing.1"], "no trained net `gru.nothing.1`"),
        (&["out/gru.classic.1", "--steps", "3"], "--steps"),
        (&["out/gru.classic.1", "--exponents", "0"], "--exponents"),
    ] {
        fails(
            &bench.saturn(&[&["analyse"], arguments].concat()),
            2,
            &[part],
        );
    }
    let blocked = [
        "analyse",
        "out/gru.classic.1",
        "--silence",
        "--steps",
        "400",
    ];
    let output = bench.saturn(&[&blocked[..], &["--out", "tiny.yaml/x"]].concat());
    fails(&output, 1, &["tiny.yaml", "hint:"]);
}

#[test]
fn a_network_without_a_run_is_analysed_as_one_with_it() {
    let bench = bench();
    fs::create_dir_all(bench.path("alone")).unwrap();
    let weights = bench.path("out/weights/gru.classic.1.safetensors");
    fs::copy(weights, bench.path("alone/weights.safetensors")).unwrap();
    let few = ["--steps", "400", "--exponents", "2"];
    let analysed = |model: &str, stem: &str, more: &[&str]| {
        let arguments = [&["analyse", model, "--out", stem], &few[..], more].concat();
        succeeds(&bench.saturn(&arguments));
        let json = fs::read(bench.path(&format!("{stem}.json"))).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()
    };
    let quiet = analysed("out/gru.classic.1", "alone/a", &["--silence"]);
    assert_eq!(analysed("alone", "alone/b", &["--silence"]), quiet);
    let heard = analysed("alone", "alone/c", &["--data", "data/valid.h5"]);
    assert_eq!(inputs(&heard)[0], "stream");
    let without = [&["analyse", "alone"], &few[..]].concat();
    fails(&bench.saturn(&without), 2, &["no run has data", "--data"]);
}
