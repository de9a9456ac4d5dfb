//! The program, and tiny data for it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

use saturn_data::{Recording, Synthetic, WriteMeta, write_events};

/// A folder with a tiny synthetic set and a scenario.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// Two models, two arms, two epochs.
pub const SCENARIO: &str = "\
name: tiny
seeds: [1, 2]
data: {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 16}
stream: {samples: 2, gap: {steps: [5, 15], fill: [silence, noise]}}
models:
  lif: {layers: [{lif: {hidden: 8, recurrent: true}}]}
  gru: {layers: [{gru: {hidden: 8}}]}
arms:
  classic: {streams: single}
  adaptive: {streams: concatenated, loss: {adaptive: {kl_weight: 1.0, mask: labels}}}
train: {epochs: 2, lanes: 4, shard_lanes: 2}
evaluate: {steps: 2000, lanes: 2, state_reset: [none, oracle, {periodic: 50}], contraction: {samples: 8, lead_steps: 20, gap_steps: 20, realisations: 2}}
";

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = Synthetic {
            classes: 4,
            channels: 16,
            train: 24,
            valid: 12,
            test: 12,
            ..Synthetic::default()
        };
        set.write(folder.path().join("data"), |_| {}).unwrap();
        std::fs::write(folder.path().join("tiny.yaml"), SCENARIO).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `saturn` with `arguments` in the folder.
    pub fn saturn(&self, arguments: &[&str]) -> Output {
        self.saturn_on(2, arguments)
    }

    pub fn saturn_on(&self, threads: usize, arguments: &[&str]) -> Output {
        self.command(arguments)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .output()
            .unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_saturn"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Replaces the training file by `recordings`.
    pub fn write_train(&self, recordings: Vec<Recording>) {
        let meta = WriteMeta {
            channels: 64,
            class_names: ["a", "b", "c", "d"].map(String::from).to_vec(),
            ..WriteMeta::default()
        };
        write_events(self.path("data/train.h5"), recordings, &meta).unwrap();
    }
}

/// A recording of `label` with an event at each of `times_s`, all on `unit`.
pub fn recording(index: usize, times_s: &[f64], unit: u32, label: usize) -> Recording {
    Recording {
        times_s: times_s.to_vec(),
        units: vec![unit; times_s.len()],
        label,
        speaker: None,
        index,
    }
}

/// The program's messages, and a check that it did not panic.
pub fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Asserts success.
pub fn succeeds(output: &Output) -> String {
    let text = said(output);
    assert!(output.status.success(), "{text}");
    text
}

/// Asserts an exit code, and that the message has every one of `parts`.
pub fn fails(output: &Output, code: i32, parts: &[&str]) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

/// Sends `child` what Ctrl+C sends. The shell has its own `kill`; a small Debian has no other.
pub fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let kill = Command::new("sh")
        .args(["-c", "kill -INT \"$1\"", "sh", &id])
        .status();
    assert!(kill.unwrap().success());
}

/// The bytes of every file of a folder whose name ends in `ending`, by name.
pub fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // The half-written files of a killed program begin with a dot.
            name.ends_with(ending) && !name.starts_with('.')
        })
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}
