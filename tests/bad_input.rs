//! Bad input: a message that names file, place and remedy; exit code 2, or 1 where the run failed.

use std::fs;
use std::process::{Command, Output};

use crate::saturn::{Bench, SCENARIO, fails, files, recording, succeeds};

/// Runs the tiny scenario after `change` to its text.
fn after(change: impl Fn(&str) -> String) -> Output {
    let bench = Bench::new();
    fs::write(bench.path("tiny.yaml"), change(SCENARIO)).unwrap();
    bench.saturn(&["run", "tiny.yaml", "--out", "out"])
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_the_nearest_key() {
    let output = after(|s| s.replace("epochs: 2", "epoch: 2"));
    fails(&output, 2, &["tiny.yaml:11:9", "epoch", "epochs"]);
    let output = after(|s| s.replace("streams: single", "streams: singel"));
    fails(&output, 2, &["tiny.yaml:9:", "singel", "single"]);
    let output = after(|s| s.replace("epochs: 2", "epochs: two"));
    fails(&output, 2, &["tiny.yaml:11:", "two"]);
    let output = after(|s| s.replace("{epochs: 2", "{epochs: 2]"));
    fails(&output, 2, &["tiny.yaml:11"]);
}

#[test]
fn an_override_that_fits_nothing_is_named() {
    let bench = Bench::new();
    let run = |set| bench.saturn(&["run", "tiny.yaml", "--out", "out", "--set", set]);
    fails(&run("train.epoch=3"), 2, &["train.epoch", "epochs"]);
    fails(&run("train.epochs"), 2, &["key=value"]);
}

#[test]
fn a_missing_scenario_or_data_file_is_named() {
    let bench = Bench::new();
    let output = bench.saturn(&["run", "nothing.yaml"]);
    fails(&output, 2, &["nothing.yaml", "hint:"]);
    let output = bench.saturn(&["plot", "nowhere"]);
    fails(&output, 2, &["nowhere", "hint:"]);
    fs::remove_file(bench.path("data/valid.h5")).unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["tiny.yaml:3:", "valid.h5"]);
    let output = after(|s| s.replace("data/train.h5", "$SATURN_NO_SUCH/train.h5"));
    fails(&output, 2, &["SATURN_NO_SUCH"]);
}

#[test]
fn a_file_that_is_not_or_no_longer_hdf5_is_named() {
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let whole = fs::read(bench.path("data/train.h5")).unwrap();
    fs::write(bench.path("data/train.h5"), "times,units\n0.1,3\n").unwrap();
    fails(&run(), 2, &["train.h5", "HDF5", "hint:"]);
    fs::write(bench.path("data/train.h5"), &whole[..whole.len() / 2]).unwrap();
    fails(&run(), 2, &["train.h5", "hint:"]);
}

#[test]
fn a_file_without_the_layout_is_named() {
    let bench = Bench::new();
    let file = new_train_file(&bench);
    file.create_group("other").unwrap();
    file.close().unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["train.h5", "labels", "hint:"]);

    let file = new_train_file(&bench);
    let spikes = file.create_group("spikes").unwrap();
    for name in ["times", "units"] {
        let flat = spikes.new_dataset::<f32>().shape(3).create(name).unwrap();
        flat.write(&[1.0f32, 2.0, 3.0]).unwrap();
    }
    let labels = file.new_dataset::<u16>().shape(3).create("labels").unwrap();
    labels.write(&[0u16, 1, 2]).unwrap();
    file.close().unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["train.h5", "spikes/", "hint:"]);
}

#[test]
fn bad_samples_are_named_by_their_index() {
    let good = |i: usize| recording(i, &[0.05, 0.1, 0.15], 3, i % 4);
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let with = |bad: saturn_data::Recording| {
        let mut all: Vec<_> = (0..12).map(good).collect();
        all[5] = bad;
        bench.write_train(all);
    };
    // Units beyond the channels.
    with(recording(5, &[0.05], 40, 0));
    fails(&run(), 2, &["train.h5", "5", "40", "hint:"]);
    // An empty sample.
    with(recording(5, &[], 0, 0));
    fails(&run(), 2, &["train.h5", "sample 5 has no events", "hint:"]);
    // A label beyond the classes.
    with(good(5));
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "o", "--set", "data.classes=2"]);
    fails(&output, 2, &["train.h5", "label", "hint:"]);
    // Skipped and counted, if requested.
    with(recording(5, &[], 0, 0));
    let output = bench.saturn(&[
        "run",
        "tiny.yaml",
        "--out",
        "skipped",
        "--set",
        "data.on_bad_sample=skip",
    ]);
    let text = succeeds(&output);
    assert!(
        text.contains("train.h5") && text.contains("skipped"),
        "{text}"
    );
    // An empty split.
    bench.write_train(Vec::new());
    fails(&run(), 2, &["train.h5", "hint:"]);
}

/// An empty training file. A new one each time: HDF5 locks files, and a program that another test starts
/// may hold the lock of the old one for a moment.
fn new_train_file(bench: &Bench) -> hdf5::File {
    let path = bench.path("data/train.h5");
    fs::remove_file(&path).unwrap();
    hdf5::File::create(path).unwrap()
}

/// Writes a training file by hand: times and units per sample.
fn write_raw(bench: &Bench, times: &[&[f32]], units: &[&[u16]], labels: &[i32]) {
    use hdf5::types::VarLenArray;
    let file = new_train_file(bench);
    let spikes = file.create_group("spikes").unwrap();
    let times: Vec<VarLenArray<f32>> = times.iter().map(|t| VarLenArray::from_slice(t)).collect();
    let units: Vec<VarLenArray<u16>> = units.iter().map(|u| VarLenArray::from_slice(u)).collect();
    let set = spikes.new_dataset::<VarLenArray<f32>>().shape(times.len());
    set.create("times").unwrap().write(&times).unwrap();
    let set = spikes.new_dataset::<VarLenArray<u16>>().shape(units.len());
    set.create("units").unwrap().write(&units).unwrap();
    let set = file.new_dataset::<i32>().shape(labels.len());
    set.create("labels").unwrap().write(labels).unwrap();
    file.close().unwrap();
}

#[test]
fn bad_times_and_lengths_are_named_and_unsorted_times_are_sorted() {
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let ok: &[f32] = &[0.1, 0.2];
    let u: &[u16] = &[1, 2];
    write_raw(&bench, &[ok, &[0.1, f32::NAN]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "times", "NaN", "hint:"]);
    write_raw(&bench, &[ok, &[-0.1, 0.2]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "times", "-0.1", "hint:"]);
    write_raw(&bench, &[ok, &[0.1, 0.2, 0.3]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "3", "2", "hint:"]);
    write_raw(&bench, &[ok, ok, ok], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "hint:"]);
    write_raw(&bench, &[ok, ok], &[u, u], &[0, -1]);
    fails(&run(), 2, &["train.h5", "label", "-1", "hint:"]);
    // Unsorted: sorted, with a notice.
    let samples: Vec<&[f32]> = (0..12)
        .map(|i| if i == 7 { &[0.2f32, 0.1][..] } else { ok })
        .collect();
    let labels: Vec<i32> = (0..12).map(|i| i % 4).collect();
    write_raw(&bench, &samples, &[u; 12], &labels);
    let text = succeeds(&run());
    assert!(text.contains("sorted"), "{text}");
}

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

#[test]
fn an_output_that_cannot_be_written_fails_the_run() {
    let bench = Bench::new();
    fs::write(bench.path("file"), "").unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "file/out"]);
    fails(&output, 1, &["file", "hint:"]);
}

/// Runs saturn with a limit on file sizes, in blocks of 1 KiB: for the program, a full disk.
fn limited(bench: &Bench, blocks: u32, arguments: &str) -> Output {
    let saturn = env!("CARGO_BIN_EXE_saturn");
    let script = format!("ulimit -f {blocks}; exec {saturn} {arguments}");
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .output()
        .unwrap()
}

/// A disk that is full when the first trace is written: the run fails and names the file, finished results
/// are kept, and the same command resumes.
#[test]
fn a_full_disk_ends_the_run_and_keeps_what_is_done() {
    let bench = Bench::new();
    let done = || files(&bench.path("out/results"), ".json");
    // Too little for one evaluation: the nets that were in training by then are trained, and stay.
    fails(
        &limited(&bench, 4, "run tiny.yaml --out out"),
        1,
        &["out", "hint:", "finished results are kept"],
    );
    let trained = files(&bench.path("out/results"), "classic.1.train.json");
    assert!(!trained.is_empty());
    assert!(files(&bench.path("out/results"), ".valid.json").is_empty());
    // No half-written file is left.
    assert_eq!(
        done().len(),
        fs::read_dir(bench.path("out/results")).unwrap().count()
    );
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    assert!(done().len() == 8 && trained.iter().all(|kept| done().contains(kept)));
}

/// A disk that is full when a checkpoint is written: the error names it, no half-written file is left, and
/// the same command resumes.
#[test]
fn a_full_disk_ends_the_run_at_a_checkpoint() {
    let bench = Bench::new();
    // The weights, two copies of them in the optimiser: more than 16 KiB.
    let wide = SCENARIO.replace("hidden: 8", "hidden: 64");
    fs::write(bench.path("wide.yaml"), wide).unwrap();
    let run = "run wide.yaml --out out --every 0";
    fails(
        &limited(&bench, 16, run),
        1,
        &["out/checkpoints/", ".ckpt", "hint:"],
    );
    let folder = fs::read_dir(bench.path("out/checkpoints")).unwrap();
    let left: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    let locks = left
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "lock"));
    assert_eq!(locks.count(), left.len(), "{left:?}");
    let arguments: Vec<&str> = run.split(' ').collect();
    succeeds(&bench.saturn(&arguments));
}

/// Through the program, a few of the thousands of mutated files that the reader's own tests go through.
#[test]
fn mutated_files_end_in_a_message_or_a_table() {
    let bench = Bench::new();
    let whole = fs::read(bench.path("data/test.h5")).unwrap();
    for k in 0..24usize {
        let mut bytes = whole.clone();
        for i in 0..4 {
            let at = (k * 7919 + i * 104_729 + 13) % bytes.len().min(4096);
            bytes[at] = bytes[at].wrapping_add(1 + (k * 31 + i) as u8);
        }
        fs::write(bench.path("mutated.h5"), &bytes).unwrap();
        let output = bench.saturn(&["data", "inspect", "mutated.h5", "--channels", "16"]);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 2)),
            "{k}: {}",
            crate::saturn::said(&output)
        );
    }
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

/// The number of channels is bounded before memory is allocated.
#[test]
fn numbers_of_channels_are_bounded() {
    let bench = Bench::new();
    fs::write(
        bench.path("rows.csv"),
        "sample,time_s,unit,label\n0,0.1,3,1\n",
    )
    .unwrap();
    for command in [
        &["data", "inspect", "data/train.h5"][..],
        &["data", "convert", "csv", "rows.csv", "rows.h5"],
        &["data", "convert", "wav", "rows", "words"],
    ] {
        for many in ["0", "16777217", "18446744073709551615"] {
            let output = bench.saturn(&[command, &["--channels", many]].concat());
            fails(&output, 2, &["--channels", "from 1 to 16777216"]);
        }
    }
}
