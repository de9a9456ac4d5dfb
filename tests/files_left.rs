//! `docs/files.md`: the quick scenario leaves the files of its table and no others, and its Python reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::saturn::succeeds;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The paths of all files in `folder` and below, from `folder` on.
fn left(folder: &Path, above: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            left(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}

/// Whether `path` is of the form `pattern`, in which words in capital letters and `*` stand for any text.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = vec![String::new()];
    for word in pattern.split_inclusive(|c: char| !c.is_ascii_uppercase()) {
        let capitals = word.trim_end_matches(|c: char| !c.is_ascii_uppercase());
        let rest = &word[capitals.len()..];
        if !capitals.is_empty() || rest == "*" {
            parts.push(String::new());
        }
        if rest != "*" {
            parts.last_mut().unwrap().push_str(rest);
        }
    }
    let Some(mut rest) = path.strip_prefix(parts[0].as_str()) else {
        return false;
    };
    for (i, part) in parts.iter().enumerate().skip(1) {
        let last = i + 1 == parts.len();
        let at = if last {
            rest.strip_suffix(part.as_str()).map(str::len)
        } else {
            rest.find(part.as_str())
        };
        match at {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn words_in_capitals_stand_for_any_text() {
    assert!(fits("cells/TRIAL.json", "cells/lif.classic.1.json"));
    assert!(fits("checkpoints/*", "checkpoints/a.ckpt"));
    assert!(fits("report.html", "report.html"));
    assert!(fits(
        "traces/TRIAL.SPLIT.h5",
        "traces/lif.classic.1.valid.h5"
    ));
    assert!(!fits("report.html", "report.html.old"));
    assert!(!fits("cells/TRIAL.json", "results/a.json"));
}

/// The first `python` of the list that has pandas and h5py.
fn python() -> Option<&'static str> {
    let has = |python: &&str| {
        let checked = Command::new(python)
            .args(["-c", "import pandas, h5py"])
            .output();
        checked.is_ok_and(|output| output.status.success())
    };
    ["python3", "python"].into_iter().find(has)
}

#[test]
fn the_quick_scenario_leaves_the_files_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let scenario = root().join("scenarios/quickstart.yaml");
    let data = format!("data.folder={}", folder.path().join("data").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_saturn"));
    command.args(["run", scenario.to_str().unwrap(), "--quiet", "--out"]);
    command.arg(&out).current_dir(folder.path());
    for set in [
        data.as_str(),
        "data.synthetic.train=48",
        "data.synthetic.valid=24",
        "data.synthetic.test=24",
        "train.epochs=1",
        "models.rnn.train.epochs=1",
        "evaluate.steps=2000",
    ] {
        command.args(["--set", set]);
    }
    succeeds(&command.output().unwrap());
    let mut found = Vec::new();
    left(&out, "", &mut found);
    let text = fs::read_to_string(root().join("docs/files.md")).unwrap();
    let rows: Vec<Vec<&str>> = (text.split("\n## ").next().unwrap().lines())
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 15, "{}", rows.len());
    for path in &found {
        let known = rows.iter().any(|row| fits(row[1].trim_matches('`'), path));
        assert!(known, "{path} is not in docs/files.md");
    }
    for row in rows.iter().filter(|row| row[2] == "always") {
        let pattern = row[1].trim_matches('`');
        let any = found.iter().any(|path| fits(pattern, path));
        assert!(any, "docs/files.md names {pattern}, of which there is none");
    }
    let Some(python) = python() else {
        eprintln!("skipped: no python with pandas and h5py");
        return;
    };
    let blocks = text.split("```python\n").skip(1);
    for block in blocks.map(|block| block.split("```").next().unwrap()) {
        let mut command = Command::new(python);
        let output = command.args(["-c", block]).current_dir(&out).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{said}");
    }
}
