//! `ARCHITECTURE.md` and the README say what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates of the workspace and the crates of ours that each depends on, tests aside.
fn crate_graph() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.split("members = [").nth(1).unwrap();
    let members = members.split(']').next().unwrap();
    let mut graph = BTreeMap::new();
    for member in members.split(',').map(|m| m.trim().trim_matches('"')) {
        if member.is_empty() {
            continue;
        }
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        let name = manifest.split("name = \"").nth(1).unwrap();
        let name = name.split('"').next().unwrap().to_owned();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let imports = dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split('.').next())
            .filter(|line| line.starts_with("saturn-"))
            .map(str::to_owned)
            .collect();
        graph.insert(name, imports);
    }
    graph
}

#[test]
fn the_crate_table_is_the_crate_graph() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut table = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `saturn-")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = |cell: &str| -> BTreeSet<String> {
            cell.split(',')
                .map(|name| name.trim().trim_matches('`').to_owned())
                .filter(|name| !name.is_empty())
                .collect()
        };
        table.insert(cells[1].trim_matches('`').to_owned(), names(cells[2]));
    }
    assert_eq!(table, crate_graph());
}

#[test]
fn every_path_in_the_documents_exists() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/results.md",
    ] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let folder = root().join(document).parent().unwrap().to_owned();
        for target in text.split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            if !target.starts_with("http") && !target.starts_with('#') {
                assert!(folder.join(target).exists(), "{document} links to {target}");
            }
        }
    }
}

/// The README's scenario is one that runs.
#[test]
fn the_readmes_scenario_is_sound() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let yaml = text.split("```yaml\n").nth(1).unwrap();
    let yaml = yaml.split("```").next().unwrap();
    let read = saturn_sim::scenario::Scenario::parse(yaml, "README.md", Path::new(""), &[""; 0]);
    assert!(read.is_ok(), "{}", read.unwrap_err());
}
