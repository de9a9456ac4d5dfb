//! The conventions of the command line: exit codes, nearest commands, quiet and verbose, threads, lists, completions and
//! manual pages, on the built program.

use std::fs;
use std::path::Path;

use saturn_sim::fault::Exit;

use crate::saturn::{Bench, fails, succeeds};

fn document(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(name)).unwrap()
}

/// What a command prints.
fn printed(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.saturn(arguments);
    succeeds(&output);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_exit_codes_are_one_table() {
    let readme = document("README.md");
    let help = printed(&Bench::new(), &["--help"]);
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(readme.contains(&row), "README.md: {row}");
        let line = format!("{:>4}  {}", exit.code(), exit.meaning());
        let line = line.replace(['`', '*'], "");
        assert!(help.contains(&line), "{line:?} is not in:\n{help}");
    }
}

#[test]
fn a_typo_names_the_nearest_command() {
    let bench = Bench::new();
    for (arguments, near) in [
        (&["runn", "tiny.yaml"][..], "'run'"),
        (&["anlyse", "out"], "'analyse'"),
        (&["data", "inspct", "x.h5"], "'inspect'"),
        (&["data", "convert", "wave", "a", "b"], "'wav'"),
        (&["compare", "tiny.yaml", "--finall"], "'--final'"),
        (&["completions", "bsh"], "'bash'"),
    ] {
        fails(&bench.saturn(arguments), 2, &["similar", near, "--help"]);
    }
}

#[test]
fn a_quiet_run_says_nothing_and_a_verbose_one_says_what_it_does() {
    let bench = Bench::new();
    let run = |out, more: &[&str]| {
        let arguments = ["run", "tiny.yaml", "--only", "lif.classic.*", "--out", out];
        bench.saturn(&[&arguments, more].concat())
    };
    assert_eq!(succeeds(&run("quiet", &["-q"])), "");
    let normal = succeeds(&run("normal", &[]));
    assert!(normal.contains("trained in"), "{normal}");
    let verbose = succeeds(&run("verbose", &["-v", "--threads", "3"]));
    for part in [
        "saturn 0.",
        ", 3 threads, ",
        "training lif.classic.1",
        "took ",
    ] {
        assert!(verbose.contains(part), "`{part}` is not in:\n{verbose}");
    }
    // What is wrong is said, quiet or not.
    let wrong = ["-q", "--set", "train.lr=-1"];
    fails(&run("wrong", &wrong), 2, &["train.lr", "above 0"]);
    let failed = bench.saturn(&[
        "run",
        "tiny.yaml",
        "-q",
        "--only",
        "gru.classic.*",
        "--out",
        "failed",
        "--set",
        "train.lr=1.0e+30",
        "--set",
        "train.clip_norm=none",
        "--set",
        "train.warmup=0",
    ]);
    fails(&failed, 1, &["gru.classic.1: ", "1 of 1 trials failed"]);
}

#[test]
fn threads_are_those_of_the_option() {
    let bench = Bench::new();
    // The option comes before the variable, which `Bench` sets.
    let output = bench.saturn_on(2, &["-v", "check", "tiny.yaml", "--threads", "1"]);
    assert!(succeeds(&output).contains(", 1 threads, "));
    for (given, part) in [
        ("0", "from 1 to 1024"),
        ("1025", "from 1 to 1024"),
        ("x", "whole"),
    ] {
        let output = bench.saturn(&["check", "tiny.yaml", "--threads", given]);
        fails(&output, 2, &["--threads", part]);
    }
}

#[test]
fn trials_are_listed_where_they_can_be_chosen() {
    let bench = Bench::new();
    let lines = |arguments: &[&str]| printed(&bench, arguments).lines().count();
    assert_eq!(lines(&["run", "tiny.yaml", "--list"]), 4);
    assert_eq!(lines(&["compare", "tiny.yaml", "--list"]), 8);
    assert_eq!(
        lines(&["compare", "tiny.yaml", "--list", "--only", "*.2"]),
        4
    );
    assert_eq!(
        lines(&["compare", "tiny.yaml", "--list", "--trial", "3"]),
        1
    );
    assert_eq!(lines(&["compare", "tiny.yaml", "--list", "--cell", "3"]), 1);
    let names = printed(&bench, &["tune", "tiny.yaml", "--list"]);
    assert_eq!(names, "lif.adaptive.1\ngru.adaptive.1\n");
    let none = bench.saturn(&["run", "tiny.yaml", "--only", "lstm.*"]);
    fails(&none, 2, &["no trial matches", "lif.classic.1", "--list"]);
}

#[test]
fn shells_complete_and_man_has_a_page_for_every_command() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = printed(&bench, &["completions", shell]);
        for word in ["compare", "checklist", "threads"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
    }
    let page = printed(&bench, &["man"]);
    assert!(
        page.contains(".TH saturn 1") && page.contains("75"),
        "{page}"
    );
    let paths = printed(&bench, &["man", "--dir", "pages"]);
    for name in [
        "saturn",
        "saturn-run",
        "saturn-data-convert-csv",
        "saturn-man",
    ] {
        let path = bench.path(&format!("pages/{name}.1"));
        assert!(path.is_file() && paths.contains(name), "{name}: {paths}");
    }
    assert!(!paths.contains("help"), "{paths}");
}

#[test]
fn the_table_of_scenario_keys_is_that_of_the_schema() {
    let now = printed(&Bench::new(), &["schema", "--markdown"]);
    assert!(
        document("docs/scenario.md").trim_end() == now.trim_end(),
        "docs/scenario.md is stale: saturn schema --markdown > docs/scenario.md"
    );
}
