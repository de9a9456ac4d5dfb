//! The lines of trials that several processes have done, merged into `metrics.jsonl`.
//!
//! Of two lines about the same epoch or evaluation of a trial the later one counts, so that a merge that was interrupted,
//! or a trial that two processes began, leaves each once.

use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::FolderError;
use crate::operation::Operation;

/// What a line is about.
const ABOUT: [&str; 7] = [
    "model",
    "arm",
    "seed",
    "what",
    "epoch",
    "stream",
    "state_reset",
];

/// Merges the files of trials in `folder`; call it only with exclusive use of the folder.
pub(super) fn merge(folder: &Path) -> Result<(), FolderError> {
    let parts = folder.join("metrics");
    let failed = |path: &Path, what| {
        let path = path.to_owned();
        move |source| FolderError::Io { path, what, source }
    };
    let mut trials: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&parts).map_err(failed(&parts, Operation::List))? {
        let path = entry.map_err(failed(&parts, Operation::List))?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            trials.push(path);
        }
    }
    if trials.is_empty() {
        return Ok(());
    }
    trials.sort();
    let mut known = HashSet::new();
    for path in &trials {
        for (about, _) in lines(path).map_err(failed(path, Operation::Read))? {
            known.insert(about);
        }
    }
    let all = folder.join("metrics.jsonl");
    let write = |temporary: &Path| -> io::Result<()> {
        let mut to = BufWriter::new(File::options().write(true).open(temporary)?);
        match File::open(&all) {
            Ok(before) => {
                for line in BufReader::new(before).split(b'\n') {
                    let line = line?;
                    if about(&line).is_some_and(|about| !known.contains(&about)) {
                        to.write_all(&line)?;
                        to.write_all(b"\n")?;
                    }
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        for path in &trials {
            for (_, line) in lines(path)? {
                to.write_all(&line)?;
                to.write_all(b"\n")?;
            }
        }
        to.flush()
    };
    saturn_files::replace(&all, write, |error| error).map_err(failed(&all, Operation::Write))?;
    for path in &trials {
        fs::remove_file(path).map_err(failed(path, Operation::Remove))?;
    }
    Ok(())
}

/// The lines of a trial's file, each once, with what they are about; not one that is truncated.
fn lines(path: &Path) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut known = HashSet::new();
    for line in fs::read(path)?.rsplit(|&byte| byte == b'\n') {
        if let Some(about) = about(line).filter(|about| known.insert(*about)) {
            found.push((about, line.to_vec()));
        }
    }
    found.reverse();
    Ok(found)
}

/// A checksum of what a line is about; `None` of a line that is no JSON.
fn about(line: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let mut hasher = DefaultHasher::new();
    for key in ABOUT {
        value[key].to_string().hash(&mut hasher);
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Folder;
    use super::*;

    fn line(model: &str, epoch: u64, loss: f64) -> Value {
        json!({"model": model, "arm": "x", "seed": 1, "what": "epoch", "epoch": epoch, "loss": loss})
    }

    #[test]
    fn every_line_is_there_once() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        let [a, b] = ["a.jsonl", "b.jsonl"].map(Path::new);
        let open = |shared| Folder::open(&run, "x", "y", shared).unwrap();
        let read = || -> Vec<Value> {
            let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        open(false).metric(a, &line("a", 1, 0.5)).unwrap();
        let shared = open(true);
        // Begun again there, and by two processes at once.
        for (trial, line) in [
            (a, line("a", 1, 0.4)),
            (a, line("a", 2, 0.3)),
            (a, line("a", 2, 0.2)),
            (b, line("b", 1, 0.1)),
        ] {
            shared.metric(trial, &line).unwrap();
        }
        drop(shared);
        let path = run.join("metrics/b.jsonl");
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"model\": \"b");
        fs::write(&path, &bytes).unwrap();
        let expected = [line("a", 1, 0.4), line("a", 2, 0.2), line("b", 1, 0.1)];
        drop(open(false));
        assert_eq!(read(), expected);
        assert_eq!(fs::read_dir(run.join("metrics")).unwrap().count(), 0);
        // Interrupted before a file was removed.
        fs::write(&path, &bytes).unwrap();
        drop(open(false));
        assert_eq!(read(), expected);
    }
}
