//! Runs that are killed and resumed: checkpoints, rejected checkpoints, two programs in one folder.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::RngExt;
use saturn_cell::rng::generator;
use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::main_job::numbers;
use crate::saturn::{Bench, fails, files, said, succeeds};

/// Networks, training regimes and policies with all kinds of state.
const SCENARIO: &str = "\
name: killed
data: {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 16}
stream: {samples: 2, gap: {steps: [5, 15], fill: [silence, noise]}}
models:
  lif: {layers: [{lif: {hidden: 8, recurrent: true}}]}
  ssm: {layers: [{ssm_block: {width: 8, states: 6}}]}
arms:
  passed: {streams: single, initial_state: passed}
  adaptive: {streams: concatenated, loss: {adaptive: {kl_weight: learned, mask: labels}}}
train: {epochs: 6, lanes: 4, shard_lanes: 2}
evaluate:
  steps: 3000
  lanes: 2
  state_reset: [none, misaligned: 3, output: {boundary: {hold: 3}}]
  contraction: {samples: 8, lead_steps: 20, gap_steps: 20, realisations: 2}
  traces: {windows: 4, steps: 50}
  twin: {windows: 3, steps: 100}
  precision: [{weights: int8, states: int8, rounding: stochastic}]
  disturb: {every: 300, last: 40}
";

/// Numbers, files by name, lines of `metrics.jsonl`.
type Left = (Value, Vec<(String, Vec<u8>)>, Vec<Value>);

/// All files of a run that do not depend on the clock: numbers, traces, weights, figures, and
/// `metrics.jsonl`.
fn left(bench: &Bench, run: &str) -> Left {
    let folder = bench.path(run);
    let mut all = Vec::new();
    for (sub, ending) in [
        ("traces", ".h5"),
        ("weights", ".safetensors"),
        ("figures", ".svg"),
    ] {
        // One figure is of speed and memory.
        let found = files(&folder.join(sub), ending);
        all.extend(
            found
                .into_iter()
                .filter(|(name, _)| !name.starts_with("long-run")),
        );
    }
    let text = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.iter_mut().for_each(forget_clock);
    // Trials that are done at once add lines as they come; those of one are in order.
    lines.sort_by_key(|line| ["model", "arm", "seed"].map(|key| line[key].to_string()));
    (numbers(bench, run), all, lines)
}

/// How often the test kills: more in a long test by hand.
fn kills() -> usize {
    let asked = std::env::var("SATURN_KILLS").ok();
    asked.map_or(4, |n| n.parse().expect("SATURN_KILLS is a number"))
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_one_that_never_was() {
    let bench = Bench::new();
    fs::write(bench.path("killed.yaml"), SCENARIO).unwrap();
    let began = Instant::now();
    succeeds(&bench.saturn(&["run", "killed.yaml", "--out", "whole"]));
    let length = began.elapsed();
    let whole = left(&bench, "whole");
    assert!(files(&bench.path("whole/checkpoints"), ".ckpt").is_empty());

    let mut rng = generator(7, "kills", 0);
    let (mut cut, mut round) = (0, 0);
    while cut < kills() {
        let run = format!("killed-{round}");
        round += 1;
        for threads in [1, 2, 7].into_iter().cycle() {
            let arguments = [
                "run",
                "killed.yaml",
                "--out",
                run.as_str(),
                "--every",
                "50ms",
            ];
            let mut child = bench
                .command(&arguments)
                .env("RAYON_NUM_THREADS", threads.to_string())
                .spawn()
                .unwrap();
            std::thread::sleep(length.mul_f64(rng.random_range(0.02..0.9)));
            if cut == kills() || child.try_wait().unwrap().is_some() {
                assert!(child.wait().unwrap().success(), "{run}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            cut += 1;
        }
        let found = left(&bench, &run);
        let at = format!("{run} after {cut} kills");
        for (a, b) in found.1.iter().zip(&whole.1) {
            assert!(a == b, "{at}: {} is not {}", a.0, b.0);
        }
        assert_eq!(found.1.len(), whole.1.len(), "{at}: files");
        assert_eq!(found.2, whole.2, "{at}: metrics.jsonl");
        assert!(found.0 == whole.0, "{at}: summary.json");
        assert!(files(&bench.path(&run).join("checkpoints"), ".ckpt").is_empty());
    }
}

/// Kills a run as soon as it has saved something; returns its folder of checkpoints.
fn cut_short(bench: &Bench, run: &str) -> std::path::PathBuf {
    let arguments = [
        "run",
        "long.yaml",
        "--jobs",
        "1",
        "--out",
        run,
        "--every",
        "0",
    ];
    let mut child = bench.command(&arguments).spawn().unwrap();
    let folder = bench.path(run).join("checkpoints");
    // By name alone: the program deletes older ones meanwhile.
    let is_checkpoint = |name: &std::ffi::OsString| {
        let ending = Path::new(name).extension();
        ending.is_some_and(|ending| ending == "ckpt") && !name.to_string_lossy().starts_with('.')
    };
    let kept = |folder: &Path| {
        let names = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name());
        names.filter(is_checkpoint).count() >= 2
    };
    let patience = Instant::now() + Duration::from_mins(2);
    while !kept(&folder) {
        assert!(Instant::now() < patience, "no checkpoint");
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder
}

#[test]
fn a_checkpoint_that_is_torn_is_named_and_the_one_before_is_taken() {
    let bench = Bench::new();
    let long = SCENARIO.replace("epochs: 6", "epochs: 400");
    fs::write(bench.path("long.yaml"), &long).unwrap();
    let folder = cut_short(&bench, "cut");
    let mut all = files(&folder, ".ckpt");
    let number = |name: &str| name.rsplit('.').nth(1).unwrap().parse::<u64>().unwrap();
    all.sort_by_key(|(name, _)| number(name));
    let (newest, bytes) = all.last().unwrap();
    fs::write(folder.join(newest), &bytes[..bytes.len() / 2]).unwrap();
    let mut child = bench
        .command(&[
            "run",
            "long.yaml",
            "--jobs",
            "1",
            "--out",
            "cut",
            "--resume",
        ])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    child.kill().unwrap();
    let text = said(&child.wait_with_output().unwrap());
    assert!(
        text.contains(newest) && text.contains("is truncated or corrupt"),
        "{text}"
    );
    assert!(text.contains("resuming from"), "{text}");
}

#[test]
fn a_folder_says_what_cannot_be_gone_on_with() {
    let bench = Bench::new();
    fs::write(bench.path("killed.yaml"), SCENARIO).unwrap();
    let arguments = ["run", "killed.yaml", "--out", "none", "--resume"];
    let output = bench.saturn(&arguments);
    fails(&output, 2, &["none", "no run to resume", "hint:"]);

    // Its input is gone: finished results are kept, and the message names the file.
    let long = SCENARIO.replace("epochs: 6", "epochs: 400");
    fs::write(bench.path("long.yaml"), long).unwrap();
    let folder = cut_short(&bench, "run");
    let before = files(&folder, ".ckpt");
    fs::remove_file(bench.path("data/valid.h5")).unwrap();
    let output = bench.saturn(&["run", "long.yaml", "--out", "run", "--resume"]);
    fails(&output, 2, &["valid.h5"]);
    assert!(files(&folder, ".ckpt") == before);
}

#[test]
fn two_programs_do_not_work_in_one_folder() {
    let bench = Bench::new();
    let long = SCENARIO.replace("epochs: 6", "epochs: 4000");
    fs::write(bench.path("long.yaml"), long).unwrap();
    let arguments = ["run", "long.yaml", "--out", "run"];
    let mut child = bench.command(&arguments).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(2);
    while !bench.path("run/run.json").exists() {
        assert!(Instant::now() < patience);
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = bench.saturn(&arguments);
    child.kill().unwrap();
    child.wait().unwrap();
    fails(
        &output,
        2,
        &["another saturn process is using this folder", "hint:"],
    );
    // A killed program has no lock.
    fs::write(bench.path("short.yaml"), SCENARIO).unwrap();
    let output = bench.saturn(&["run", "short.yaml", "--out", "run"]);
    fails(&output, 2, &["hint:"]);
    assert!(!said(&output).contains("at work"));
}
