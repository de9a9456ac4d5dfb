//! The committed trials in `plots/gallery`: their scenarios use them.

use std::fs;
use std::path::Path;

use crate::saturn::{Bench, succeeds};

/// The most bytes of a trial's file.
const LIMIT: u64 = 40_000;

/// A trial whose settings differ from its scenario, or which is damaged, would be computed again.
#[test]
fn scenarios_take_up_their_committed_cells() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bench = Bench::new();
    let mut seen = 0;
    for scenario in fs::read_dir(root.join("plots/gallery")).unwrap() {
        let scenario = scenario.unwrap();
        let cells = scenario.path().join("cells");
        if !cells.is_dir() {
            continue;
        }
        let mut files: Vec<_> = fs::read_dir(&cells).unwrap().map(Result::unwrap).collect();
        // Folders are of trials on other events.
        files.retain(|file| file.path().is_file());
        for file in &files {
            let bytes = file.metadata().unwrap().len();
            assert!(bytes <= LIMIT, "{}: {bytes} bytes", file.path().display());
        }
        let name = scenario.file_name().into_string().unwrap();
        let yaml = root.join("scenarios").join(format!("{name}.yaml"));
        // The location and existence of the data do not matter for a list.
        let mut list = bench.command(&["compare", "--final", "--list", "--out", &name, "--cells"]);
        list.arg(&cells).arg(&yaml).env("SATURN_DATA", "elsewhere");
        let output = list.output().unwrap();
        succeeds(&output);
        let listed = String::from_utf8(output.stdout).unwrap();
        let done = (listed.lines())
            .filter(|line| line.ends_with(" done") && !line.ends_with("not done"))
            .count();
        assert_eq!(done, files.len(), "cells of {name}:\n{listed}");
        seen += files.len();
    }
    assert!(seen > 0, "there are committed cells");
}
