//! Committed results: the trials in `results`, which their scenarios use, the figures of the documents in `plots/gallery`,
//! and the size of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use saturn_sim::run::trials::archive;

use crate::saturn::{Bench, succeeds};

/// The most bytes of a trial.
const TRIAL: usize = 40_000;
/// The most bytes of all tracked files, and of the figures among them.
const TREE: u64 = 17_700_000;
const FIGURES: u64 = 6_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A trial whose settings differ from its scenario, or which is damaged, would be computed again.
#[test]
fn scenarios_take_up_their_committed_trials() {
    let bench = Bench::new();
    let mut seen = 0;
    for entry in fs::read_dir(root().join("results")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        let name = name
            .strip_suffix(archive::ENDING)
            .expect("a packed file")
            .to_owned();
        if let Some((name, events)) = name.split_once('.') {
            assert!(events.starts_with("old-binning-"), "{}", file.display());
            let main = file.with_file_name(format!("{name}{}", archive::ENDING));
            assert!(archive::with_aside(&main).contains(&file));
            continue;
        }
        let mut places = BTreeSet::new();
        for line in archive::read_all(&file).unwrap() {
            let (at, bytes) = (line.trial.place().to_string(), line.bytes.len());
            assert!(bytes <= TRIAL, "{name}: {at}: {bytes} bytes");
            assert_eq!(line.trial.shared.split, "test", "{name}: {at}");
            places.insert(at);
        }
        let yaml = root().join("scenarios").join(format!("{name}.yaml"));
        // The location and existence of the data do not matter for a list.
        let mut list = bench.command(&["compare", "--final", "--list", "--out", &name, "--cells"]);
        list.arg(&file).arg(&yaml).env("SATURN_DATA", "elsewhere");
        let output = list.output().unwrap();
        succeeds(&output);
        let listed = String::from_utf8(output.stdout).unwrap();
        let done = (listed.lines())
            .filter(|line| line.ends_with(" done") && !line.ends_with("not done"))
            .count();
        assert_eq!(done, places.len(), "trials of {name}:\n{listed}");
        seen += places.len();
    }
    assert!(seen > 0, "there are committed trials");
}

/// All files below `folder`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Other figures are drawn when they are needed: see `plots/gallery/README.md`.
#[test]
fn the_gallery_has_the_figures_that_documents_show() {
    let mut documents = vec![root().join("README.md")];
    files(&root().join("docs"), &mut documents);
    let text: String = documents
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let gallery = root().join("plots/gallery");
    let mut found = Vec::new();
    files(&gallery, &mut found);
    assert!(found.len() > 20);
    for path in found {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let shown = name == "plots/gallery/README.md" || text.contains(name);
        assert!(
            shown,
            "{name}: no document shows it; remove it from version control"
        );
    }
}

/// A clone is small. In an archive of the sources there is no repository, and nothing to check.
#[test]
fn the_repository_is_small() {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    let Ok(listed) = listed else {
        eprintln!("skipped: there is no git");
        return;
    };
    if !listed.status.success() {
        eprintln!("skipped: this is not a repository");
        return;
    }
    let names = String::from_utf8(listed.stdout).unwrap();
    let (mut tree, mut figures) = (0, 0);
    for name in names.split_terminator('\0') {
        // A removed file that is not committed yet has no bytes.
        let bytes = fs::symlink_metadata(root().join(name)).map_or(0, |meta| meta.len());
        tree += bytes;
        figures += if name.starts_with("plots/gallery/") {
            bytes
        } else {
            0
        };
    }
    assert!(tree < TREE, "{tree} bytes are tracked; the limit is {TREE}");
    assert!(
        figures < FIGURES,
        "{figures} bytes of figures; the limit is {FIGURES}"
    );
}
