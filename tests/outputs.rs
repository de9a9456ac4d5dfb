//! Standard error is best effort, and the end of a reader of standard output is no error: every command, on the built
//! program.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::saturn::{Bench, SCENARIO, interrupt, succeeds};

/// Outputs that cannot be written: a pipe without a reader, and, if the system has it, a full disk.
fn broken() -> Vec<Stdio> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full = OpenOptions::new().write(true).open("/dev/full").ok();
    [Some(writer.into()), full.map(File::into)]
        .into_iter()
        .flatten()
        .collect()
}

fn small() -> Bench {
    let bench = Bench::new();
    let scenario = SCENARIO.replace("steps: 2000", "steps: 500");
    fs::write(bench.path("tiny.yaml"), scenario).unwrap();
    bench
}

/// The exit code with an output of its own.
fn code(command: &mut Command) -> Option<i32> {
    command.stdin(Stdio::null()).status().unwrap().code()
}

#[test]
fn an_unwritable_standard_error_ends_no_command() {
    let bench = small();
    for (k, error) in broken().into_iter().enumerate() {
        let out = format!("out{k}");
        let mut run = bench.command(&["run", "tiny.yaml", "--out", &out]);
        assert_eq!(
            code(run.stdout(Stdio::null()).stderr(error)),
            Some(0),
            "run"
        );
        assert!(bench.path(&out).join("report.html").is_file());
    }
    let set = "name: made\ndata: {synthetic: {classes: 4, channels: 16, train: 8, valid: 4, test: 4}, folder: made}\nmodels: {rnn: {layers: [rnn]}}\narms: {classic: {streams: single}}\n";
    fs::write(bench.path("made.yaml"), set).unwrap();
    // Failures have the same code, and nothing panics.
    for (arguments, expected) in [
        (&["check", "nowhere.yaml"][..], 2),
        (&["run", "tiny.yaml", "--no-such-option"], 2),
        (&["stream", "nowhere"], 2),
        (&["view", "nowhere"], 2),
        (&["data", "inspect", "nowhere.h5"], 2),
        (&["data", "make", "made.yaml"], 0),
    ] {
        for error in broken() {
            let mut command = bench.command(arguments);
            command.stdout(Stdio::null()).stderr(error);
            assert_eq!(code(&mut command), Some(expected), "{arguments:?}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error_and_a_full_disk_is() {
    let bench = small();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    for arguments in [
        &["check", "tiny.yaml"][..],
        &["schema"],
        &["--help"],
        &["stream", "--help"],
        &["--version"],
        &["report", "out", "--checklist"],
        &["view", "out", "--once"],
        &["run", "tiny.yaml", "--out", "out"],
    ] {
        let plain = bench.saturn(arguments);
        for (out, expected) in broken().into_iter().zip([0, 1]) {
            let mut command = bench.command(arguments);
            let output = command.stdout(out).stderr(Stdio::piped()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("panicked"), "{arguments:?}: {said}");
            // A command with its own exit code for its result, or without output, keeps that.
            let own = plain.status.code().unwrap();
            let code = output.status.code().unwrap();
            let fits = code == expected || (code == own && (own != 0 || plain.stdout.is_empty()));
            assert!(fits, "{arguments:?}: {code}: {said}");
        }
    }
}

/// An interrupt while synthetic data are generated ends the command, and the same command completes the set.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_making_of_data() {
    let bench = small();
    let scenario = "name: made\ndata: {synthetic: {train: 1000000, valid: 10, test: 10}, folder: made}\nmodels: {rnn: {layers: [rnn]}}\narms: {classic: {streams: single}}\n";
    let scenario = scenario.replace("synthetic: {", "synthetic: {classes: 4, channels: 16, ");
    fs::write(bench.path("made.yaml"), scenario).unwrap();
    let mut child = bench
        .command(&["data", "make", "made.yaml"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is running once it has reported that.
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.contains("making"), "{line}");
    interrupt(&child);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(75), "{rest}");
    assert!(rest.contains("run the same command again"), "{rest}");
    assert!(!bench.path("made/train.h5").exists());
}

/// The files of a folder and below that end in `.rs`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Functions that panic if a stream cannot be written are not used in the program.
#[test]
fn nothing_prints_but_through_what_may_fail() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["cell", "data", "loss", "neurons", "sim", "ssm"] {
        sources(&root.join("crates").join(folder).join("src"), &mut files);
    }
    sources(&root.join("plots/src"), &mut files);
    assert!(files.len() > 100);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        // Tests may print: they are not the program.
        let is_test = path.ends_with("hostile.rs")
            || path
                .iter()
                .any(|part| part == "tests" || part == "tests.rs");
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in [
            "eprintln!",
            "eprint!",
            "println!",
            "print!(",
            "ratatui::restore",
            "ratatui::init",
        ] {
            let used = program.lines().any(|line| {
                line.trim_start().starts_with(word) || line.contains(&format!(" {word}"))
            });
            assert!(is_test || !used, "{}: {word}", path.display());
        }
    }
}
