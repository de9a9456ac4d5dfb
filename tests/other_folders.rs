//! Folders and files that are not what a command needs, or that it must leave alone.

use std::fs;

use crate::saturn::{Bench, fails, succeeds};

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let bench = Bench::new();
    let run =
        |out: &str, set: &str| bench.saturn(&["run", "tiny.yaml", "--out", out, "--set", set]);
    fs::create_dir(bench.path("mine")).unwrap();
    fs::write(bench.path("mine/thesis.txt"), "do not lose").unwrap();
    fails(
        &run("mine", "train.epochs=1"),
        2,
        &["mine", "hint:", "--out"],
    );
    assert!(bench.path("mine/thesis.txt").exists());
    succeeds(&run("out", "train.epochs=1"));
    let before = fs::read(bench.path("out/summary.json")).unwrap();
    fails(
        &run("out", "train.epochs=2"),
        2,
        &["another run", "tiny", "hint:", "--out"],
    );
    assert!(fs::read(bench.path("out/summary.json")).unwrap() == before);
}

#[test]
fn two_runs_in_one_folder_do_not_mix() {
    let bench = Bench::new();
    succeeds(&bench.saturn(&[
        "run",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=1",
    ]));
    let lock = fs::File::open(bench.path("out/.lock")).unwrap();
    lock.lock().unwrap();
    let output = bench.saturn(&[
        "run",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=1",
    ]);
    fails(&output, 2, &["another saturn", "hint:"]);
}

/// A misspelt folder of trials would otherwise be an empty one.
#[test]
fn a_folder_of_cells_that_is_none_is_named() {
    let bench = Bench::new();
    let compare =
        |option, value| bench.saturn(&["compare", "tiny.yaml", "--out", "out", option, value]);
    fails(
        &compare("--collect", "nowhere"),
        2,
        &["--collect nowhere", "no such folder", "hint:"],
    );
    fails(
        &compare("--cells", "tiny.yaml"),
        2,
        &["tiny.yaml", "is not compressed by gzip", "hint:"],
    );
}

/// Damaged files of a run are wrong input, for every command that reads them.
#[test]
fn damaged_files_of_a_run_are_wrong_input() {
    let bench = Bench::new();
    let run = [
        "run",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=1",
        "--only",
        "gru.classic.1",
    ];
    succeeds(&bench.saturn(&run));
    succeeds(&bench.saturn(&[
        "compare",
        "tiny.yaml",
        "--out",
        "out",
        "--set",
        "train.epochs=1",
        "--collect",
    ]));
    let (summary, cell) = ("out/summary.json", "out/cells/gru.classic.1.json");
    for (file, command) in [
        (summary, &["report", "out"][..]),
        (summary, &["plot", "out"]),
        (cell, &["stream", "out/gru.classic.1", "--no-health"]),
        (
            cell,
            &[
                "analyse",
                "out/gru.classic.1",
                "--silence",
                "--steps",
                "400",
            ],
        ),
    ] {
        let whole = fs::read(bench.path(file)).unwrap();
        fs::write(bench.path(file), &whole[..whole.len() / 2]).unwrap();
        fails(&bench.saturn(command), 2, &[file, "is damaged", "hint:"]);
        fs::write(bench.path(file), whole).unwrap();
    }
}

/// `--to`, `--out` and the like that lead to the input by any path: it would be changed, or added to without end.
#[cfg(unix)]
#[test]
fn what_is_read_is_never_written_over() {
    let bench = Bench::new();
    fs::write(
        bench.path("rows.csv"),
        "sample,time_s,unit,label\n0,0.1,3,1\n",
    )
    .unwrap();
    std::os::unix::fs::symlink(bench.path("rows.csv"), bench.path("link.csv")).unwrap();
    let commands: [(&[&str], &str); 4] = [
        (
            &["data", "convert", "csv", "rows.csv", "./rows.csv"],
            "rows.csv",
        ),
        (
            &["data", "convert", "csv", "rows.csv", "link.csv"],
            "rows.csv",
        ),
        (
            &[
                "send",
                "data/train.h5",
                "--channels",
                "16",
                "--to",
                "data/../data/train.h5",
            ],
            "data/train.h5",
        ),
        (&["tune", "tiny.yaml", "--out", "tiny.yaml"], "tiny.yaml"),
    ];
    for (command, file) in commands {
        let before = fs::read(bench.path(file)).unwrap();
        fails(&bench.saturn(command), 2, &["is the input file", "hint:"]);
        assert!(fs::read(bench.path(file)).unwrap() == before, "{file}");
    }
}

/// A generated set must not overwrite existing recordings.
#[test]
fn a_synthetic_set_is_not_written_over_other_files() {
    let bench = Bench::new();
    fs::create_dir(bench.path("mine")).unwrap();
    let file = bench.path("mine/valid.h5");
    fs::write(&file, "precious").unwrap();
    let make = bench.saturn(&["data", "make", "--out", "mine"]);
    fails(
        &make,
        2,
        &["mine/valid.h5", "is not part of a synthetic set", "hint:"],
    );
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    assert!(!bench.path("mine/train.h5").exists());
}
