//! `metrics.jsonl`: a line of JSON for each epoch and each evaluation, as it happens.
//!
//! A line is written before the checkpoint that covers it. So a stage that resumes from a checkpoint first
//! removes the later lines, which will be written again. Several trials of a process may add lines; each takes a lock to
//! do so. Where several processes are at work, the lines of each trial go into a file of its own, `metrics/TRIAL.jsonl`,
//! which the next process that has the folder alone merges into `metrics.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::{Folder, FolderError, write_beside};
use crate::operation::Operation;

impl Folder {
    /// Adds one line of JSON about the trial with the file `trial`.
    pub fn metric(&self, trial: &Path, value: &impl Serialize) -> Result<(), FolderError> {
        self.check_held()?;
        let _alone = self.lock_metrics()?;
        let path = self.lines_of(trial);
        let append = || -> io::Result<()> {
            let mut line = serde_json::to_vec(value)?;
            line.push(b'\n');
            let mut options = OpenOptions::new();
            let mut file = options.create(true).read(true).append(true).open(&path)?;
            if is_torn(&mut file)? {
                line.insert(0, b'\n');
            }
            file.write_all(&line)
        };
        append().map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Operation::Append,
            source,
        })
    }

    /// Removes the lines about the trial with the file `trial` that `which` selects, and any truncated line.
    pub fn retract(&self, trial: &Path, which: impl Fn(&Value) -> bool) -> Result<(), FolderError> {
        let _alone = self.lock_metrics()?;
        let path = self.lines_of(trial);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                let what = Operation::Read;
                return Err(FolderError::Io { path, what, source });
            }
        };
        let mut kept = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|&b| b == b'\n') {
            let value: Option<Value> = serde_json::from_slice(line).ok();
            if line.ends_with(b"\n") && value.is_some_and(|value| !which(&value)) {
                kept.extend_from_slice(line);
            }
        }
        if kept.len() == text.len() {
            return Ok(());
        }
        write_beside(&path, &kept)
    }

    /// The file of the lines about a trial.
    fn lines_of(&self, trial: &Path) -> PathBuf {
        if self.shared {
            self.path().join("metrics").join(trial)
        } else {
            self.path().join("metrics.jsonl")
        }
    }

    /// Locked while the file of all trials is changed; that of one has a claim.
    fn lock_metrics(&self) -> Result<Option<File>, FolderError> {
        if self.shared {
            return Ok(None);
        }
        let path = self.path().join(".metrics.lock");
        let lock = || -> io::Result<File> {
            let file = saturn_files::open_own(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map(Some).map_err(|source| FolderError::Io {
            path: path.clone(),
            what: Operation::Lock,
            source,
        })
    }
}

/// Whether the last line has no newline: the program was killed while writing it.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_taken_back_and_torn_ones_go() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("run"), "x", "y", false).unwrap();
        let path = folder.path().join("metrics.jsonl");
        let trial = Path::new("a.jsonl");
        folder.retract(trial, |_| true).unwrap();
        for epoch in 1..=3 {
            folder
                .metric(trial, &json!({"model": "a", "epoch": epoch}))
                .unwrap();
            folder
                .metric(trial, &json!({"model": "b", "epoch": epoch}))
                .unwrap();
        }
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"model\": \"a\", \"epo");
        fs::write(&path, text).unwrap();
        let last = json!({"model": "b", "epoch": 4});
        folder.metric(trial, &last).unwrap();
        folder
            .retract(trial, |line| {
                line["model"] == "a" && line["epoch"].as_u64() > Some(1)
            })
            .unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let expected = [("a", 1), ("b", 1), ("b", 2), ("b", 3), ("b", 4)];
        assert_eq!(
            lines,
            expected.map(|(model, epoch)| json!({"model": model, "epoch": epoch}))
        );
    }
}
