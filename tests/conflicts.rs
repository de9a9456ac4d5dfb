//! The owner of a run's folder, files that are not scenarios, and sizes beyond any machine: with the built
//! program.

use std::fs;

use saturn_data::Synthetic;

use crate::saturn::{Bench, fails, files, said, succeeds};

/// Another made set in `folder`, with seed `seed`.
fn other_data(bench: &Bench, folder: &str, seed: u64) {
    let set = Synthetic {
        classes: 4,
        channels: 16,
        train: 24,
        valid: 12,
        test: 12,
        seed,
        ..Synthetic::default()
    };
    set.write(bench.path(folder), |_| {}).unwrap();
}

const ONE: [&str; 8] = [
    "--set",
    "evaluate.steps=400",
    "--set",
    "evaluate.state_reset=[none]",
    "--set",
    "stream.gap.fill=noise",
    "--set",
    "plots=[compare]",
];

fn run(bench: &Bench, more: &[&str]) -> std::process::Output {
    let first = ["run", "tiny.yaml", "--only", "gru.classic.*"];
    let arguments: Vec<&str> = first.iter().chain(&ONE).chain(more).copied().collect();
    bench.saturn(&arguments)
}

#[test]
fn a_folder_of_other_settings_is_refused_with_the_keys_that_differ() {
    let bench = Bench::new();
    succeeds(&run(&bench, &["--out", "out"]));
    let output = run(
        &bench,
        &[
            "--out",
            "out",
            "--set",
            "train.lr=0.5",
            "--set",
            "models.gru.layers.0.gru.hidden=9",
        ],
    );
    fails(
        &output,
        2,
        &[
            "out: contains another run (`tiny`)",
            "train.lr: 0.003 there, 0.5 now",
            "models.gru.layers.0.gru.hidden: 8 there, 9 now",
            "--out to keep both",
        ],
    );
    // Seeds and figures are no difference.
    succeeds(&run(&bench, &["--out", "out", "--set", "plots=[training]"]));
    fs::write(bench.path("out/run.json"), "{").unwrap();
    let output = run(&bench, &["--out", "out"]);
    fails(
        &output,
        2,
        &[
            "run.json: is damaged",
            "no other file identifies the run in this folder",
            "--collect",
        ],
    );
}

#[test]
fn another_test_file_trains_nothing_again_and_overwrites_nothing() {
    let bench = Bench::new();
    other_data(&bench, "more", 2);
    succeeds(&run(&bench, &["--out", "out", "--final"]));
    let weights = files(&bench.path("out/weights"), ".safetensors");
    let results = files(&bench.path("out/results"), ".json");
    assert_eq!((weights.len(), results.len()), (1, 2));
    // Validation does not depend on it.
    let other = ["--out", "out", "--set", "data.events.test=more/test.h5"];
    let text = succeeds(&run(&bench, &other));
    assert!(!text.contains("trained in"), "{text}");
    // The results on the first test file stay: the message names the difference, and how to keep both.
    let last: Vec<&str> = other.iter().copied().chain(["--final"]).collect();
    let output = run(&bench, &last);
    fails(
        &output,
        2,
        &[
            "out: contains results on other data",
            "the test file: sha256",
            "copy the folder",
        ],
    );
    let now = files(&bench.path("out/results"), ".json");
    assert!(results.iter().all(|file| now.contains(file)));
    // As the message says: a copy without those results uses the networks.
    copy(&bench, "out", "copy");
    for (name, _) in files(&bench.path("copy/results"), ".test.json") {
        fs::remove_file(bench.path("copy/results").join(name)).unwrap();
    }
    for (name, _) in files(&bench.path("copy/cells"), ".json") {
        fs::remove_file(bench.path("copy/cells").join(name)).unwrap();
    }
    let text = succeeds(&run(
        &bench,
        &[
            "--out",
            "copy",
            "--set",
            "data.events.test=more/test.h5",
            "--final",
        ],
    ));
    assert!(!text.contains("trained in"), "{text}");
    assert_eq!(files(&bench.path("copy/weights"), ".safetensors"), weights);
    assert_ne!(
        files(&bench.path("copy/results"), ".test.json"),
        files(&bench.path("out/results"), ".test.json")
    );
}

#[test]
fn another_training_file_is_named() {
    let bench = Bench::new();
    other_data(&bench, "more", 2);
    succeeds(&run(&bench, &["--out", "out"]));
    fs::copy(bench.path("more/train.h5"), bench.path("data/train.h5")).unwrap();
    let output = run(&bench, &["--out", "out"]);
    fails(
        &output,
        2,
        &[
            "out: contains results on other data",
            "the train file: sha256",
        ],
    );
    let text = said(&output);
    assert!(
        !text.contains("the valid file") && !text.contains("copy the folder"),
        "{text}"
    );
}

fn copy(bench: &Bench, from: &str, to: &str) {
    for folder in ["", "cells", "results", "weights"] {
        let (from, to) = (bench.path(from).join(folder), bench.path(to).join(folder));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}

#[test]
fn sizes_that_no_machine_has_are_refused_alike_by_every_command() {
    let bench = Bench::new();
    let mut said_by = Vec::new();
    for command in ["check", "run", "compare", "tune"] {
        let sets = ["--set", "models.gru.layers.0.gru.hidden=1099511627776"];
        let mut arguments = vec![command, "tiny.yaml"];
        arguments.extend(sets);
        if command == "tune" {
            arguments.extend(["--out", "found.yaml", "--only", "gru.classic.1"]);
        }
        let output = bench.saturn(&arguments);
        let text = said(&output);
        let code = if command == "tune" { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{command}: {text}");
        let line = text
            .lines()
            .find(|line| line.contains("models.gru: the network has"));
        let line = line.unwrap_or_else(|| panic!("{command}: {text}"));
        let start = line.find("models.gru").unwrap();
        said_by.push(line[start..].replace("to be trained", "to be built"));
        assert!(
            text.contains("make it smaller; most of it is `layers.0` (gru)"),
            "{text}"
        );
    }
    let parameters = |line: &String| line.split(" parameters").next().unwrap().to_owned();
    assert!(
        said_by
            .iter()
            .all(|line| parameters(line) == parameters(&said_by[0])),
        "{said_by:?}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_no_scenario_is_refused_at_once() {
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("pipe"))
        .status();
    assert!(made.unwrap().success());
    fs::copy(bench.path("data/test.h5"), bench.path("test.h5")).unwrap();
    for (file, part) in [
        ("/dev/zero", "it is a device, not a regular file"),
        ("pipe", "it is a pipe, not a regular file"),
        ("test.h5", "is not a scenario: it is an HDF5 file"),
        ("data", "it is a folder, not a regular file"),
    ] {
        fails(&bench.saturn(&["check", file]), 2, &[file, part, "hint:"]);
    }
}

#[test]
fn a_number_of_threads_beyond_reason_is_replaced_and_said() {
    let bench = Bench::new();
    for (asked, part) in [
        (
            "100000",
            "warning: RAYON_NUM_THREADS: `100000` is more than 1024; ",
        ),
        (
            "many",
            "warning: RAYON_NUM_THREADS: `many` is not a whole number from 1 to 1024; ",
        ),
    ] {
        let output = bench
            .command(&["check", "tiny.yaml"])
            .env("RAYON_NUM_THREADS", asked)
            .output()
            .unwrap();
        let text = succeeds(&output);
        assert!(text.contains(part) && text.contains(" threads"), "{text}");
    }
    let quiet = bench.saturn_on(3, &["check", "tiny.yaml"]);
    assert!(!succeeds(&quiet).contains("RAYON_NUM_THREADS"));
}
