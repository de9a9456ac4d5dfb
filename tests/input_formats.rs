//! Every row of `docs/input-formats.md` names the test that holds it, and that test exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 4] = ["what", "rule", "elsewhere", "test"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of all functions that carry `#[test]` in `folder` and below.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                tests_in(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                if line == "#[test]" {
                    marked = true;
                } else if let Some(rest) = line.strip_prefix("fn ") {
                    if marked && let Some((name, _)) = rest.split_once('(') {
                        found.insert(name.to_owned());
                    }
                    marked = false;
                }
            }
        }
    }
}

/// The cells of a row of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split(" | ").map(str::trim).collect())
}

#[test]
fn each_row_names_a_test_that_exists() {
    let mut tests = BTreeSet::new();
    for folder in ["crates", "plots", "tests"] {
        tests_in(&root().join(folder), &mut tests);
    }
    let page = fs::read_to_string(root().join("docs/input-formats.md")).expect("the page");
    let mut named = BTreeSet::new();
    for (number, line) in page.lines().enumerate() {
        let Some(cells) = cells(line) else { continue };
        if cells == COLUMNS || line.starts_with("|---") {
            continue;
        }
        let at = format!("docs/input-formats.md:{}", number + 1);
        assert_eq!(cells.len(), COLUMNS.len(), "{at}: {line}");
        for name in cells[COLUMNS.len() - 1].split(", ") {
            let name = name.trim_matches('`');
            assert!(tests.contains(name), "{at}: no test `{name}`");
            named.insert(name);
        }
    }
    assert!(named.len() >= TESTS, "only {} tests", named.len());
}

/// The page names at least this many tests.
const TESTS: usize = 97;
