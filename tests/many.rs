//! One comparison by many processes: what is left, two copies of a trial, scripts of `saturn submit`.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, files, said, succeeds};

fn listed(bench: &Bench, more: &[&str]) -> Value {
    let arguments = [
        &["compare", "tiny.yaml", "--out", "out", "--list", "--json"],
        more,
    ]
    .concat();
    let output = bench.saturn(&arguments);
    succeeds(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_left_is_listed_with_what_it_takes() {
    let bench = Bench::new();
    let all = listed(&bench, &["--todo"]);
    assert_eq!(all["threads"], 2);
    let trials = all["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 8);
    for trial in trials {
        assert_eq!(trial["state"], "not done");
        assert_eq!(trial["seconds_from"], "calibration");
        let [mib, seconds] = ["memory_mib", "seconds"].map(|key| trial[key].as_f64().unwrap());
        assert!((30.0..200.0).contains(&mib), "{trial}");
        assert!((0.01..60.0).contains(&seconds), "{trial}");
    }
    let part = ["compare", "tiny.yaml", "--out", "out", "--trial", "1-2,7"];
    succeeds(&bench.saturn(&part));
    let left = listed(&bench, &["--todo"]);
    let left = left["trials"].as_array().unwrap();
    let numbers: Vec<u64> = left.iter().map(|t| t["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 4, 5, 6, 8]);
    // Seeds of what is done take as long; the other arm of the third is still calibrated.
    let from: Vec<&str> = left
        .iter()
        .map(|t| t["seconds_from"].as_str().unwrap())
        .collect();
    let (done, new) = ("finished_trials", "calibration");
    assert_eq!(from, [done, new, done, done, new]);
    let states = listed(&bench, &["--trial", "1,3"]);
    assert_eq!(states["trials"][0]["state"], "done");
    assert_eq!(states["trials"][1]["state"], "not done");
    succeeds(&bench.saturn(&["compare", "tiny.yaml", "--out", "out"]));
    let todo = ["compare", "tiny.yaml", "--out", "out", "--list", "--todo"];
    let output = bench.saturn(&todo);
    succeeds(&output);
    assert!(output.stdout.is_empty(), "nothing is left");
    fails(
        &bench.saturn(&["compare", "tiny.yaml", "--todo"]),
        2,
        &["--list"],
    );
    fails(
        &bench.saturn(&["compare", "tiny.yaml", "--trial", "3-1"]),
        2,
        &["such as 4 or 1-3"],
    );
}

/// Finished trials and weights, by the names of their files.
type Results = (Vec<(String, Value)>, Vec<(String, Vec<u8>)>);

/// The finished trials without the clock, and the weights.
fn results(folder: &Path) -> Results {
    let trials = files(&folder.join("cells"), ".json").into_iter();
    let trials = trials.map(|(name, bytes)| {
        let mut value = serde_json::from_slice(&bytes).unwrap();
        forget_clock(&mut value);
        (name, value)
    });
    (
        trials.collect(),
        files(&folder.join("weights"), ".safetensors"),
    )
}

/// The lines of `metrics.jsonl` without the clock, in any order.
fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut value = serde_json::from_str(line).unwrap();
        forget_clock(&mut value);
        value.to_string()
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

fn assert_same(bench: &Bench, one: &str, other: &str) {
    let [(trials, weights), (other_trials, other_weights)] =
        [one, other].map(|run| results(&bench.path(run)));
    assert_eq!(
        trials.len(),
        other_trials.len(),
        "trials of {one} and {other}"
    );
    assert!(trials == other_trials, "{one} and {other}");
    assert!(weights == other_weights, "weights of {one} and {other}");
    let [lines, others] = [one, other].map(|run| lines(&bench.path(run)));
    assert_eq!(lines, others, "metrics of {one} and {other}");
}

fn wait_for(what: &str, mut is: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_mins(2);
    while !is() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

const LONGER: &str = "train.epochs=40";

#[test]
fn two_copies_of_a_trial_make_one_result() {
    let bench = Bench::new();
    let start = |run: &str, more: &[&str]| {
        let head = ["compare", "tiny.yaml", "--set", LONGER, "--out", run];
        let mut command = bench.command(&[&head, more].concat());
        command.env("RAYON_NUM_THREADS", "1").stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let ends = |child: Child| child.wait_with_output().unwrap();
    succeeds(&ends(start("whole", &["--only", "gru.*.1"])));
    succeeds(&ends(start("whole", &["--collect"])));

    let part = ["--trial", "3-4", "--every", "0"];
    let mut first = start("out", &part);
    let checkpoints = bench.path("out/checkpoints");
    wait_for("no checkpoint", || {
        checkpoints.exists() && !files(&checkpoints, ".ckpt").is_empty()
    });
    signal(&first, "STOP");
    // One goes on to what is free, and says that it has not done all; one waits.
    let second = ends(start("out", &part));
    let text = said(&second);
    assert!(text.contains("gru.classic.1: skipped"), "{text}");
    fails(&second, 75, &["1 of 2 trials are left", "--wait"]);
    let alone = ends(start("out", &["--collect"]));
    fails(&alone, 2, &["another saturn process"]);
    let mut third = start("out", &["--trial", "3-4", "--wait"]);
    std::thread::sleep(Duration::from_secs(1));
    assert!(third.try_wait().unwrap().is_none(), "it waits");
    first.kill().unwrap();
    first.wait().unwrap();
    succeeds(&ends(third));
    succeeds(&ends(start("out", &["--collect"])));
    assert_same(&bench, "whole", "out");
    assert!(
        files(&checkpoints, "").is_empty(),
        "no checkpoint, no lease"
    );
}

#[test]
fn a_search_by_two_processes_finds_what_one_finds() {
    let bench = Bench::new();
    let space = "tune: {candidates: 4, halving: 2, search: {train.lr: {log: [1.0e-4, 3.0e-2]}}}\n";
    fs::write(bench.path("tiny.yaml"), format!("{SCENARIO}{space}")).unwrap();
    let start = |name: &str, folder: &str| {
        let out = format!("{name}.yaml");
        let arguments = [
            "tune",
            "tiny.yaml",
            "--only",
            "gru.adaptive.1",
            "--out",
            &out,
            "--folder",
            folder,
        ];
        let mut command = bench.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    succeeds(&start("one", "alone").wait_with_output().unwrap());
    let both = ["a", "b"].map(|name| start(name, "together"));
    for child in both {
        succeeds(&child.wait_with_output().unwrap());
    }
    let read = |path: &str| fs::read_to_string(bench.path(path)).unwrap();
    assert_eq!(read("a.yaml"), read("one.yaml"));
    assert_eq!(read("b.yaml"), read("one.yaml"));
    assert_eq!(read("together/tried.json"), read("alone/tried.json"));
}

/// A hang-up is an interrupt, unless whoever started the program ignores it.
#[test]
fn a_hang_up_stops_a_run_without_nohup() {
    let bench = Bench::new();
    for (ignored, code) in [(false, 75), (true, 0)] {
        let out = format!("out-{ignored}");
        let trap = if ignored { "trap '' HUP; " } else { "" };
        let saturn = env!("CARGO_BIN_EXE_saturn");
        let script = format!(
            "{trap}exec {saturn} run tiny.yaml --only lif.classic.* --set {LONGER} --out {out}"
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(bench.path(""));
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lease = bench.path(&out).join("checkpoints/lif.classic.1.lease");
        wait_for("nothing began", || lease.exists());
        signal(&child, "HUP");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
}

#[test]
fn scripts_are_written_once_and_what_is_wrong_is_refused() {
    let bench = Bench::new();
    let submit = |to: &str, more: &[&str]| {
        let head = ["submit", "tiny.yaml", "--to", to, "--out", "out"];
        bench.saturn(&[&head, more].concat())
    };
    let output = submit("slurm", &["--task-time", "0", "--sbatch", "partition=x"]);
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("8 trials in 8 tasks"), "{text}");
    let task = fs::read_to_string(bench.path("out-submit/1/task.sh")).unwrap();
    assert!(task.contains("\n#SBATCH --partition=x\n"), "{task}");
    succeeds(&submit("snakemake", &[]));
    assert!(bench.path("out-submit/2/Snakefile").is_file());
    assert!(!bench.path("out").exists(), "nothing is run");
    succeeds(&submit("parallel", &["--scripts", "mine", "--tune", "3"]));
    let task = fs::read_to_string(bench.path("mine/task.sh")).unwrap();
    assert!(task.contains("(tune "), "{task}");
    for (arguments, words) in [
        (&["--scripts", "mine"][..], "--scripts mine: is not empty"),
        (&["--sbatch", "array=1"], "--sbatch array=1: expected"),
        (&["--only", "lstm.*"], "no trial matches"),
        (&["--set", "train.lr=-1"], "train.lr"),
        (&["--tune", "2", "--final"], "--final"),
    ] {
        fails(&submit("slurm", arguments), 2, &[words]);
    }
    let other = submit("parallel", &["--sbatch", "partition=x"]);
    fails(&other, 2, &["--sbatch", "--to slurm"]);
    // Of what is done there is no script.
    succeeds(&bench.saturn(&["compare", "tiny.yaml", "--out", "out"]));
    let nothing = submit("slurm", &[]);
    succeeds(&nothing);
    let text = String::from_utf8_lossy(&nothing.stdout).into_owned();
    assert!(text.contains("all trials are done"), "{text}");
    assert!(!bench.path("out-submit/3").exists());
}

/// GNU parallel, for real: interrupted, hung up, and run again.
#[test]
fn parallel_does_what_one_process_does() {
    let has = Command::new("parallel").arg("--version").output();
    if !has.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU parallel")) {
        eprintln!("skipped: GNU parallel is not installed (apt-get install parallel)");
        return;
    }
    let bench = Bench::new();
    let set = ["--set", LONGER];
    succeeds(&bench.saturn(&[&["compare", "tiny.yaml", "--out", "whole"], &set[..]].concat()));
    let submit = [
        "submit",
        "tiny.yaml",
        "--to",
        "parallel",
        "--out",
        "out",
        "--task-time",
        "0",
    ];
    succeeds(&bench.saturn(&[&submit, &set[..]].concat()));
    let start = || {
        let mut command = Command::new("bash");
        command
            .arg("out-submit/1/run.sh")
            .current_dir(bench.path(""));
        // A home of its own: parallel keeps files there.
        command.env("HOME", bench.path("")).env("JOBS", "2");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    for name in ["HUP", "TERM"] {
        let cells = bench.path("out/cells");
        let done = || {
            if cells.exists() {
                files(&cells, ".json").len()
            } else {
                0
            }
        };
        let before = done();
        let child = start();
        wait_for("no trial", || done() > before);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        fails(&output, 75, &["interrupted", "run.sh again"]);
        assert!(files(&cells, ".json").len() < 8);
    }
    let output = start().wait_with_output().unwrap();
    succeeds(&output);
    assert_same(&bench, "whole", "out");
    assert!(bench.path("out/report.html").is_file());
}
