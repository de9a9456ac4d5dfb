//! Several processes that want the same synthetic set at the same time.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use saturn_data::{EventFile, OnBadSample, ReadOptions};

use crate::saturn::{Bench, succeeds};

const SET: &str = "\
name: shared
data: {folder: made, synthetic: {classes: 4, channels: 32, train: 400, valid: 40, test: 40}}
models: {rnn: {layers: [rnn]}}
arms: {classic: {streams: single}}
";

/// Starts this many concurrent `saturn data make`, and waits for all.
fn make_at_once(bench: &Bench, processes: usize) -> Vec<Output> {
    let start = |_| {
        let mut command = bench.command(&["data", "make", "shared.yaml"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..processes).map(start).collect();
    let ends = children
        .into_iter()
        .map(std::process::Child::wait_with_output);
    ends.map(Result::unwrap).collect()
}

fn names(bench: &Bench) -> Vec<String> {
    let entries = fs::read_dir(bench.path("made")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[test]
fn processes_that_make_the_same_folder_share_one_set() {
    let bench = Bench::new();
    fs::write(bench.path("shared.yaml"), SET).unwrap();
    for _ in 0..4 {
        let ends = make_at_once(&bench, 3);
        let said: Vec<String> = ends.iter().map(succeeds).collect();
        let made = said.iter().filter(|said| said.contains("making 480"));
        assert_eq!(made.count(), 1, "one makes it: {said:?}");
        assert_eq!(names(&bench), ["test.h5", "train.h5", "valid.h5"]);
        let options = ReadOptions {
            channels: 32,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        };
        let train = EventFile::open(bench.path("made/train.h5"), &options).unwrap();
        assert_eq!(train.labels().len(), 400);
        fs::remove_dir_all(bench.path("made")).unwrap();
    }
}

#[test]
fn who_waits_says_for_what_and_takes_the_others_set() {
    let bench = Bench::new();
    fs::write(bench.path("shared.yaml"), SET).unwrap();
    let folder = bench.path("made");
    let held = saturn_files::hold(&folder, || unreachable!()).unwrap();
    // Leftovers of a killed process are removed by the next one.
    fs::write(folder.join(".tmpAbC123-train.h5"), "half").unwrap();
    let mut command = bench.command(&["data", "make", "shared.yaml"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    drop(held);
    let said = succeeds(&child.wait_with_output().unwrap());
    assert!(
        said.contains("made: waiting for another saturn process that is generating the recordings"),
        "{said}"
    );
    assert_eq!(names(&bench), ["test.h5", "train.h5", "valid.h5"]);
}

#[cfg(unix)]
#[test]
fn links_under_the_names_of_temporary_files_are_not_followed() {
    let bench = Bench::new();
    fs::write(bench.path("shared.yaml"), SET).unwrap();
    fs::write(bench.path("precious"), "precious").unwrap();
    fs::create_dir(bench.path("made")).unwrap();
    let link = |name: &str| {
        std::os::unix::fs::symlink(bench.path("precious"), bench.path("made").join(name)).unwrap();
    };
    link("train.h5.part");
    link("valid.h5.part");
    succeeds(&bench.saturn(&["data", "make", "shared.yaml"]));
    assert_eq!(fs::read(bench.path("precious")).unwrap(), b"precious");
    // A link in a file's own place leads to something that is not of the set.
    fs::remove_file(bench.path("made/test.h5")).unwrap();
    link("test.h5");
    let output = bench.saturn(&["data", "make", "shared.yaml"]);
    crate::saturn::fails(
        &output,
        2,
        &["test.h5", "not part of a synthetic set", "hint: "],
    );
    assert_eq!(fs::read(bench.path("precious")).unwrap(), b"precious");
    // A lock that is a link is not opened.
    fs::remove_dir_all(bench.path("made")).unwrap();
    fs::create_dir(bench.path("made")).unwrap();
    std::os::unix::fs::symlink(bench.path("precious"), bench.path("made/.lock")).unwrap();
    let output = bench.saturn(&["data", "make", "shared.yaml"]);
    crate::saturn::fails(&output, 1, &["made", "should be a plain file", "hint: "]);
    assert_eq!(fs::read(bench.path("precious")).unwrap(), b"precious");
}
