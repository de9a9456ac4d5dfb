//! The main job, end to end: folder, resume, seeds.

use std::fs;
use std::time::Duration;

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, fails, files, interrupt, succeeds};

/// A summary without what depends on the clock and the machine.
pub fn numbers(bench: &Bench, run: &str) -> Value {
    let text = fs::read(bench.path(run).join("summary.json")).unwrap();
    let mut summary = serde_json::from_slice(&text).unwrap();
    forget_clock(&mut summary);
    summary
}

/// Results are on standard output, progress on standard error; tables fit the terminal.
#[test]
fn results_and_progress_go_different_ways() {
    let bench = Bench::new();
    let run = bench.saturn(&[
        "run",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=1",
    ]);
    let progress = succeeds(&run);
    let results = String::from_utf8(run.stdout).unwrap();
    for words in [
        "accuracy in % with its 95 % interval",
        "the report is out/report.html",
    ] {
        assert!(
            results.contains(words) && !progress.contains(words),
            "{words}:\n{results}\n{progress}"
        );
    }
    assert!(
        progress.contains("lif.classic.1") && !results.contains("lif.classic.1"),
        "{progress}"
    );
    for columns in [80, 100, 120] {
        let mut plot = bench.command(&["plot", "out"]);
        let output = plot.env("COLUMNS", columns.to_string()).output().unwrap();
        succeeds(&output);
        let again = String::from_utf8(output.stdout).unwrap();
        assert!(
            again.contains("summed") && again.contains("detector"),
            "{again}"
        );
        let widest = again.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns), "{columns}: {again}");
    }
}

#[test]
fn a_scenario_becomes_a_folder_of_results() {
    let bench = Bench::new();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    for file in [
        "scenario.yaml",
        "manifest.json",
        "metrics.jsonl",
        "summary.json",
        "report.html",
    ] {
        assert!(bench.path("out").join(file).exists(), "{file}");
    }
    let summary = numbers(&bench, "out");
    assert_eq!(summary["version"], 2);
    assert_eq!(summary["split"], "valid");
    let cells = summary["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4, "two models, two arms, one seed");
    // Two streams (silence, noise), three policies.
    assert_eq!(summary["table"].as_array().unwrap().len(), 4 * 2 * 3);
    for cell in cells {
        assert_eq!(cell["training"]["history"].as_array().unwrap().len(), 2);
        for evaluation in cell["evaluations"].as_array().unwrap() {
            assert_eq!(evaluation["steps"], 2000);
            for column in ["summed", "last", "detector"] {
                let value = evaluation[column]["value"].as_f64().unwrap();
                assert!((0.0..=1.0).contains(&value), "{column} {value}");
            }
        }
    }
    // The healthy ranges for live runs are stored with each network.
    let health = files(&bench.path("out/health"), ".json");
    assert_eq!(health.len(), 4);
    for (name, bytes) in health {
        let ranges: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            (&ranges["window"], &ranges["windows"]),
            (&200.into(), &100.into()),
            "{name}"
        );
        for range in ranges["figures"].as_array().unwrap() {
            let [least, mean, most] = ["least", "mean", "most"].map(|k| range[k].as_f64().unwrap());
            assert!(
                least <= mean + 1e-9 && mean <= most + 1e-9,
                "{name}: {range}"
            );
        }
    }
    let report = fs::read_to_string(bench.path("out/report.html")).unwrap();
    let svgs = files(&bench.path("out/figures"), ".svg");
    let pngs = files(&bench.path("out/figures"), ".png");
    assert!(svgs.len() >= 7, "{} figures", svgs.len());
    assert_eq!(svgs.len(), pngs.len());
    assert!(
        report.matches("<figure").count() >= svgs.len(),
        "a figure is missing"
    );
    assert!(
        !report.contains("http://") || !report.contains("<script src"),
        "self-contained"
    );

    // Again: nothing is trained, and the numbers are the same.
    let before = files(&bench.path("out/cells"), ".json");
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    assert!(files(&bench.path("out/cells"), ".json") == before);
    // `plot` draws it again from the folder alone.
    fs::remove_file(bench.path("out/report.html")).unwrap();
    succeeds(&bench.saturn(&["plot", "out"]));
    assert!(bench.path("out/report.html").exists());
}

#[test]
fn compare_takes_all_seeds_and_redoes_only_what_is_missing() {
    let bench = Bench::new();
    let compare = ["compare", "tiny.yaml", "--out", "out"];
    succeeds(&bench.saturn(&compare));
    let whole = numbers(&bench, "out");
    assert_eq!(whole["cells"].as_array().unwrap().len(), 8);
    assert_eq!(whole["table"][0]["seeds"], 2);

    let lost = bench.path("out/results/gru.classic.2.train.json");
    fs::remove_file(&lost).unwrap();
    fs::remove_file(bench.path("out/cells/gru.classic.2.json")).unwrap();
    let kept = bench.path("out/results/lif.classic.1.train.json");
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    // Only existing results are collected; then the rest is computed, with the same numbers.
    succeeds(&bench.saturn(&["compare", "tiny.yaml", "--out", "out", "--collect"]));
    assert_eq!(numbers(&bench, "out")["cells"].as_array().unwrap().len(), 7);
    succeeds(&bench.saturn(&compare));
    assert!(lost.exists());
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), before);
    assert_eq!(numbers(&bench, "out"), whole);
}

#[test]
fn the_final_evaluation_reads_the_test_split_with_the_same_nets() {
    let bench = Bench::new();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    let weights = files(&bench.path("out/weights"), ".safetensors");
    let trained = files(&bench.path("out/results"), ".train.json");
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out", "--final"]));
    assert_eq!(numbers(&bench, "out")["split"], "test");
    assert!(files(&bench.path("out/weights"), ".safetensors") == weights);
    assert!(files(&bench.path("out/results"), ".train.json") == trained);
}

#[test]
fn an_interrupted_run_keeps_what_is_done_and_goes_on() {
    let bench = Bench::new();
    let arguments = [
        "run",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=8",
    ];
    let child = bench
        .command(&arguments)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let first = bench.path("out/results/lif.classic.1.train.json");
    for _ in 0..600 {
        if first.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    interrupt(&child);
    fails(
        &child.wait_with_output().unwrap(),
        75,
        &["interrupted", "run the same command again"],
    );
    let before = fs::read(&first).unwrap();
    succeeds(&bench.saturn(&arguments));
    assert!(
        fs::read(&first).unwrap() == before,
        "what was done is not done again"
    );
    assert_eq!(numbers(&bench, "out")["cells"].as_array().unwrap().len(), 4);
}
