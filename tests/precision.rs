//! A scenario with quantised networks.

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, files, succeeds};

/// Two formats, one of them with random rounding, and an arm that trains nets as they are stored.
fn write(bench: &Bench) {
    let faked = "  faked: {streams: concatenated, fake_quant: {weights: int8, states: int8, rounding: stochastic}}\ntrain:";
    let formats = "evaluate: {precision: [{weights: int8, states: int16}, {weights: int8, states: int8, \
                   rounding: stochastic}, {states: bf16}], ";
    let text = SCENARIO
        .replacen("train:", "TRAIN:", 1)
        .replace("\ntrain:", &format!("\n{faked}"))
        .replace("TRAIN:", "train:")
        .replace("evaluate: {", formats);
    std::fs::write(bench.path("few-bits.yaml"), text).expect("written");
}

fn run(bench: &Bench, threads: usize, out: &str) {
    succeeds(&bench.saturn_on(threads, &["run", "few-bits.yaml", "--out", out]));
}

#[test]
fn nets_are_stored_in_few_bits_and_are_the_same_at_any_number_of_threads() {
    let bench = Bench::new();
    write(&bench);
    run(&bench, 1, "one");
    run(&bench, 3, "three");
    let weights = |run: &str| files(&bench.path(run).join("weights"), ".safetensors");
    assert!(
        weights("one") == weights("three"),
        "fake-quantised training"
    );
    let read = |run: &str| -> Value {
        let bytes = std::fs::read(bench.path(run).join("summary.json")).expect("a summary");
        let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
        forget_clock(&mut value);
        value
    };
    let (one, three) = (read("one"), read("three"));
    let cells = one["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 2 * 3);
    for (cell, other) in cells.iter().zip(three["cells"].as_array().expect("cells")) {
        assert_eq!(cell["stored"], other["stored"]);
        let stored = cell["stored"].as_array().expect("formats");
        let names: Vec<&str> = stored
            .iter()
            .filter_map(|s| s["precision"].as_str())
            .collect();
        let own = ["f32/f32", "int8/int16", "int8/int8 stochastic", "f32/bf16"];
        // On each of the two streams.
        assert_eq!(names, [own, own].concat());
        let bytes = |k: usize| stored[k]["cost"]["weight_bytes"].as_f64().expect("bytes");
        assert!(bytes(1) < 0.6 * bytes(0) && (bytes(3) - bytes(0)).abs() < 1e-9);
        for format in stored.iter().filter(|s| s["precision"] != "f32/f32") {
            let policies = format["evaluations"].as_array().expect("policies");
            assert_eq!(policies.len(), 3);
            let summed = policies[0]["summed"]["value"]
                .as_f64()
                .expect("an accuracy");
            assert!((0.0..=1.0).contains(&summed));
            let drift = format["drift"].as_array().expect("windows");
            assert_eq!(drift.last().expect("a window")["step"], 1000);
        }
    }
    let figures = bench.path("one/figures");
    for name in [
        "precision-noise",
        "precision-held-noise",
        "precision-drift-noise",
    ] {
        assert!(figures.join(format!("{name}.svg")).exists(), "{name}");
    }
    let page = std::fs::read_to_string(bench.path("one/report.html")).expect("a report");
    assert!(page.contains("Finite precision") && page.contains("int8/int8 stochastic"));
}

#[test]
fn formats_that_cannot_be_are_refused_with_their_place() {
    let bench = Bench::new();
    let refused = |set: &str, parts: &[&str]| {
        let output = bench.saturn(&["check", "tiny.yaml", "--set", set]);
        fails(&output, 2, parts);
    };
    refused(
        "evaluate.precision=[{weights: f32}]",
        &["evaluate.precision.0", "is full precision"],
    );
    refused(
        "evaluate.precision=[{states: int8, covers: 0}]",
        &["precision.0.covers", "above 0"],
    );
    refused("evaluate.precision=[{states: int7}]", &["int7", "int8"]);
    refused(
        "arms.classic.fake_quant={weights: int8, rounding: stochastic}",
        &["arms.classic.fake_quant.rounding", "give `states` a format"],
    );
}
