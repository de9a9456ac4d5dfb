//! The comparison over many trials: in pieces, on several machines, with failures.

use std::fs;
use std::path::Path;
use std::process::Output;

use saturn_store::clock::forget_clock;
use serde_json::Value;

use crate::saturn::{Bench, SCENARIO, fails, files, succeeds};

fn compare(bench: &Bench, out: &str, more: &[&str]) -> Output {
    let arguments = [&["compare", "tiny.yaml", "--out", out], more].concat();
    bench.saturn(&arguments)
}

/// The numbers of a trial's file, except those that depend on the clock and the machine.
fn numbers(path: &Path) -> Value {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    forget_clock(&mut value);
    value
}

fn cells(bench: &Bench, folder: &str) -> Vec<(String, Value)> {
    files(&bench.path(folder), ".json")
        .into_iter()
        .map(|(name, _)| {
            let path = bench.path(folder).join(&name);
            (name, numbers(&path))
        })
        .collect()
}

fn list(bench: &Bench, out: &str) -> Vec<String> {
    let output = compare(bench, out, &["--list"]);
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn cells_are_the_same_bits_however_many_go_on_at_once() {
    let bench = Bench::new();
    succeeds(&compare(&bench, "one", &["--jobs", "1"]));
    succeeds(&compare(
        &bench,
        "four",
        &["--jobs", "4", "--memory", "4000"],
    ));
    // Too little for two: one after the other, and all the same.
    succeeds(&compare(&bench, "tight", &["--jobs", "4", "--memory", "1"]));
    let one = cells(&bench, "one/cells");
    assert_eq!(one.len(), 8);
    for other in ["four", "tight"] {
        assert!(cells(&bench, &format!("{other}/cells")) == one, "{other}");
        let weights = |run: &str| files(&bench.path(run).join("weights"), ".safetensors");
        assert!(weights("one") == weights(other), "{other}");
    }
    for (name, bytes) in files(&bench.path("one/cells"), ".json") {
        assert!(bytes.len() <= 40_000, "{name}: {} bytes", bytes.len());
        let here = bench.path("").display().to_string();
        assert!(!String::from_utf8_lossy(&bytes).contains(&here), "{name}");
    }
}

#[test]
fn a_matrix_in_pieces_is_the_matrix() {
    let bench = Bench::new();
    succeeds(&compare(&bench, "whole", &[]));
    assert!(
        list(&bench, "here")
            .iter()
            .all(|line| line.ends_with("not done"))
    );
    assert_eq!(list(&bench, "here").len(), 8);
    // Trials by pattern here, by number there, and one of them in an additional folder.
    succeeds(&compare(&bench, "here", &["--only", "lif.*,gru.classic.1"]));
    let line = list(&bench, "here")
        .into_iter()
        .find(|l| l.contains("gru") && l.contains("not done"));
    let number = line.unwrap().split_whitespace().next().unwrap().to_owned();
    succeeds(&compare(
        &bench,
        "there",
        &["--cell", &number, "--cells", "kept"],
    ));
    assert_eq!(files(&bench.path("kept"), ".json").len(), 1);
    assert!(
        !bench.path("there/summary.json").exists(),
        "others may be at work"
    );
    let done = list(&bench, "here")
        .iter()
        .filter(|l| l.ends_with(" done") && !l.contains("not"))
        .count();
    assert_eq!(done, 5);
    // Existing results are not recomputed: with all weights removed, nothing is trained.
    succeeds(&compare(
        &bench,
        "third",
        &["--cells", "kept", "--only", "gru.*"],
    ));
    assert_eq!(files(&bench.path("third/weights"), ".safetensors").len(), 3);
    assert_eq!(files(&bench.path("kept"), ".json").len(), 4);
    succeeds(&compare(&bench, "all", &["--collect", "here", "kept"]));
    assert!(cells(&bench, "all/cells") == cells(&bench, "whole/cells"));
    assert!(bench.path("all/report.html").exists());
    let table = |run: &str| {
        let text = fs::read(bench.path(run).join("summary.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["table"].clone()
    };
    assert_eq!(table("all"), table("whole"));
}

/// Committed trials are enough for tables and figures: no data, no weights.
#[test]
fn tables_come_from_cells_alone() {
    let bench = Bench::new();
    succeeds(&compare(&bench, "out", &[]));
    fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    succeeds(&compare(&bench, "again", &["--collect", "out/cells"]));
    assert!(bench.path("again/figures/table.png").exists());
    let row = |run: &str| {
        let text = fs::read(bench.path(run).join("summary.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["table"][3].clone()
    };
    assert_eq!(row("again"), row("out"));
    assert!(row("out")["p_holm"].is_number());
    // Without a trial there is nothing to show, and other settings are other trials.
    let nothing = compare(&bench, "none", &["--collect"]);
    fails(&nothing, 2, &["no finished trial", "hint:"]);
    let other = compare(
        &bench,
        "other",
        &["--set", "train.lr=0.5", "--collect", "out"],
    );
    fails(&other, 2, &["no finished trial"]);
    // Trials in another place are recognised by the content of the data.
    fs::rename(bench.path("elsewhere"), bench.path("moved")).unwrap();
    let moved = SCENARIO.replace("data/", "moved/");
    fs::write(bench.path("tiny.yaml"), moved).unwrap();
    assert!(
        list(&bench, "again")
            .iter()
            .all(|l| !l.contains("not done"))
    );
}

/// One file of all trials does what the folder of small files does, to the bit.
#[test]
fn a_packed_matrix_is_the_matrix() {
    let bench = Bench::new();
    succeeds(&compare(&bench, "out", &["--only", "lif.*"]));
    let packed = ["pack", "kept/tiny.jsonl.gz", "out"];
    fails(&bench.saturn(&packed), 1, &["kept", "hint:"]);
    fs::create_dir(bench.path("kept")).unwrap();
    let output = bench.saturn(&packed);
    succeeds(&output);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(words.trim(), "kept/tiny.jsonl.gz: 4 trials, 4 of them new");
    // What the file has is not done again, and the file is only read.
    let before = fs::read(bench.path(packed[1])).unwrap();
    succeeds(&compare(&bench, "whole", &["--cells", packed[1]]));
    assert_eq!(files(&bench.path("whole/weights"), ".safetensors").len(), 4);
    assert!(fs::read(bench.path(packed[1])).unwrap() == before);
    succeeds(&bench.saturn(&["pack", packed[1], "whole"]));
    let listed = compare(&bench, "new", &["--list", "--cells", packed[1]]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!(listed.lines().count(), 8);
    assert!(
        listed.lines().all(|line| !line.contains("not done")),
        "{listed}"
    );
    // Without the data, from either: the same summary, and the same small files.
    fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    succeeds(&compare(&bench, "a", &["--collect", "whole/cells"]));
    succeeds(&compare(&bench, "b", &["--collect", packed[1]]));
    let read = |path: &str| fs::read(bench.path(path)).unwrap();
    assert!(read("a/summary.json") == read("b/summary.json"));
    assert!(files(&bench.path("a/cells"), ".json") == files(&bench.path("b/cells"), ".json"));
    assert!(read("a/figures/compare.svg") == read("b/figures/compare.svg"));
    // One that is misspelt or cut is named.
    let missing = compare(&bench, "c", &["--cells", "kept/tiney.jsonl.gz"]);
    fails(
        &missing,
        2,
        &["kept/tiney.jsonl.gz", "cannot read", "hint:"],
    );
    assert!(!bench.path("kept/tiney.jsonl.gz").exists());
    fs::write(bench.path(packed[1]), &before[..before.len() / 2]).unwrap();
    let cut = compare(&bench, "c", &["--collect", packed[1]]);
    fails(&cut, 2, &[packed[1], "truncated or corrupt", "hint:"]);
    let nothing = bench.saturn(&["pack", packed[1], "nowhere"]);
    fails(&nothing, 2, &["pack nowhere", "no such folder", "hint:"]);
}

/// Trials on other events, here as files of an earlier version, are collected, listed, printed, reported and drawn
/// apart; no mean has both, and none of them counts as done where the data are.
#[test]
fn trials_on_other_events_stand_apart() {
    let bench = Bench::new();
    succeeds(&compare(&bench, "out", &[]));
    let mixed = bench.path("mixed");
    fs::create_dir(&mixed).unwrap();
    for (k, (name, bytes)) in files(&bench.path("out/cells"), ".json")
        .into_iter()
        .enumerate()
    {
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(value["events"]["train"].is_string(), "{name}");
        if k >= 5 {
            value.as_object_mut().unwrap().remove("events");
        }
        fs::write(mixed.join(&name), value.to_string()).unwrap();
    }
    let listed = compare(&bench, "new", &["--list", "--cells", "mixed"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let ends = |words: &str| listed.lines().filter(|line| line.ends_with(words)).count();
    assert_eq!(
        (ends("  done"), ends("on other events, not done")),
        (5, 3),
        "{listed}"
    );

    fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    let output = compare(&bench, "again", &["--collect", "mixed"]);
    succeeds(&output);
    let cells = |summary: &Path| {
        let text = fs::read(summary).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        (
            value["cells"].as_array().unwrap().len(),
            value["table"].clone(),
        )
    };
    let (main, table) = cells(&bench.path("again/summary.json"));
    let apart: Vec<_> = fs::read_dir(bench.path("again/apart"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(apart.len(), 1);
    assert!(
        apart[0]
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("old-binning-")
    );
    let (other, other_table) = cells(&apart[0].join("summary.json"));
    assert_eq!((main, other), (5, 3));
    let seeds = |table: &Value| -> u64 {
        let rows = table.as_array().unwrap().iter();
        rows.map(|row| row["seeds"].as_u64().unwrap()).sum()
    };
    // Every trial is in as many rows, of one of both tables.
    assert_eq!(seeds(&table) * 3, seeds(&other_table) * 5);
    for path in [&bench.path("again"), &apart[0]] {
        assert!(path.join("report.html").is_file() && path.join("figures/compare.svg").is_file());
    }
    for command in [
        &["report", "again"][..],
        &["plot", "again"],
        &["report", "again", "--checklist"],
    ] {
        let output = bench.saturn(command);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(text.contains("5 trials on events "), "{command:?}: {text}");
        assert!(
            text.contains("3 trials on old binning"),
            "{command:?}: {text}"
        );
    }
    // Written into one folder, neither replaces the other.
    fs::rename(bench.path("elsewhere"), bench.path("data")).unwrap();
    succeeds(&compare(&bench, "new", &["--cells", "mixed"]));
    assert_eq!(files(&mixed, ".json").len(), 8);
    let aside = mixed.join(apart[0].file_name().unwrap());
    assert_eq!(files(&aside, ".json").len(), 3);
}

#[test]
fn a_cell_that_fails_leaves_the_others_be() {
    let bench = Bench::new();
    // The loss of one network is soon NaN.
    let broken = SCENARIO.replace(
        "  gru: {layers: [{gru: {hidden: 8}}]}",
        "  gru: {layers: [{gru: {hidden: 8}}], train: {lr: 1.0e+30, clip_norm: none, warmup: 0}}",
    );
    fs::write(bench.path("tiny.yaml"), broken).unwrap();
    let output = compare(&bench, "out", &[]);
    fails(
        &output,
        1,
        &["4 of 8 trials failed", "gru.classic.1", "hint:"],
    );
    let text = fs::read(bench.path("out/summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(summary["cells"].as_array().unwrap().len(), 4);
    assert_eq!(summary["failures"].as_array().unwrap().len(), 4);
    let report = fs::read_to_string(bench.path("out/report.html")).unwrap();
    assert!(report.contains("What failed"));
    // A damaged file of one trial is that trial's failure too.
    fs::write(bench.path("out/cells/lif.classic.1.json"), "{").unwrap();
    fails(
        &compare(&bench, "out", &[]),
        1,
        &["5 of 8", "lif.classic.1.json", "damaged"],
    );
}

#[test]
fn what_names_no_cell_is_refused() {
    let bench = Bench::new();
    fails(
        &compare(&bench, "out", &["--only", "rnn.*"]),
        2,
        &["--only rnn.*", "lif.classic.1"],
    );
    fails(
        &compare(&bench, "out", &["--cell", "9"]),
        2,
        &["from 1 to 8"],
    );
    fails(
        &compare(&bench, "out", &["--reference", "classic"]),
        2,
        &["an arm and a policy"],
    );
    fails(
        &compare(&bench, "out", &["--reference", "clasic,oracle"]),
        2,
        &["no arm `clasic`: do you mean `classic`?", "`adaptive`"],
    );
    fails(
        &compare(&bench, "out", &["--reference", "classic,silence"]),
        2,
        &["no reset policy `silence`", "`none`"],
    );
    assert!(!bench.path("out").exists());
}

#[test]
fn a_checklist_comes_from_a_finished_run() {
    let bench = Bench::new();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    let output = bench.saturn(&["report", "out", "--checklist"]);
    fails(&output, 3, &["lines are not *shown*", "hint:"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("LIF, adaptive, never reset:") && text.contains("GRU, adaptive"),
        "{text}"
    );
    assert!(
        text.contains("\n  shown otherwise  at least 3 seeds: 1"),
        "{text}"
    );
    let html = fs::read_to_string(bench.path("out/report.html")).unwrap();
    assert!(html.contains("Fit to run without resets?"));
    fs::remove_file(bench.path("out/report.html")).unwrap();
    succeeds(&bench.saturn(&["report", "out"]));
    assert!(bench.path("out/report.html").exists());
    let arm = bench.saturn(&["report", "out", "--checklist", "--arm", "lead"]);
    fails(&arm, 2, &["--arm lead", "hint:"]);
}

#[test]
fn tune_finds_settings_without_the_test_split() {
    let bench = Bench::new();
    fs::remove_file(bench.path("data/test.h5")).unwrap();
    // A scenario needs all of its files; this one must not be read.
    fs::write(bench.path("data/test.h5"), "not to be opened").unwrap();
    let space = "tune: {candidates: 4, halving: 2, search: {train.lr: {log: [1.0e-4, 3.0e-2]}, models.gru.layers.0.gru.hidden: {choice: [4, 8]}}}\n";
    fs::write(bench.path("tiny.yaml"), format!("{SCENARIO}{space}")).unwrap();
    let tune = [
        "tune",
        "tiny.yaml",
        "--only",
        "gru.adaptive.1",
        "--out",
        "found.yaml",
        "--folder",
        "tried",
    ];
    let output = bench.saturn(&tune);
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // A head, four candidates, and where the scenario found is.
    assert_eq!(text.lines().count(), 6, "{text}");
    let tried: Value =
        serde_json::from_slice(&fs::read(bench.path("tried/tried.json")).unwrap()).unwrap();
    let rounds: Vec<u64> = (0..4)
        .map(|k| tried[k]["round"].as_u64().unwrap())
        .collect();
    assert_eq!(rounds, [3, 2, 1, 1], "four, two and one");
    let best = tried[0]["score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&best));
    // What was found is a scenario, with paths as they were written.
    let found = fs::read_to_string(bench.path("found.yaml")).unwrap();
    assert!(
        found.starts_with("# The best of 4 candidates around tiny.yaml"),
        "{found}"
    );
    assert!(
        found.contains("data/train.h5") && !found.contains(&bench.path("").display().to_string())
    );
    succeeds(&bench.saturn(&["check", "found.yaml"]));
    // Again: nothing is trained, and the results are the same.
    let weights =
        bench.path("tried/candidate-0/round-1.gru.adaptive/weights/gru.adaptive.1.safetensors");
    let before = fs::metadata(&weights).unwrap().modified().unwrap();
    succeeds(&bench.saturn(&tune));
    assert_eq!(fs::metadata(&weights).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_to_string(bench.path("found.yaml")).unwrap(), found);
}
