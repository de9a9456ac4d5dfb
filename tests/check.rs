//! What commands say before a run: `check`, `schema`, `data inspect`, `data make`.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, succeeds};

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
    let mut check = bench.command(&arguments(&["check", "tiny.yaml"]));
    let check = check.env("RAYON_NUM_THREADS", "2").output().unwrap();
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
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
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
