//! The weights file of a finished network that a path names.

use std::path::{Path, PathBuf};

/// The weights file in a folder that has one network and no run.
pub const WEIGHTS: &str = "weights.safetensors";

/// The weights file of the network that `model` names, if there is one: the file itself,
/// `FOLDER/weights.safetensors`, `RUN/weights/NAME.safetensors` of `RUN/NAME`, or the only one of a run.
pub fn locate(model: &Path) -> Option<PathBuf> {
    if model.is_file() {
        return Some(model.to_owned());
    }
    let inside = model.join(WEIGHTS);
    if inside.is_file() {
        return Some(inside);
    }
    let name = model.file_name()?.to_string_lossy();
    let of_run = (model.with_file_name("weights")).join(format!("{name}.safetensors"));
    if of_run.is_file() {
        return Some(of_run);
    }
    only_one(&model.join("weights"))
}

/// The weights file in `folder`, if it has exactly one.
fn only_one(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut files = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
    let first = files.next()?;
    files.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_named_by_its_file_its_folder_or_its_run() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let own = run.join("weights/gru.carry.1.safetensors");
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(&own, "").unwrap();
        for named in [own.clone(), run.join("gru.carry.1"), run.clone()] {
            assert_eq!(locate(&named).as_ref(), Some(&own), "{}", named.display());
        }
        std::fs::write(run.join("weights/gru.carry.2.safetensors"), "").unwrap();
        assert_eq!(locate(&run), None, "two networks");
        assert_eq!(locate(&run.join("gru.carry.3")), None);
        let imported = folder.path().join(WEIGHTS);
        std::fs::write(&imported, "").unwrap();
        assert_eq!(locate(folder.path()), Some(imported));
    }
}
