//! The main job, end to end: folder, resume, threads, seeds.

use std::fs;
use std::time::Duration;

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, files, interrupt, succeeds};

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
fn results_are_the_same_bits_at_any_number_of_threads() {
    let bench = Bench::new();
    let run = |threads: usize| {
        let out = format!("out{threads}");
        succeeds(&bench.saturn_on(threads, &["run", "tiny.yaml", "--out", &out]));
        let weights = files(&bench.path(&out).join("weights"), ".safetensors");
        (numbers(&bench, &out), weights)
    };
    let (one, weights) = run(1);
    assert_eq!(weights.len(), 4);
    for threads in [2, 7] {
        let (other, others) = run(threads);
        assert!(weights == others, "weights at {threads} threads");
        assert_eq!(one, other, "summary at {threads} threads");
    }
}

/// Every training regime, its last weights and all results.
#[test]
fn every_arm_has_the_same_bits_at_any_number_of_threads() {
    let bench = Bench::new();
    let arms = "\
arms:
  nothing: {loss: nothing}
  entropy: {loss: entropy}
  learned_weight: {loss: {adaptive: {kl_weight: learned}}}
  ramp: {loss: {adaptive: {kl_weight: {linear: {to: 2, over: 0.5}}, direction: to_uniform}}}
  energy: {loss: {adaptive: {mask: energy}}}
  learned_mask: {loss: {adaptive: {mask: {learned: {epochs: 2}}}}}
  flipped: {loss: {adaptive: {mask_error: {flip: 0.2}}}}
  passed: {streams: single, initial_state: passed}
  random: {initial_state: {passed: {probability: 0.5}}}
  noise: {initial_state: {noise: {std: 0.1}}}
  fitted: {initial_state: fitted_noise, train: {recompute: true}}
  tbptt: {grad_detach: 10}
  fptt: {fptt: {every: 15}}
train: ";
    let scenario = SCENARIO.replace("gru: {layers: [{gru: {hidden: 8}}]}\n", "");
    let (head, rest) = scenario.split_once("arms:").unwrap();
    let (_, tail) = rest.split_once("train: ").unwrap();
    // A policy on the output works for a network with an output for "nothing", too.
    let tail = tail.replace("{periodic: 50}", "{output: entropy}");
    let text = format!("{}\n{arms}{tail}", head.trim_end());
    std::fs::write(bench.path("arms.yaml"), text).unwrap();
    let run = |threads: usize| {
        let out = format!("out{threads}");
        succeeds(&bench.saturn_on(threads, &["run", "arms.yaml", "--out", &out]));
        let weights = files(&bench.path(&out).join("weights"), ".safetensors");
        (numbers(&bench, &out), weights)
    };
    let (one, weights) = run(1);
    let (other, others) = run(3);
    assert!(weights == others, "weights");
    assert_eq!(one, other, "summary");
    let cells = one["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 13);
    let of = |arm: &str, at: &str| {
        let cell = cells.iter().find(|cell| cell["arm"] == arm).unwrap();
        cell.pointer(at).cloned()
    };
    // No two arms train to the same net.
    let losses: Vec<_> = (cells.iter())
        .map(|cell| cell["training"]["history"][1]["gradient_norm"].to_string())
        .collect();
    for (i, loss) in losses.iter().enumerate() {
        assert!(!losses[..i].contains(loss), "{}: {loss}", cells[i]["arm"]);
    }
    let size = |arm| of(arm, "/training/parameters").unwrap().as_u64().unwrap();
    let steps = |arm| of(arm, "/training/weight_steps").unwrap().as_u64().unwrap();
    // 24 samples in lanes of two, four lanes an update, two epochs; parts of 15 steps in streams of more.
    assert_eq!(steps("tbptt"), 6);
    assert!(steps("fptt") >= 4 * 6, "{}", steps("fptt"));
    assert_eq!(size("nothing"), size("entropy") + 8 + 2, "one leaky output");
    let weight = |arm| of(arm, "/training/history/1/kl_weight");
    assert_eq!(weight("ramp"), Some(Value::from(2.0)));
    assert_ne!(weight("learned_weight"), Some(Value::from(1.0)));
    assert_eq!(weight("flipped"), None, "a fixed weight is in the scenario");
    assert!(of("learned_mask", "/training/mask/valid/agreement").is_some());
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

/// A scenario whose network takes more than the program: no estimate that is too low, and none that is far
/// too high.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_that_check_foresees_is_what_a_run_takes() {
    let bench = Bench::new();
    let other = |line: &&str| !line.starts_with("  lif") && !line.starts_with("  classic");
    let one_net: Vec<&str> = SCENARIO.lines().filter(other).collect();
    fs::write(bench.path("tiny.yaml"), one_net.join("\n")).unwrap();
    let sets = [
        "models.gru.layers.0.gru.hidden=400",
        "train.epochs=1",
        "train.lanes=12",
        "train.shard_lanes=4",
        "stream.gap.fill=noise",
        "evaluate.steps=400",
        "evaluate.state_reset=[none]",
        "plots=[compare]",
    ];
    let arguments = |command: &[&'static str]| -> Vec<&str> {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        command.iter().copied().chain(sets).collect()
    };
    let check = bench.saturn(&arguments(&["check", "tiny.yaml"]));
    succeeds(&check);
    let text = String::from_utf8_lossy(&check.stdout).into_owned();
    let line = text.lines().find_map(|l| l.strip_prefix("memory: about "));
    let foreseen: f64 = line.unwrap().split(' ').next().unwrap().parse().unwrap();

    let mut run = bench
        .command(&arguments(&["run", "tiny.yaml", "--out", "out"]))
        .env("RAYON_NUM_THREADS", "2")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", run.id());
    let mut peak = 0.0;
    let ended = loop {
        // The peak so far; not available after the program has ended.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        if let Some(kib) = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok()) {
            peak = kib / 1024.0;
        }
        if let Some(ended) = run.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success());
    assert!(
        foreseen > peak && foreseen < 1.5 * peak,
        "foreseen {foreseen} MiB, peak {peak} MiB"
    );
}

#[test]
fn check_schema_and_inspect_say_what_they_should() {
    let bench = Bench::new();
    let check = bench.saturn(&["check", "tiny.yaml"]);
    succeeds(&check);
    let text = String::from_utf8_lossy(&check.stdout);
    let parts = [
        "sound",
        "lif",
        "gru",
        "parameters",
        "MiB",
        "`compare` (2 seeds)",
    ];
    for part in parts {
        assert!(text.contains(part), "{text}");
    }
    // GRU: 3 x 8 x (16 + 8) weights and 2 x 3 x 8 biases; readout: 8 x 4 + 4.
    assert!(
        text.lines()
            .any(|l| l.starts_with("gru") && l.ends_with(" 660")),
        "{text}"
    );
    let schema = bench.saturn(&["schema"]);
    succeeds(&schema);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(schema["properties"]["models"].is_object());
    // The synthetic set has 16 channels, and its words use all of them.
    let inspect = bench.saturn(&["data", "inspect", "data/train.h5"]);
    succeeds(&inspect);
    let text = String::from_utf8_lossy(&inspect.stdout).into_owned();
    assert!(
        text.contains("24 by") && text.contains("16 (the largest unit and one"),
        "{text}"
    );
    assert!(
        !bench.path("train-inspect.svg").exists(),
        "a figure that was not requested"
    );
    let asked = [
        "data",
        "inspect",
        "data/train.h5",
        "--figures",
        "drawn/here",
    ];
    succeeds(&bench.saturn(&asked));
    assert!(bench.path("drawn/here/train-inspect.svg").exists());
    assert!(bench.path("drawn/here/train-inspect.png").exists());
    let older = [
        "data",
        "inspect",
        "data/train.h5",
        "--channels",
        "16",
        "--figure",
        "older",
    ];
    let said = succeeds(&bench.saturn(&older));
    assert!(
        said.contains("--figures") && bench.path("older.svg").exists(),
        "{said}"
    );
    let narrow = ["data", "inspect", "data/train.h5", "--channels", "1"];
    fails(
        &bench.saturn(&narrow),
        2,
        &["train.h5", "channels", "hint:"],
    );
    let nowhere = [
        "data",
        "inspect",
        "data/train.h5",
        "--channels",
        "16",
        "--figure",
        "no/such",
    ];
    fails(&bench.saturn(&nowhere), 1, &["no/such", "--figures"]);
}

#[test]
fn every_committed_scenario_is_sound() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The folder that `$SATURN_DATA` names is another matter: here the text is read.
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("$SATURN_DATA", "/nowhere");
        let name = path.display().to_string();
        let read = saturn_sim::scenario::Scenario::parse(
            &text,
            &name,
            std::path::Path::new(folder),
            &[""; 0],
        );
        assert!(read.is_ok(), "{}", read.unwrap_err());
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn data_make_writes_the_set_of_a_scenario() {
    let bench = Bench::new();
    let yaml = "name: made\ndata: {synthetic: {classes: 3, channels: 12, train: 6, valid: 3, test: 3}}\nmodels: {rnn: {layers: [{rnn: {hidden: 4}}]}}\narms: {classic: {streams: single}}\n";
    fs::write(bench.path("made.yaml"), yaml).unwrap();
    succeeds(&bench.saturn(&["data", "make", "made.yaml", "--out", "made"]));
    for split in ["train", "valid", "test"] {
        assert!(bench.path("made").join(format!("{split}.h5")).exists());
    }
}

/// `saturn schema | head -1`: a reader who has seen enough is no error, and no panic.
#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::new();
    let saturn = env!("CARGO_BIN_EXE_saturn");
    let script = format!("set -o pipefail; {saturn} schema | true");
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    succeeds(&output);
}
