//! A finished network on other data: the run's numbers again, the line for every segment, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use saturn_data::{
    EventFile, FrameMeta, Frames, OnBadSample, ReadOptions, Recording, WriteMeta, write_events,
    write_frames,
};
use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, recording, succeeds};

const MODEL: &str = "out/gru.classic.1";

/// A folder with one trained net, `gru.classic.1`, in `out`.
fn trained() -> Bench {
    trained_with(2, "")
}

/// The same, trained for so many epochs, and evaluated with these keys in addition.
fn trained_with(epochs: usize, keys: &str) -> Bench {
    let bench = Bench::new();
    let other = |line: &&str| !line.starts_with("  lif") && !line.starts_with("  adaptive");
    let one: Vec<&str> = SCENARIO.lines().filter(other).collect();
    let one = one
        .join("\n")
        .replace("fill: [silence, noise]", "fill: [noise]")
        .replace("epochs: 2", &format!("epochs: {epochs}, lr: 0.01"))
        .replace("evaluate: {", &format!("evaluate: {{{keys}"));
    let text = format!("{one}\nplots: [compare]\n");
    fs::write(bench.path("tiny.yaml"), text).unwrap();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    bench
}

/// Its net in a file that describes itself, without a run.
fn alone(bench: &Bench) -> &'static str {
    fs::create_dir(bench.path("net")).unwrap();
    let weights = bench.path("out/weights/gru.classic.1.safetensors");
    fs::copy(weights, bench.path("net/weights.safetensors")).unwrap();
    "net"
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
    alone(&bench);
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

/// The results at low precision in a summary, without what depends on the clock.
fn stored(mut of: Value) -> Vec<Value> {
    of["stored"].as_array().unwrap();
    evaluations(of["stored"].take())
}

#[test]
fn low_precision_is_that_of_the_run_to_the_bit() {
    let bench = trained_with(
        25,
        "precision: [{weights: int8, states: int16}, {weights: int8, states: int8, rounding: stochastic}, \
         {states: bf16}, {weights: int4}], ",
    );
    let policies = ["none", "oracle", "periodic=50"];
    let resets: Vec<&str> = policies.iter().flat_map(|p| ["--state-reset", p]).collect();
    let formats = "int8/int16,{weights: int8, states: int8, rounding: stochastic},f32/bf16";
    let formats = ["--precision", formats, "--precision", "int4/f32"];
    let again = |threads: usize, model: &str, more: &[&str]| -> String {
        let arguments = ["evaluate", model, "--data", "data/valid.h5"];
        let all = [&arguments[..], &resets, &formats, more].concat();
        let output = bench.saturn_on(threads, &all);
        succeeds(&output);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = again(1, MODEL, &["--out", "again"]);
    for part in [
        "low precision",
        "int8/int8 stochastic",
        "ranges of states are from the run's validation split, the evaluated recordings themselves",
        "thresholds under none, oracle, periodic_50 are chosen format by format",
    ] {
        let one_line = text.replace('\n', " ");
        assert!(one_line.contains(part), "`{part}` is not in:\n{text}");
    }
    let summary = json(&bench.path("again/summary.json"));
    let run = stored(json(&bench.path("out/summary.json"))["cells"][0].take());
    assert_eq!(run.len(), 5);
    assert_eq!(stored(summary.clone()), run);
    // In full precision it is the same as without.
    let full = evaluations(summary["evaluations"].clone());
    let plain =
        evaluations(json(&bench.path("out/summary.json"))["cells"][0]["evaluations"].take());
    for (own, run) in full.iter().zip(&plain) {
        assert_eq!(own["summed"], run["summed"]);
    }
    let details = summary["stored_details"].as_array().unwrap();
    assert_eq!(details.len(), 4 * 3);
    for detail in details {
        let log = lines(
            &bench
                .path("again")
                .join(detail["segments_file"].as_str().unwrap()),
        );
        let right = log.iter().filter(|line| line.right[0]).count();
        let same = |one: &&Value| one["precision"] == detail["precision"];
        let own = run.iter().find(same).unwrap()["evaluations"]
            .as_array()
            .unwrap();
        let own = own
            .iter()
            .find(|e| e["state_reset"] == detail["state_reset"]);
        assert_eq!(
            own.unwrap()["summed"]["value"].as_f64(),
            Some(right as f64 / log.len() as f64)
        );
    }
    let report = fs::read_to_string(bench.path("again/report.html")).unwrap();
    assert!(report.contains("Finite precision") && report.contains("int4/f32"));
    for name in ["precision", "precision-held", "precision-drift"] {
        let figure = format!("again/figures/{name}-noise.svg");
        assert!(bench.path(&figure).exists(), "{figure}");
    }
    // A file of the net alone has the ranges of a file with the same recordings, and its own threshold.
    let text = again(
        3,
        alone(&bench),
        &["--ranges", "data/valid.h5", "--out", "alone"],
    );
    let text = text.replace('\n', " ");
    let threshold = "under none, oracle, periodic_50 are those of full precision";
    assert!(text.contains(threshold), "{text}");
    let alone = json(&bench.path("alone/summary.json"));
    assert_eq!(alone["options"]["ranges"]["evaluated"], true);
    assert!(alone["stored_details"][0]["threshold"].as_f64() == Some(0.5));
}

#[test]
fn ranges_at_low_precision_are_never_silently_from_the_evaluated_file() {
    let bench = trained();
    let net = alone(&bench);
    let short = |model: &str, more: &[&str]| {
        evaluate(
            &bench,
            model,
            "data/test.h5",
            &[
                &["--steps", "400", "--state-reset", "oracle", "--out", "new"],
                more,
            ]
            .concat(),
        )
    };
    let refused = |model: &str, more: &[&str], parts: &[&str]| {
        fails(&short(model, more), 2, parts);
        assert!(!bench.path("new").exists());
    };
    let int8 = ["--precision", "int8"];
    refused(
        net,
        &int8,
        &["--precision", "int8/int8", "does not have", "--ranges FILE"],
    );
    refused(
        net,
        &["--precision", "int8,{weights: int8, states: int8}"],
        &["given twice"],
    );
    refused(net, &["--precision", "f32,f64"], &["one of f32 and f64"]);
    refused(
        net,
        &["--precision", "f16"],
        &["`f16` is no format", "int8/int16"],
    );
    let ranges = ["--ranges", "data/valid.h5"];
    refused(net, &ranges, &["--precision"]);
    let alone = ["--precision", "int8/f32"];
    refused(net, &[alone, ranges].concat(), &["--ranges", "no states"]);
    // Weights have their own ranges.
    succeeds(&short(net, &alone));
    let summary = json(&bench.path("new/summary.json"));
    assert!(summary["options"]["ranges"].is_null());
    assert_eq!(summary["stored"][1]["precision"], "int8/f32");
    // Figures of nets that are never reset have nothing to show, the others do.
    assert!(!bench.path("new/figures/precision-silence.svg").exists());
    assert!(
        bench
            .path("new/figures/precision-drift-silence.svg")
            .exists()
    );
    fs::remove_dir_all(bench.path("new")).unwrap();
    // The ranges of another file; f64 is what the network computes with.
    let output = short(net, &[&["--precision", "f64,int8"][..], &ranges].concat());
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("are from data/valid.h5\n"), "{text}");
    let options = json(&bench.path("new/summary.json"))["options"].take();
    assert_eq!(options["precision"], "f64");
    assert_eq!(options["ranges"]["evaluated"], false);
    fs::remove_dir_all(bench.path("new")).unwrap();
    // Of a folder it is the validation split.
    succeeds(&short(net, &["--precision", "int8", "--ranges", "data"]));
    let options = json(&bench.path("new/summary.json"))["options"].take();
    assert_eq!(options["ranges"]["from"], "data/valid.h5");
    fs::remove_dir_all(bench.path("new")).unwrap();
    // A run's validation split that was moved.
    fs::rename(bench.path("data/train.h5"), bench.path("data/moved.h5")).unwrap();
    refused(
        MODEL,
        &int8,
        &["of its run, which was not found", "--ranges FILE"],
    );
    succeeds(&short(MODEL, &[&int8[..], &ranges].concat()));
}

#[test]
fn channels_of_events_are_compared_where_the_file_shows_them() {
    let bench = trained();
    let net = alone(&bench);
    let to = ["--steps", "400", "--out", "new"];
    let rows = "sample,time_s,unit,label\n0,0.01,3,0\n0,0.2,2,0\n1,0.01,1,1\n1,0.3,0,1\n";
    fs::write(bench.path("few.csv"), rows).unwrap();
    let convert = |out: &str, more: &[&str]| {
        let arguments = ["data", "convert", "csv", "few.csv", out];
        succeeds(&bench.saturn(&[&arguments[..], more].concat()));
    };
    convert("few.h5", &["--channels", "8"]);
    convert("many.h5", &["--channels", "16"]);
    convert("unknown.h5", &[]);
    let channels = "its recordings have 8 channels, and gru.classic.1 takes 16";
    fails(
        &evaluate(&bench, net, "few.h5", &to),
        2,
        &["few.h5", channels, "hint:"],
    );
    assert!(!bench.path("new").exists());
    let notice = |model: &str, data: &str| {
        let text = succeeds(&evaluate(&bench, model, data, &to));
        fs::remove_dir_all(bench.path("new")).unwrap();
        text
    };
    // Its run may have been trained on such a file.
    let text = notice(MODEL, "few.h5");
    assert!(
        text.contains("warning: few.h5") && text.contains(channels),
        "{text}"
    );
    let text = notice(net, "unknown.h5");
    assert!(
        text.contains("unknown.h5: its largest unit is 3, and gru.classic.1 takes 16"),
        "{text}"
    );
    for data in ["many.h5", "data/test.h5"] {
        let text = notice(net, data);
        assert!(!text.contains("channels"), "{text}");
    }
}

#[test]
fn times_in_another_unit_are_declared() {
    let bench = trained();
    let net = alone(&bench);
    let set = EventFile::open(
        bench.path("data/test.h5"),
        &ReadOptions {
            channels: 16,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        },
    )
    .unwrap();
    let recordings = (0..set.len()).map(|k| {
        let mut recording = set.read(k).unwrap();
        recording
            .times_s
            .iter_mut()
            .for_each(|t| *t = (1e6 * *t).round());
        recording
    });
    let meta = WriteMeta {
        channels: 16,
        class_names: set.class_names().to_vec(),
        ..WriteMeta::default()
    };
    write_events(bench.path("us.h5"), recordings, &meta).unwrap();
    let short = |data: &str, out: &str, more: &[&str]| {
        let options = ["--steps", "400", "--state-reset", "none", "--out", out];
        evaluate(&bench, net, data, &[&options[..], more].concat())
    };
    fails(&short("us.h5", "new", &[]), 2, &["us.h5", "--times us"]);
    succeeds(&short("us.h5", "us", &["--times", "us"]));
    succeeds(&short("data/test.h5", "s", &[]));
    let found = |out: &str| {
        let mut summary = json(&bench.path(out).join("summary.json"));
        evaluations(summary["evaluations"].take())
    };
    assert_eq!(found("us")[0]["summed"], found("s")[0]["summed"]);
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
    let wide =
        "an event of unit 40, and gru.classic.1 takes 16 channels, 0 to 15; hint: name a network";
    refused("wide.h5", &["sample 0", wide]);
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
