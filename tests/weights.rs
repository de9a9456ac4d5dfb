//! Weights under a run's name: their origin, their results, and the treatment of those that do not fit.

use std::fs;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;

use crate::main_job::numbers;
use crate::saturn::{Bench, SCENARIO, fails, succeeds};

const WEIGHTS: &str = "out/weights/gru.classic.1.safetensors";

/// A folder with one trained net, `gru.classic.1`, in `out`.
fn trained() -> Bench {
    let bench = Bench::new();
    let other = |line: &&str| !line.starts_with("  lif") && !line.starts_with("  adaptive");
    let one: Vec<&str> = SCENARIO.lines().filter(other).collect();
    let one = one
        .join("\n")
        .replace("epochs: 2", "epochs: 1")
        .replace("steps: 2000", "steps: 400");
    fs::write(
        bench.path("tiny.yaml"),
        format!("{one}\nplots: [compare]\n"),
    )
    .unwrap();
    succeeds(&run(&bench, "out"));
    bench
}

fn run(bench: &Bench, out: &str) -> std::process::Output {
    bench.saturn(&["run", "tiny.yaml", "--out", out])
}

fn stream(bench: &Bench) -> std::process::Output {
    fs::write(bench.path("events.txt"), "1000 3\n25000 4\n90000 5\n").unwrap();
    bench.saturn(&[
        "stream",
        "out/gru.classic.1",
        "--from",
        "events.txt",
        "--no-health",
    ])
}

fn analyse(bench: &Bench) -> std::process::Output {
    let steps = ["--silence", "--steps", "400", "--exponents", "1"];
    bench.saturn(&[&["analyse", "out/gru.classic.1"][..], &steps].concat())
}

/// The file with each number changed, stored as `dtype`, without a description.
fn rewritten(bytes: &[u8], dtype: Dtype, number: impl Fn(&str, usize, f32) -> Vec<u8>) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = (file.tensors().into_iter())
        .map(|(name, view)| {
            let numbers = view.data().chunks_exact(4);
            let bytes = numbers
                .enumerate()
                .flat_map(|(i, b)| number(&name, i, f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            let bytes = bytes.collect();
            (name, view.shape().to_vec(), bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (
            name.clone(),
            TensorView::new(dtype, shape.clone(), bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

/// Results carry the checksum of their weights, and the file describes itself.
#[test]
fn weights_and_results_are_tied_by_a_checksum() {
    let bench = trained();
    let bytes = fs::read(bench.path(WEIGHTS)).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = &metadata.metadata().as_ref().unwrap()["saturn"];
    let found: Value = serde_json::from_str(text).unwrap();
    let summary = numbers(&bench, "out");
    let recorded = &summary["cells"][0]["training"]["weights_sha256"];
    assert_eq!(&found["tensors_sha256"], recorded);
    assert_eq!(
        (&found["network"], &found["dt_ms"]),
        (&"gru.classic.1".into(), &10.0.into())
    );
    assert_eq!(found["cells"][0]["settings"]["gru"]["hidden"], 8);
    let cell = fs::read(bench.path("out/cells/gru.classic.1.json")).unwrap();
    let cell: Value = serde_json::from_slice(&cell).unwrap();
    assert_eq!(&cell["cell"]["training"]["weights_sha256"], recorded);
    // The same numbers in f64 are the same weights.
    let wide = |_: &str, _: usize, x: f32| f64::from(x).to_le_bytes().to_vec();
    fs::write(bench.path(WEIGHTS), rewritten(&bytes, Dtype::F64, wide)).unwrap();
    let text = succeeds(&run(&bench, "out"));
    assert!(text.contains("rounded to f32"), "{text}");
    assert_eq!(numbers(&bench, "out"), summary);
    for output in [
        stream(&bench),
        analyse(&bench),
        bench.saturn(&["report", "out"]),
    ] {
        let text = succeeds(&output);
        assert!(!text.contains("not the weights"), "{text}");
    }
}

/// Weights put under a run's name by hand are used if named, and never reported with the run's history.
#[test]
fn weights_of_another_training_are_not_reported_with_this_one() {
    let bench = trained();
    let own = fs::read(bench.path(WEIGHTS)).unwrap();
    let half = |_: &str, _: usize, x: f32| half::f16::from_f32(x).to_le_bytes().to_vec();
    let other = rewritten(&own, Dtype::F16, half);
    fs::write(bench.path(WEIGHTS), &other).unwrap();
    for output in [stream(&bench), analyse(&bench)] {
        let text = succeeds(&output);
        for part in [
            WEIGHTS,
            "not the weights behind the results of gru.classic.1",
            "do not apply to them",
        ] {
            assert!(text.contains(part), "`{part}` is not in:\n{text}");
        }
    }
    let parts = [
        WEIGHTS,
        "not the weights that this run trained",
        "do not apply to them",
        "hint: move the file",
    ];
    // It is the only network of the run: nothing is left to report.
    fails(&bench.saturn(&["report", "out"]), 2, &parts);
    fails(&bench.saturn(&["plot", "out"]), 2, &parts);
    fails(&run(&bench, "out"), 2, &parts);
    assert!(
        fs::read(bench.path(WEIGHTS)).unwrap() == other,
        "never written over"
    );
    // Moved away, the run's results are its own again; elsewhere it trains the same weights.
    fs::rename(bench.path(WEIGHTS), bench.path("other.safetensors")).unwrap();
    succeeds(&bench.saturn(&["report", "out"]));
    succeeds(&run(&bench, "out"));
    let training = "/cells/0/training/history";
    assert_eq!(
        numbers(&bench, "out")
            .pointer(training)
            .map(|h| h[0]["epoch"].clone()),
        Some(1.into())
    );
    succeeds(&run(&bench, "again"));
    assert!(fs::read(bench.path("again/weights/gru.classic.1.safetensors")).unwrap() == own);
}

#[test]
fn training_does_not_write_over_weights_that_it_did_not_make() {
    let bench = trained();
    let own = fs::read(bench.path(WEIGHTS)).unwrap();
    let changed = |_: &str, _: usize, x: f32| (x + 1.0).to_le_bytes().to_vec();
    let other = rewritten(&own, Dtype::F32, changed);
    succeeds(&run(&bench, "new"));
    let place = bench.path("new/weights/gru.classic.1.safetensors");
    assert!(fs::read(&place).unwrap() == own, "the same training");
    for file in [
        "results/gru.classic.1.train.json",
        "cells/gru.classic.1.json",
    ] {
        fs::remove_file(bench.path("new").join(file)).unwrap();
    }
    fs::write(&place, &other).unwrap();
    fails(
        &run(&bench, "new"),
        2,
        &[
            "gru.classic.1.safetensors",
            "did not train",
            "hint: move the file",
        ],
    );
    assert!(fs::read(&place).unwrap() == other);
}

#[test]
fn weights_of_another_step_or_size_are_refused_with_both() {
    let bench = trained();
    let with = |set: &str, out: &str| {
        succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", out, "--set", set]));
        fs::copy(
            bench.path(out).join("weights/gru.classic.1.safetensors"),
            bench.path(WEIGHTS),
        )
        .unwrap();
    };
    with("data.dt_ms=20", "slow");
    let parts = [
        WEIGHTS,
        "dt_ms is 20 in the file and 10 in the run",
        "hint:",
    ];
    fails(&stream(&bench), 2, &parts);
    fails(&analyse(&bench), 2, &parts);
    fails(&run(&bench, "out"), 2, &parts);
    with("models.gru.layers.0.gru.hidden=5", "small");
    fails(
        &stream(&bench),
        2,
        &[
            WEIGHTS,
            "layer 0, gru.hidden is 5 in the file and 8 in the run",
        ],
    );
}

/// Damaged in any way: named, exit code 2 from every command that reads them, and never advice to delete
/// them.
#[test]
fn damaged_weights_are_wrong_input_everywhere() {
    let bench = trained();
    let own = fs::read(bench.path(WEIGHTS)).unwrap();
    let nan = |name: &str, i: usize, x: f32| {
        let x = if name == "1.bias" && i == 0 {
            f32::NAN
        } else {
            x
        };
        x.to_le_bytes().to_vec()
    };
    let cases: [(Vec<u8>, &str); 4] = [
        (own[..own.len() - 4].to_vec(), "is truncated or corrupt"),
        (Vec::new(), "it is empty"),
        (b"PK\x03\x04 and more".to_vec(), "zip archive"),
        (
            rewritten(&own, Dtype::F32, nan),
            "tensor `1.bias` is NaN at index [0], the first of 1",
        ),
    ];
    for (bytes, part) in cases {
        fs::write(bench.path(WEIGHTS), bytes).unwrap();
        for output in [run(&bench, "out"), stream(&bench), analyse(&bench)] {
            fails(&output, 2, &[WEIGHTS, part, "hint:"]);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                !text.contains("remove") && !text.contains("delete"),
                "{text}"
            );
        }
    }
}
