//! A finished network on other data: the run's numbers again, the line for every segment, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use saturn_data::{FrameMeta, Frames, Recording, WriteMeta, write_events, write_frames};
use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, recording, succeeds};

const MODEL: &str = "out/gru.classic.1";

/// A folder with one trained net, `gru.classic.1`, in `out`.
fn trained() -> Bench {
    let bench = Bench::new();
    let other = |line: &&str| !line.starts_with("  lif") && !line.starts_with("  adaptive");
    let one: Vec<&str> = SCENARIO.lines().filter(other).collect();
    let one = one
        .join("\n")
        .replace("fill: [silence, noise]", "fill: [noise]");
    let text = format!("{one}\nplots: [compare]\n");
    fs::write(bench.path("tiny.yaml"), text).unwrap();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    bench
}

fn evaluate(bench: &Bench, model: &str, data: &str, more: &[&str]) -> Output {
    let arguments = [&["evaluate", model, "--data", data], more].concat();
    bench.saturn(&arguments)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The evaluations in a summary without what depends on the clock.
fn evaluations(mut of: Value) -> Vec<Value> {
    forget_clock(&mut of);
    of.as_array().unwrap().clone()
}

/// A line of a log of segments.
struct Line {
    position: u64,
    lane: u64,
    right: [bool; 3],
}

/// The lines of a log, whose flags agree with its classes.
fn lines(path: &Path) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head =
        "lane,position,recording,class,summed,last,detector,summed_right,last_right,detector_right";
    assert_eq!(lines.next(), Some(head));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let right = [0, 1, 2].map(|k| {
                let right = fields[4 + k] == fields[3];
                assert_eq!(fields[7 + k], if right { "1" } else { "0" }, "{line}");
                right
            });
            assert!(fields[2].parse::<u64>().unwrap() < 12, "{line}");
            Line {
                lane: fields[0].parse().unwrap(),
                position: fields[1].parse().unwrap(),
                right,
            }
        })
        .collect()
}

#[test]
fn a_run_is_repeated_to_the_bit_and_recomputed_from_its_segments() {
    let bench = trained();
    let policies = ["none", "oracle", "periodic=50"];
    let resets: Vec<&str> = policies.iter().flat_map(|p| ["--state-reset", p]).collect();
    let output = evaluate(
        &bench,
        MODEL,
        "data/valid.h5",
        &[&resets[..], &["--out", "again"]].concat(),
    );
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("summed") && text.contains("chosen by the run"),
        "{text}"
    );
    let report = fs::read_to_string(bench.path("again/report.html")).unwrap();
    for part in [
        "gru.classic.1 on 12 samples",
        "chosen by the run",
        "data:image/svg+xml",
    ] {
        assert!(report.contains(part), "{part}");
    }
    let run = evaluations(json(&bench.path("out/summary.json"))["cells"][0]["evaluations"].take());
    let summary = json(&bench.path("again/summary.json"));
    assert_eq!(summary["format"], "saturn evaluation");
    assert_eq!(summary["model"]["name"], "gru.classic.1");
    let again = evaluations(summary["evaluations"].clone());
    assert_eq!((run.len(), again.len()), (3, 3));
    for (run, again) in run.iter().zip(&again) {
        for key in [
            "stream",
            "state_reset",
            "steps",
            "segments",
            "summed",
            "last",
            "detector",
            "slope",
            "positions",
            "gaps",
            "by_class",
            "detection",
            "curve",
            "resets",
            "spikes_per_step",
        ] {
            assert_eq!(again[key], run[key], "{key}");
        }
        let log = lines(
            &bench
                .path("again")
                .join(again["segments_file"].as_str().unwrap()),
        );
        let segments = log.len();
        assert_eq!(again["segments"], segments as u64);
        assert!(segments > 20, "{segments}");
        for (k, reading) in ["summed", "last", "detector"].iter().enumerate() {
            let right = log.iter().filter(|line| line.right[k]).count();
            let accuracy = right as f64 / segments as f64;
            assert_eq!(
                again[*reading]["value"].as_f64(),
                Some(accuracy),
                "{reading}"
            );
        }
        let mut last = BTreeMap::new();
        for line in &log {
            assert!(line.position < 1_000, "steps of a lane");
            assert!(
                last.insert(line.lane, line.position)
                    .is_none_or(|p| p < line.position)
            );
        }
        assert_eq!(last.len(), 2);
    }
    assert!(bench.path("again/figures/accuracy.svg").exists());
    let left = fs::read_dir(bench.path("again")).unwrap();
    let left: Vec<String> = left
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().all(|name| !name.ends_with("parts")), "{left:?}");
}

#[test]
fn a_file_that_describes_itself_is_the_net_of_its_run_at_any_number_of_threads() {
    let bench = trained();
    fs::create_dir(bench.path("net")).unwrap();
    let weights = bench.path("out/weights/gru.classic.1.safetensors");
    fs::copy(weights, bench.path("net/weights.safetensors")).unwrap();
    let options = [
        "--steps",
        "3000",
        "--lanes",
        "5",
        "--gap",
        "3..9",
        "--fill",
        "silence",
        "--seed",
        "4",
        "--threshold",
        "0.4",
        "--instrument",
        "calibration",
        "--json",
    ];
    let mut found = Vec::new();
    for (model, out, threads) in [
        (MODEL, "a", 2),
        ("out/weights/gru.classic.1.safetensors", "b", 1),
        ("net", "c", 1),
        ("net/weights.safetensors", "d", 3),
    ] {
        let arguments = ["evaluate", model, "--data", "data", "--out", out];
        let output = bench.saturn_on(threads, &[&arguments[..], &options].concat());
        succeeds(&output);
        let mut printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["data"]["file"], "data/test.h5");
        assert!(printed["evaluations"][0]["calibration"].is_object());
        let log = fs::read(bench.path(out).join("segments.oracle.csv")).unwrap();
        let mut numbers = evaluations(printed["evaluations"].take());
        for one in &mut numbers {
            // The numbers of shards differ, and so may the order of sums.
            let all = one.as_object_mut().unwrap();
            all.retain(|key, _| {
                ["summed", "last", "detector", "segments", "positions"].contains(&&**key)
            });
        }
        found.push((numbers, log));
    }
    assert!(found.iter().all(|one| *one == found[0]));
    // The default folder, and the default threshold.
    let output = evaluate(
        &bench,
        "net",
        "data/valid.h5",
        &["--steps", "400", "--state-reset", "none"],
    );
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("0.5, the default"), "{text}");
    assert!(
        bench
            .path("runs/gru.classic.1-evaluate/segments.none.csv")
            .exists()
    );
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let bench = trained();
    let write = |name: &str, units: u32, classes: &[&str]| {
        let recordings: Vec<Recording> = (0..classes.len())
            .map(|k| recording(k, &[0.01, 0.2, 0.3], units, k))
            .collect();
        let meta = WriteMeta {
            channels: 64,
            class_names: classes.iter().map(ToString::to_string).collect(),
            ..WriteMeta::default()
        };
        write_events(bench.path(name), recordings, &meta).unwrap();
    };
    write("wide.h5", 40, &["a"]);
    write("named.h5", 3, &["left", "right"]);
    write("many.h5", 3, &["0", "1", "2", "3", "4"]);
    let to = ["--out", "new"];
    let refused = |data: &str, parts: &[&str]| {
        fails(
            &evaluate(&bench, MODEL, data, &to),
            2,
            &[&[data], parts].concat(),
        );
        assert!(!bench.path("new").exists(), "{data}");
    };
    refused("wide.h5", &["unit 40"]);
    refused("named.h5", &["left, right", "gru.classic.1", "hint:"]);
    refused("many.h5", &["label 4", "4 classes"]);
    refused("nothing.h5", &[]);
    refused("out", &["neither test.h5 nor valid.h5"]);
    fs::write(bench.path("bad.h5"), "no HDF5").unwrap();
    refused("bad.h5", &["hint:"]);
    fails(
        &evaluate(&bench, "nowhere", "data", &to),
        2,
        &["nowhere", "not a finished net", "hint:"],
    );
    fails(&evaluate(&bench, "bad.h5", "data", &to), 2, &["bad.h5"]);
    for (option, value, part) in [
        ("--gap", "9..3", "MIN..MAX"),
        ("--fill", "music", "silence, noise or shuffled"),
        ("--state-reset", "never", "oracle"),
        ("--instrument", "thermometer", "calibration"),
        ("--steps", "0", "from 1"),
    ] {
        fails(
            &evaluate(&bench, MODEL, "data", &[option, value]),
            2,
            &[option, part],
        );
    }
    let few = evaluate(&bench, MODEL, "data", &["--steps", "3", "--lanes", "4"]);
    fails(&few, 2, &["--lanes", "4 lanes cannot share 3 steps"]);
}

#[test]
fn results_of_something_else_are_never_written_over() {
    let bench = trained();
    let short =
        |data: &str, out: &str| evaluate(&bench, MODEL, data, &["--steps", "400", "--out", out]);
    succeeds(&short("data/valid.h5", "here"));
    let before = fs::read(bench.path("here/segments.none.csv")).unwrap();
    fails(
        &short("data/test.h5", "here"),
        2,
        &["--out", "here", "of other data", "hint:"],
    );
    fails(
        &short("data/valid.h5", "out"),
        2,
        &["--out", "out", "folder of a run", "hint:"],
    );
    fails(
        &short("data/valid.h5", "data"),
        2,
        &["--out", "data", "other files", "hint:"],
    );
    assert_eq!(
        fs::read(bench.path("here/segments.none.csv")).unwrap(),
        before
    );
    // The same again is the same again, also where it was interrupted.
    fs::create_dir(bench.path("here/segments.none.parts")).unwrap();
    fs::write(bench.path("here/segments.none.parts/0"), "half a line").unwrap();
    fs::remove_file(bench.path("here/summary.json")).unwrap();
    succeeds(&short("data/valid.h5", "here"));
    assert_eq!(
        fs::read(bench.path("here/segments.none.csv")).unwrap(),
        before
    );
    assert!(bench.path("here/summary.json").exists());
}

/// Frames are put on the scale of their training set, without which they are refused.
#[test]
fn frames_have_the_scale_of_the_training_set() {
    let bench = Bench::new();
    let write = |name: &str, channels: usize, shift: f32| {
        let samples = (0..12).map(|index| Frames {
            values: (0..20 * channels)
                .map(|k| shift + ((k * 7 + index * 13) % 11) as f32 * (1 + index % 3) as f32)
                .collect(),
            mask: vec![true; 20],
            label: index % 3,
            speaker: None,
            index,
        });
        let meta = FrameMeta {
            channels,
            dt_s: 0.01,
            class_names: ["a", "b", "c"].map(String::from).to_vec(),
            ..FrameMeta::default()
        };
        write_frames(bench.path(name), samples, &meta).unwrap();
    };
    write("train.h5", 4, 3.0);
    write("valid.h5", 4, 5.0);
    write("narrow.h5", 3, 5.0);
    let text = "\
name: frames
data: {frames: {train: train.h5, valid: valid.h5, test: valid.h5}, channels: 4}
models: {gru: {layers: [{gru: {hidden: 6}}]}}
arms: {classic: {streams: single}}
train: {epochs: 1, lanes: 4}
evaluate: {steps: 1000, lanes: 2, streams: {noise: {gap: {steps: [3, 9], fill: [noise]}}}}
plots: [compare]
";
    fs::write(bench.path("frames.yaml"), text).unwrap();
    succeeds(&bench.saturn(&["run", "frames.yaml", "--out", "out"]));
    succeeds(&evaluate(&bench, "out", "valid.h5", &["--out", "again"]));
    let run = evaluations(json(&bench.path("out/summary.json"))["cells"][0]["evaluations"].take());
    let again = evaluations(json(&bench.path("again/summary.json"))["evaluations"].take());
    for (run, again) in run.iter().zip(&again) {
        for key in ["summed", "last", "detector", "late_gap_max_probability"] {
            assert_eq!(again[key], run[key], "{key}");
        }
    }
    let narrow = evaluate(&bench, "out", "narrow.h5", &["--out", "new"]);
    fails(&narrow, 2, &["3 values", "takes 4", "hint:"]);
    fs::rename(bench.path("train.h5"), bench.path("moved.h5")).unwrap();
    let lost = evaluate(&bench, "out", "valid.h5", &["--out", "new"]);
    fails(&lost, 2, &["scale of its training set", "hint:"]);
}
