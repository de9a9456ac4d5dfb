//! `ARCHITECTURE.md` and the README match the code.

mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of the workspace's crates.
fn members() -> Vec<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.split("members = [").nth(1).unwrap();
    let members = members.split(']').next().unwrap().split(',');
    let names = members.map(|member| member.trim().trim_matches('"').to_owned());
    names.filter(|member| !member.is_empty()).collect()
}

/// The crates of the workspace and the crates of ours that each depends on, tests aside.
fn crate_graph() -> BTreeMap<String, BTreeSet<String>> {
    let mut graph = BTreeMap::new();
    for member in members() {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        let name = manifest.split("name = \"").nth(1).unwrap();
        let name = name.split('"').next().unwrap().to_owned();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let imports = dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ']).next())
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
fn the_library_example_of_the_readme_is_the_one_that_runs() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let example = read("crates/saturn/examples/train_lif.rs");
    let readme = read("README.md");
    let block = readme.split("```rust\n").nth(1).unwrap();
    assert!(block.starts_with(&format!("{example}```")));
}

/// How a heading is linked to: in small letters, spaces as hyphens, without marks; empty for other lines.
fn anchor(line: &str) -> String {
    let heading = line.trim_start_matches('#');
    if heading.len() == line.len() || !heading.starts_with(' ') {
        return String::new();
    }
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let plain: String = heading.trim().chars().filter(kept).collect();
    plain.to_lowercase().replace(' ', "-")
}

#[test]
fn every_path_in_the_documents_exists() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/SUMMARY.md",
        "docs/a-new-loss.md",
        "docs/analyse.md",
        "docs/cells.md",
        "docs/data.md",
        "docs/disturb.md",
        "docs/export-step.md",
        "docs/files.md",
        "docs/guide.md",
        "docs/input-formats.md",
        "docs/instruments.md",
        "docs/live.md",
        "docs/long-runs.md",
        "docs/losses.md",
        "docs/performance.md",
        "docs/precision.md",
        "docs/python.md",
        "docs/results-tables.md",
        "docs/results.md",
        "docs/scenario.md",
        "docs/statistics.md",
        "docs/stream-live.md",
        "docs/summary.md",
        "docs/tutorial.md",
    ] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let folder = root().join(document).parent().unwrap().to_owned();
        for target in text.split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            if target.starts_with("http") {
                continue;
            }
            let (file, section) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() {
                root().join(document)
            } else {
                folder.join(file)
            };
            assert!(path.exists(), "{document} links to {target}");
            if !section.is_empty() {
                let text = fs::read_to_string(path).unwrap();
                let found = text.lines().any(|line| anchor(line) == section);
                assert!(found, "{document} links to {target}");
            }
        }
    }
}

/// The arguments of every `saturn ..` and `cargo run .. -- ..` in the code of a document.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        // Code is in fences, or between backquotes.
        let code: Vec<&str> = if fenced {
            vec![line]
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        for code in code {
            let code = code.split(['|', '>', '#', ';']).next().unwrap();
            let words: Vec<String> = code.split_whitespace().map(str::to_owned).collect();
            let called = |w: &String| w == "saturn" || w.ends_with("/saturn");
            let start = match words.iter().position(called) {
                // Only assignments may precede the program.
                Some(at) if words[..at].iter().all(|w| w.contains('=')) => at + 1,
                _ if code.contains("cargo run") => match words.iter().position(|w| w == "--") {
                    Some(at) => at + 1,
                    None => continue,
                },
                _ => continue,
            };
            commands.push(words[start..].to_vec());
        }
    }
    commands
}

#[test]
fn every_command_in_the_documents_exists() {
    for (document, least) in [
        ("README.md", 8),
        ("CONTRIBUTING.md", 0),
        ("docs/performance.md", 5),
        ("docs/guide.md", 9),
        ("docs/live.md", 3),
        ("docs/stream-live.md", 7),
        ("docs/analyse.md", 2),
        ("docs/long-runs.md", 4),
        ("docs/data.md", 7),
        ("docs/tutorial.md", 10),
    ] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let commands = commands(&text);
        assert!(commands.len() >= least, "{document}: {commands:?}");
        for words in commands.iter().filter(|words| !words.is_empty()) {
            let depth = match &words[..] {
                [data, convert, ..] if data == "data" && convert == "convert" => 3,
                [data, ..] if data == "data" => 2,
                _ => 1,
            };
            let subcommand = &words[..depth.min(words.len())];
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_saturn"))
                .args(subcommand)
                .arg("--help")
                .output()
                .unwrap();
            assert!(output.status.success(), "{document}: saturn {words:?}");
            let help = String::from_utf8_lossy(&output.stdout).into_owned();
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let name = option.split('=').next().unwrap();
                assert!(help.contains(name), "{document}: saturn {words:?}");
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
