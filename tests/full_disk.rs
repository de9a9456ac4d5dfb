//! An output that cannot be written, or no longer: the run fails, and what is done is kept.

use std::fs;
use std::process::{Command, Output};

use crate::saturn::{Bench, SCENARIO, fails, files, succeeds};

#[test]
fn an_output_that_cannot_be_written_fails_the_run() {
    let bench = Bench::new();
    fs::write(bench.path("file"), "").unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "file/out"]);
    fails(&output, 1, &["file", "hint:"]);
}

/// Runs saturn with a limit on file sizes, in blocks of 1 KiB: for the program, a full disk.
fn limited(bench: &Bench, blocks: u32, arguments: &str) -> Output {
    let saturn = env!("CARGO_BIN_EXE_saturn");
    let script = format!("ulimit -f {blocks}; exec {saturn} {arguments}");
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .output()
        .unwrap()
}

/// A disk that is full when the first trace is written: the run fails and names the file, finished results
/// are kept, and the same command resumes.
#[test]
fn a_full_disk_ends_the_run_and_keeps_what_is_done() {
    let bench = Bench::new();
    let done = || files(&bench.path("out/results"), ".json");
    // Too little for one evaluation: the nets that were in training by then are trained, and stay.
    fails(
        &limited(&bench, 4, "run tiny.yaml --jobs 1 --out out"),
        1,
        &["out", "hint:", "finished results are kept"],
    );
    let trained = files(&bench.path("out/results"), "classic.1.train.json");
    assert!(!trained.is_empty());
    assert!(files(&bench.path("out/results"), ".valid.json").is_empty());
    // No half-written file is left.
    assert_eq!(
        done().len(),
        fs::read_dir(bench.path("out/results")).unwrap().count()
    );
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    assert!(done().len() == 8 && trained.iter().all(|kept| done().contains(kept)));
}

/// A disk that is full when a checkpoint is written: the error names it, no half-written file is left, and
/// the same command resumes.
#[test]
fn a_full_disk_ends_the_run_at_a_checkpoint() {
    let bench = Bench::new();
    // The weights, two copies of them in the optimiser: more than 16 KiB.
    let wide = SCENARIO.replace("hidden: 8", "hidden: 64");
    fs::write(bench.path("wide.yaml"), wide).unwrap();
    let run = "run wide.yaml --out out --every 0";
    fails(
        &limited(&bench, 16, run),
        1,
        &["out/checkpoints/", ".ckpt", "hint:"],
    );
    let folder = fs::read_dir(bench.path("out/checkpoints")).unwrap();
    let left: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    let locks = left
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "lock"));
    assert_eq!(locks.count(), left.len(), "{left:?}");
    let arguments: Vec<&str> = run.split(' ').collect();
    succeeds(&bench.saturn(&arguments));
}
