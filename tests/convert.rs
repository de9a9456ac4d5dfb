//! `saturn data convert`: from files of other formats to files that a scenario reads.

use std::fs;

use saturn_data::{EventFile, OnBadSample, ReadOptions};

use crate::saturn::{Bench, fails, succeeds};

const ROWS: &str = "sample,time_ms,unit,label\na,10,3,left\na,12,1,left\nb,5,0,right\n";

#[test]
fn rows_become_an_event_file_that_inspect_reads() {
    let bench = Bench::new();
    fs::write(bench.path("rows.csv"), ROWS).unwrap();
    let output = bench.saturn(&["data", "convert", "csv", "rows.csv", "rows.h5"]);
    let said = succeeds(&output);
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(
        found.contains("rows.h5: 2 samples"),
        "a result goes to standard output: {said}"
    );
    let options = ReadOptions {
        channels: 4,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(bench.path("rows.h5"), &options).unwrap();
    assert_eq!(file.class_names(), ["left", "right"]);
    let inspect = ["data", "inspect", "rows.h5", "--channels", "4"];
    succeeds(&bench.saturn(&inspect));
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let bench = Bench::new();
    fs::write(bench.path("rows.csv"), ROWS.replace("12", "-12")).unwrap();
    let output = bench.saturn(&["data", "convert", "csv", "rows.csv", "rows.h5"]);
    fails(&output, 2, &["rows.csv: line 3: ", "`-12`", "hint: "]);
    assert!(!bench.path("rows.h5").exists());

    fs::create_dir(bench.path("empty")).unwrap();
    for (format, missing) in [
        ("wav", "there are no words in it"),
        ("wfdb", "there is no record in it"),
        ("n-mnist", "there is no recording in it"),
        ("idx", "it contains neither train-labels-idx1-ubyte nor"),
    ] {
        let output = bench.saturn(&["data", "convert", format, "empty", "out"]);
        fails(&output, 2, &["empty: ", missing, "hint: "]);
        let output = bench.saturn(&["data", "convert", format, "nowhere", "out"]);
        fails(
            &output,
            2,
            &["nowhere: cannot be opened", "hint: check the path"],
        );
    }
}

#[test]
fn what_cannot_be_written_is_the_runs_failure() {
    let bench = Bench::new();
    fs::write(bench.path("rows.csv"), ROWS).unwrap();
    let output = bench.saturn(&["data", "convert", "csv", "rows.csv", "no/rows.h5"]);
    fails(&output, 1, &["no/rows.h5: cannot be written", "hint: "]);
}
