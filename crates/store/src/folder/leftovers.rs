//! Leftovers of killed programs: files under the temporary names of [`saturn_files::replace`].

use std::fs;
use std::io;
use std::path::Path;

use super::{FolderError, PARTS};
use crate::operation::Operation;

/// Removes what killed writers left in a run's folder. Call it only with exclusive use of the folder.
pub fn sweep(folder: &Path) -> Result<(), FolderError> {
    let failed = |path: &Path, what| {
        let path = path.to_owned();
        move |source| FolderError::Io { path, what, source }
    };
    let parts = PARTS.iter().map(|part| folder.join(part));
    for place in std::iter::once(folder.to_owned()).chain(parts) {
        let entries = fs::read_dir(&place).map_err(failed(&place, Operation::List))?;
        for entry in entries {
            let path = entry.map_err(failed(&place, Operation::List))?.path();
            if !is_leftover(&path) {
                continue;
            }
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&path, Operation::Remove)(e));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// A temporary file, or the part of a trace left by an earlier version.
fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_file() && (name.starts_with(".tmp") || name.ends_with(".h5.part"))
}

#[cfg(test)]
mod tests {
    use super::super::Folder;
    use super::*;

    #[test]
    fn what_killed_writers_leave_goes_and_the_rest_stays() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        drop(Folder::open(&run, "x", "y", false).unwrap());
        let left = [
            ".tmpAb12Cd-run.json",
            "traces/a.h5.part",
            "checkpoints/.tmpzz",
        ];
        let kept = ["traces/a.h5", "metrics.jsonl", "checkpoints/a.1.ckpt"];
        for name in left.iter().chain(&kept) {
            fs::write(run.join(name), "x").unwrap();
        }
        let there = |names: &[&str]| names.iter().filter(|n| run.join(n).exists()).count();
        // Others may use a shared folder.
        drop(Folder::open(&run, "x", "y", true).unwrap());
        assert_eq!((there(&left), there(&kept)), (3, 3));
        drop(Folder::open(&run, "x", "y", false).unwrap());
        assert_eq!((there(&left), there(&kept)), (0, 3));
        assert!(run.join("run.json").exists());
    }
}
